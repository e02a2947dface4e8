"""Why files and rows are set aside: the kinds of reasons, whether each loses an image, and what helps.

A reason is a text such as "equal copy of another file: a/1.jpg": the kind, a colon, and what is particular to the file.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from nevus.contracts import Table


class Kind(NamedTuple):
    """A kind of reason.

    Attributes:
        said: The beginning of the reason, up to the first colon.
        advice: What to do about it, as a sentence.
        is_loss: Whether an image is lost by it, so that it counts towards `ingestion.max_quarantined_share`.
    """

    said: str
    advice: str = ""
    is_loss: bool = True

    def of(self, particular: str) -> str:
        """The reason for one file."""
        return f"{self.said}: {particular}"


EQUAL_COPY = Kind("equal copy of another file", is_loss=False)
COMPANION = Kind("companion of the images by its name", is_loss=False)
LFS_POINTER = Kind(
    "Git LFS pointer instead of the file", "Fetch the files themselves: run `git lfs pull` where they lie."
)
NOT_ONE_HOT = Kind(
    "row without exactly one diagnosis", "Correct the ground truth: each row has 1 in one column and 0 in the others."
)
TORN_DIAGNOSIS = Kind("contradicting diagnoses", "Correct the table, or take the wrong column out of it.")

KINDS = {kind.said: kind for kind in (EQUAL_COPY, COMPANION, LFS_POINTER, NOT_ONE_HOT, TORN_DIAGNOSIS)}
UNKNOWN = Kind("", "Repair the data.")


def kind_of(reason: str) -> Kind:
    """The kind of a reason; `UNKNOWN` for one that is not listed."""
    return KINDS.get(reason.partition(":")[0], UNKNOWN)


def losses(quarantine: Table) -> Table:
    """The rows by which an image is lost."""
    return quarantine[[kind_of(reason).is_loss for reason in quarantine["reason"]]]


def advice(reasons: Iterable[str]) -> str:
    """What to do about the commonest kind among these reasons."""
    (commonest, _), *_ = Counter(reason.partition(":")[0] for reason in reasons).most_common(1) or [("", 0)]
    return kind_of(commonest).advice
