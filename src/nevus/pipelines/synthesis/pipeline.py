"""Packed images to a generator, and how good its images are."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.ingestion.pipeline import SHARED, splitting
from nevus.pipelines.instances import instance
from nevus.pipelines.synthesis import figures
from nevus.pipelines.synthesis.judging import judge
from nevus.pipelines.synthesis.nodes import METHOD, fit_generator
from nevus.pipelines.synthesis.page import write_page
from nevus.pipelines.synthesis.pool import hold_out_images

HOW = {"params": f"params:{METHOD}", "seed": "params:seed"}
IMAGES = {"training": "corpus@training", "parts": "parts"}


def create_pipeline() -> Pipeline:
    """Packed images to a trained and judged generator, under the namespace `synthesis`."""
    template = splitting(trains=True) + training() + results()
    return instance(template, METHOD, keep=set(SHARED), tags=METHOD)


def training() -> Pipeline:
    """The nodes that choose images and train a generator on them."""
    drawn = {"training": "corpus@training", "duplicates": "duplicates", **HOW}
    fitted = {**IMAGES, "variant": "params:variant", "checkpoints": "checkpoints", **HOW}
    made = ["generator", "history", "quality", "samples", "progress"]
    return Pipeline(
        [
            Node(hold_out_images, drawn, "parts", name="hold_out_images"),
            Node(fit_generator, fitted, made, name="fit", tags="training"),
        ]
    )


def results() -> Pipeline:
    """What is said of a finished generator, and its page."""
    judged = {**IMAGES, "generator": "generator", "history": "history", **HOW}
    pairs = {**IMAGES, "judged": "judged", "pairs": "pairs", **HOW}
    drawn: dict[str, tuple[Callable[..., Any], dict[str, str]]] = {
        "real_and_generated": (
            figures.draw_samples,
            {**IMAGES, "generator": "generator", "generated": "samples"},
        ),
        "curves": (figures.draw_curves, {"generator": "generator", "history": "history"}),
        "quality_course": (figures.draw_quality, {"generator": "generator", "quality": "quality"}),
        "nearest_pairs": (figures.draw_pairs, pairs),
        "interpolation": (figures.draw_interpolation, {"generator": "generator", **HOW}),
    }
    told = {"params": HOW["params"], **{name: name for name in ("generator", "metrics", "warnings", "progress")}}
    return Pipeline(
        [
            Node(judge, judged, ["metrics", "pairs", "warnings", "judged"], name="judge"),
            *(Node(function, inputs, name, name=f"draw_{name}") for name, (function, inputs) in drawn.items()),
            Node(write_page, told | {name: name for name in drawn}, "report", name="write_page"),
        ],
        tags="reporting",
    )
