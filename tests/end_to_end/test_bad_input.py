"""Whatever is wrong with the input: one clear message, no traceback, and what was there stays."""

import zipfile

import pytest

from tests.fakes import melanoma_files, write_zip

pytestmark = pytest.mark.slow


def refused(result, *words):
    assert result.returncode == 1, result.stdout + result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    for word in words:
        assert word in result.stderr, result.stderr
    return result.stderr


def test_a_missing_file_says_where_to_get_it_and_where_to_put_it(new_project):
    message = refused(new_project().kedro("run", "--pipeline=ssgan", "--env=melanoma"), "MelanomaDetection.zip")
    assert "liveProject" in message
    assert "--params source=" in message


def test_an_empty_zip(new_project, tmp_path):
    path = tmp_path / "empty.zip"
    with zipfile.ZipFile(path, "w"):
        pass
    refused(
        new_project().kedro("run", "--pipeline=ingestion", "--env=melanoma", "--params", f"source={path}"), str(path)
    )


def test_a_leaderboard_of_nothing(new_project):
    refused(new_project().kedro("run", "--pipeline=reporting", "--env=test"), "conf/base/")  # which says where to look


def ingest(made, path, share):
    params = f"source={path},ingestion.max_quarantined_share={share}"
    return made.kedro("run", "--pipeline=ingestion", "--env=melanoma", "--params", params)


@pytest.fixture(scope="module")
def packed(new_project, tmp_path_factory):
    """A project with a good corpus, and a maker of archives with one file more or less than a good one."""
    made, folder = new_project(), tmp_path_factory.mktemp("archives")
    result = ingest(made, write_zip(folder / "good.zip", melanoma_files()), 0)
    assert result.returncode == 0, result.stderr
    return made, folder


GOOD = melanoma_files()["MelanomaDetection/labeled/0_0.jpg"]
ODD = {
    "../outside.jpg": GOOD,
    "MelanomaDetection/unlabeled/17.jpg": GOOD[:200],  # truncated
    "MelanomaDetection/unlabeled/27.jpg": b"",
    "MelanomaDetection/unlabeled/37.jpg": b"this is no image",
    "MelanomaDetection/labeled/seven.jpg": GOOD,  # a name without a label
}


@pytest.fixture(scope="module")
def odd(packed):
    _, folder = packed
    return write_zip(folder / "odd.zip", {**melanoma_files(), **ODD})


def test_bad_files_stop_the_run_each_with_its_reason_and_the_old_corpus_stays(packed, odd):
    made, _ = packed
    corpus = made.data("02_intermediate/melanoma/32px-squash/corpus")
    before = {file.name: file.read_bytes() for file in corpus.iterdir()}
    refused(ingest(made, odd, 0), *ODD, "file is empty", "truncated", "no known image format", "max_quarantined_share")
    assert {file.name: file.read_bytes() for file in corpus.iterdir()} == before
    assert not list(made.root.rglob("outside.jpg"))


def test_bad_files_within_the_share_are_set_aside_and_the_run_goes_on(packed, odd):
    made, _ = packed
    allowed = ingest(made, odd, 0.5)
    assert allowed.returncode == 0, allowed.stderr
    quarantine = made.data("02_intermediate/melanoma/32px-squash/corpus/quarantine.csv").read_text()
    assert all(name in quarantine for name in ODD)
    assert len(quarantine.splitlines()) == 1 + len(ODD)
    assert not list(made.root.rglob("outside.jpg"))


def test_one_class_missing(packed):
    made, folder = packed
    files = {name: content for name, content in melanoma_files().items() if "labeled/1_1" not in name}
    files = {name: content for name, content in files.items() if "labeled/3_1" not in name}
    refused(ingest(made, write_zip(folder / "one_class.zip", files), 0), "melanoma")
    assert made.data("02_intermediate/melanoma/32px-squash/corpus/pixels.npy").exists()


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ("classifier.loop.stepz=5", ["stepz"]),
        ("classifier.loop.steps=many", ["classifier", "steps", "many"]),
        ("ssagn.frames=5", ["ssagn", "ssgan"]),
        ("ingestion.size=36", ["ssgan.generator.depth", "36"]),
    ],
)
def test_wrong_parameters(new_project, params, words):
    refused(new_project().kedro("run", "--pipeline=ssgan", "--env=test", "--params", params), *words)


def test_an_unknown_pipeline_names_the_known_ones(new_project):
    refused(new_project().kedro("run", "--pipeline=sgan", "--env=test"), "sgan", "ssgan")


def test_an_unreachable_tracking_server_costs_a_warning_not_the_run(new_project):
    made = new_project()
    result = made.kedro("run", "--pipeline=ingestion", "--env=test", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert result.returncode == 0, result.stderr
    assert "127.0.0.1:9" in result.stdout + result.stderr
    assert (made.root / "mlflow.db").exists()
