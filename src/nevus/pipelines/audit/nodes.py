"""Nodes that look at the packed images and change nothing."""

from __future__ import annotations

from typing import Any

from nevus.contracts import Corpus, CorpusError, Figure, Table
from nevus.corpus.options import DuplicateOptions
from nevus.pipelines.audit.params import AuditParams
from nevus.pipelines.ingestion.params import IngestionParams


def count_images(corpus: Corpus, assignment: Table) -> tuple[Table, Table]:
    """Count images and groups of every split, and list the groups that cross splits.

    Args:
        corpus: All packed images.
        assignment: Where each of them goes.

    Returns:
        Counts (`aspect`, `value`, `split`, `images`, `groups`) and crossings (`stage`, `group_id`, `splits`, `images`,
        `held_out`).
    """
    from nevus.corpus.audit import count, crossings, placed

    table = placed(corpus.manifest, assignment)
    return count(table, corpus.classes), crossings(table)


def place_pairs(corpus: Corpus, assignment: Table, duplicates: Table) -> Table:
    """Say of each pair of duplicates where its two images ended, those across splits first.

    Args:
        corpus: For the splits and labels of the source.
        assignment: Where each image goes.
        duplicates: Pairs that are one image.

    Returns:
        `kind`, `image_id`, `split`, `label`, `other_id`, `other_split`, `other_label`, `correlation`, `transform`,
        `crosses` (both are used, in different splits), `held_out` (one of these is validation or test).
    """
    from nevus.corpus.audit import pairs, placed

    return pairs(duplicates, placed(corpus.manifest, assignment))


def find_outliers(options: AuditParams, corpus: Corpus, assignment: Table, ingestion: IngestionParams) -> Table:
    """List images of unusual brightness, colour or sharpness; what is usual is learnt from the training splits.

    Args:
        options: For the threshold.
        corpus: All packed images.
        assignment: Where each of them goes.
        ingestion: For `resize`: the bars of padded images do not count.

    Returns:
        One row an image and measure, strongest first: `image_id`, `split`, `measure`, `value`, `median`, `score`,
        `reason`.
    """
    from nevus.corpus import outliers
    from nevus.corpus.audit import placed

    table = placed(corpus.manifest, assignment)
    measures = outliers.measure_pictures(corpus._replace(manifest=table), ingestion.resize)
    usual = table["split"].isin(["labeled", "unlabeled"]).to_numpy()
    return outliers.find_outliers(measures, table, usual, threshold=options.outlier_threshold)


def find_masks(corpus: Corpus, assignment: Table, ingestion: IngestionParams) -> Table:
    """List images that look like masks of lesions, whatever their names.

    Args:
        corpus: All packed images.
        assignment: Where each of them goes.
        ingestion: For `resize`: the bars of padded images do not count.

    Returns:
        One row an image in use: `image_id`, `split`, `class`, `reason`.
    """
    from nevus.corpus import masks
    from nevus.corpus.audit import placed

    return masks.find_masks(corpus._replace(manifest=placed(corpus.manifest, assignment)), resize=ingestion.resize)


def probe_shortcuts(options: AuditParams, corpus: Corpus, assignment: Table) -> Table:
    """Cross-validate simple models on corners, borders and colours of the labelled training images.

    Args:
        options: Of the probes.
        corpus: All packed images; validation and test images are not read.
        assignment: Where each image goes.

    Returns:
        One row a probe, model and metric, with interval and floor; no row where the labels do not allow a probe.
    """
    import pandas as pd

    from nevus.corpus.audit import placed
    from nevus.groups import group_keys
    from nevus.metrics.shortcuts import SHORTCUT_COLUMNS, probe

    table = placed(corpus.manifest, assignment)
    table = table.assign(together=group_keys(table))  # of the whole: an unlabelled copy may join two groups
    table = table[(table["split"] == "labeled") & table["label"].notna()]
    # shuffled, then the first of each class: which are kept must not depend on the order of the source
    shuffled = table.sample(frac=1, random_state=options.probes.seed)
    share = options.probes.images // max(1, table["label"].nunique())
    kept = shuffled.groupby("label").head(share).sort_values("row")
    labels = kept["label"].to_numpy(dtype="int64")
    rows, groups = kept["row"].to_numpy(), kept["together"].to_numpy()
    try:
        return probe(corpus.pixels, rows, labels, groups, **options.probes.model_dump(exclude={"images"}))
    except CorpusError:  # data without labels is no mistake: `judge` says that there was no probe
        return pd.DataFrame(columns=list(SHORTCUT_COLUMNS))


def judge(
    search: DuplicateOptions,
    corpus: Corpus,
    quarantine: Table,
    warnings: Table,
    pairs: Table,
    counts: Table,
    crossings: Table,
    outliers: Table,
    masks: Table,
    shortcuts: Table,
) -> Table:
    """Say in one line each what a person should know before training.

    Args:
        search: For what was not looked for.
        corpus: For the names of the classes.
        quarantine: Files set aside.
        warnings: Details that could not be read.
        pairs: From `place_pairs`.
        counts: From `count_images`, like crossings.
        crossings: Groups in several splits.
        outliers: From `find_outliers`.
        masks: From `find_masks`.
        shortcuts: From `probe_shortcuts`.

    Returns:
        `level` (act, look, note, fine), `check`, `number`, `finding`, `examples`; worst first.
    """
    from nevus.corpus.findings import findings

    return findings(
        counts,
        quarantine,
        warnings,
        pairs,
        crossings,
        outliers,
        masks,
        shortcuts,
        classes=len(corpus.classes),
        near_sought=search.correlation is not None,
    )


def draw_sheet(
    options: AuditParams, corpus: Corpus, assignment: Table, pairs: Table, outliers: Table, masks: Table
) -> Figure:
    """Draw images that look like masks, examples of each split and class, the strangest images and the nearest pairs.

    Args:
        options: How many are shown.
        corpus: All packed images.
        assignment: Where each of them goes.
        pairs: From `place_pairs`.
        outliers: From `find_outliers`.
        masks: From `find_masks`.

    Returns:
        A figure.
    """
    from nevus.corpus.audit import placed
    from nevus.pipelines.audit import choice
    from nevus.plots.audit_sheet import audit_sheet

    table = placed(corpus.manifest, assignment)
    return audit_sheet(
        [*choice.alleged_masks(masks, table, corpus), *choice.examples(table, corpus)],
        choice.strangest(outliers, table, corpus, options.shown_outliers),
        choice.side_by_side(pairs.head(options.shown_pairs), table, corpus),
    )


def write_page(
    options: AuditParams,
    ingestion: Any,
    quarantine: Table,
    warnings: Table,
    pairs: Table,
    counts: Table,
    crossings: Table,
    outliers: Table,
    masks: Table,
    shortcuts: Table,
    findings: Table,
    sheet: bytes,
) -> str:
    """Write one page that says what was found and shows it.

    Args:
        options: For the lengths of lists.
        ingestion: Parameters of the data, a model or nested dict.
        quarantine: Files set aside.
        warnings: Details that could not be read.
        pairs: From `place_pairs`.
        counts: From `count_images`, like crossings.
        crossings: Groups in several splits.
        outliers: From `find_outliers`.
        masks: From `find_masks`.
        shortcuts: From `probe_shortcuts`.
        findings: From `judge`.
        sheet: PNG bytes.

    Returns:
        HTML that needs no other file.
    """
    import base64

    from nevus.pipelines.audit import wording
    from nevus.pipelines.page import render

    data = wording.describe(counts, ingestion)
    return render(
        __package__,
        "audit.html.j2",
        title="Audit of the data",
        data_format=data["format"],
        data=data,
        answer=wording.answer(findings),
        findings=findings.to_dict("records"),
        pivots=wording.pivots(counts),
        probes=wording.probes(shortcuts),
        lists=[
            wording.Listed("Pairs of duplicates across splits", wording.crossing_pairs(pairs)),
            wording.Listed("Pairs of duplicates within a split or left out", wording.other_pairs(pairs)),
            wording.Listed("Lesions and patients in several splits", wording.crossing_groups(crossings)),
            wording.Listed("Images that look like masks", masks),
            wording.Listed("Outliers, strongest first", wording.outlier_rows(outliers)),
            wording.Listed("Files set aside", quarantine),
            wording.Listed("Details that could not be read and are unknown", warnings),
        ],
        options=options,
        sheet=base64.b64encode(sheet).decode("ascii"),
    )
