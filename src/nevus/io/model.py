"""A classifier as an MLflow model folder."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from kedro.io import AbstractDataset

import nevus
from nevus.contracts import Classifier, NevusError, Weights, metadata_read
from nevus.io.atomic import replacing_folder
from nevus.tracking.mlflow_import import import_mlflow

PACKAGE = Path(nevus.__file__).parent
MODEL_CODE = PACKAGE / "mlflow_model.py"
WEIGHTS, SPEC, RECORD = "weights.safetensors", "spec.json", "record.json"
EXAMPLE_IMAGES = 2  # kept as JSON, so few
# What the code that scores imports; MLflow would need several seconds to find that out by itself. What one kind of
# network needs besides stands in its spec.
REQUIREMENTS = ("mlflow", "numpy", "pandas", "pillow", "pydantic", "safetensors", "torch", "torchvision")
# MLflow's input schema holds arrays of one size, or one column of one type; a model without one takes what it likes.
TAKES = (
    "N images of any size: a list of encoded files (JPEG, PNG and others; bytes, or base64 text in JSON) or of "
    "(H, W, 3) uint8 arrays, a table with one column of them, or one (N, H, W, 3) uint8 array. They are decoded and "
    "resized here."
)


class ModelDataset(AbstractDataset[Classifier, Classifier]):
    """A folder that `mlflow.pyfunc.load_model` scores images with, also where nevus is not installed.

    It holds weights (safetensors), the options that build the network and the record of what it was trained on (JSON),
    and this package's source. It takes images of any size, as arrays or encoded files, and gives a table of N rows and
    one float32 column of probabilities a class, by its name. The signature names the columns; what is taken, which no
    schema of MLflow can say, stands as `input` in the metadata of MLmodel. Nothing in it is pickled, and no path of
    this machine is in it.

    Args:
        filepath: The folder; replaced as a whole when a model is saved.
        metadata: Kept for hooks and plugins.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> Classifier:
        """Read the classifier back.

        Raises:
            NevusError: There is no model in the folder.
        """
        import_mlflow()
        from mlflow.models import Model

        record = self.record()
        artifacts = self._filepath / "artifacts"
        spec = json.loads((artifacts / SPEC).read_text(encoding="utf-8"))
        example = np.asarray(Model.load(str(self._filepath)).load_input_example(str(self._filepath)), dtype=np.uint8)
        return Classifier(self.weights(), spec, example, record)

    def weights(self) -> Weights:
        """The weights alone, without importing MLflow."""
        from safetensors.torch import load_file

        found: Weights = load_file(self._filepath / "artifacts" / WEIGHTS)
        return found

    def record(self) -> dict[str, Any]:
        """What the classifier was trained on, without its weights and without importing PyTorch.

        Returns:
            `Classifier.record`; empty for a folder from before there were records.

        Raises:
            NevusError: There is no model in the folder.
        """
        if not self._exists():
            raise NevusError(
                f"there is no model in {self._filepath}. Train it by the pipeline of its method, such as "
                "`kedro run --pipeline=ssgan`."
            )
        file = self._filepath / "artifacts" / RECORD
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        return found

    def save(self, data: Classifier) -> None:
        """Write the folder beside its place, then move it there: a reader finds the old model or the new one."""
        with replacing_folder(self._filepath) as fresh:
            write_model(data, fresh)

    def _exists(self) -> bool:
        return (self._filepath / "MLmodel").is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


def write_model(classifier: Classifier, folder: Path) -> None:
    """Write an MLflow model by "models from code".

    Args:
        classifier: What to save.
        folder: Empty, or not there yet.
    """
    import_mlflow()
    from mlflow.pyfunc import save_model
    from safetensors.torch import save_file

    with tempfile.TemporaryDirectory() as scratch:
        weights, code = Path(scratch, WEIGHTS), Path(scratch, PACKAGE.name)
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in classifier.weights.items()}, weights)
        spec = written(classifier.spec, Path(scratch, SPEC))
        record = written(classifier.record, Path(scratch, RECORD))
        shutil.copytree(PACKAGE, code, ignore=shutil.ignore_patterns("__pycache__"))
        example = classifier.example[:EXAMPLE_IMAGES]
        with requirements_unchecked():
            save_model(
                path=str(folder),
                python_model=str(MODEL_CODE),
                artifacts={"weights": str(weights), "spec": str(spec), "record": str(record)},
                code_paths=[str(code)],
                signature=signature(classifier.spec["classes"], metadata_read(classifier.spec)),
                metadata={"input": TAKES},
                input_example=example,
                pip_requirements=requirements(classifier.spec),
            )
    forget_machine(folder)


def written(content: Mapping[str, Any], file: Path) -> Path:
    """The file, with this as its JSON."""
    file.write_text(json.dumps(content, indent=2), encoding="utf-8")
    return file


def requirements(spec: Mapping[str, Any]) -> list[str]:
    """What pip has to install where the model is scored, in the versions found here."""
    names = [*REQUIREMENTS, *spec.get("requirements", [])]
    return [f"{name}=={version(name).partition('+')[0]}" for name in names]


@contextmanager
def requirements_unchecked() -> Iterator[None]:
    """Keep MLflow from comparing the requirements of a model with what is installed: they are what was found here.

    To compare them, it lists every file of every installed package, which takes seconds in each process.
    """
    from mlflow.utils import environment

    name = "warn_dependency_requirement_mismatches"
    check = getattr(environment, name, None)
    setattr(environment, name, lambda requirements: None)
    try:
        yield
    finally:
        setattr(environment, name, check)


def forget_machine(folder: Path) -> None:
    """Make the paths in MLmodel relative to the folder; MLflow notes where on this machine the files came from.

    Loading reads only the file name of the code and the relative path of an artifact.
    """
    import_mlflow()
    from mlflow.models import Model

    description = Model.load(str(folder))
    flavor = description.flavors["python_function"]
    flavor["model_code_path"] = Path(flavor["model_code_path"]).name
    for artifact in flavor["artifacts"].values():
        artifact["uri"] = artifact["path"]
    description.save(str(folder / "MLmodel"))


def signature(classes: Sequence[str], metadata: Collection[str] = ()) -> Any:
    """One float32 column a class, with N values each of the metadata as parameters; nothing of the images."""
    import_mlflow()
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    known = [ParamSpec(name, "double" if name == "age" else "string", [], shape=(-1,)) for name in metadata]
    outputs = Schema([ColSpec("float", name) for name in classes])
    return ModelSignature(outputs=outputs, **({"params": ParamSchema(known)} if known else {}))
