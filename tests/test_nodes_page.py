from nevus.nodes_page import nodes_reference
from nevus.pipeline_registry import register_pipelines


def test_the_page_of_nodes_is_in_step_with_the_pipelines(project):
    page = (project / "docs" / "reference" / "nodes.md").read_text()
    assert page == nodes_reference(register_pipelines()), "run `kedro nodes-reference` and commit the page"


def test_every_node_says_what_it_does():
    page = nodes_reference(register_pipelines())
    for pipeline in register_pipelines().values():
        for node in pipeline.nodes:
            assert f"`{node.name}`" in page
            assert (node.func.__doc__ or "").strip(), node.name
