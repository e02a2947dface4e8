import io
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro_datasets.json import JSONDataset
from rich.console import Console

from nevus.hooks import SummaryHooks
from nevus.hooks.summary import fitting_metrics, interval, where_run_is
from nevus.metrics.titles import TITLES, WATCHED
from nevus.tracking.experiment import Target
from tests.hooks.conftest import flow_of


@pytest.fixture
def every_metric() -> pd.DataFrame:
    methods = [("majority class", "floor"), ("supervised", "baseline"), ("ssgan", "method")]
    rows = [(name, role, metric, 0.81, 0.77, 0.85) for name, role in methods for metric in TITLES]
    return pd.DataFrame(rows, columns=["method", "role", "metric", "value", "low", "high"])


def text_of(table: pd.DataFrame, width: int) -> list[str]:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(fitting_metrics(table, "ssgan", console))
    return console.export_text().splitlines()


def test_a_wide_console_has_a_row_for_each_method_the_method_itself_first(every_metric) -> None:
    lines = [line for line in text_of(every_metric, 220) if "0.81 [0.77, 0.85]" in line]

    assert [line.split("  ")[0].strip() or line.strip().split("  ")[0] for line in lines] == [
        "ssgan",
        "supervised",
        "majority class",
    ]
    assert all(line.count("0.81 [0.77, 0.85]") == len(WATCHED) for line in lines)


def test_at_80_columns_there_is_a_row_for_each_metric_watched_and_nothing_is_cut(every_metric) -> None:
    lines = text_of(every_metric, 80)

    assert max(map(len, lines)) <= 80
    rows = [line for line in lines if line.count("0.81 [0.77, 0.85]") == 3]
    assert [row.strip().split("  ")[0] for row in rows] == [
        title.heading for name, title in TITLES.items() if name in WATCHED
    ]


def test_more_methods_than_fit_have_their_intervals_below_the_values(every_metric) -> None:
    more = every_metric[every_metric["method"] == "supervised"].assign(method="colour statistics", role="floor")

    lines = text_of(pd.concat([every_metric, more]), 80)

    assert max(map(len, lines)) <= 80
    assert sum(line.count("[0.77, 0.85]") == 4 for line in lines) == len(WATCHED)


def test_a_metric_that_nobody_foresaw_has_a_row_named_after_it(every_metric) -> None:
    new = every_metric[every_metric["metric"] == "auc"].assign(metric="bare_auc")

    lines = text_of(pd.concat([new, every_metric]), 80)

    assert lines[-2].strip().startswith("Bare auc") or lines[-1].strip().startswith("Bare auc")


def test_a_value_without_interval_stands_alone_and_none_is_a_dash() -> None:
    nan = float("nan")

    assert interval(0.5, nan, nan) == "0.50"
    assert interval(nan, nan, nan) == "-"


def test_the_summary_names_the_report_the_model_and_the_run(
    tmp_path: Path, every_metric, capsys: pytest.CaptureFixture[str]
) -> None:
    report = JSONDataset(filepath=str(tmp_path / "data" / "report.json"))
    report.save({})
    catalog = DataCatalog({"ssgan.metrics": MemoryDataset(every_metric), "ssgan.report": report})
    target = Target(f"sqlite:///{tmp_path / 'mlflow.db'}", "lesions")
    hooks = SummaryHooks(
        SimpleNamespace(place=SimpleNamespace(target=target, run_id="abc", experiment_id="1"), loss=None)
    )

    hooks.after_pipeline_run(
        {"project_path": str(tmp_path)}, flow_of(ssgan__metrics=0, ssgan__report=0, ssgan__model=0), catalog
    )

    printed = capsys.readouterr().out
    assert "Report: data/report.json" in printed
    assert "MLflow: mlflow ui\n" in printed
    assert "http://127.0.0.1:5000/#/experiments/1?workflowType=machine_learning\n" in printed
    assert "http://127.0.0.1:5000/#/experiments/1/runs/abc" in printed
    assert "Research use only" in printed
    assert "Model:" not in printed


def test_a_corpus_is_shown_where_there_are_no_metrics(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = pd.DataFrame({"split": ["labeled"], "images": [200]})
    catalog = DataCatalog({"corpus_summary": MemoryDataset(table)})

    SummaryHooks().after_pipeline_run({"project_path": str(tmp_path)}, flow_of(corpus_summary=0), catalog)

    printed = capsys.readouterr().out
    assert "labeled" in printed
    assert "200" in printed


def test_a_pipeline_without_results_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    SummaryHooks().after_pipeline_run({}, flow_of(figures=0), DataCatalog())

    assert capsys.readouterr().out == ""


def test_an_ingestion_ends_with_its_audit_instead_of_the_summary_of_the_corpus(
    tmp_path: Path, audit: dict[str, pd.DataFrame], capsys: pytest.CaptureFixture[str]
) -> None:
    page = JSONDataset(filepath=str(tmp_path / "data" / "audit.json"))
    page.save({})
    catalog = DataCatalog({name: MemoryDataset(table) for name, table in audit.items()})
    catalog["audit.page"] = page
    catalog["contact_sheet"] = JSONDataset(filepath=str(tmp_path / "data" / "sheet.json"))
    catalog["contact_sheet"].save({})
    catalog["corpus_summary"] = MemoryDataset(pd.DataFrame({"summed": [1]}))
    outputs = {name.replace(".", "__"): 0 for name in audit}

    SummaryHooks().after_pipeline_run(
        {"project_path": str(tmp_path)}, flow_of(**outputs, audit__page=0, corpus_summary=0, contact_sheet=0), catalog
    )

    printed = capsys.readouterr().out
    assert "pairs of twins" in printed
    assert "Audit, 1 to act on and 1 to look at: data/audit.json" in printed
    assert "Contact sheet: data/sheet.json" in printed
    assert "summed" not in printed
    assert "Research use only" not in printed


def test_a_training_run_says_in_one_line_what_the_audit_found(
    tmp_path: Path, audit: dict[str, pd.DataFrame], every_metric, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = DataCatalog({name: MemoryDataset(table) for name, table in audit.items()})
    catalog["ssgan.metrics"] = MemoryDataset(every_metric)
    outputs = {name.replace(".", "__"): 0 for name in [*audit, "ssgan.metrics"]}

    SummaryHooks().after_pipeline_run({"project_path": str(tmp_path)}, flow_of(**outputs), catalog)

    printed = capsys.readouterr().out
    assert "Audit, 1 to act on and 1 to look at\n" in printed
    assert "pairs of twins" not in printed
    assert "accuracy" in printed


def test_half_an_audit_prints_only_where_its_page_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = JSONDataset(filepath=str(tmp_path / "audit.json"))
    page.save({})
    summary = MemoryDataset(pd.DataFrame({"summed": [1]}))
    catalog = DataCatalog({"audit.page": page, "corpus_summary": summary})

    SummaryHooks().after_pipeline_run(
        {"project_path": str(tmp_path)}, flow_of(audit__page=0, corpus_summary=0), catalog
    )

    printed = capsys.readouterr().out
    assert "Audit: audit.json" in printed
    assert "summed" in printed


def test_a_run_on_a_server_is_shown_by_its_pages_there() -> None:
    place = SimpleNamespace(target=Target("http://box:5000/", "lesions"), run_id="abc", experiment_id="1")

    assert [line.split()[-1] for line in where_run_is(place, Path())[1:]] == [
        "http://box:5000/#/experiments/1?workflowType=machine_learning",
        "http://box:5000/#/experiments/1/runs/abc?workflowType=machine_learning",
    ]


def test_a_database_elsewhere_is_named_in_the_command() -> None:
    place = SimpleNamespace(target=Target("sqlite:////data/runs.db", "lesions"), run_id="abc", experiment_id="1")

    assert where_run_is(place, Path())[0] == "MLflow: mlflow ui --backend-store-uri sqlite:////data/runs.db"
