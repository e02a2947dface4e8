"""The one place where a trained network meets the test images (the floors have nodes of their own)."""

from nevus.contracts import Classifier, Corpus, Table


def predict_test(classifier: Classifier, test: Corpus) -> Table:
    """Give every test image the probability of each class.

    Args:
        classifier: As packaged; exactly what would be handed to somebody else.
        test: The test split.

    Returns:
        One row an image: `image_id`, `split`, `group_id`, `label`, `seed` and, with two classes, the `probability` of
        the second; with more, `probability_<k>` of each class k.
    """
    from nevus.metrics.predictions import prediction_table
    from nevus.networks.build import restore
    from nevus.training.prediction import predict_probabilities
    from nevus.training.runtime import prediction_runtime

    spec = classifier.spec
    model = restore(spec, classifier.weights)
    probabilities = predict_probabilities(
        model, test.pixels, average_d4=spec["average_d4"], runtime=prediction_runtime()
    )
    return prediction_table(test.manifest, probabilities, seed=spec["seed"])
