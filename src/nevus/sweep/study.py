"""What a search has tried and what it tries next, by Optuna, kept in a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nevus.contracts import NevusError
from nevus.seeds import derived

if TYPE_CHECKING:
    from nevus.sweep.points import Setting
    from nevus.sweep.spaces import Space

RUNNING, DONE, FAILED = "running", "done", "failed"
REPEATS = "repeats"  # attribute of a trial: the number of the one that failed


class Trial(NamedTuple):
    """One try of a search.

    Attributes:
        number: From 0, in the order of the tries.
        settings: The parameters that it gives.
        state: RUNNING (or stopped while it ran), DONE or FAILED.
        score: Where it is done.
    """

    number: int
    settings: tuple[Setting, ...]
    state: str
    score: float | None


class Study:
    """The tries of a search. What is tried depends on the seed and on the scores so far, not on when it was stopped.

    Args:
        file: Of all searches of this folder.
        name: Of this search: another one where anything is different that its scores depend on.
        spaces: What it chooses.
        seed: Of the choice.

    Raises:
        NevusError: Optuna is not installed.
    """

    def __init__(self, file: Path, name: str, spaces: Sequence[Space], seed: int) -> None:
        require_optuna()
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        file.parent.mkdir(parents=True, exist_ok=True)
        self._spaces, self._seed = spaces, seed
        self._distributions = {space.name: space.distribution() for space in spaces}
        self._study = optuna.create_study(
            storage=f"sqlite:///{file}", study_name=name, direction="maximize", load_if_exists=True
        )

    @property
    def trials(self) -> list[Trial]:
        """All tries, in their order; those that failed and were repeated are left out."""
        found = self._study.get_trials(deepcopy=False)
        again = {one.user_attrs.get(REPEATS) for one in found}
        return [self._trial(one) for one in found if self._is_whole(one) and one.number not in again]

    def repeat_failed(self) -> None:
        """Let tries that failed come again before new ones."""
        for one in self.trials:
            if one.state == FAILED:
                (failed,) = (other for other in self._study.get_trials() if other.number == one.number)
                self._study.enqueue_trial(failed.params, user_attrs={REPEATS: one.number})

    def ask(self) -> Trial:
        """What to try next."""
        from optuna.samplers import TPESampler

        # A sampler of its own for each: one that goes on with a study would draw the first random numbers again.
        number = len(self._study.get_trials(deepcopy=False))
        self._study.sampler = TPESampler(seed=derived(self._seed, "search", number, bits=31))
        asked = self._study.ask(self._distributions)
        return Trial(asked.number, self._settings(asked.params), RUNNING, None)

    def tell(self, number: int, score: float | None) -> None:
        """Note how a try has ended; None: it failed."""
        from optuna.trial import TrialState

        if score is None:
            self._study.tell(number, state=TrialState.FAIL)
        else:
            self._study.tell(number, score)

    def _is_whole(self, one: Any) -> bool:
        """Whether it has all its parameters: not one that was to be repeated, or killed while it was asked for."""
        return set(self._distributions) <= set(one.params)

    def _trial(self, one: Any) -> Trial:
        state = {"COMPLETE": DONE, "FAIL": FAILED}.get(one.state.name, RUNNING)
        return Trial(one.number, self._settings(one.params), state, one.value)

    def _settings(self, params: dict[str, Any]) -> tuple[Setting, ...]:
        return tuple(space.setting(params[space.name]) for space in self._spaces)


def require_optuna() -> None:
    """Refuse to search without Optuna.

    Raises:
        NevusError: It is not installed.
    """
    from importlib.util import find_spec

    if find_spec("optuna") is None:
        raise NevusError(
            "--search: a search is done by Optuna, which is not installed. Install it by "
            '`pip install -e ".[search]"` in the project, or `pip install optuna`.'
        )
