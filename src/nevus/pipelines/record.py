"""What a classifier was trained on and how, kept beside its weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nevus.contracts import Classifier, Corpus, Options


def record_of(
    training: Corpus,
    params: Options,
    ancestors: Mapping[str, Mapping[str, Classifier]],
    *,
    method: str,
    variant: str | None,
    seed: int,
) -> dict[str, Any]:
    """Write down where a training comes from; JSON-able, keys as in `Classifier.record`.

    Args:
        training: The corpus without the test images.
        params: Of the method.
        ancestors: Finished runs that it builds on, by the parameters that name them and by their names.
        method: Name in the registry.
        variant: Name of this set of parameters, or None.
        seed: Of the training.
    """
    import torch

    import nevus
    from nevus.corpus.fingerprint import code_fingerprint
    from nevus.pipelines.checkpoint_key import digest

    counts = training.manifest["split"].value_counts()
    return {
        "method": method,
        "variant": variant or "",
        "seed": seed,
        "parameters": {method: params.model_dump(mode="json"), **training.origin},
        "ancestors": {
            place: {name: digest(one.weights) for name, one in runs.items()} for place, runs in ancestors.items()
        },
        "corpus": training.fingerprint,
        "pool": pool_of(training),
        "images": {str(split): int(count) for split, count in counts.items()},
        "code": {"nevus": nevus.__version__, "source": code_fingerprint(nevus), "torch": torch.__version__},
    }


def pool_of(training: Corpus) -> str:
    """Fingerprint of the images that train, whatever their labels: all but those of the test and validation splits."""
    from nevus.corpus.fingerprint import fingerprint

    images = training.manifest[["image_id", "sha256"]].sort_values("image_id")
    return fingerprint(list(training.classes), images.to_json(orient="values"))
