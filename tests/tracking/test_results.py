"""Results read from stores that answer, and from stores that do not."""

import http.server
import threading

import pytest

from nevus.contracts import NevusError
from nevus.io.experiment_runs import ExperimentRunsDataset
from nevus.tracking.results import ResultsStore
from tests.hooks.conftest import _no_server
from tests.tracked_store import CORPUS, Tracker, said

__all__ = ["_no_server"]


@pytest.fixture(scope="module")
def database(tmp_path_factory, empty_store):
    root = tmp_path_factory.mktemp("tracked")
    (root / "mlflow.db").write_bytes(empty_store)
    tracker = Tracker(f"sqlite:///{root / 'mlflow.db'}", "lesions", root / "mlartifacts")
    tracker.run("ssgan-wide/seed3", predictions={"predictions": said(1.0, 3)}, params={"loop.steps": "20"})
    tracker.run("ssgan-wide/seed4", status="RUNNING")
    return root / "mlflow.db"


def test_a_run_is_read_with_what_is_known_of_it(database):
    store = ExperimentRunsDataset(filepath=str(database), experiment="lesions").load()
    going_on, done = store.results([])
    assert (done.name, done.status, done.experiment) == ("ssgan-wide/seed3", "FINISHED", "lesions")
    assert (done.tags["method"], done.tags["corpus"]) == ("ssgan", CORPUS)
    assert done.params == {"loop.steps": "20"}
    assert set(done.metrics) == {"auc"}
    assert done.images == {"labeled": 40, "unlabeled": 60}
    assert done.ended - done.started == 50_000
    assert (going_on.status, going_on.ended) == ("RUNNING", None)
    assert len(store.predictions(done.artifacts, "predictions.parquet")) == 120


def test_runs_come_in_pages(database, monkeypatch):
    monkeypatch.setattr("nevus.tracking.results.A_PAGE", 1)
    assert len(ResultsStore(f"sqlite:///{database}", "lesions").results([])) == 2


def test_an_experiment_that_is_not_there_is_named_with_those_that_are(database):
    store = ResultsStore(f"sqlite:///{database}", "lesions")
    with pytest.raises(NevusError, match=r"no experiment 'moles'. It has: .*lesions.*--params reporting.experiments"):
        store.results(["moles"])


def test_an_experiment_in_the_bin_is_not_there(tmp_path, empty_store):
    (tmp_path / "mlflow.db").write_bytes(empty_store)
    tracker = Tracker(f"sqlite:///{tmp_path / 'mlflow.db'}", "lesions", tmp_path)
    tracker.client.delete_experiment(tracker.experiment_id)
    with pytest.raises(NevusError, match="no experiment 'lesions'"):
        ResultsStore(f"sqlite:///{tmp_path / 'mlflow.db'}", "lesions").results([])


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    store = ExperimentRunsDataset(filepath=str(tmp_path / "mlflow.db"), experiment="lesions").load()
    with pytest.raises(NevusError, match=r"no run has been tracked yet.*conf/base/mlflow.yml"):
        store.results([])
    assert not list(tmp_path.iterdir())


def test_a_database_that_is_none_is_said_to_be_damaged(tmp_path):
    (tmp_path / "mlflow.db").write_text("no database")
    with pytest.raises(NevusError, match=r"cannot be read.*damaged"):
        ResultsStore(f"sqlite:///{tmp_path / 'mlflow.db'}", "lesions").results([])


def test_a_server_that_does_not_answer_is_named():
    store = ExperimentRunsDataset(filepath="mlflow.db", experiment="x", tracking_uri="http://127.0.0.1:9").load()
    with pytest.raises(NevusError, match=r"cannot be read. http://127.0.0.1:9 does not answer .*MLFLOW_TRACKING_URI"):
        store.results([])


@pytest.fixture
def refusing():
    """The address of a server that knows nobody."""

    class Refuse(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(401)

        do_POST = do_GET  # noqa: N815 - as the library calls it

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Refuse)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_server_that_refuses_says_how_to_be_let_in(refusing):
    with pytest.raises(NevusError, match=r"refuses this user .*MLFLOW_TRACKING_TOKEN"):
        ResultsStore(refusing, "lesions").results([])


def test_artifacts_that_cannot_be_had_are_named(database):
    store = ResultsStore(f"sqlite:///{database}", "lesions")
    (_, done) = store.results([])
    with pytest.raises(NevusError, match=r"other.parquet cannot be had. Cause: "):
        store.predictions(done.artifacts, "other.parquet")
    with pytest.raises(NevusError, match="cannot be had"):
        store.predictions("nowhere://x/y", "predictions.parquet")


def test_the_environment_names_the_store_where_nothing_else_does(monkeypatch, database, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{database}")
    store = ExperimentRunsDataset(filepath=str(tmp_path / "mlflow.db"), experiment="lesions").load()
    assert len(store.results([])) == 2
