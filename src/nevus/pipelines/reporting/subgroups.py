"""Scores of parts of the test set: nodes, and what a page says of them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nevus.contracts import SUBGROUP_COLUMNS, Classifier, Corpus, CorpusError, Figure, Table
from nevus.metrics.titles import in_order, title
from nevus.pipelines.reporting.params import EvaluationParams, SubgroupParams
from nevus.pipelines.reporting.wording import range_of

if TYPE_CHECKING:
    from nevus.plots.forest import ForestRow

logger = logging.getLogger(__name__)

ALL = "all test images"  # attribute and group of the whole
DRAWN = ("auc", "sensitivity", "specificity", "balanced_accuracy")  # as many as there are, three at most
NAMES = {"age": "Age", "sex": "Sex", "site": "Site", "source": "Source"}


def score_subgroups(
    options: EvaluationParams,
    classifier: Classifier,
    predictions: Table,
    subgroups: SubgroupParams,
    test: Corpus,
    metrics: Table,
) -> Table:
    """Score the run on parts of the test set, by age, sex, site and source as far as the manifest has them.

    Args:
        options: Bootstrap and threshold.
        classifier: Of the run; its record names it.
        predictions: Of the run; only the test split is read.
        subgroups: Age bands, and when a group is too small.
        test: The test split, for its manifest.
        metrics: Scores of the whole test set, from `evaluate`.

    Returns:
        `SUBGROUP_COLUMNS`, first the whole test set, then each group.

    Raises:
        CorpusError: The predictions cannot be scored, or are of images that the test split has not.
    """
    import pandas as pd

    from nevus.metrics.predictions import scored_rows
    from nevus.metrics.subgroups import SHOWN, memberships, subgroup_scores
    from nevus.pipelines.reporting.runs import name_of, threshold_of

    run, classes = name_of(classifier.record), classifier.spec["classes"]
    rows = scored_rows(predictions, run)
    known = _manifest_of(rows, test, run)
    groups = memberships(known, age_bands=subgroups.age_bands, most=subgroups.most)
    how: dict[str, Any] = options.model_dump(include={"replicates", "confidence", "seed"})
    how["threshold"] = threshold_of(classifier.spec, options)
    table = subgroup_scores(rows, groups, classes, few=subgroups.few, **how)
    if small := table.loc[table["note"] != "", ["attribute", "group"]].drop_duplicates().shape[0]:
        logger.warning("%d parts of the test set are too small to say anything of; the report names them.", small)
    own = metrics[metrics["method"] == run].set_index("metric")[["value", "low", "high"]]
    whole = [(ALL, ALL, len(rows), "", name, *own.loc[name], "") for name in SHOWN if name in own.index]
    return pd.DataFrame([*whole, *table.itertuples(index=False, name=None)], columns=list(SUBGROUP_COLUMNS))


def draw_forest(options: EvaluationParams, subgroups: Table) -> Figure:
    """Draw the scores of each group beside those of the whole test set."""
    from nevus.plots.forest import forest

    shown = [name for name in DRAWN if name in set(subgroups["metric"])][:3]
    return forest(_rows(subgroups, shown), [title(name).heading for name in shown], confidence=options.confidence)


def on_a_page(table: Table, forest: str) -> dict[str, Any]:
    """What `subgroups.html.j2` shows.

    Args:
        table: From `score_subgroups`.
        forest: Address of the figure.

    Returns:
        `metrics` (headings), `rows` (`attribute`, `group`, `images`, `lesions`, `cells` with value and interval, and
        `note`), the sentences `too_small` and `gaps`, and `forest`.
    """
    metrics = in_order(table["metric"])
    rows = []
    for (attribute, group), own in table.groupby(["attribute", "group"], sort=False):
        found = {row["metric"]: row for row in own.to_dict("records")}
        first = found[metrics[0]]
        rows.append(
            {"attribute": NAMES.get(str(attribute), ""), "group": group}
            | {"cells": [_cell(found[name]) for name in metrics]}
            | {name: first[name] for name in ("images", "lesions", "note")}
        )
    headings = [title(name).heading for name in metrics]
    told = {"too_small": too_small(table), "gaps": gaps(table)}
    return {"metrics": headings, "rows": rows, "forest": forest, **told}


def too_small(table: Table) -> list[str]:
    """Name the groups that say nothing, in one sentence, or in none where all are large enough."""
    small = table[table["note"] != ""].drop_duplicates(["attribute", "group"])
    if small.empty:
        return []
    named = [f"{row['attribute']} {row['group']}" for row in small.to_dict("records")]
    return [f"Too small to say anything of: {', '.join(named)}. The last column says why."]


def gaps(table: Table, metric: str = "auc") -> list[str]:
    """Say of each attribute how far apart its best and its worst group are, of those that are large enough."""
    sentences = []
    rows = table[(table["metric"] == metric) & (table["note"] == "") & (table["attribute"] != ALL)]
    for attribute, own in rows.groupby("attribute", sort=False):
        if len(own) > 1:
            low, *_, high = own.sort_values("value").to_dict("records")
            apart = "overlap" if low["high"] >= high["low"] else "do not overlap"
            sentences.append(
                f"{NAMES[str(attribute)]}: the {title(metric).heading} is lowest for {low['group']} "
                f"({low['value']:.2f}) and highest for {high['group']} ({high['value']:.2f}); their intervals {apart}."
            )
    return sentences


def _manifest_of(rows: Table, test: Corpus, run: str) -> Table:
    """The manifest's rows of the images that were scored, in their order."""
    manifest = test.manifest.set_index("image_id")
    strangers = rows.loc[~rows["image_id"].isin(manifest.index), "image_id"]
    if len(strangers):
        raise CorpusError(
            f"{run} was scored on {len(strangers):,} images that are not among the {len(manifest):,} test images of "
            f"the corpus, such as '{strangers.iloc[0]}', so their age, sex and site are not known. Ingest with the "
            "parameters of the training, or train again."
        )
    return manifest.loc[rows["image_id"]].reset_index()


def _rows(table: Table, metrics: list[str]) -> list[ForestRow]:
    from nevus.plots.forest import ForestRow

    rows = []
    for attribute, of_attribute in table.groupby("attribute", sort=False):
        if attribute != ALL:
            rows.append(ForestRow(NAMES[str(attribute)]))
        for group, own in of_attribute.groupby("group", sort=False):
            found = {row["metric"]: row for row in own.to_dict("records")}
            first = found[metrics[0]]
            scores = [_score(found[name]) for name in metrics]
            rows.append(ForestRow(f"{group} ({first['images']:,})", scores, first["note"], bool(first["note"])))
    return rows


def _cell(row: Mapping[Any, Any]) -> tuple[str, str]:
    return ("", "") if row["value"] != row["value"] else (f"{row['value']:.2f}", range_of(row))


def _score(row: Mapping[Any, Any]) -> tuple[float, float, float] | None:
    return None if row["value"] != row["value"] else (row["value"], row["low"], row["high"])
