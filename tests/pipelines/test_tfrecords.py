import io
import json
import re

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, DatasetError, MemoryDataset
from kedro.runner import SequentialRunner
from kedro.validation.type_extractor import TypeExtractor
from PIL import Image
from pydantic import ValidationError

from nevus.contracts import CorpusError, SourceError
from nevus.corpus.schema import conform
from nevus.io.raw_files import FolderSource
from nevus.pipelines.tfrecords import nodes
from nevus.pipelines.tfrecords.params import CheckOptions, TfrecordsParams
from nevus.pipelines.tfrecords.pipeline import create_check_pipeline, create_pipeline
from nevus.readers import siim_isic_2020
from nevus.readers.options import SiimIsic2020Options
from nevus.tfrecord.example import encode
from nevus.tfrecord.framing import frame
from nevus.tfrecord.shards import Record, records
from tests.fakes import FakeSource, fake_jpeg
from tests.plots.rendering import rendered


@pytest.fixture(scope="module")
def options(parameters):
    return TfrecordsParams.model_validate(parameters["tfrecords"])


@pytest.fixture(scope="module")
def packed(corpus):
    """The small phantom as it is packed, in groups of two."""
    manifest = corpus.manifest.assign(
        width=32,
        height=32,
        sha256="0" * 64,
        phash="0" * 16,
        group_id=[f"g{row // 2}" for row in corpus.manifest["row"]],
    )
    return corpus._replace(manifest=conform(manifest))


@pytest.fixture(scope="module")
def assignment(packed):
    """As the source has it, but 15 melanomas of 20 lost their label, and one test image is left out."""
    table = packed.manifest[["image_id", "split", "label"]].assign(reason=None)
    melanomas = table.index[(table["split"] == "labeled") & (table["label"] == 1)]
    table.loc[melanomas[5:], "split"] = "unlabeled"
    table.loc[table["split"] == "unlabeled", "label"] = pd.NA
    table.loc[table.index[-1], ["split", "reason"]] = [None, "same bytes: another"]
    return table


@pytest.fixture
def catalog(configuration, tmp_path, packed, assignment, options):
    config = configuration()["catalog"]
    for entry in config.values():
        if entry.get("filepath"):
            entry["filepath"] = str(tmp_path / entry["filepath"])
    catalog = DataCatalog.from_config({name: entry for name, entry in config.items() if not name.startswith("packed")})
    given = {"packed@corpus": packed, "corpus@assignment": assignment, "params:tfrecords": options}
    for name, value in given.items():
        catalog[name] = MemoryDataset(value, copy_mode="assign")
    return catalog


def changed(options, **changes):
    """The options with these settings of the copies, or of their own."""
    own = {name: changes.pop(name) for name in list(changes) if name in TfrecordsParams.model_fields}
    return options.model_copy(update={"copies": options.copies.model_copy(update=changes), **own})


def run(catalog, options, **changes):
    catalog["params:tfrecords"] = MemoryDataset(changed(options, **changes))
    SequentialRunner().run(create_pipeline().to_nodes("tfrecords.check_records"), catalog)
    return catalog["tfrecords@shards"].load()


def all_records(source):
    found = [one for name in source.names() if "tfrec" in name for one in records(source, name)]
    assert all(isinstance(one, Record) for one in found)
    return {one.features["image_name"][0].decode(): one for one in found}


def counts(catalog):
    table = catalog["tfrecords.balance"].load()
    return {(row.split, row.target): row.records for row in table.itertuples()}


def test_plain_writes_every_image_that_has_a_split_once(catalog, options, assignment):
    written = all_records(run(catalog, options))
    assert set(written) == set(assignment.loc[assignment["split"].notna(), "image_id"])
    assert counts(catalog) == {
        ("labeled", "0"): 20, ("labeled", "1"): 5, ("test", "0"): 19, ("test", "1"): 20, ("unlabeled", "none"): 75,
    }  # fmt: skip


def test_the_split_and_label_are_those_of_the_assignment(catalog, options, assignment):
    written = all_records(run(catalog, options))
    hidden = set(assignment.loc[assignment["split"] == "unlabeled", "image_id"])
    assert {name for name, one in written.items() if "target" not in one.features} == hidden
    assert not [name for name in hidden if "diagnosis" in written[name].features]


def test_unlabelled_images_may_be_left_out(catalog, options):
    source = run(catalog, options, unlabeled=False)
    assert [name.partition("0")[0] for name in source.names()] == ["shards.json", "test", "train"]


@pytest.mark.parametrize(("ratio", "positives"), [(1.0, 20), (0.5, 10), (2.0, 40)])
def test_positives_are_augmented_until_the_ratio_is_reached(catalog, options, ratio, positives):
    run(catalog, options, mode="positives", ratio=ratio)
    found = counts(catalog)
    assert (found["labeled", "0"], found["labeled", "1"]) == (20, positives)


@pytest.mark.parametrize("changes", [{"mode": "positives"}, {"mode": "all", "number": 3}])
def test_only_training_images_are_augmented(catalog, options, changes):
    plain = all_records(run(catalog, options))
    more = all_records(run(catalog, options, **changes))
    assert {name: one.features for name, one in more.items() if name in plain} == {
        name: one.features for name, one in plain.items()
    }
    copies = [one for name, one in more.items() if name not in plain]
    assert len(copies) == (15 if changes["mode"] == "positives" else 75)
    assert all(one.name.startswith("train") for one in copies)


def test_a_copy_keeps_label_and_group_under_a_new_name_with_a_changed_image(catalog, options):
    written = all_records(run(catalog, options, mode="all", number=1))
    copies = [name for name in written if name.endswith("_aug1")]
    assert len(copies) == 25
    for name in copies:
        original, copy = written[name.removesuffix("_aug1")].features, written[name].features
        assert {key for key in copy if copy[key] != original[key]} == {"image_name", "image"}


def test_the_same_seed_writes_the_same_bytes(catalog, options):
    def content(seed):
        source = run(catalog, options, mode="positives", seed=seed)
        names = [name for name in source.names() if "tfrec" in name]
        return dict(zip(names, source.read(names), strict=True))

    first = content(0)
    assert content(0) == first
    assert content(1) != first


def test_shards_are_read_back_with_the_same_labels(catalog, options, packed, assignment):
    source = run(catalog, options, mode="positives")
    files = SiimIsic2020Options(files="tfrecord", official_duplicates=True, test_images="leave_out")
    listing = siim_isic_2020.read(source, files, size=32)
    assert listing.quarantine.empty
    table = listing.records.assign(original=listing.records["image_id"].str.replace(r"_aug\d+$", "", regex=True))
    wanted = assignment.set_index("image_id").loc[table["original"]]
    assert table["split"].tolist() == wanted["split"].tolist()
    assert table["label"].astype("Int64").equals(wanted["label"].astype("Int64").reset_index(drop=True))
    groups = packed.manifest.set_index("image_id").loc[table["original"], "group_id"]
    assert table["group_id"].tolist() == groups.tolist()


def test_the_check_leaves_tables_and_a_sheet_with_a_panel_a_class(catalog, options):
    SequentialRunner().run(create_pipeline(), catalog)
    shards = catalog["tfrecords.shards"].load()
    assert shards["records"].tolist() == shards["promised"].tolist() == [39, 25, 75]
    assert catalog["tfrecords.broken"].load().empty
    summary = catalog["tfrecords.summary"].load().set_index("split")
    assert summary.loc["labeled", "targets"] == "0: 20 (80.0%), 1: 5 (20.0%)"
    assert summary.loc["all", ["shards", "records", "broken"]].tolist() == [3, 139, 0]
    assert Image.open(io.BytesIO(catalog["tfrecords.sheet"].load())).width > 1000


def drawn(source, options):
    """Titles and mosaics of the sheet."""
    _, _, _, found, _ = nodes.check_records(source, options)
    axes = [one for one in nodes.draw_records(source, found, options).axes if one.images]
    return {one.get_title(): np.asarray(one.images[0].get_array()) for one in axes}


def test_the_sheet_shows_the_images_of_the_records_by_class(catalog, options, packed, assignment):
    small = options.model_copy(update={"check": CheckOptions(size=32, rows=6, max_pixels=10_000)})
    panels = drawn(run(catalog, options), small)
    titles = ["benign: 39 of 39 images", "melanoma: 25 of 25 images", "without a target: 60 of 75 images"]
    assert list(panels) == titles
    shown = assignment["split"].isin(["labeled", "test"]) & (assignment["label"] == 1)
    melanomas = packed.pixels[packed.manifest.loc[shown, "row"]].astype(float)
    tile = panels[titles[1]][:32, :32].astype(float)
    assert np.abs(melanomas - tile).mean(axis=(1, 2, 3)).min() < 4  # a JPEG away from one of them


def example(name, number, **changes):
    features = {"image": fake_jpeg(number), "image_name": name.encode(), "target": number % 2} | changes
    return frame(encode(features))


def broken_shards():
    damaged = bytearray(example("c", 2))
    damaged[40] ^= 1
    return {
        "train00-4.tfrec": example("a", 0) + example("b", 1) + bytes(damaged) + example("d", 3, image=b"no image"),
        "train01-9.tfrec": b"not a shard at all, only text",
        "strange.tfrec": example("e", 4, target=b"melanoma"),
        "notes.txt": b"hello",
    }


def test_broken_records_and_shards_are_rows(options):
    shards, balance, broken, found, summary = nodes.check_records(FakeSource(broken_shards()), options)
    reasons = dict(zip(broken["file"], broken["reason"].str.partition(":")[0], strict=True))
    assert reasons == {
        "train00-4.tfrec#2": "wrong checksum of the data of a record",
        "train00-4.tfrec#3": "image cannot be decoded",
        "train01-9.tfrec": "not a TFRecord file, or damaged from its first record on",
    }
    assert shards.set_index("shard")["records"].to_dict() == {
        "strange.tfrec": 1, "train00-4.tfrec": 2, "train01-9.tfrec": 0,
    }  # fmt: skip
    assert found["image_id"].tolist() == ["e", "a", "b"]
    assert balance["records"].sum() == 3
    assert summary.set_index("split").loc["all", "broken"] == 3


def test_targets_of_others_are_shown_as_they_are(options):
    assert list(drawn(FakeSource(broken_shards()), options)) == [
        "melanoma: 1 of 1 images", "0: 1 of 1 images", "1: 1 of 1 images",
    ]  # fmt: skip


def test_many_targets_share_one_panel(options):
    many = {"train00-40.tfrec": b"".join(example(str(n), n, target=float(max(n, 20) / 7)) for n in range(40))}
    panels = list(drawn(FakeSource(many), options))
    assert len(panels) == 17
    assert panels[-1] == "rarer targets: 4 of 4 images"


def test_text_of_others_is_shown_as_it_is_but_shortened(options):
    targets = [b"$\\x_{$", b"line\nbreak \x1b[31m", b"long " * 5_000]
    files = {"train00-3.tfrec": b"".join(example(str(n), n, target=text) for n, text in enumerate(targets))}
    _, balance, _, found, summary = nodes.check_records(FakeSource(files), options)
    assert sorted(balance["target"]) == sorted(text.decode() for text in targets)
    short = "long " * 7 + "long…"
    assert summary.set_index("split").loc["labeled", "targets"] == (
        f"$\\x_{{$: 1 (33.3%), line\\nbreak \\x1b[31m: 1 (33.3%), {short}: 1 (33.3%)"
    )
    figure = nodes.draw_records(FakeSource(files), found, options)
    titles = [axes.get_title() for axes in figure.axes if axes.images]
    assert titles[2] == f"{short}: 1 of 1 images"
    assert min(rendered(figure)) > 50


def test_summary_of_many_targets_names_the_most_frequent(options):
    many = {"train00-40.tfrec": b"".join(example(str(n), n, target=max(n, 20)) for n in range(40))}
    *_, summary = nodes.check_records(FakeSource(many), options)
    parts = summary.set_index("split").loc["labeled", "targets"].split(", ")
    assert (len(parts), parts[0], parts[-1]) == (17, "20: 21 (52.5%)", "4 rarer targets: 4")


INDEX = {"shards": {"train00-2.tfrec": {}}, "classes": ["nevus", "melanoma"]}


@pytest.mark.parametrize(
    ("indexes", "titles"),
    [
        ([INDEX], ["nevus", "melanoma"]),
        ([INDEX, INDEX], ["nevus", "melanoma"]),
        ([INDEX | {"classes": ["nevus"]}], ["nevus", "1"]),
        ([INDEX, INDEX | {"classes": ["melanoma", "nevus"]}], ["0", "1"]),
        ([INDEX | {"classes": 5}], ["0", "1"]),
        ([INDEX, []], ["nevus", "melanoma"]),
        ([], ["0", "1"]),
    ],
)
def test_classes_are_named_by_the_indexes_where_they_agree(options, indexes, titles):
    files = {"0/train00-2.tfrec": example("a", 0) + example("b", 1)}
    files |= {f"{number}/shards.json": json.dumps(index).encode() for number, index in enumerate(indexes)}
    assert list(drawn(FakeSource(files), options)) == [f"{title}: 1 of 1 images" for title in titles]


def test_shards_without_any_image_give_a_sheet_that_says_so(options, sample_data):
    source = FolderSource(sample_data / "tfrecord")
    _, _, broken, found, _ = nodes.check_records(source, options)
    assert len(broken) == 1000
    figure = nodes.draw_records(source, found, options)
    assert "No record" in figure.texts[0].get_text()


def test_shards_of_others_are_checked_by_the_same_nodes(catalog, options, sample_data):
    source = FolderSource(sample_data / "siim_isic_2020" / "tfrecords")
    catalog["source"] = MemoryDataset(source, copy_mode="assign")
    SequentialRunner().run(create_check_pipeline(), catalog)
    assert catalog["check_tfrecords.shards"].load()["records"].tolist() == [80, 150, 150]
    assert catalog["check_tfrecords.broken"].load().empty
    assert not catalog.exists("tfrecords.shards")


def test_an_environment_without_files_has_nothing_to_check(options):
    with pytest.raises(SourceError, match="drawn, not read"):
        nodes.check_records(None, options)


def test_an_assignment_of_other_images_is_refused(packed, assignment, options):
    with pytest.raises(CorpusError, match="not those of the assignment"):
        nodes.select_records(packed, assignment.iloc[1:], options)


def test_augmenting_needs_training_images(packed, assignment, options):
    nothing = assignment.assign(split=assignment["split"].replace("labeled", "unlabeled"))
    with pytest.raises(CorpusError, match="no labelled training image"):
        nodes.select_records(packed, nothing, changed(options, mode="all"))


def test_the_fingerprint_follows_what_is_written_and_nothing_else(packed, assignment, options):
    def name(**changes):
        return nodes.select_records(packed, assignment, changed(options, **changes)).fingerprint

    check = options.check.model_copy(update={"rows": 1})
    assert name() == name(check=check)
    assert len({name(), name(mode="all"), name(seed=1), name(unlabeled=False)}) == 4


def test_nodes_have_names_in_words_docstrings_and_the_tag():
    for pipeline, named in (
        (create_pipeline(), {"select_records", "tfrecords.check_records", "tfrecords.draw_records"}),
        (create_check_pipeline(), {"check_tfrecords.check_records", "check_tfrecords.draw_records"}),
    ):
        assert {node.name for node in pipeline.nodes} == named
        assert all("tfrecords" in node.tags and node.func.__doc__ for node in pipeline.nodes)
    assert create_check_pipeline().inputs() == {"source", "params:tfrecords"}
    assert create_pipeline().inputs() == {"packed@corpus", "corpus@assignment", "params:tfrecords"}


def test_kedro_finds_the_typed_parameters():
    both = {"tfrecords": create_pipeline(), "check_tfrecords": create_check_pipeline()}
    assert TypeExtractor(both).extract_types_from_pipelines() == {"tfrecords": TfrecordsParams}


def test_every_parameter_is_explained_needed_and_in_the_configuration(parameters, options):
    for model in (TfrecordsParams, CheckOptions):
        for field, info in model.model_fields.items():
            assert info.is_required()
            assert re.search(rf"^\s+{field}: ", model.__doc__ or "", re.MULTILINE), field
    with pytest.raises(ValidationError, match="copy"):
        TfrecordsParams.model_validate(parameters["tfrecords"] | {"copy": 2})


def test_a_folder_of_other_shards_is_never_replaced(catalog, options):
    folder = catalog["tfrecords@written"]._folder.path
    folder.mkdir(parents=True)
    (folder / "train00-2071.tfrec").write_bytes(b"mine")
    with pytest.raises(DatasetError, match="holds other things"):
        run(catalog, options)
