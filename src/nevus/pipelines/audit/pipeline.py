"""Look at the packed images: tables, a page and a sheet. Nothing is removed."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.audit import nodes
from nevus.pipelines.instances import instance

CORPUS, QUARANTINE, WARNINGS = "packed@corpus", "packed@quarantine", "packed@warnings"
DUPLICATES, ASSIGNMENT = "duplicates", "corpus@assignment"


def create_pipeline() -> Pipeline:
    """Packed images, quarantine, warnings, duplicates and assignment to `audit.*`."""
    images = {"corpus": CORPUS, "assignment": ASSIGNMENT}
    options = {"options": "params:audit"}
    measured = {name: name for name in ("counts", "crossings", "pairs", "outliers", "masks", "shortcuts")}
    judged = {"quarantine": QUARANTINE, "warnings": WARNINGS, **measured}
    shown = {name: name for name in ("pairs", "outliers", "masks")}
    search = {"search": "params:duplicates"}
    page = {"ingestion": "params:ingestion", "findings": "findings", "sheet": "sheet"}
    template = Pipeline(
        [
            Node(nodes.count_images, images, ["counts", "crossings"], name="count_images"),
            Node(nodes.place_pairs, {**images, "duplicates": DUPLICATES}, "pairs", name="place_pairs"),
            Node(
                nodes.find_outliers,
                {**options, **images, "ingestion": "params:ingestion"},
                "outliers",
                name="find_outliers",
            ),
            Node(nodes.find_masks, {**images, "ingestion": "params:ingestion"}, "masks", name="find_masks"),
            Node(nodes.probe_shortcuts, {**options, **images}, "shortcuts", name="probe_shortcuts"),
            Node(nodes.judge, {**search, "corpus": CORPUS, **judged}, "findings", name="judge_corpus"),
            Node(nodes.draw_sheet, {**options, **images, **shown}, "sheet", name="draw_sheet"),
            Node(nodes.write_page, {**options, **judged, **page}, "page", name="write_page"),
        ]
    )
    return instance(template, "audit", keep={CORPUS, QUARANTINE, WARNINGS, DUPLICATES, ASSIGNMENT}, tags="audit")
