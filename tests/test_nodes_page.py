from kedro.pipeline import Node, Pipeline

from nevus.nodes_page import ANY, nodes_reference
from nevus.pipeline_registry import register_pipelines


def test_the_page_of_nodes_is_in_step_with_the_pipelines(project):
    page = (project / "docs" / "reference" / "nodes.md").read_text()
    assert page == nodes_reference(register_pipelines()), "run `kedro nodes-reference` and commit the page"


def test_every_node_says_what_it_does():
    page = nodes_reference(register_pipelines())
    for name, pipeline in register_pipelines().items():
        for node in pipeline.nodes:
            method, _, rest = node.name.partition(".")
            of_any = f"`{ANY}.{rest}`" in page and f"`{method}`" in page
            assert f"`{node.name}`" in page or of_any, name
            assert (node.func.__doc__ or "").strip(), node.name


def test_methods_of_one_shape_share_a_table():
    def shout(images: int) -> int:
        """Say it."""
        return images

    def method(name: str, tag: str = "training") -> Pipeline:
        node = Node(shout, "images", "said", name="fit", tags=[tag, name])
        return Pipeline([node], namespace=name, inputs={"images"})

    shared = Pipeline([Node(shout, "raw", "images", name="pack")])
    pipelines = {"a": shared + method("a"), "b": shared + method("b"), "c": shared + method("c", "other")}
    page = nodes_reference({"pack": shared, **pipelines})
    assert "## Pipelines `a`, `b`\n" in page
    assert page.count("`METHOD.fit`") == 1
    assert "| `METHOD.fit` |" in page and "`METHOD.said`" in page and "METHOD, training" in page
    assert "## Pipeline `c`\n" in page
    assert "| `c.fit` |" in page
