"""When a checkpoint may be taken up again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from nevus.contracts import Corpus, Options


class HasModules(Protocol):
    """A learner."""

    @property
    def modules(self) -> tuple[Any, ...]:
        """The objects whose code decides what is learnt."""


def checkpoint_key(method: str, seed: int, learner: HasModules, corpora: Iterable[Corpus], *options: Options) -> str:
    """Fingerprint of all that a training depends on: data, parameters and the code that it uses, and only that.

    Args:
        method: Name of the method.
        seed: Of the training.
        learner: Names the code: its own, and that of its networks, algorithm or objective.
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
        torch.__version__,
    )


def code_of(learner: HasModules) -> set[str]:
    """Modules whose code decides what is learnt: the learner, its parts, and what makes its batches."""
    own = {type(part).__module__ for part in (learner, *learner.modules)}
    return own | {"nevus.training.loop", "nevus.training.batches", "nevus.augment.policy", "nevus.corpus.views"}
