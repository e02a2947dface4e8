"""What a search has found: a row a trial, and a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from nevus.sweep.files import Files, seconds
from nevus.sweep.points import COMPARISON, METHODS_COMPARED, Point, Setting

if TYPE_CHECKING:
    from nevus.contracts import Figure, Table
    from nevus.sweep.spaces import Space
    from nevus.sweep.study import Trial

TRIALS, PICTURE, STORE = "trials.csv", "search.png", "search.db"


class Score(NamedTuple):
    """Of a cross-validation.

    Attributes:
        mean: Over the held-out folds, of the last step.
        error: One standard error over the folds.
    """

    mean: float
    error: float


def score_of(files: Files, point: Point, metric: str) -> Score | None:
    """What a trial's cross-validation has saved; None where there is nothing, or no score of a fold."""
    import pandas as pd

    file = files.result(point)
    if not file.is_file():
        return None
    last = pd.read_csv(file).sort_values("step").iloc[-1]
    return None if pd.isna(last[metric]) else Score(float(last[metric]), float(last[f"{metric}_error"]))


def trials_table(files: Files, trials: Sequence[tuple[Trial, Point]], spaces: Sequence[Space], metric: str) -> Table:
    """A row a trial.

    Args:
        files: Of the search.
        trials: With the runs that they are.
        spaces: What the search chooses.
        metric: That it looks at.

    Returns:
        `trial`, `run`, a column a parameter, `state`, `mean` and `standard_error` over the folds, `seconds` of the call
        that ended it; the last two are empty where the run has been removed.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for trial, point in trials:
        score = score_of(files, point, metric) if trial.score is not None else None
        row: dict[str, Any] = {"trial": trial.number, "run": point.name}
        row |= {one.name: one.shown for one in trial.settings}
        row |= {"state": trial.state, "mean": trial.score, "standard_error": score.error if score else None}
        rows.append(row | {"seconds": seconds(files, point) if score else None})
    names = [space.name for space in spaces]
    columns = ["trial", "run", *names, "state", "mean", "standard_error", "seconds"]
    numbers = dict.fromkeys(("mean", "standard_error", "seconds"), "float64")
    numbers |= {space.name: "int64" if space.whole else "float64" for space in spaces if space.scale != "values"}
    return pd.DataFrame(rows, columns=columns).astype(numbers)


def draw_search(table: Table, spaces: Sequence[Space], metric: str) -> Figure | None:
    """Draw what the trials have reached; None where none is done."""
    from nevus.metrics.titles import title
    from nevus.plots.search import search

    done = table[table["mean"].notna()]
    if done.empty:
        return None
    return search(done, {space.name: space.scale for space in spaces}, heading=title(metric).heading)


def best_of(table: Table, metric: str) -> list[str]:
    """What to say of the best trial: its score, and how many others it cannot be told from."""
    from nevus.metrics.titles import title

    done = table[table["mean"].notna()]
    if done.empty:
        return []
    best = done.sort_values("mean", kind="stable", ascending=False).iloc[0]
    error = float(best["standard_error"])
    known = error == error
    spread = f" ± {error:.3f} (one standard error over the folds)" if known else ""
    lines = [f"Best: trial {int(best['trial'])}, {title(metric).heading} {best['mean']:.3f}{spread}."]
    if known:
        alike = int((done["mean"] > best["mean"] - 2 * error).sum()) - 1
        lines.append(
            f"Differences below two standard errors ({2 * error:.3f}) are none: by that {alike or 'none'} of the other "
            f"{len(done) - 1} trials {'is' if alike == 1 else 'are'} as good. "
            f"And the best of {len(done)} looks better than it is."
        )
    return lines


def point_of(
    method: str, number: int, seed: int, variant: str, fixed: Sequence[Setting], varied: Sequence[Setting]
) -> Point:
    """The run of a trial: a cross-validation of the one method, named by the number of the trial."""
    alone = Setting(METHODS_COMPARED, f"[{method}]", [method], method)
    return Point(COMPARISON, seed, f"{variant}-trial{number}", (*fixed, alone), tuple(varied))
