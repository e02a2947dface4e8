"""The one place where a trained network meets the test images (the floors have nodes of their own)."""

from collections.abc import Callable, Collection, Mapping

from nevus.contracts import Classifier, Corpus, CorpusError, Table
from nevus.pipelines.beforehand import checked_by
from nevus.pipelines.finished import no_such_run
from nevus.pipelines.inference.params import InferenceParams


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


def require_model(params: InferenceParams, finished: Collection[str]) -> None:
    """Refuse a run that is not finished.

    Raises:
        NevusError: It says which, and what to do.
    """
    if params.model not in finished:
        raise no_such_run("inference.model", params.model, finished)


@checked_by(require_model)
def score_test_images(
    packed: Corpus, finished: Mapping[str, Callable[[], Classifier]], params: InferenceParams
) -> Table:
    """Let a finished run score the images that the source has for testing, with or without labels.

    Args:
        packed: All images of the source, before they are split.
        finished: What reads the classifier of each finished run, by the name of the run.
        params: Which run.

    Returns:
        One row an image, in the order of the source: `image_name` and, with two classes, `target`, the probability of
        the second; with more, a column a class by its name.

    Raises:
        NevusError: There is no such run, or no such prevalence.
        CorpusError: There are no test images, or the run was trained on images of another size or of other classes.
    """
    import pandas as pd

    from nevus.corpus.views import select
    from nevus.pipelines.inference.prevalence import corrected
    from nevus.pipelines.inference.scoring import Scorer
    from nevus.training.runtime import prediction_runtime

    require_model(params, finished)
    classifier = finished[params.model]()
    classes, size = list(classifier.spec["classes"]), classifier.spec["size"]
    if classes != list(packed.classes) or size != packed.pixels.shape[1]:
        raise CorpusError(
            f"{params.model} tells {', '.join(classes)} apart on images of {size} pixels, but these are of "
            f"{packed.pixels.shape[1]} pixels and the classes {', '.join(packed.classes)}. Give the parameters of "
            "`ingestion` that it was trained with, or name another run by inference.model."
        )
    test = select(packed, "test")
    if not len(test.manifest):
        raise CorpusError(
            "the source has no test images: nothing of it is in a place or a table for testing. See the page of the "
            "format, docs/how_to, for how a source marks them."
        )
    scores = Scorer(classifier.spec, classifier.weights).score(test.pixels, test.manifest, prediction_runtime())
    probabilities = scores.probabilities
    if params.prevalence is not None:
        probabilities = corrected(probabilities, classifier.spec, params.prevalence, name=params.model)
    table = pd.DataFrame(probabilities, columns=classes)
    if len(classes) == 2:
        table = table[[classes[1]]].set_axis(["target"], axis=1)
    table.insert(0, "image_name", test.manifest["image_id"].to_numpy())
    return table
