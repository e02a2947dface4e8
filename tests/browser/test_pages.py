"""The pages that runs leave, as a browser shows them: whole, alone, and readable by everybody."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.fakes import fake_jpeg

pytestmark = pytest.mark.slow

PAGES = {
    "report": "test/ssgan/seed0/report.html",
    "ladder": "test/ladder/seed0/report.html",
    "audit": "test/audit/seed0/audit.html",
    "calibration": "test/calibrated/seed0/calibration.html",
    "leaderboard": "test/leaderboard/leaderboard.html",
    "explanation": "test/explain/seed0/explanation.html",
    "synthesis": "test/synthesis/seed0/report.html",
    "external": "test/external-again/seed0/report.html",
}
# The predictions of a run, handed in as if another program had made them.
AGAIN = {"predictions": "data/07_model_output/test/ssgan/seed0/predictions.parquet", "name": "again"}
NARROW = {"width": 480, "height": 900}  # a telephone, where wide tables scroll


@pytest.fixture(scope="module")
def reports(new_project: Any) -> Path:
    """The folder of the reports of a project in which everything has run once."""
    made = new_project()
    image = made.root / "lesion.jpg"
    image.write_bytes(fake_jpeg(0, 60, 80))
    names = (
        "ingestion",
        "ssgan",
        "ladder",
        "cross_validation",
        "calibration",
        "explain",
        "synthesis",
        "external",
        "reporting",
    )
    given = {
        "calibration": {"calibration": {"model": "ssgan/seed0", "coverage": 0.8}},
        "explain": {"model": "ssgan/seed0", "image": str(image)},
        "external": {"external": AGAIN},
    }
    made.sessions(
        [({"env": "test", "runtime_params": given.get(name, {})}, {"pipeline_names": [name]}) for name in names]
    )
    folder: Path = made.data("08_reporting")
    return folder


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_all_its_images_and_fetches_nothing(browser: Any, reports: Path, name: str) -> None:
    context = browser.new_context(offline=True)
    page, asked, errors = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(error))

    page.goto((reports / PAGES[name]).as_uri())

    widths = page.locator("img").evaluate_all("images => images.map(image => image.naturalWidth)")
    assert widths
    assert all(widths)
    assert [url for url in asked if not url.startswith("data:")] == [(reports / PAGES[name]).as_uri()]
    assert errors == []
    context.close()


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 900}, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_by_everybody(browser: Any, reports: Path, name: str, viewport: dict[str, int]) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = browser.new_page(viewport=viewport)
    page.goto((reports / PAGES[name]).as_uri())

    found = axe.Axe().run(page)

    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate(
        "document.documentElement.scrollWidth <= window.innerWidth"
    )  # tables scroll, the page does not
    page.close()


def test_predictions_that_are_handed_in_score_as_those_of_the_run_that_made_them(reports: Path) -> None:
    own, again = (pd.read_csv(reports / f"test/{run}/seed0/metrics.csv") for run in ("ssgan", "external-again"))
    scores = [table[table["role"] == "method"].set_index("metric")["value"] for table in (own, again)]
    pd.testing.assert_series_equal(*scores)


def test_predictions_that_are_handed_in_are_tracked_as_a_run_of_this_corpus(reports: Path) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{reports.parents[1] / 'mlflow.db'}")
    found = client.search_runs([client.get_experiment_by_name("test").experiment_id])
    runs = {run.info.run_name: run.data for run in found}
    own, again = runs["ssgan/seed0"], runs["external-again/seed0"]
    assert again.tags["method"] == "external"
    assert again.tags["corpus"] == own.tags["corpus"]
    assert again.metrics["auc"] == own.metrics["auc"]
