"""Progress where nobody watches: few lines, each whole."""

import logging
import sys

import pytest
import tqdm.std

from nevus.progress import SECONDS, progress_bar


@pytest.fixture
def clock(monkeypatch):
    """The clock of the bars, in seconds."""
    now = [0.0]
    monkeypatch.setattr(tqdm.std, "time", lambda: now[0])
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    return now


def work(clock, *, steps, seconds):
    with progress_bar(steps, name="ssgan", unit="step") as bar:
        for step in range(steps):
            clock[0] += seconds
            bar.set_postfix({"loss": f"{step / 10:.3g}"}, refresh=False)
            bar.update()


def test_long_work_leaves_a_line_every_half_minute(clock, caplog, capsys):
    with caplog.at_level(logging.INFO, logger="nevus.progress"):
        work(clock, steps=100, seconds=1.0)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == int(100 / SECONDS)
    assert lines[0] == "ssgan: 30 of 100 steps, 01:10 left, loss=2.9"
    assert capsys.readouterr().err == ""


def test_short_work_leaves_none(clock, caplog):
    with caplog.at_level(logging.INFO, logger="nevus.progress"):
        work(clock, steps=100, seconds=SECONDS / 101)
    assert not caplog.records


def test_a_terminal_shows_a_bar_and_no_lines(clock, caplog, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with caplog.at_level(logging.INFO, logger="nevus.progress"):
        work(clock, steps=10, seconds=1.0)
    assert not caplog.records
    assert "ssgan: " in capsys.readouterr().err
