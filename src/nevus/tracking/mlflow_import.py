"""MLflow, imported by one thread at a time."""

import atexit
import os
import shutil
import tempfile
import threading
from pathlib import Path

_IMPORTING = threading.Lock()


def import_mlflow() -> None:
    """Import those parts of MLflow that are used here.

    The tracking hook imports it in a thread of its own while nodes run, and a node may save or load a model meanwhile.
    Its modules import one another in circles: of two threads that import it at once, one finds half a module.
    """
    with _IMPORTING:
        _have_home()
        import mlflow.entities
        import mlflow.models
        import mlflow.pyfunc
        import mlflow.tracking  # noqa: F401


def _have_home() -> None:
    """MLflow's import fails for a user without a home, such as `docker run --user 12345`; a folder will do as one."""
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = folder = tempfile.mkdtemp(prefix="nevus-home-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
