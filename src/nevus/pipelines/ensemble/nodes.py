"""Put finished classifiers together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from nevus.contracts import Classifier, Corpus, CorpusError, NevusError
from nevus.pipelines.beforehand import checked_by
from nevus.pipelines.ensemble.params import EnsembleParams
from nevus.pipelines.finished import TRAIN, choose, listed, method_of

MEMBERS = "members"  # the parameter that names the finished runs
METHOD = "ensemble"  # whose runs are no members: an average of averages would count members twice


def require_members(params: EnsembleParams, finished: Iterable[str]) -> None:
    """Refuse names and patterns that fit fewer than two runs.

    Raises:
        NevusError: It says which, and what to do.
    """
    members_of(list(finished), params.members)


@checked_by(require_members)
def combine(
    finished: Mapping[str, Callable[[], Classifier]],
    training: Corpus,
    params: EnsembleParams,
    seed: int,
    variant: str | None,
) -> Classifier:
    """Make one classifier of several that averages their probabilities (arXiv:1612.01474, section 2.4).

    Args:
        finished: What reads the classifier of each finished run, by the name of the run.
        training: The corpus without the test images; all members have to be trained on it.
        params: Which runs.
        seed: Names the run.
        variant: Names the run.

    Returns:
        A classifier with the weights of all members. Its spec has `members` in the place of `network`: their specs by
        the names of their runs.

    Raises:
        NevusError: A name or pattern fits no finished run, or there are fewer than two members.
        CorpusError: A member was trained on other images, labels or splits.
    """
    from nevus.networks.spec import VERSION
    from nevus.pipelines.inference.scoring import with_number
    from nevus.pipelines.record import record_of

    names = members_of(list(finished), params.members)
    members = {name: finished[name]() for name in names}
    strangers = [name for name, one in members.items() if one.record.get("corpus") != training.fingerprint]
    if strangers:
        raise CorpusError(
            f"{', '.join(strangers)} trained on other images, labels or splits than the present ones, so test images "
            "may have trained there. Give the parameters of that training, train again, or leave it out of "
            "ensemble.members."
        )
    specs = {name: one.spec for name, one in members.items()}
    first, *_ = members.values()
    spec: dict[str, Any] = {
        "version": VERSION,
        "members": specs,
        "requirements": sorted({name for one in specs.values() for name in one.get("requirements", [])}),
        "size": first.spec["size"],
        "classes": first.spec["classes"],
        "seed": seed,
    }
    priors = [one["prior"] for one in specs.values() if "prior" in one]
    if len(priors) == len(specs):
        spec["prior"] = [sum(shares) / len(shares) for shares in zip(*priors, strict=True)]
    weights: dict[str, Any] = {}
    for number, one in enumerate(members.values()):
        weights |= with_number(one.weights, number)
    record = record_of(training, params, {MEMBERS: members}, method=METHOD, variant=variant, seed=seed)
    costs = [one.record.get("network", {}) for one in members.values()]
    record["network"] = {key: sum(cost.get(key, 0) for cost in costs) for key in costs[0]}
    return Classifier(weights, spec, first.example, record)


def members_of(finished: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """The names of the runs that are averaged.

    Raises:
        NevusError: A name or pattern fits none, or fewer than two runs fit.
    """
    runs = [name for name in finished if method_of(name) != METHOD]
    found = choose(runs, wanted, parameter="ensemble.members", method=METHOD)
    if len(found) < 2:
        raise NevusError(
            f"an ensemble averages two finished runs or more, but ensemble.members names {', '.join(found)} alone. "
            f"{listed(runs)} {TRAIN}"
        )
    return found
