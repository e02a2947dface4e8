"""The main job as a user runs it, small."""

import shutil
import signal
import time

import pandas as pd
import pytest

from nevus.pipelines.reporting.pipeline import FIGURES

pytestmark = pytest.mark.slow

REPORTING, MODELS, OUTPUT = (f"{layer}/test/ssgan/seed0" for layer in ("08_reporting", "06_models", "07_model_output"))
WEIGHTS = f"{MODELS}/model/artifacts/weights.safetensors"
NOTEBOOK = "notebooks/open_a_finished_run.ipynb"


def test_the_run_ends_well_and_says_where_everything_is(finished):
    _, result = finished
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr
    for text in ("colour", "labeled_only", "AUC", "report.html", "mlflow ui", "Research use only"):
        assert text.lower() in result.stdout.lower()
    assert "%|" not in result.stderr  # no progress bar where nobody watches


def test_every_promised_file_is_there(finished):
    made, _ = finished
    names = ["metrics.csv", "comparison.csv", "report.html", "progress.gif"]
    names += [f"{figure}.png" for figure in (*FIGURES, "gallery", "curves", "real_and_generated")]
    names += ["predictive_values.csv", "subgroups.csv", "forest.png", "model_card.md"]
    for name in names:
        assert made.data(f"{REPORTING}/{name}").stat().st_size > 100, name
    assert '"run": "ssgan.baseline/seed0"' in made.data("08_reporting/test/test_ledger.jsonl").read_text()
    assert made.data(WEIGHTS).exists()
    assert not made.data(f"{MODELS}/checkpoint.pt").exists()


def test_the_table_holds_the_method_its_baseline_and_the_floors_with_intervals(finished):
    made, _ = finished
    metrics = pd.read_csv(made.data(f"{REPORTING}/metrics.csv"))
    assert dict(zip(metrics["method"], metrics["role"], strict=True)) == {
        "ssgan": "method",
        "labeled_only": "baseline",
        "majority": "floor",
        "colour_svm": "floor",
    }
    assert metrics["value"].between(-1, 40).all()  # from the Matthews correlation to the log loss
    scored = metrics[~metrics["metric"].str.endswith("calibration_error")]
    assert (scored["low"] <= scored["value"] + 1e-9).all()
    assert (scored["value"] <= scored["high"] + 1e-9).all()


def test_the_baseline_had_as_many_labeled_updates(finished):
    made, _ = finished
    steps = {
        run: int(pd.read_csv(made.data(f"07_model_output/test/{run}/seed0/history.csv"))["step"].iloc[-1])
        for run in ("ssgan", "ssgan.baseline")
    }
    assert steps["ssgan"] == steps["ssgan.baseline"] == 20


def test_a_repeat_gives_the_same_bytes_and_decodes_nothing(finished):
    made, _ = finished
    files = [made.data(f"{REPORTING}/metrics.csv"), made.data(WEIGHTS)]
    before = [file.read_bytes() for file in files]
    pixels = made.data("02_intermediate/test/32px-squash/corpus/pixels.npy")
    packed = pixels.stat().st_mtime_ns
    again = made.kedro("run", "--pipelines=ssgan", "--env=test")  # the other spelling
    assert again.returncode == 0, again.stderr
    assert [file.read_bytes() for file in files] == before
    assert pixels.stat().st_mtime_ns == packed


def test_a_run_killed_in_training_continues_to_the_same_bits(finished, new_project):
    reference, _ = finished
    made = new_project()
    process = made.start("run", "--pipeline=ssgan", "--env=test")
    checkpoint = made.data(f"{MODELS}/checkpoint.pt")
    deadline = time.monotonic() + 120
    while not checkpoint.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL, "the run was over before it could be killed"
    assert checkpoint.exists()
    assert not made.data(WEIGHTS).exists()
    result = made.kedro("run", "--pipeline=ssgan", "--env=test")
    assert result.returncode == 0, result.stderr
    for file in (WEIGHTS, f"{MODELS}/generator.safetensors", f"{OUTPUT}/predictions.parquet"):
        assert made.data(file).read_bytes() == reference.data(file).read_bytes(), file


def test_every_node_runs_alone_on_what_the_catalog_holds(finished):
    made, _ = finished
    listed = made.kedro("registry", "describe", "ssgan")
    nodes = [line.split("(")[0].strip(" -") for line in listed.stdout.splitlines() if line.startswith("- ")]
    assert len(nodes) >= 15
    made.sessions([({"env": "test"}, {"pipeline_names": ["ssgan"], "node_names": [name]}) for name in nodes])


def test_the_run_is_tracked_with_all_that_tells_it_apart(finished, monkeypatch):
    import mlflow

    made, _ = finished
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{made.root}/mlflow.db")
    client = mlflow.MlflowClient()
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = {run.info.run_name: run for run in client.search_runs(experiments, order_by=["attributes.start_time DESC"])}
    run, baseline = runs["ssgan/seed0"], runs["labeled_only, baseline of ssgan/seed0"]
    assert run.info.status == baseline.info.status == "FINISHED"
    assert baseline.data.tags["mlflow.parentRunId"] in {run.info.run_id for run in client.search_runs(experiments)}
    assert run.data.params["loop.steps"] == baseline.data.params["loop.steps"] == "20"
    assert run.data.params["generator.latent"] == "8"
    assert {"accuracy", "auc", "floor/colour_svm/auc"} <= run.data.metrics.keys()
    assert "auc" in baseline.data.metrics
    assert not [name for name in run.data.metrics if name.endswith(("_low", "_high"))]
    tags = {"method": "ssgan", "seed": "0", "dataset": "test", "network": "preactivation"}
    assert tags.items() <= run.data.tags.items()


def test_the_tracked_model_scores_images(finished):
    import mlflow
    import numpy as np

    made, _ = finished
    model = mlflow.pyfunc.load_model(str(made.data(f"{MODELS}/model")))
    probabilities = np.asarray(model.predict(np.zeros((3, 32, 32, 3), dtype=np.uint8)))
    assert probabilities.shape == (3, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_real_images_go_the_same_way(new_project, sample_data):
    made = new_project()
    small = "classifier.loop.steps=10,networks.preactivation.stem_stride=2,ssgan.generator.width=4"
    source = sample_data / "melanoma_detection" / "MelanomaDetection.zip"
    result = made.kedro("run", "--pipeline=ssgan", "--env=melanoma", "--params", f"source={source},{small}")
    assert result.returncode == 0, result.stderr
    summary = pd.read_csv(made.data("08_reporting/melanoma/ssgan/seed0/corpus_summary.csv"))
    counts = summary.groupby("split")["images"].sum().to_dict()
    assert counts == {"labeled": 200, "unlabeled": 7018, "test": 300, "left out": 0, "quarantined": 0}


def test_cross_validation_ends_with_scores_of_both_methods_and_what_a_run_is_calibrated_by(finished):
    made, _ = finished
    result = made.kedro("run", "--pipeline=cross_validation", "--env=test")
    assert result.returncode == 0, result.stderr
    scores = pd.read_csv(made.data("08_reporting/test/cross_validation/seed0/scores.csv"))
    assert set(scores["method"]) == {"labeled_only", "ssgan"}
    assert set(scores["step"]) == {10, 20}

    asked = "calibration.model=ssgan/seed0,calibration.coverage=0.8"
    result = made.kedro("run", "--pipeline=calibration", "--env=test", "--params", asked)
    assert result.returncode == 0, result.stderr
    metrics = pd.read_csv(made.data("08_reporting/test/calibrated/seed0/metrics.csv"))
    roles = dict(zip(metrics["method"], metrics["role"], strict=True))
    assert roles == {"calibrated": "method", "ssgan": "baseline", "majority": "floor", "colour_svm": "floor"}
    aucs = metrics[metrics["metric"] == "auc"].set_index("method")["value"]
    assert aucs["calibrated"] == pytest.approx(aucs["ssgan"])
    page = made.data("08_reporting/test/calibrated/seed0/report.html").read_text()
    assert "was not trained as" not in page  # the baseline is the same training
    page = made.data("08_reporting/test/calibrated/seed0/calibration.html").read_text()
    assert "Calibration of ssgan/seed0" in page
    assert "Truth is in the set" in page


@pytest.fixture
def executed(finished, project, monkeypatch):
    """Runs a notebook in the project of the finished run; gives the outputs of its cells."""
    import nbformat
    from nbclient import NotebookClient

    made, _ = finished
    shutil.copytree(project / "notebooks", made.root / "notebooks", dirs_exist_ok=True)
    monkeypatch.setenv("NEVUS_ENV", "test")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    def execute(name):
        notebook = nbformat.read(made.root / name, as_version=4)
        where = {"metadata": {"path": str(made.root / "notebooks")}}
        NotebookClient(notebook, timeout=120, kernel_name="python3", resources=where).execute()
        return [output for cell in notebook.cells for output in cell.get("outputs", [])]

    return execute


def test_a_notebook_scores_a_folder_and_explains_an_image(executed, finished):
    outputs = executed("notebooks/score_a_folder.ipynb")
    kinds = {kind for output in outputs for kind in output.get("data", {})}
    assert {"image/png", "text/html"} <= kinds
    assert len(pd.read_csv(finished[0].data("07_model_output/test/inference/seed0/predictions.csv"))) == 16


def test_the_notebook_opens_a_finished_run(executed):
    outputs = executed(NOTEBOOK)
    kinds = {kind for output in outputs for kind in output.get("data", {})}
    assert {"image/png", "image/gif", "text/html"} <= kinds
    assert "ssgan/seed0" in str(outputs[-1])
