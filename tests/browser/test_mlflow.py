"""What a person sees of the runs in MLflow's own pages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nevus.hooks import TrackingHooks
from nevus.hooks.summary import LOCAL_UI, where_run_is
from tests.hooks.conftest import PARAMETERS, catalog_in, method_flow, run_with

pytestmark = pytest.mark.slow

AUCS = {"mean_teacher": 0.77, "fixmatch": 0.71, "ssgan": 0.82}  # in the order in which they ran
RUNS = {method: f"{method}-wide/seed3" for method in AUCS}
LAST, BASELINE = RUNS["ssgan"], "supervised, baseline of ssgan-wide/seed3"


@dataclass(frozen=True)
class Shown:
    """A running `mlflow ui` and the links that were printed for its last run."""

    runs: str
    run: str


def table(method: str, auc: float) -> pd.DataFrame:
    roles = {method: "method", "supervised": "baseline", "majority": "floor"}
    rows = [(name, role, "auc", auc, auc - 0.1, auc + 0.1) for name, role in roles.items()]
    return pd.DataFrame(rows, columns=["method", "role", "metric", "value", "low", "high"])


@pytest.fixture(scope="module")
def shown(browser: Any, serve: Any, tmp_path_factory: pytest.TempPathFactory, empty_store: bytes) -> Iterator[Shown]:
    """Three methods with their baselines, and MLflow as the summary says to start it."""
    root: Path = tmp_path_factory.mktemp("tracked")
    (root / "mlflow.db").write_bytes(empty_store)
    for method, auc in AUCS.items():
        parameters = PARAMETERS | {method: PARAMETERS["ssgan"]}
        catalog = catalog_in(root, {f"params:{group}": value for group, value in parameters.items()})
        hooks = TrackingHooks()
        run_with(hooks, root, method_flow(method, metrics=table(method, auc)), catalog, parameters=parameters)
    command, *links = where_run_is(hooks.place, root)
    with serve(root, *command.split()[1:], "--port=PORT", "--workers=1") as address:
        yield Shown(*(link.split()[-1].replace(LOCAL_UI, address) for link in links))


def test_the_printed_link_opens_the_runs_with_their_corpus(page: Any, shown: Shown) -> None:
    page.goto(shown.runs)

    for name in RUNS.values():
        page.get_by_role("link", name=name, exact=True).wait_for()
    assert not page.get_by_role("link", name=BASELINE, exact=True).is_visible()  # folded below its method
    page.get_by_text(re.compile(r"base \(f+\)")).first.wait_for()
    page.get_by_role("row").filter(has_text=LAST).first.get_by_role("button").first.click()
    page.get_by_role("link", name=BASELINE, exact=True).wait_for()


def test_the_printed_link_of_a_run_opens_it_with_its_baseline(page: Any, shown: Shown) -> None:
    page.goto(shown.run)

    page.get_by_role("heading", name=LAST).wait_for()
    page.get_by_role("link", name=BASELINE).click()
    page.get_by_role("heading", name=BASELINE).wait_for()


def test_three_methods_compared_share_one_chart_of_a_metric(page: Any, shown: Shown) -> None:
    page.goto(shown.runs)
    for name in RUNS.values():
        page.get_by_role("row").filter(has_text=name).get_by_role("checkbox").first.click()
    page.get_by_role("button", name="Compare").click()

    page.get_by_role("link", name="auc", exact=True).click()

    charts = page.locator(".js-plotly-plot")
    charts.first.wait_for()
    assert charts.count() == 1
    for name in RUNS.values():  # in the legend of the chart, and in the table below it
        page.get_by_text(name, exact=True).nth(1).wait_for(state="attached")


def test_the_charts_of_all_runs_are_few_and_one_holds_all_methods(page: Any, shown: Shown) -> None:
    page.goto(shown.runs.replace("?", "/runs?compareRunsMode=CHART&"))
    page.get_by_placeholder("Search metric charts").fill("^auc$")

    page.get_by_text("Model metrics").wait_for()
    cards = page.get_by_test_id("draggable-chart-cards-grid").filter(has_text="auc")
    cards.get_by_text(LAST).first.wait_for()
    assert cards.count() == 1
    for auc in AUCS.values():
        cards.get_by_text(str(auc)).first.wait_for()
