"""What a search tries next depends on the seed and on what it has found, not on when it was stopped."""

import importlib.util
from pathlib import Path

import optuna
import pytest

from nevus.contracts import NevusError
from nevus.sweep.points import Axis, Setting
from nevus.sweep.spaces import Space
from nevus.sweep.study import DONE, FAILED, RUNNING, Study, require_optuna


def ends(name: str, low: float, high: float) -> Axis:
    return Axis(name, tuple(Setting(name, str(end), end, str(end)) for end in (low, high)))


NAMED = Axis("augment", tuple(Setting("augment", f"${{policies.{one}}}", one, one) for one in ("weak", "strong")))
SPACES = [
    Space(ends("confidence", 0.5, 0.99), "linear"),
    Space(ends("rate", 1e-5, 1e-2), "log"),
    Space(ends("width", 16, 128), "log", whole=True),
    Space(NAMED, "values"),
]


def study(folder: Path, seed: int = 0) -> Study:
    return Study(folder / "search.db", "x", SPACES, seed)


def tried(folder: Path, count: int, stops: tuple[int, ...] = (), seed: int = 0) -> list[tuple[Setting, ...]]:
    """What is tried, where a confidence of 0.8 is best; the study is opened anew at the stops."""
    found, one = [], study(folder, seed)
    for number in range(count):
        one = study(folder, seed) if number in stops else one
        trial = one.ask()
        found.append(trial.settings)
        one.tell(trial.number, -abs(trial.settings[0].value - 0.8))
    return found


def test_the_same_seed_tries_the_same_wherever_it_was_stopped_and_never_begins_again(tmp_path):
    for name in "abc":
        (tmp_path / name).mkdir()
    whole = tried(tmp_path / "a", 13)
    assert tried(tmp_path / "b", 13, stops=(1, 4, 12)) == whole
    assert tried(tmp_path / "c", 13, seed=1) != whole
    assert len(set(whole)) == len(whole)


def test_values_are_inside_their_ranges_with_four_digits_and_whole_where_the_ends_are(tmp_path):
    for confidence, rate, width, augment in tried(tmp_path, 12):
        assert 0.5 <= confidence.value <= 0.99
        assert confidence.value == float(f"{confidence.value:.4g}") == float(confidence.text)
        assert 1e-5 <= rate.value <= 1e-2
        assert type(width.value) is int
        assert 16 <= width.value <= 128
        assert augment in NAMED.settings


@pytest.mark.parametrize(("value", "shown"), [(0.123456, "0.1235"), (0.98761, "0.9876"), (0.12341, "0.12345")])
def test_rounding_never_leaves_the_range(value, shown):
    assert Space(ends("a", 0.12345, 0.9876), "linear").setting(value).shown == shown


def test_a_trial_that_was_stopped_is_still_running_and_one_that_failed_comes_again_once(tmp_path):
    first = study(tmp_path)
    stopped, failed, done = first.ask(), first.ask(), first.ask()
    first.tell(failed.number, None)
    first.tell(done.number, 0.5)
    again = study(tmp_path)
    assert [(one.number, one.state, one.score) for one in again.trials] == [
        (0, RUNNING, None),
        (1, FAILED, None),
        (2, DONE, 0.5),
    ]
    assert again.trials[0].settings == stopped.settings
    again.repeat_failed()
    again.repeat_failed()
    repeated = again.ask()
    assert repeated.settings == failed.settings
    assert again.ask().settings != failed.settings
    assert failed.number not in [one.number for one in again.trials]
    again.tell(stopped.number, 0.7)
    assert again.trials[0].score == 0.7


def test_a_trial_that_was_killed_while_it_was_made_up_is_none(tmp_path):
    one = study(tmp_path)
    optuna.load_study(study_name="x", storage=f"sqlite:///{tmp_path / 'search.db'}").ask()
    assert one.trials == []


def test_without_optuna_the_message_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NevusError, match=r"pip install -e \"\.\[search\]\""):
        require_optuna()
