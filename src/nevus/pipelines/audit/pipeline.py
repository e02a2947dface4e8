"""Look at the packed images: tables, a page and a sheet. Nothing is removed."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.audit import nodes

CORPUS, QUARANTINE, DUPLICATES, ASSIGNMENT = "packed@corpus", "packed@quarantine", "duplicates", "corpus@assignment"


def create_pipeline() -> Pipeline:
    """Packed images, quarantine, duplicates and assignment to `audit.*`."""
    images = {"corpus": CORPUS, "assignment": ASSIGNMENT}
    options = {"options": "params:audit"}
    measured = {name: f"audit.{name}" for name in ("counts", "crossings", "pairs", "outliers", "shortcuts")}
    judged = {"quarantine": QUARANTINE, **measured}
    shown = {name: measured[name] for name in ("pairs", "outliers")}
    search = {"search": "params:duplicates"}
    page = {"ingestion": "params:ingestion", "findings": "audit.findings", "sheet": "audit.sheet"}
    return Pipeline(
        [
            Node(nodes.count_images, images, ["audit.counts", "audit.crossings"], name="count_images"),
            Node(nodes.place_pairs, {**images, "duplicates": DUPLICATES}, "audit.pairs", name="place_pairs"),
            Node(
                nodes.find_outliers,
                {**options, **images, "ingestion": "params:ingestion"},
                "audit.outliers",
                name="find_outliers",
            ),
            Node(nodes.probe_shortcuts, {**options, **images}, "audit.shortcuts", name="probe_shortcuts"),
            Node(nodes.judge, {**search, "corpus": CORPUS, **judged}, "audit.findings", name="judge_corpus"),
            Node(nodes.draw_sheet, {**options, **images, **shown}, "audit.sheet", name="draw_audit_sheet"),
            Node(nodes.write_page, {**options, **judged, **page}, "audit.page", name="write_audit_page"),
        ],
        tags="audit",
    )
