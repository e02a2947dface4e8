"""Explain what a finished run says of one image."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from nevus.contracts import Classifier, Corpus, Figure, FinishedRuns, NevusError, Source, TrackedRuns
from nevus.pipelines.beforehand import checked_by
from nevus.pipelines.explain.params import ExplainParams
from nevus.pipelines.inference.models import classifier_of, require_known
from nevus.pipelines.ingestion.params import IngestionParams
from nevus.pipelines.reporting.params import EvaluationParams
from nevus.pipelines.reporting.runs import threshold_of

LONGEST = 18  # letters of a name in the figure
SEEN = 256  # pixels of an image that people can see something on


def require_model(params: ExplainParams, finished: Collection[str], tracked: TrackedRuns) -> None:
    """Refuse a run that is not finished, and a model that is not there.

    Raises:
        NevusError: It says which, and what to do.
    """
    require_known(params.model, finished, tracked, parameter="explain.model")


@checked_by(require_model)
def explain_image(
    image: Source | None,
    training_images: Callable[[str], Corpus | None],
    finished: FinishedRuns,
    tracked: TrackedRuns,
    params: ExplainParams,
    ingestion: IngestionParams,
    evaluation: EvaluationParams,
) -> Any:
    """Let a finished run score one image, and look for what its answer rests on.

    Args:
        image: One file.
        training_images: From the name of a run to the images that trained it, where they are still here.
        finished: What reads the classifier of each finished run, by the name of the run.
        tracked: What finds those in the tracking store.
        params: Which run.
        ingestion: The largest image that is decoded.
        evaluation: Its threshold counts where the run chose none.

    Returns:
        An `Answer`: probabilities, those of the members of an ensemble, a heat map, the nearest labelled images.

    Raises:
        NevusError: There is no such run or model, or not one image that can be read.
    """
    from nevus.metrics.classification import called
    from nevus.pipelines.explain.answer import Answer
    from nevus.pipelines.explain.neighbours import neighbours_of
    from nevus.pipelines.inference.scoring import Scorer
    from nevus.training.runtime import prediction_runtime

    classifier = classifier_of(params.model, finished, tracked, parameter="explain.model")
    rows, pixels, seen = _one(image, classifier, ingestion)
    runtime = prediction_runtime(params.device)
    scores = Scorer(classifier.spec, classifier.weights).score(pixels, rows, runtime)
    threshold = threshold_of(classifier.spec, evaluation)
    two = scores.probabilities.shape[1] == 2
    label = int(called(scores.probabilities[:, 1] if two else scores.probabilities, threshold)[0])
    return Answer(
        model=params.model,
        image_id=str(rows["image_id"].iloc[0]),
        pixels=seen,
        size=pixels.shape[1],
        classes=list(classifier.spec["classes"]),
        probabilities=scores.probabilities[0],
        called=label,
        threshold=threshold,
        spec=classifier.spec,
        record=classifier.record,
        members={name: one[0] for name, one in scores.parts.items()} if "members" in classifier.spec else {},
        **_heat(classifier, pixels, label, side=seen.shape[0], runtime=runtime),
        **neighbours_of(classifier, pixels, training_images, count=params.neighbours, runtime=runtime),
    )


def _one(image: Source | None, classifier: Classifier, options: IngestionParams) -> tuple[Any, Any, Any]:
    """The row of the image, (1, S, S, 3) pixels for the network, and (V, V, 3) to look at."""
    from nevus.corpus.decode import decode
    from nevus.pipelines.inference.images import Intake
    from nevus.readers.unlabelled import read

    if image is None:
        raise NevusError("explain wants an image: name one by `--params image=/path/to/lesion.jpg`.")
    listing = read(image)
    if len(listing.records) != 1:
        raise NevusError(
            f"image: explain takes one image, but {len(listing.records):,} are there, such as "
            f"'{listing.records['image_id'].iloc[0]}'. Name its file; many are scored by `kedro run "
            "--pipeline=inference --params images=`."
        )
    intake = Intake.of(classifier.spec, classifier.record)
    reason = listing.records["reason"].iloc[0]
    if reason is None:
        files = listing.source.read(listing.records["file"].tolist())
        small, large = (
            decode(files, side, max_pixels=options.max_pixels, resize=intake.resize)
            for side in (intake.size, max(SEEN, intake.size))
        )
        reason = small.errors.get(0)
    if reason is not None:
        raise NevusError(f"image: '{listing.records['file'].iloc[0]}' cannot be read: {reason}.")
    return listing.records, small.pixels, large.pixels[0]


def _heat(classifier: Classifier, pixels: Any, label: int, *, side: int, runtime: Any) -> dict[str, Any]:
    """`heat` or `no_heat` of an `Answer`."""
    import numpy as np
    from PIL import Image

    from nevus.pipelines.inference.heat_maps import heat_maps
    from nevus.training.attribution import NoFeatureMapError

    try:
        found = heat_maps(classifier.spec, classifier.weights, pixels, [label], runtime)[0]
    except NoFeatureMapError as error:
        return {"no_heat": str(error)}
    enlarged = Image.fromarray(found).resize((side, side), Image.Resampling.BILINEAR)
    return {"heat": np.clip(np.asarray(enlarged), 0, 1)}


def draw(answer: Any) -> Figure:
    """Draw the image beside its heat map, and the nearest labelled training images.

    Args:
        answer: An `Answer`.

    Returns:
        A figure.
    """
    from nevus.plots.explanation import explanation

    near = [
        (one.pixels, f"{one.diagnosis}\n{one.distance:.3f}\n{one.image_id[-LONGEST:]}") for one in answer.neighbours
    ]
    return explanation(answer.pixels, answer.heat, near, called=answer.classes[answer.called])


def write_page(answer: Any, figure: bytes) -> str:
    """Write what a run says of one image, and what that rests on.

    Args:
        answer: An `Answer`.
        figure: The encoded image of `draw`.

    Returns:
        A page of HTML that needs no other file.
    """
    import base64

    from nevus.pipelines.explain import wording
    from nevus.pipelines.page import render

    packing = (answer.record.get("parameters") or {}).get("ingestion", {})
    return render(
        __package__,
        "explanation.html.j2",
        title=f"What {answer.model} says of {answer.image_id}",
        data_format=packing.get("format", ""),
        answer=answer,
        said=wording.said(answer),
        certainty=wording.certainty(answer),
        calibration=wording.calibration(answer.spec),
        members=wording.members(answer),
        heat=wording.heat(answer),
        neighbours=wording.neighbours(answer),
        alternative=wording.alternative(answer),
        figure=base64.b64encode(figure).decode("ascii"),
    )
