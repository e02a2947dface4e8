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
    from nevus.networks.discriminators import build_discriminator
    from nevus.training.prediction import predict_probabilities

    spec = classifier.spec
    model = build_discriminator(spec["network"], classes=len(spec["classes"]), size=spec["size"])
    model.load_state_dict(classifier.weights)
    probabilities = predict_probabilities(model, test.pixels, average_d4=spec["average_d4"])
    return prediction_table(test.manifest, probabilities, seed=spec["seed"])
