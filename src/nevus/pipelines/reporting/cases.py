"""Nodes that choose, explain and draw the images that a run is surest of, wrongly and rightly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from nevus.contracts import Classifier, Corpus, CorpusError, Figure, Pixels, Table
from nevus.pipelines.reporting.params import EvaluationParams
from nevus.pipelines.reporting.scoring import arrays_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    HeatMaps = NDArray[np.float16]
else:
    HeatMaps = Any

COLUMNS = ("kind", "truth", "called", "probability", "image_id")
MISTAKE, RIGHT = "mistake", "right"
SHOWN = 6  # images a row


def choose_cases(options: EvaluationParams, classifier: Classifier, predictions: Table) -> Table:
    """Choose the test images that the run is surest of: those that it gets wrong, and as many that it gets right.

    Of two classes six of each way to be wrong and six of each to be right, of more six of each kind; of each lesion
    the surest image alone. With fewer there are fewer.

    Args:
        options: Threshold, where the run has none of its own.
        classifier: Of the run.
        predictions: Of the run; only the test split is read.

    Returns:
        `kind` ("mistake" or "right"), `truth` and `called` (names of classes), `probability` (of the class called) and
        `image_id`: the mistakes first, in each kind those that are truly of the last class first, then the surest.
    """
    import numpy as np
    import pandas as pd

    from nevus.metrics.classification import called
    from nevus.metrics.predictions import scored_rows
    from nevus.pipelines.reporting.runs import name_of, threshold_of

    rows, classes = scored_rows(predictions, name_of(classifier.record)), np.array(classifier.spec["classes"])
    labels, probabilities = arrays_of(rows)
    decided = called(probabilities, threshold_of(classifier.spec, options)).astype(np.int64)
    of_all = np.stack([1 - probabilities, probabilities], axis=1) if probabilities.ndim == 1 else probabilities
    table = pd.DataFrame(
        {
            "kind": np.where(decided == labels, RIGHT, MISTAKE),
            "truth": classes[labels],
            "called": classes[decided],
            "probability": of_all[np.arange(len(rows)), decided],
            "image_id": rows["image_id"],
            "place": -labels if len(classes) == 2 else 0,
            "lesion": rows["group_id"].astype("object").where(rows["group_id"].notna(), rows["image_id"]),
        }
    )
    surest = table.sort_values("probability", ascending=False, kind="stable")
    surest = surest.drop_duplicates(["kind", "place", "lesion"]).groupby(["kind", "place"]).head(SHOWN)
    return surest.sort_values(["kind", "place"], kind="stable")[list(COLUMNS)].reset_index(drop=True)


def explain_cases(classifier: Classifier, cases: Table, test: Corpus) -> HeatMaps:
    """Show where in each of the chosen images the run finds what speaks for the class that it calls.

    Args:
        classifier: Of the run.
        cases: From `choose_cases`.
        test: The test split.

    Returns:
        (n, H, W) float16 in [0, 1] (`inference.heat_maps`); n is 0 for a run without a network, or with one that has
        no feature map.

    Raises:
        CorpusError: A chosen image is not among the test images.
    """
    import numpy as np

    from nevus.pipelines.inference.heat_maps import heat_maps
    from nevus.training.attribution import NoFeatureMapError
    from nevus.training.runtime import prediction_runtime

    pixels, names = _pixels_of(cases, test), list(classifier.spec["classes"])
    targets = [names.index(name) for name in cases["called"]]
    try:
        found = heat_maps(classifier.spec, classifier.weights, pixels, targets, prediction_runtime())
    except NoFeatureMapError:
        return np.zeros((0, *pixels.shape[1:3]), dtype=np.float16)
    return found.astype(np.float16)


def draw_cases(classifier: Classifier, cases: Table, test: Corpus, heat_maps: HeatMaps) -> Figure:
    """Draw the chosen images with truth, call and probability, and their heat maps where there are any.

    Args:
        classifier: Of the run.
        cases: From `choose_cases`.
        test: The test split.
        heat_maps: From `explain_cases`.

    Raises:
        CorpusError: A chosen image is not among the test images.
    """
    from nevus.pipelines.reporting.runs import name_of
    from nevus.pipelines.reporting.wording import display, percent
    from nevus.plots.cases import Case
    from nevus.plots.cases import cases as draw

    pixels = _pixels_of(cases, test)
    rows = []
    for heading, chosen in headed(cases, classifier.spec["classes"]):
        drawn = [
            Case(
                pixels[number],
                heat_maps[number] if len(heat_maps) else None,
                (f"truly {row['truth']}", f"called {row['called']}, {percent(row['probability'])}", row["image_id"]),
            )
            for number, row in zip(chosen.index, chosen.to_dict("records"), strict=True)
        ]
        rows.append((heading, drawn))
    return draw(rows, title=f"Test images that {display(name_of(classifier.record))} is surest of", columns=SHOWN)


def headed(cases: Table, classes: Sequence[str]) -> Iterator[tuple[str, Table]]:
    """The rows of the figure: headings and the cases below, also where there are none."""
    ways = [(MISTAKE, "Surest mistakes"), (RIGHT, "Surest right calls")]
    if len(classes) > 2:
        yield from ((heading, cases[cases["kind"] == kind]) for kind, heading in ways)
        return
    for kind, heading in ways:
        for truth, other in ((classes[1], classes[0]), (classes[0], classes[1])):
            way = f"{truth} called {other if kind == MISTAKE else truth}"
            yield f"{heading}: {way}", cases[(cases["kind"] == kind) & (cases["truth"] == truth)]


def _pixels_of(cases: Table, test: Corpus) -> Pixels:
    """(n, H, W, 3), in the order of the cases."""
    places = test.manifest.set_index("image_id")["row"]
    missing = [image for image in cases["image_id"] if image not in places.index]
    if missing:
        raise CorpusError(
            f"the report shows images that the run was scored on, but {len(missing)} of them are not among the test "
            f"images, such as {missing[0]}. Ingest with the parameters of the training, or train again."
        )
    pixels: Pixels = test.pixels[places.loc[cases["image_id"]].to_numpy()]
    return pixels
