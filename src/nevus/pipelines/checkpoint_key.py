"""When a checkpoint may be taken up again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from nevus.contracts import Corpus, Options


class Untrained(Protocol):
    """A learner that has done no step yet."""

    @property
    def modules(self) -> tuple[Any, ...]:
        """The objects whose code decides what is learnt."""

    def state(self) -> dict[str, Any]:
        """What the first step depends on."""


def checkpoint_key(method: str, seed: int, learner: Untrained, corpora: Iterable[Corpus], *options: Options) -> str:
    """Fingerprint of all that a training depends on: data, parameters and the code that it uses, and only that.

    Args:
        method: Name of the method.
        seed: Of the training.
        learner: Names the code: its own, and that of its networks, algorithm or objective. Its state counts too: where
            it starts from weights of a file or of another run, these may change under an unchanged name.
        corpora: What it trains on and chooses by; images left out of a manifest, or labelled otherwise, change the key.
        options: Its parameters.
    """
    import torch

    from nevus.corpus.fingerprint import fingerprint, imported_code_fingerprint

    return fingerprint(
        method,
        seed,
        [corpus.fingerprint for corpus in corpora],
        [corpus.manifest[["image_id", "split", "label"]].to_json(orient="values") for corpus in corpora],
        [o.model_dump(mode="json") for o in options],
        imported_code_fingerprint(*code_of(learner)),
        digest(learner.state()),
        torch.__version__,
    )


def digest(state: Any) -> str:
    """SHA-256 of all tensors in nested dictionaries and lists, with their places; the order of keys does not matter."""
    import hashlib

    import torch

    found = hashlib.sha256()

    def add(place: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, part in sorted(value.items(), key=lambda item: str(item[0])):
                add(f"{place}.{key}", part)
        elif isinstance(value, list | tuple):
            for number, part in enumerate(value):
                add(f"{place}.{number}", part)
        elif isinstance(value, torch.Tensor):
            found.update(place.encode())
            found.update(value.detach().cpu().contiguous().numpy().tobytes())

    add("", state)
    return found.hexdigest()


def code_of(learner: Untrained) -> set[str]:
    """Modules whose code decides what is learnt: the learner, its parts, and what makes its batches."""
    own = {type(part).__module__ for part in (learner, *learner.modules)}
    return own | {"nevus.training.loop", "nevus.training.batches", "nevus.augment.policy", "nevus.corpus.views"}
