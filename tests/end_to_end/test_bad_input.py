"""Whatever is wrong with the input: one clear message, no traceback, and what was there stays."""

import zipfile

import pytest

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


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ("classifier.loop.stepz=5", ["stepz"]),
        ("classifier.loop.steps=many", ["classifier", "steps", "many"]),
        ("ssagn.unlabeled_batch=5", ["ssagn", "ssgan"]),
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
