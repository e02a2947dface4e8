"""Which run of a sweep comes next."""

from collections.abc import Sequence
from pathlib import Path

from nevus.sweep.files import corpus_of
from nevus.sweep.points import Point, Setting
from nevus.sweep.queue import InOrder
from nevus.sweep.workers import Ended, Task


def task(name: str, *after: str, group: str = "") -> Task:
    return Task(name, [], Path(), frozenset(after), (group,))


def carry_out(tasks: Sequence[Task], jobs: int, failing: Sequence[str] = ()) -> tuple[list[list[str]], list[Ended]]:
    """What ran side by side each time that something could start, and what was told; the longest running ends first."""
    told: list[Ended] = []
    queue, running, together = InOrder(tasks, told.append), list[Task](), []
    while True:
        while len(running) < jobs and (one := queue.take(running)) is not None:
            running.append(one)
        if not running:
            return together, told
        together.append([one.name for one in running])
        name = running.pop(0).name
        queue.ended(Ended(name, 1.0, "broken" if name in failing else None))


def test_a_run_starts_when_those_that_it_builds_on_have_ended_and_others_need_not_wait():
    tasks = [task("pupil", "teacher", "start"), task("teacher"), task("alone"), task("start")]
    together, told = carry_out(tasks, 2)
    assert together == [["teacher", "alone"], ["alone", "start"], ["start"], ["pupil"]]
    assert all(end.message is None for end in told)


def test_what_was_done_before_is_not_waited_for():
    assert carry_out([task("pupil", "teacher")], 1)[0] == [["pupil"]]


def test_what_builds_on_a_run_that_failed_is_not_run_and_says_why():
    tasks = [task("third", "second"), task("second", "first", "also"), task("first"), task("also"), task("alone")]
    together, told = carry_out(tasks, 1, failing=["first"])
    assert together == [["first"], ["also"], ["alone"]]
    unrun = {end.name: end.message for end in told if not end.ran}
    assert unrun == {
        "second": "it builds on first, which failed",
        "third": "it builds on second, which was not run",
    }


def test_runs_that_pack_other_images_into_one_folder_are_not_run_side_by_side():
    tasks = [task(f"{group}{number}", group=group) for number in (0, 1) for group in "ab"]
    assert carry_out(tasks, 2)[0] == [["a0", "a1"], ["a1"], ["b0", "b1"], ["b1"]]


def test_images_are_packed_anew_for_a_run_that_another_builds_on():
    tasks = [task("a0", "b0", group="a"), task("b0", group="b"), task("a1", group="a")]
    assert carry_out(tasks, 2)[0] == [["a1"], ["b0"], ["a0"]]


def test_what_points_vary_of_the_packed_images():
    def point(name: str, text: str) -> Point:
        return Point("ssgan", 0, text, (), (Setting(name, text, text, text),))

    assert corpus_of(point("ingestion.chunk", "8")) != corpus_of(point("ingestion.chunk", "9"))
    assert corpus_of(point("ssgan.loop.steps", "8")) == corpus_of(point("ssgan.loop.steps", "9"))
