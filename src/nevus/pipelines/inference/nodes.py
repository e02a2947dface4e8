"""The one place where a trained network meets the test images (the floors have nodes of their own)."""

from collections.abc import Callable, Collection

from nevus.contracts import Classifier, Corpus, CorpusError, FinishedRuns, Source, Table, TrackedRuns
from nevus.pipelines.beforehand import checked_by
from nevus.pipelines.inference.models import classifier_of, require_known
from nevus.pipelines.inference.params import InferenceParams
from nevus.pipelines.ingestion.params import IngestionParams
from nevus.pipelines.reporting.params import EvaluationParams
from nevus.pipelines.reporting.runs import threshold_of


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


def require_model(params: InferenceParams, finished: Collection[str], tracked: TrackedRuns) -> None:
    """Refuse a run that is not finished, and a model that is not there.

    Raises:
        NevusError: It says which, and what to do.
    """
    require_known(params.model, finished, tracked, parameter="inference.model")


@checked_by(require_model)
def score_images(
    images: Source | None,
    source: Callable[[], Source | None],
    finished: FinishedRuns,
    tracked: TrackedRuns,
    params: InferenceParams,
    ingestion: IngestionParams,
    evaluation: EvaluationParams,
) -> Table:
    """Let a finished run score images, with or without labels.

    Args:
        images: A folder, an archive or a file; None for the images that the source has for testing.
        source: What opens the source, where it is wanted.
        finished: What reads the classifier of each finished run, by the name of the run.
        tracked: What finds those in the tracking store.
        params: Which run, and what to say of each image.
        ingestion: The format of the source, and how much is decoded at a time.
        evaluation: Its threshold counts where the run chose none.

    Returns:
        One row an image, in the order in which they were handed in: `image_name` and, with two classes, `target`, the
        probability of the second; with more, a column a class by its name; then `decision` and `spread` where they are
        wanted. Images that cannot be read have no number but a `reason`, a column that is there only then.

    Raises:
        NevusError: There is no such run or model, no such prevalence, or no spread.
        SourceError: There are no images.
        CorpusError: No image can be read, or the run was trained on other classes.
    """
    from dataclasses import replace

    from nevus.pipelines.inference.listing import images_of_the_test
    from nevus.pipelines.inference.prevalence import corrected
    from nevus.pipelines.inference.stream import score_listing
    from nevus.pipelines.inference.tables import submission
    from nevus.readers.unlabelled import read

    classifier = classifier_of(params.model, finished, tracked, parameter="inference.model")
    listing = read(images) if images else images_of_the_test(source(), ingestion, classifier, params.model)
    answers = score_listing(listing, classifier, ingestion, params)
    if params.prevalence is not None:
        there = corrected(answers.probabilities, classifier.spec, params.prevalence, name=params.model)
        answers = replace(answers, probabilities=there)
    return submission(
        listing.records["image_id"].tolist(),
        answers,
        classifier.spec,
        columns=params.columns,
        threshold=threshold_of(classifier.spec, evaluation),
        name=params.model,
    )
