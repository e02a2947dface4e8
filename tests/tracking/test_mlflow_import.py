import subprocess
import sys

TOGETHER = """
import threading
from nevus.tracking.mlflow_import import import_mlflow

errors = []

def one():
    try:
        import_mlflow()
        from mlflow.models import Model
        from mlflow.pyfunc import save_model
        from mlflow import MlflowClient
    except Exception as error:
        errors.append(error)

threads = [threading.Thread(target=one) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(errors)
"""


def test_threads_that_import_it_at_once_all_find_the_whole_of_it():
    done = subprocess.run([sys.executable, "-c", TOGETHER], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "[]"
