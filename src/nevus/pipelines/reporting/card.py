"""The model card: what the report says, for whoever gets the model without it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nevus.contracts import Classifier, Table
from nevus.metrics.titles import title
from nevus.pipelines.reporting import ledger as scorings
from nevus.pipelines.reporting import subgroups as divided
from nevus.pipelines.reporting import tables, wording
from nevus.pipelines.reporting.classes import decision, question
from nevus.pipelines.reporting.params import EvaluationParams
from nevus.pipelines.reporting.runs import folder_name, name_of, threshold_of
from nevus.pipelines.reporting.verdict import verdict

if TYPE_CHECKING:
    from huggingface_hub import ModelCardData

TEMPLATE = "model_card.md.j2"
TASK = "image-classification"
RESEARCH = (
    "**Research use only. Not a medical device.** It may not be used to diagnose, to triage or to reassure anybody."
)
DRAWN = "The images were drawn by a program to try the software out; nothing here says anything about skin."
BLIND = "The test images train and choose nothing."
ELSEWHERE = (
    "The model was trained elsewhere: on which images, and whether the test images were among them, is not known here."
)
UNDIVIDED = (
    "Nothing is known of age, sex, site or source that would tell the test images apart: for whom it works less "
)
UNDIVIDED += "well has not been looked at."


def write_model_card(
    options: EvaluationParams,
    classifier: Classifier,
    metrics: Table,
    comparison: Table,
    predictions: Table,
    corpus_summary: Table,
    ledger: Table,
    subgroups: Table,
) -> str:
    """Write a model card in Markdown, with metadata that the Hugging Face Hub understands; nothing is sent there.

    Args:
        options: How the run was scored.
        classifier: Of the run; what is said of its training is read from its record.
        metrics: Scores with intervals, from `evaluate`.
        comparison: Paired differences, from `evaluate`.
        predictions: Of the run, for the number of test images.
        corpus_summary: Any table that describes the data; shown as it is.
        ledger: Who has scored test images until now (`LEDGER_COLUMNS`).
        subgroups: Scores of parts of the test set, from `score_subgroups`.

    Returns:
        Markdown after metadata in YAML: licence, tags, and the scores of the run as `model-index`.
    """
    from importlib.resources import files

    from huggingface_hub import ModelCard

    from nevus.metrics.predictions import scored_rows

    record, classes, run = classifier.record, classifier.spec["classes"], name_of(classifier.record)
    rows, answer = scored_rows(predictions, run), verdict(metrics, comparison, options)
    drawn = [DRAWN] if data_of(record) == "phantom" else []
    card = ModelCard.from_template(
        card_data(classifier, metrics),
        template_str=files(__package__).joinpath(TEMPLATE).read_text(encoding="utf-8"),
        title=f"{wording.display(run)}: {question(classes)}",
        notices="\n\n".join([RESEARCH, *drawn, *wording.few_groups(rows, classes)]),
        model=markdown_table(("", ""), facts_of(classifier)),
        data=markdown_table(corpus_summary.columns, corpus_summary.map(wording.cell).itertuples(index=False)),
        corpus=record.get("corpus", "unknown"),
        blind=ELSEWHERE if record.get("trained_elsewhere") else BLIND,
        verdict=" ".join([f"{answer.short}: {answer.reason}", *answer.numbers]),
        test_set=wording.describe_test_set(rows, classes, record.get("seed")),
        decision=decision(classes, threshold_of(classifier.spec, options), chosen="threshold" in classifier.spec),
        scored=scorings.count_in_words(scorings.scorings(ledger, rows)),
        scores=_scores(metrics, classes),
        confidence=f"{options.confidence:.0%}",
        parts=_parts(subgroups),
        probabilities=_probabilities(classifier.spec),
    )
    return f"{card}\n"


def card_data(classifier: Classifier, metrics: Table) -> ModelCardData:
    """The metadata of the card: what the model is, and how it scored."""
    from huggingface_hub import EvalResult, ModelCardData

    record, run = classifier.record, name_of(classifier.record)
    own = metrics[metrics["method"] == run]
    where: dict[str, Any] = {"task_type": TASK, "dataset_type": data_of(record), "dataset_name": data_of(record)}
    where |= {"dataset_split": "test", "dataset_revision": str(record.get("corpus", "unknown"))}
    results = [
        EvalResult(**where, metric_type=name, metric_name=title(name).heading, metric_value=round(float(value), 4))
        for name, value in own[["metric", "value"]].itertuples(index=False, name=None)
        if value == value
    ]
    return ModelCardData(
        model_name=folder_name(record),
        language="en",
        license="other",
        license_name="research-use-only",
        library_name="nevus",
        pipeline_tag=TASK,
        tags=["dermatology", "skin-lesion", "label-efficient", str(record["method"])],
        metrics=list(own["metric"]),
        eval_results=results,
    )


def facts_of(classifier: Classifier) -> list[tuple[str, str]]:
    """What the model is and how it was trained, as far as it is known: names and values."""
    record, spec = classifier.record, classifier.spec
    network, training, images = (record.get(name, {}) for name in ("network", "training", "images"))
    members = len(spec.get("members", {}))
    facts = {
        "Name": folder_name(record),
        "Method": wording.display(str(record["method"])),
        "Network": f"{members} averaged" if members else (spec.get("network") or {}).get("kind", ""),
        "Weights": f"{network['parameters']:,}" if "parameters" in network else "",
        "Images": f"{spec['size']} x {spec['size']} pixels" if "size" in spec else "",
        "Classes": ", ".join(spec["classes"]),
        "Beside the image": ", ".join(spec.get("metadata") or ()),
        "Trained on": ", ".join(f"{count:,} {split}" for split, count in images.items() if split != "test"),
        "Steps": f"{training['steps']:,}" if "steps" in training else "",
        "Seed": str(record.get("seed", "")),
        "Made by": ", ".join(f"{name} {version}" for name, version in record.get("code", {}).items()),
    }
    unknown = {"Trained on", "Made by"} if record.get("trained_elsewhere") else set()
    return [(name, value) for name, value in facts.items() if value and name not in unknown]


def data_of(record: Mapping[str, Any]) -> str:
    """The format of the data that a run was trained on."""
    return str(record.get("parameters", {}).get("ingestion", {}).get("format", "unknown"))


def markdown_table(columns: Iterable[Any], rows: Iterable[Iterable[Any]]) -> str:
    """A table in Markdown; what would end a cell or a row in a text is written so that it does not."""
    names = list(columns)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(_cell(value) for value in line)} |" for line in lines)


def _cell(value: Any) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")


def _scores(metrics: Table, classes: Sequence[str]) -> str:
    found = tables.score_table(metrics, classes)
    rows = [
        [row["name"], *(_with_range(*one[:2]) for one in row["cells"])] for _, block in found.blocks for row in block
    ]
    return markdown_table(["", *(name for name, _ in found.methods)], rows)


def _parts(subgroups: Table) -> str:
    page = divided.on_a_page(subgroups, "")
    if len(page["rows"]) < 2:
        return UNDIVIDED
    rows = [
        [f"{row['attribute']} {row['group']}", row["images"], row["lesions"]]
        + [_with_range(*one) for one in row["cells"]]
        + [row["note"]]
        for row in page["rows"]
    ]
    table = markdown_table(["", "Images", "Lesions or patients", *page["metrics"], "Note"], rows)
    return "\n\n".join([table, *page["gaps"], *page["too_small"]])


def _with_range(value: str, between: str) -> str:
    return f"{value} ({between})" if between else value


def _probabilities(spec: Mapping[str, Any]) -> str:
    if kind := spec.get("calibration", {}).get("kind"):
        return (
            f"Its probabilities were calibrated ({kind}) on training images, at the shares of the classes among them."
        )
    return "Its probabilities were not calibrated; they rank images."
