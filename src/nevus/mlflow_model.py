"""The code inside a saved model: MLflow runs this file to score images, also where nevus is not installed.

It stands beside the packages, not in one of them, because it brings together a network and a prediction function.
MLflow copies it and the whole package into the model's folder and calls it from there, so nothing is pickled.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import BAD_REQUEST
from mlflow.pyfunc.model import PythonModel


class RefusedError(MlflowException):
    """What was handed in cannot be scored: HTTP 400 where the model is served."""

    def __init__(self, reason: str) -> None:
        self._reason = reason
        super().__init__(reason, error_code=BAD_REQUEST)

    @property
    def message(self) -> str:
        """The reason alone: MLflow's server would put all that was handed in in front of it."""
        return self._reason

    @message.setter
    def message(self, text: str) -> None:
        pass


class ImageClassifier(PythonModel):
    """Class probabilities of images."""

    def load_context(self, context: Any) -> None:
        """Build the network and load its weights, from the paths that MLflow puts into `context.artifacts`."""
        from safetensors.torch import load_file

        from nevus.pipelines.inference.images import Intake
        from nevus.pipelines.inference.scoring import Scorer

        read = {name: Path(context.artifacts[name]).read_text(encoding="utf-8") for name in ("spec", "record")}
        self._spec: dict[str, Any] = json.loads(read["spec"])
        self._intake = Intake.of(self._spec, json.loads(read["record"]))
        self._scorer = Scorer(self._spec, load_file(context.artifacts["weights"]))

    def predict(
        self,
        context: Any,
        model_input: np.ndarray,  # or a list, a table ...; MLflow warns about any hint that says more
        params: dict[str, Any] | None = None,
    ) -> Any:
        """Probabilities of the classes.

        Args:
            context: Unused; the network is loaded already.
            model_input: N images of any size, as `nevus.pipelines.inference.images.chunks_of` takes them: encoded files
                as bytes or base64 text, or uint8 arrays; decoded and resized as the training images were.
            params: Where metadata count beside the image, N values each of `age` (years), `sex` and `site`; NaN or ""
                where one is unknown, nothing where all are.

        Returns:
            A table of N rows and one float32 column a class, by its name; rows add up to 1.

        Raises:
            RefusedError: They are no such images, not all can be read, or there are not as many values as images.
        """
        import pandas as pd

        from nevus.contracts import NevusError, metadata_read
        from nevus.pipelines.inference.images import chunks_of, sequence_of
        from nevus.training.runtime import prediction_runtime

        try:
            images = sequence_of(model_input)
            known = known_of(metadata_read(self._spec), params or {}, len(images))
            parts, runtime = [], prediction_runtime()
            for pixels in chunks_of(images, self._intake):
                rows, known = known[: len(pixels)], known[len(pixels) :]
                parts.append(self._scorer.score(pixels, rows, runtime).probabilities)
        except NevusError as error:
            raise RefusedError(str(error)) from None
        return pd.DataFrame(np.concatenate(parts), columns=self._spec["classes"])


def known_of(columns: Sequence[str], params: dict[str, Any], images: int) -> Any:
    """A table of what is known of the images, one row each.

    Raises:
        NevusError: There are not as many values as images.
    """
    import pandas as pd

    from nevus.contracts import NevusError

    found = {}
    for name in columns:
        values = list(params.get(name, ()))
        if values and len(values) != images:
            raise NevusError(f"{name} wants a value for each of the {images} images, but got {len(values)}")
        found[name] = values or [float("nan") if name == "age" else ""] * images
    return pd.DataFrame(found, index=range(images))


mlflow.models.set_model(ImageClassifier())
