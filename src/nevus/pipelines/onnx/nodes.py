"""A finished run as one file that needs neither Python nor PyTorch, held to what PyTorch says."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import Classifier, FinishedRuns, NevusError, Pixels, Table, TrackedRuns, metadata_read
from nevus.pipelines.beforehand import checked_by
from nevus.pipelines.inference.models import classifier_of, require_known
from nevus.pipelines.onnx.params import OnnxParams

PACKAGES = ("onnx", "onnxruntime", "onnxscript")
CHECKED = 24  # images, beside those that the model keeps as an example
IMAGES, PROBABILITIES = "images", "probabilities"  # names in the file


def require_export(params: OnnxParams, finished: Collection[str], tracked: TrackedRuns) -> None:
    """Refuse a run that is not finished, a model that is not there, and any export where packages for it are missing.

    Raises:
        NevusError: It says which, and what to do.
    """
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        raise NevusError(
            f"an export to ONNX needs packages that are not installed, {', '.join(missing)}: "
            '`pip install -e ".[onnx]"` in the project.'
        )
    require_known(params.model, finished, tracked, parameter="onnx.model")


@checked_by(require_export)
def export_onnx(finished: FinishedRuns, tracked: TrackedRuns, params: OnnxParams) -> tuple[bytes, Table]:
    """Write a classifier as ONNX and compare what ONNX Runtime makes of it with PyTorch.

    The program takes (N, S, S, 3) uint8 images of the model's size S, as packing made them: Pillow's resizing rounds
    otherwise than ONNX's, so it is left to whoever calls it. Calibration and symmetries are in it.

    Args:
        finished: What reads the classifier of each finished run, by the name of the run.
        tracked: What finds those in the tracking store.
        params: Which run, and how far the two may differ.

    Returns:
        The content of the file, and one row: `run`, `size`, `classes`, `images` compared, `largest_difference`,
        `opset`, `megabytes`.

    Raises:
        NevusError: There is no such run, it reads metadata, packages are missing, or the two differ by more.
    """
    import pandas as pd

    require_export(params, finished, tracked)
    classifier = classifier_of(params.model, finished, tracked, parameter="onnx.model")
    if known := metadata_read(classifier.spec):
        raise NevusError(
            f"onnx.model: {params.model} reads {', '.join(known)} beside the image, and the ONNX program takes images "
            "alone. Export a run that was trained with metadata: null."
        )
    model = described(exported(classifier), classifier, params.model)
    images = images_to_compare(classifier)
    content = model.SerializeToString()
    difference = largest_difference(content, classifier, images)
    if not difference <= params.largest_difference:
        raise NevusError(
            f"ONNX Runtime's probabilities of {params.model} differ from PyTorch's by up to {difference:.2g} on "
            f"{len(images)} images; onnx.largest_difference allows {params.largest_difference:g}. Nothing is written."
        )
    row = {
        "run": params.model,
        "size": classifier.spec["size"],
        "classes": ", ".join(classifier.spec["classes"]),
        "images": len(images),
        "largest_difference": float(f"{difference:.2g}"),
        "opset": model.opset_import[0].version,
        "megabytes": round(len(content) / 1e6, 2),
    }
    return content, pd.DataFrame([row])


def exported(classifier: Classifier) -> Any:
    """The `onnx.ModelProto` of a classifier, for any number of images."""
    import torch

    from nevus.pipelines.onnx.program import Program

    program = Program(classifier.spec, classifier.weights).eval()
    size = classifier.spec["size"]
    example = torch.zeros((2, size, size, 3), dtype=torch.uint8)
    with quiet():
        found = torch.onnx.export(
            program,
            (example,),
            dynamo=True,
            dynamic_shapes={IMAGES: {0: torch.export.Dim("batch")}},
            input_names=[IMAGES],
            output_names=[PROBABILITIES],
            verbose=False,
        )
    assert found is not None  # it is None for the older exporter alone
    return found.model_proto


def described(model: Any, classifier: Classifier, run: str) -> Any:
    """The model with what its user has to know: size, resizing, classes, the run, and what it is not for."""
    from nevus.pipelines.inference.images import Intake

    intake = Intake.of(classifier.spec, classifier.record)
    says = {
        "run": run,
        "classes": json.dumps(classifier.spec["classes"]),
        "size": str(intake.size),
        "resize": intake.resize,
        "filter": "antialiased triangle (Pillow's BILINEAR)",
        "notice": "Research use only: not a medical device, not for diagnosis.",
    }
    for key, value in says.items():
        model.metadata_props.add(key=key, value=value)
    return model


def images_to_compare(classifier: Classifier) -> Pixels:
    """The model's example, evenly coloured images and noise, (n, S, S, 3) uint8."""
    size, draw = classifier.spec["size"], np.random.default_rng(0)
    even = np.broadcast_to(draw.integers(0, 256, (CHECKED // 2, 1, 1, 3)), (CHECKED // 2, size, size, 3))
    noise = draw.integers(0, 256, (CHECKED // 2, size, size, 3))
    return np.concatenate([classifier.example, even.astype(np.uint8), noise.astype(np.uint8)])


def largest_difference(content: bytes, classifier: Classifier, images: Pixels) -> float:
    """Of any probability, whether the images come one by one, in parts or all together."""
    import onnxruntime
    import pandas as pd

    from nevus.pipelines.inference.scoring import Scorer
    from nevus.training.runtime import prediction_runtime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])

    def scored(step: int) -> NDArray[np.float32]:
        starts = range(0, len(images), step)
        parts = [session.run([PROBABILITIES], {IMAGES: images[start : start + step]})[0] for start in starts]
        return np.concatenate(parts)

    rows = pd.DataFrame(index=range(len(images)))
    wanted = Scorer(classifier.spec, classifier.weights).score(images, rows, prediction_runtime("cpu")).probabilities
    return max(float(np.abs(scored(step) - wanted).max()) for step in (1, 7, len(images)))


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the exporter from printing how it gets on, and from warning of its own ways."""
    from contextlib import redirect_stdout

    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
