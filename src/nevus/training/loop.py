"""One loop for every method: seeds, progress, history, checkpoints, and a loud stop when a loss is not finite."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd
import torch
from torch import Tensor

from nevus.contracts import Checkpoints, Table, TrainingError
from nevus.progress import progress_bar
from nevus.training.options import LoopOptions
from nevus.training.runtime import choose_device, reseed, seeded
from nevus.training.selection import BestStep
from nevus.training.threads import StarvationWatch, limited, resolve


class Learner(Protocol):
    """A method in training. All that changes from step to step is in its state."""

    def step(self, index: int) -> dict[str, Tensor]:
        """Do one update; random numbers come from torch's default generator. Returns detached scalars to log."""

    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on."""

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from such a state."""


@dataclass(frozen=True)
class Observer:
    """Something to look at while training, such as generated images or predictions on held-out folds.

    Attributes:
        every: Steps between two looks; the last step is always one.
        look: Returns a tensor, kept with its step.
    """

    every: int
    look: Callable[[], Tensor]


@dataclass
class Progress:
    """What a loop has produced so far; part of every checkpoint."""

    step: int
    rows: list[dict[str, float]]
    seen: list[tuple[int, Tensor]]
    seconds: float


def train(
    learner: Learner,
    options: LoopOptions,
    *,
    seed: int,
    checkpoints: Checkpoints,
    key: str,
    name: str,
    observer: Observer | None = None,
    selection: BestStep | None = None,
) -> tuple[Table, list[tuple[int, Tensor]]]:
    """Train for a number of steps, or go on from the last checkpoint under `key`.

    Every step starts from random numbers of its own, made of seed and step. So a training that was killed and continued
    ends with the same weights, bit for bit on a CPU, as one that was not.

    Args:
        learner: The method.
        options: Steps, logging, checkpoints, threads.
        seed: Of every random number drawn in the loop.
        checkpoints: Where the state is kept.
        key: Fingerprint of everything that the training depends on; a state under another key is not taken up.
        name: Shown beside the progress bar and in errors.
        observer: What to look at while training.
        selection: Chooses a step by validation images; may end the training early.

    Returns:
        The history (`step`, the scalars of the learner, `seconds` since the start) and what the observer saw.

    Raises:
        TrainingError: A scalar is not finite; the checkpoint before it stays.
    """
    device = choose_device(options.device)
    progress = resume(learner, selection, checkpoints.load(key))
    started = time.perf_counter() - progress.seconds
    pending: list[dict[str, Tensor]] = []
    over = progress.step >= options.steps or (selection is not None and selection.stopped)
    bar = progress_bar(options.steps, initial=progress.step, name=name, unit="step")
    watch = StarvationWatch(name, remedy=f"{name}.loop.threads")
    with limited(resolve(options.threads)), seeded(seed, device), bar:
        while not over:
            reseed(step_seed(seed, progress.step), device)
            pending.append(learner.step(progress.step))
            progress.step += 1
            watch.look()
            over = progress.step == options.steps
            chosen = selection.look(progress.step, last=over) if selection else {}
            over = over or (selection is not None and selection.stopped)
            if over or chosen or progress.step % options.log_every == 0:
                row = mean_row(pending, progress.step, name) | {key: float(value) for key, value in chosen.items()}
                pending = []
                progress.rows.append({**row, "seconds": round(time.perf_counter() - started, 3)})
                bar.set_postfix({key: f"{value:.3g}" for key, value in row.items() if "loss" in key}, refresh=False)
            bar.update()
            if observer and (over or progress.step % observer.every == 0):
                progress.seen.append((progress.step, observer.look()))
            # Only where nothing is pending: a checkpoint then needs no half-finished row.
            if not pending and (over or progress.step % options.checkpoint_every < options.log_every):
                progress.seconds = time.perf_counter() - started
                save(learner, selection, progress, checkpoints, key, name)
    if selection is not None:
        selection.restore_best()
    history = pd.DataFrame(progress.rows)
    history.insert(0, "step", history.pop("step").astype("int64"))
    return history, progress.seen


def save(
    learner: Learner,
    selection: BestStep | None,
    progress: Progress,
    checkpoints: Checkpoints,
    key: str,
    name: str,
) -> None:
    """Keep the state of everything, unless it has gone bad."""
    state = learner.state()
    require_finite(state, name, progress.step)
    parts = {"progress": vars(progress), "learner": state}
    checkpoints.save(key, parts | ({"selection": selection.state_dict()} if selection else {}))


def resume(learner: Learner, selection: BestStep | None, state: dict[str, Any] | None) -> Progress:
    """Start at the beginning, or where a checkpoint was taken."""
    if state is None:
        return Progress(step=0, rows=[], seen=[], seconds=0.0)
    learner.restore(state["learner"])
    if selection is not None:
        selection.load_state_dict(state["selection"])
    return Progress(**state["progress"])


def mean_row(pending: list[dict[str, Tensor]], step: int, name: str) -> dict[str, float]:
    """The means of the scalars over those of the pending steps that have them, fetched from the device at once.

    Raises:
        TrainingError: One of them is not finite.
    """
    names = list(dict.fromkeys(name for row in pending for name in row))
    means = [torch.stack([row[n].float() for row in pending if n in row]).mean() for n in names]
    row = dict(zip(names, torch.stack(means).tolist(), strict=True))
    bad = [n for n, value in row.items() if not abs(value) < float("inf")]
    if bad:
        raise TrainingError(
            f"training '{name}' diverged: {', '.join(bad)} not finite between steps {step - len(pending)} and {step}. "
            "Lower the learning rates, or set precision to 'float32'. The last checkpoint before it was kept."
        )
    return {"step": step, **row}


def require_finite(state: Any, name: str, step: int) -> None:
    """Check weights too: a finite loss may have a gradient that is not, and the harm shows one step later.

    Raises:
        TrainingError: A tensor of the state holds a value that is not finite.
    """
    if isinstance(state, dict):
        for part in state.values():
            require_finite(part, name, step)
    elif isinstance(state, Tensor) and not bool(torch.isfinite(state).all()):
        raise TrainingError(
            f"training '{name}' diverged: weights are not finite at step {step}. Lower the learning rates, or set "
            "precision to 'float32'. The last checkpoint before it was kept."
        )


def step_seed(seed: int, step: int) -> int:
    """A seed for one step; seeds of neighbouring runs and steps have nothing in common."""
    return (seed * 0x9E3779B97F4A7C15 + (step + 1) * 0xBF58476D1CE4E5B9) % 2**63
