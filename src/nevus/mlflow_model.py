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
from mlflow.pyfunc.model import PythonModel


class ImageClassifier(PythonModel):
    """Class probabilities of images."""

    def load_context(self, context: Any) -> None:
        """Build the network and load its weights, from the paths that MLflow puts into `context.artifacts`."""
        from safetensors.torch import load_file

        from nevus.pipelines.inference.scoring import Scorer

        self._spec: dict[str, Any] = json.loads(Path(context.artifacts["spec"]).read_text(encoding="utf-8"))
        self._scorer = Scorer(self._spec, load_file(context.artifacts["weights"]))

    def predict(
        self,
        context: Any,
        model_input: np.ndarray,  # MLflow warns about any hint that says more
        params: dict[str, Any] | None = None,
    ) -> Any:
        """Probabilities of the classes.

        Args:
            context: Unused; the network is loaded already.
            model_input: (N, H, W, 3) uint8, of the height and width that the network was trained with.
            params: Where metadata count beside the images, N values each of `age` (years), `sex` and `site`; NaN or ""
                where one is unknown, nothing where all are.

        Returns:
            A table of N rows and one float32 column a class, by its name; rows add up to 1.

        Raises:
            ValueError: There are not as many values as images.
        """
        import pandas as pd

        from nevus.contracts import metadata_read
        from nevus.training.runtime import prediction_runtime

        pixels = np.asarray(model_input, dtype=np.uint8)
        known = known_of(metadata_read(self._spec), params or {}, len(pixels))
        probabilities = self._scorer.score(pixels, known, prediction_runtime()).probabilities
        return pd.DataFrame(probabilities, columns=self._spec["classes"])


def known_of(columns: Sequence[str], params: dict[str, Any], images: int) -> Any:
    """A table of what is known of the images, one row each.

    Raises:
        ValueError: There are not as many values as images.
    """
    import pandas as pd

    found = {}
    for name in columns:
        values = list(params.get(name, ()))
        if values and len(values) != images:
            raise ValueError(f"{name} wants a value for each of the {images} images, but got {len(values)}")
        found[name] = values or [float("nan") if name == "age" else ""] * images
    return pd.DataFrame(found)


mlflow.models.set_model(ImageClassifier())
