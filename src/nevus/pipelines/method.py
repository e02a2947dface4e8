"""The template that every method is an instance of, under a namespace of its own.

Inside a template datasets have short names; the namespace puts the method's name in front: `history` of the method
`ssgan` is `ssgan.history`, and that of its baseline `ssgan.baseline.history`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.floors.nodes import predict_colour_svm, predict_majority
from nevus.pipelines.inference.nodes import predict_test
from nevus.pipelines.ingestion.pipeline import SHARED, splitting
from nevus.pipelines.methods import METHODS
from nevus.pipelines.reporting.pipeline import create_pipeline as reporting

VIEWS = {"corpus@training", "corpus@validation", "corpus@test"}
BASELINE = "baseline"


def create_pipeline(name: str) -> Pipeline:
    """Packed images to a trained, scored and reported method, beside its baseline and the floors.

    Args:
        name: Of the method, as in `METHODS`.

    Returns:
        Nodes `{name}.assign_splits`, `{name}.fit`, `{name}.baseline.fit`, `{name}.evaluate` and so on.
    """
    method = METHODS[name]
    template = splitting() + training(name) + floors()
    if method.baseline is not None:
        template += instance(training(method.baseline), BASELINE, keep=VIEWS)
    template += reporting(baseline=method.baseline is not None, generator="samples" in method.family.makes)
    return instance(template, name, keep=SHARED)


def instance(template: Pipeline, namespace: str, *, keep: set[str] | None = None) -> Pipeline:
    """A template under a namespace, which prefixes all nodes and datasets but parameters and what is kept.

    Args:
        template: Any pipeline.
        namespace: Put in front.
        keep: Names of free inputs that stay as they are; those that the template does not read are ignored.
    """
    free = template.inputs()
    return Pipeline(
        template,
        namespace=namespace,
        inputs=free & (keep or set()),
        parameters={name for name in free if name.startswith("params:")},
        tags=namespace,
    )


def training(name: str) -> Pipeline:
    """The nodes that train a method and predict the test images with it."""
    family = METHODS[name].family
    fit = Node(
        bind(family.fit, params=family.params, method=name),
        {
            "training": "corpus@training",
            "validation": "corpus@validation",
            "params": f"params:{name}",
            "seed": "params:seed",
            "variant": "params:variant",
            "checkpoints": "checkpoints",
        },
        ["classifier", "history", *family.makes],
        name="fit",
        tags="training",
    )
    predict = Node(predict_test, ["classifier", "corpus@test"], "predictions", name="predict", tags="inference")
    return Pipeline([fit, predict])


def floors() -> Pipeline:
    """What a score has to beat: the majority class, and colour without shape."""
    inputs = ["corpus@training", "corpus@test"]
    return Pipeline(
        [
            Node(predict_majority, inputs, "majority", name="predict_majority"),
            Node(predict_colour_svm, inputs, "colour_svm", name="predict_colour_svm"),
        ],
        tags="floors",
    )


def bind(function: Callable[..., Any], *, params: type[Any], **constants: Any) -> Callable[..., Any]:
    """A node function with some arguments given, and with the type of `params`, which Kedro checks, made exact."""
    bound = update_wrapper(partial(function, **constants), function)
    bound.__annotations__ = {**function.__annotations__, "params": params}
    return bound
