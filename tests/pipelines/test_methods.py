"""One registry, one template: what every method has, whichever it is."""

import warnings

import pytest
from kedro.pipeline import Pipeline
from kedro.validation import TypeExtractor

from nevus.pipeline_registry import register_pipelines
from nevus.pipelines import method as template
from nevus.pipelines.classifier.params import ClassifierParams
from nevus.pipelines.methods import METHODS, Method
from nevus.pipelines.ssgan.params import SsganParams


def names(pipeline: Pipeline) -> set[str]:
    return {node.name for node in pipeline.nodes}


def test_every_method_of_the_registry_is_a_pipeline_with_its_nodes_in_its_namespace():
    pipelines = register_pipelines()
    for name, method in METHODS.items():
        found = names(pipelines[name])
        assert {f"{name}.{node}" for node in ("assign_splits", "fit", "predict", "evaluate", "report")} <= found
        assert (f"{name}.baseline.fit" in found) == (method.baseline is not None)
        outside = {node.name for node in pipelines[name].nodes if node.namespace is None}
        assert outside == {"pack_corpus", "find_duplicate_images"}  # what all methods share


def test_methods_share_nothing_but_the_packed_images():
    pipelines = register_pipelines()
    made = {name: pipelines[name].all_outputs() for name in METHODS}
    assert made["ssgan"] & made["supervised"] == {"packed@recipe", "duplicates"}


def test_the_same_template_serves_another_block_of_parameters_without_a_copy(monkeypatch):
    monkeypatch.setitem(METHODS, "resnet50", Method(baseline=None))
    monkeypatch.setitem(METHODS, "mine", Method(baseline="resnet50"))
    pipelines = {name: template.create_pipeline(name) for name in ("resnet50", "mine")}
    types = TypeExtractor(pipelines).extract_types_from_pipelines()
    assert types["resnet50"] is types["mine"] is ClassifierParams
    fits = {node.name: node for node in pipelines["mine"].nodes if node.name.endswith("fit")}
    assert "params:mine" in fits["mine.fit"].inputs
    assert "params:resnet50" in fits["mine.baseline.fit"].inputs


def test_kedro_finds_the_typed_parameters_of_a_method_and_of_its_baseline():
    types = TypeExtractor({"ssgan": template.create_pipeline("ssgan")}).extract_types_from_pipelines()
    assert types["ssgan"] is SsganParams
    assert types["labeled_only"] is ClassifierParams


@pytest.mark.parametrize("name", list(METHODS))
def test_kedro_finds_the_typed_parameters_of_every_method(name):
    """Where it does not, for a name of an annotation that is not imported, a node gets a dictionary without a word."""
    types = TypeExtractor({name: template.create_pipeline(name)}).extract_types_from_pipelines()
    assert types[name] is METHODS[name].family.params


def test_a_baseline_sees_the_images_of_the_method_that_it_serves():
    nodes = {node.name: node for node in template.create_pipeline("ssgan").nodes}
    for fit in ("ssgan.fit", "ssgan.baseline.fit"):
        assert {"ssgan.corpus@training", "ssgan.corpus@validation"} <= set(nodes[fit].inputs)
    assert "ssgan.corpus@test" in nodes["ssgan.baseline.predict"].inputs


def test_nothing_that_trains_reads_test_images():
    for name in METHODS:
        for node in template.create_pipeline(name).nodes:
            if "training" in node.tags:
                assert not [dataset for dataset in node.inputs if dataset.endswith("@test")], node.name


def test_names_are_kedros_own():
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Kedro warns of dots that are no namespaces, once a process
        from kedro.pipeline import Node

        if hasattr(Node, "__dotted_dataset_name_warned__"):
            delattr(Node, "__dotted_dataset_name_warned__")
        register_pipelines.__wrapped__()


@pytest.mark.parametrize("name", list(METHODS))
def test_reporting_runs_alone_on_what_a_method_left(name):
    reporting = template.create_pipeline(name).only_nodes_with_tags("reporting")
    assert not {f"{name}.checkpoints", f"params:{name}", "params:seed"} & reporting.inputs()
