"""MLflow, imported by one thread at a time."""

import threading

_IMPORTING = threading.Lock()


def import_mlflow() -> None:
    """Import those parts of MLflow that are used here.

    The tracking hook imports it in a thread of its own while nodes run, and a node may save or load a model meanwhile.
    Its modules import one another in circles: of two threads that import it at once, one finds half a module.
    """
    with _IMPORTING:
        import mlflow.entities
        import mlflow.models
        import mlflow.pyfunc
        import mlflow.tracking  # noqa: F401
