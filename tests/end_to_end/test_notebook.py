"""The notebook opens a finished run."""

import shutil

import pytest

NOTEBOOK = "notebooks/open_a_finished_run.ipynb"

pytestmark = pytest.mark.slow


def test_the_notebook_opens_a_finished_run(finished, project, monkeypatch):
    import nbformat
    from nbclient import NotebookClient

    made, _ = finished
    shutil.copytree(project / "notebooks", made.root / "notebooks", dirs_exist_ok=True)
    monkeypatch.setenv("NEVUS_ENV", "test")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    notebook = nbformat.read(made.root / NOTEBOOK, as_version=4)
    where = {"metadata": {"path": str(made.root / "notebooks")}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=where).execute()

    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    kinds = {kind for output in outputs for kind in output.get("data", {})}
    assert {"image/png", "image/gif", "text/html"} <= kinds
    assert "ssgan/seed0" in str(outputs[-1])
