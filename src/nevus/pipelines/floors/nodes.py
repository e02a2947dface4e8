"""What a score has to beat before it means anything."""

from nevus.contracts import Corpus, Table


def predict_majority(training: Corpus, test: Corpus) -> Table:
    """Give every test image the shares of the classes among the labelled ones.

    Args:
        training: The corpus without the test split.
        test: The test split.

    Returns:
        Predictions, one row an image.

    Raises:
        CorpusError: A class has no labelled image, or the test images cannot be scored.
    """
    from nevus.corpus.views import require_labeled_test
    from nevus.metrics.floors import majority

    require_labeled_test(test)
    return majority(training, test)


def predict_colour_svm(training: Corpus, test: Corpus) -> Table:
    """Fit a support-vector machine on colour statistics of the labelled images, and predict the test images.

    Args:
        training: The corpus without the test split.
        test: The test split.

    Returns:
        Predictions, one row an image.

    Raises:
        CorpusError: A class has no labelled image, or the test images cannot be scored.
    """
    from nevus.corpus.views import require_labeled_test
    from nevus.metrics.floors import colour_svm

    require_labeled_test(test)
    return colour_svm(training, test)
