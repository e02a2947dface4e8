import io
import re

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from kedro.validation.type_extractor import TypeExtractor
from PIL import Image
from pydantic import ValidationError

from nevus.contracts import DUPLICATE_COLUMNS, QUARANTINE_COLUMNS, WARNING_COLUMNS, Corpus
from nevus.corpus.options import DuplicateOptions
from nevus.corpus.schema import conform
from nevus.metrics.shortcuts import SHORTCUT_COLUMNS
from nevus.pipelines.audit import nodes
from nevus.pipelines.audit.params import AuditParams
from nevus.pipelines.audit.pipeline import create_pipeline
from nevus.pipelines.ingestion.params import IngestionParams
from nevus.readers import phantom

TABLES = ("counts", "crossings", "pairs", "outliers", "masks", "shortcuts", "findings")


@pytest.fixture(scope="module")
def options(parameters):
    few = parameters["audit"]["probes"] | {"folds": 3, "repeats": 1, "replicates": 100}
    return AuditParams.model_validate(parameters["audit"] | {"probes": few})


@pytest.fixture(scope="module")
def search(parameters):
    return DuplicateOptions.model_validate(parameters["duplicates"])


@pytest.fixture(scope="module")
def packed(ingestion):
    """The small phantom as it is packed, with one black image, one mask and groups of two."""
    listing = phantom.read(None, ingestion.phantom, size=32)
    files = listing.source.read(listing.records["file"].tolist())
    pixels = np.stack([np.asarray(Image.open(io.BytesIO(file)).convert("RGB")) for file in files])
    pixels[45] = 0
    pixels[46] = 0
    pixels[46, 8:24, 8:24] = 255
    rows = np.arange(len(files))
    known = {"width": 32, "height": 32, "sha256": [f"{row:064x}" for row in rows], "phash": "0" * 16, "row": rows}
    groups = [f"group {row // 2}" for row in rows]
    manifest = listing.records.reset_index(drop=True).assign(group_id=groups, **known)
    return Corpus(conform(manifest), pixels, "small phantom")


@pytest.fixture(scope="module")
def assignment(packed):
    table = packed.manifest[["image_id", "split", "label"]].assign(reason=None)
    table.loc[50, ["split", "reason"]] = [None, "same bytes: another"]
    return table


@pytest.fixture(scope="module")
def duplicates(packed):
    ids = packed.manifest["image_id"]
    rows = [(ids.iloc[0], ids.iloc[-1], "exact", 1.0, 0), (ids.iloc[41], ids.iloc[42], "near", 0.97, 3)]
    return pd.DataFrame(rows, columns=list(DUPLICATE_COLUMNS))


@pytest.fixture
def catalog(configuration, tmp_path, packed, assignment, duplicates, options, search, ingestion):
    """The catalog's own entries, with files in a folder of the test."""
    entries = {name: entry for name, entry in configuration()["catalog"].items() if name.startswith("audit.")}
    for entry in entries.values():
        entry["filepath"] = str(tmp_path / entry["filepath"])
    catalog = DataCatalog.from_config(entries)
    quarantine = pd.DataFrame([("<b>.jpg", "no image: it is text")], columns=list(QUARANTINE_COLUMNS))
    for name, value in {
        "packed@corpus": packed,
        "packed@quarantine": quarantine,
        "packed@warnings": pd.DataFrame(
            [("a.jpg", "age", "not an age in years: 'old'")], columns=list(WARNING_COLUMNS)
        ),
        "duplicates": duplicates,
        "corpus@assignment": assignment,
        "params:audit": options,
        "params:duplicates": search,
        "params:ingestion": ingestion,
    }.items():
        catalog[name] = MemoryDataset(value)
    return catalog


def test_the_pipeline_leaves_tables_a_sheet_and_one_page_that_needs_no_other_file(catalog):
    SequentialRunner().run(create_pipeline(), catalog)
    page = catalog["audit.page"].load()
    assert page.startswith("<!DOCTYPE html>")
    assert page.count("data:image/png;base64,") == 1
    assert re.findall(r'(?:src|href)="(?!data:)', page) == []
    assert "Act first." in page
    assert "drawn by a program" in page
    assert "&lt;b&gt;.jpg" in page
    assert "images lack a readable age" in page
    assert "not an age in years: &#39;old&#39;" in page
    assert Image.open(io.BytesIO(catalog["audit.sheet"].load())).width > 1000
    assert all(len(catalog[f"audit.{name}"].load()) for name in TABLES if name != "crossings")


def test_the_findings_name_what_was_hidden_in_the_corpus(catalog, packed):
    SequentialRunner().run(create_pipeline(), catalog)
    findings = catalog["audit.findings"].load().set_index("check")
    assert findings.loc["exact duplicates of held-out images", "level"] == "act"
    assert findings.loc["quarantine", "number"] == 1
    assert findings.loc["masks", ["level", "number"]].tolist() == ["act", 1]
    assert findings.loc["left out", "finding"] == "images in no split: same bytes"
    black = packed.manifest["image_id"].iloc[45]
    assert black in set(catalog["audit.outliers"].load()["image_id"])


def test_an_audit_without_any_fault_or_label_still_has_its_page(catalog, packed, assignment):
    unlabelled = packed.manifest["split"].isin(["unlabeled"])
    rows = packed.manifest[unlabelled & ~packed.manifest["row"].isin([45, 46])]
    catalog["packed@corpus"] = MemoryDataset(
        packed._replace(
            manifest=rows.assign(row=range(len(rows))).reset_index(drop=True),
            pixels=packed.pixels[rows["row"].to_numpy()],
        )
    )
    catalog["corpus@assignment"] = MemoryDataset(assignment[assignment["image_id"].isin(rows["image_id"])])
    catalog["duplicates"] = MemoryDataset(pd.DataFrame(columns=list(DUPLICATE_COLUMNS)))
    catalog["packed@quarantine"] = MemoryDataset(pd.DataFrame(columns=list(QUARANTINE_COLUMNS)))
    SequentialRunner().run(create_pipeline(), catalog)
    assert "There was no probe" in catalog["audit.page"].load()
    assert catalog["audit.shortcuts"].load().empty


def test_the_pairs_are_left_whole_and_read_as_they_were(catalog, packed, assignment, duplicates):
    SequentialRunner().run(create_pipeline(), catalog)
    made = nodes.place_pairs(packed, assignment, duplicates)
    assert len(made) == len(duplicates)
    assert made["label"].isna().any() and made["label"].notna().any()
    pd.testing.assert_frame_equal(catalog["audit.pairs"].load(), made, check_dtype=False)
    catalog["audit.pairs"].save(made.assign(image_id=["007", "NA"]))
    assert catalog["audit.pairs"].load()["image_id"].tolist() == ["007", "NA"]
    catalog["audit.pairs"].save(made.iloc[:0])
    assert catalog["audit.pairs"].load().dtypes[["crosses", "held_out"]].eq(bool).all()


def test_near_duplicates_that_were_not_looked_for_are_a_note(catalog, search):
    catalog["params:duplicates"] = MemoryDataset(search.model_copy(update={"correlation": None}))
    SequentialRunner().run(create_pipeline(), catalog)
    found = catalog["audit.findings"].load()
    assert found["finding"].str.startswith("near-duplicates were not looked for").any()


def test_a_conflict_of_labels_is_found_although_its_image_was_left_out(catalog, packed, assignment):
    ids, labels = packed.manifest["image_id"], packed.manifest["label"]
    tested = (assignment["split"] == "test") & (labels == 1)
    trained = (assignment["split"] == "labeled") & (labels == 0)
    pair = (ids[trained].iloc[0], ids[tested].iloc[0], "exact", 1.0, 0)
    places = assignment.copy()
    places.loc[trained.idxmax(), ["split", "label", "reason"]] = [None, None, "same bytes as a test image: x"]
    catalog["corpus@assignment"] = MemoryDataset(places)
    catalog["duplicates"] = MemoryDataset(pd.DataFrame([pair], columns=list(DUPLICATE_COLUMNS)))
    SequentialRunner().run(create_pipeline(), catalog)
    found = catalog["audit.findings"].load()
    assert found.loc[found["finding"].str.contains("different labels"), "number"].tolist() == [1]


def test_copies_of_one_file_count_as_one_lesion_in_the_probes(options, packed, assignment):
    alone = packed.manifest.assign(group_id=None)
    copies = alone.assign(sha256=alone["sha256"].mask(alone["row"] == 1, alone["sha256"].iloc[0]))
    groups = [
        nodes.probe_shortcuts(options, packed._replace(manifest=conform(rows)), assignment)["groups"].iloc[0]
        for rows in (alone, copies)
    ]
    assert groups[0] - groups[1] == 1


def test_ids_that_look_like_numbers_stay_as_they_are(catalog):
    table = pd.DataFrame([("0012", "test", "contrast", 0.1, 0.2, 9.0, "flat image: x")])
    table.columns = ["image_id", "split", "measure", "value", "median", "score", "reason"]
    catalog["audit.outliers"].save(table)
    assert catalog["audit.outliers"].load()["image_id"].tolist() == ["0012"]


def test_the_probes_never_read_a_held_out_image(options, packed, assignment):
    spoilt = packed.pixels.copy()
    spoilt[~(assignment["split"] == "labeled").to_numpy()] = 255
    honest = nodes.probe_shortcuts(options, packed, assignment)
    assert honest.equals(nodes.probe_shortcuts(options, packed._replace(pixels=spoilt), assignment))
    assert tuple(honest.columns) == SHORTCUT_COLUMNS
    assert (honest["images"] == (assignment["split"] == "labeled").sum()).all()


def test_the_probes_take_at_most_so_many_images_the_same_number_of_each_class(options, packed, assignment):
    fewer = options.probes.model_copy(update={"images": 20})
    found = nodes.probe_shortcuts(options.model_copy(update={"probes": fewer}), packed, assignment)
    assert set(found["images"]) == {20}


def test_what_is_usual_does_not_depend_on_the_test_images(options, packed, assignment, ingestion):
    spoilt = packed.pixels.copy()
    test = (assignment["split"] == "test").to_numpy()
    spoilt[test] = 0
    before = nodes.find_outliers(options, packed, assignment, ingestion)
    after = nodes.find_outliers(options, packed._replace(pixels=spoilt), assignment, ingestion)
    kept = [table[table["split"] != "test"].reset_index(drop=True) for table in (before, after)]
    pd.testing.assert_frame_equal(*kept)


def test_nodes_have_names_in_words_docstrings_and_the_tag():
    pipeline = create_pipeline()
    assert {node.name for node in pipeline.nodes} == {
        "audit.count_images",
        "audit.place_pairs",
        "audit.find_outliers",
        "audit.find_masks",
        "audit.probe_shortcuts",
        "audit.judge_corpus",
        "audit.draw_sheet",
        "audit.write_page",
    }
    assert all("audit" in node.tags and node.func.__doc__ for node in pipeline.nodes)
    assert pipeline.outputs() == {"audit.page"}


def test_kedro_finds_the_typed_parameters():
    found = TypeExtractor({"audit": create_pipeline()}).extract_types_from_pipelines()
    assert found == {"audit": AuditParams, "duplicates": DuplicateOptions, "ingestion": IngestionParams}


def test_every_parameter_is_explained_needed_and_in_the_configuration(parameters):
    options = AuditParams.model_validate(parameters["audit"])
    for model in (AuditParams, type(options.probes)):
        for field, info in model.model_fields.items():
            assert info.is_required()
            assert re.search(rf"^\s+{field}: ", model.__doc__ or "", re.MULTILINE), field
    with pytest.raises(ValidationError, match="outliers"):
        AuditParams.model_validate(parameters["audit"] | {"outliers": "remove"})


def test_a_page_of_many_classes_sums_the_rare_ones_up():
    from nevus.pipelines.audit.wording import pivots

    rows = [("diagnosis", f"dx {number}", "labeled", 20 - number, 1) for number in range(20)]
    (table,) = pivots(pd.DataFrame(rows, columns=["aspect", "value", "split", "images", "groups"]))
    assert len(table.rows) == 13
    assert table.rows[-1] == ("8 others", [sum(range(1, 9))] * 2)
    assert np.sum([numbers[-1] for _, numbers in table.rows]) == sum(range(1, 21))


def test_the_reader_of_the_data_is_named_from_a_model_or_a_dict(ingestion):
    from nevus.pipelines.audit.wording import describe

    counts = pd.DataFrame([("all", "all", "test", 3, 3), ("all", "all", "left out", 2, 2)])
    counts.columns = ["aspect", "value", "split", "images", "groups"]
    assert isinstance(ingestion, IngestionParams)
    assert describe(counts, ingestion) == {"format": "phantom", "images": 5, "used": 3}
    assert describe(counts, {"format": "table"})["format"] == "table"
