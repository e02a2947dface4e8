"""The one place where a trained network meets the test images (the floors have nodes of their own)."""

from nevus.contracts import Classifier, Corpus, CorpusError, Table


def predict_test(classifier: Classifier, test: Corpus) -> Table:
    """Give every test image the probability of each class.

    Args:
        classifier: As trained; exactly what would be handed to somebody else.
        test: The test split.

    Returns:
        One row an image: `image_id`, `split`, `group_id`, `label`, `seed` and, with two classes, the `probability` of
        the second; with more, `probability_<k>` of each class k. Where metadata count beside the image, also the same
        columns of each alone, under `image_` and `metadata_`; of an ensemble those of each member, under its name.

    Raises:
        CorpusError: The images were split otherwise when the classifier was trained.
    """
    from nevus.metrics.predictions import prediction_table
    from nevus.pipelines.inference.scoring import Scorer
    from nevus.training.runtime import prediction_runtime

    if classifier.record.get("corpus", test.fingerprint) != test.fingerprint:
        raise CorpusError(
            f"{classifier.record['method']} was trained on other images, labels or splits than these test images belong"
            " to, so some of them may have trained it. Train again, or give the parameters of the training."
        )
    scores = Scorer(classifier.spec, classifier.weights).score(test.pixels, test.manifest, prediction_runtime())
    return prediction_table(test.manifest, scores.probabilities, seed=classifier.spec["seed"], parts=scores.parts)
