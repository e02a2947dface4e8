"""What a person sees of the graph in Kedro-Viz."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from matplotlib.figure import Figure

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def drawn(new_project: Any) -> Any:
    """A project whose run has drawn one figure."""
    made = new_project()
    figure = Figure(figsize=(6, 4))
    figure.subplots().plot([0, 1], [0, 1])
    path = made.data("08_reporting/test/ssgan/seed0/roc.png")
    path.parent.mkdir(parents=True)
    figure.savefig(path)
    return made


@pytest.fixture(scope="module")
def graph(browser: Any, serve: Any, drawn: Any) -> Iterator[str]:
    """Kedro-Viz of that project, running."""
    with serve(drawn.root, "kedro", "viz", "run", "--env=test", "--no-browser", "--port=PORT") as address:
        yield address


@pytest.fixture(scope="module")
def site(browser: Any, serve: Any, drawn: Any) -> Iterator[str]:
    """The same as files, in the hands of a server that knows neither Kedro nor the project."""
    done = drawn.kedro("viz", "build", "--include-previews", KEDRO_ENV="test")
    assert done.returncode == 0, done.stderr[-2000:]
    with serve(drawn.root / "build", "http.server", "PORT", "--bind=127.0.0.1") as address:
        yield address


def test_a_method_is_one_box_that_holds_its_nodes(page: Any, graph: str) -> None:
    page.goto(f"{graph}/?pid=ssgan")

    boxes = page.locator(".pipeline-node--modularPipeline")
    boxes.first.wait_for()
    assert boxes.all_text_contents() == ["ssgan"]
    tasks = page.locator(".pipeline-node--task")
    assert set(tasks.all_text_contents()) == {"pack_corpus", "find_duplicate_images"}  # what all methods share

    page.goto(f"{graph}/?pid=ssgan&expandAllPipelines=true")
    tasks.get_by_text("evaluate", exact=True).wait_for()
    assert tasks.get_by_text("fit", exact=True).count() == 2  # of the method, and of its baseline


@pytest.mark.parametrize("served", ["graph", "site"])
def test_a_figure_has_its_preview(page: Any, served: str, request: pytest.FixtureRequest) -> None:
    page.goto(f"{request.getfixturevalue(served)}/?pid=ssgan")
    page.locator(".pipeline-node").first.wait_for()
    page.get_by_placeholder("Search").fill("ssgan.roc")

    page.get_by_role("button", name="ssgan.roc").dispatch_event("click")  # a tour of Kedro-Viz may lie above it

    preview = page.locator(".pipeline-metadata__plot-image")
    preview.wait_for()
    kind, _, content = preview.get_attribute("src").partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(content).startswith(b"\x89PNG")
    assert preview.evaluate("image => image.naturalWidth") == 600
