import contextlib
import io
import re

import numpy as np
import pandas as pd
import pytest
import yaml

from nevus.contracts import ASSIGNMENT_COLUMNS, DUPLICATE_COLUMNS, CorpusError
from nevus.corpus import schema
from nevus.corpus.options import SplitOptions
from nevus.corpus.split import assign

CLASSES = ("benign", "melanoma")


@pytest.fixture(scope="module")
def defaults(project):
    return yaml.safe_load((project / "conf/base/parameters/splits.yml").read_text())["splits"]


@pytest.fixture(scope="module")
def place(defaults):
    """`assign` with the options of conf/base, but for some."""

    def place(manifest, pairs=(), classes=CLASSES, trains=True, **options):
        options = SplitOptions(**{**defaults, **options})
        return assign(manifest, duplicates(*pairs), options, classes=classes, trains=trains)

    return place


def fake_manifest(seed=0, labeled=300, validation=0, unlabeled=60, test=60, grouped=True):
    """Lesions of one to three images; every third image is a melanoma, every tenth has no lesion."""
    rng = np.random.default_rng(seed)
    tables = []
    for split, count in {"labeled": labeled, "validation": validation, "unlabeled": unlabeled, "test": test}.items():
        groups = np.repeat(np.arange(count), rng.integers(1, 4, count))[:count]
        table = pd.DataFrame({"image_id": [f"{split}{i}" for i in range(count)], "split": split})
        table["label"] = pd.array((groups % 3 == 0).astype(int), dtype="Int64")
        table["group_id"] = [f"{split}-lesion{g}" if grouped and rng.random() < 0.9 else None for g in groups]
        tables.append(table.assign(label=table["label"].where(table["split"] != "unlabeled")))
    rows = pd.concat(tables, ignore_index=True)
    return schema.conform(
        rows.assign(source="fake", width=8, height=8, sha256=shas(len(rows)), phash="0" * 16, row=range(len(rows)))
    )


def shas(count):
    return [f"{number:064x}" for number in range(count)]


def duplicates(*pairs):
    rows = [(first, second, kind, 1.0, 0) for first, second, kind in pairs]
    return pd.DataFrame(rows, columns=list(DUPLICATE_COLUMNS))


def crossing(manifest, table, *splits):
    """Groups with images in more than one of these splits."""
    inside = table["split"].isin(splits) & manifest["group_id"].notna()
    return (table["split"][inside].groupby(manifest["group_id"][inside]).nunique() > 1).sum()


def test_official_splits_stay_as_they_are(place):
    manifest = fake_manifest(validation=40)
    table = place(manifest)
    assert tuple(table.columns) == ASSIGNMENT_COLUMNS
    assert table["image_id"].tolist() == manifest["image_id"].tolist()
    assert table["split"].tolist() == manifest["split"].tolist()
    assert table["label"].equals(manifest["label"])
    assert table["reason"].isna().all()


def test_the_assignment_survives_parquet(place, tmp_path):
    table = place(fake_manifest(), label_budget=20)
    table.to_parquet(tmp_path / "assignment.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "assignment.parquet"), table)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("grouped", [True, False])
def test_held_out_parts_have_their_share_and_no_group_crosses(place, seed, grouped):
    manifest = fake_manifest(seed, grouped=grouped)
    table = place(manifest, test="hold_out", validation="hold_out", seed=seed)
    assert crossing(manifest, table, "labeled", "validation", "test", "unlabeled") == 0
    known = manifest["label"].notna()
    for label in (0, 1):
        split = table["split"][known & (manifest["label"] == label)]
        assert (split == "test").mean() == pytest.approx(0.2, abs=0.02)
        assert (split == "validation").mean() == pytest.approx(0.15 * 0.8, abs=0.02)
    assert table["split"].notna().all()


def test_a_share_that_the_sources_own_split_makes_idle_is_told(place, caplog):
    caplog.set_level("INFO")
    place(fake_manifest(), test="prefer_official")
    assert "splits.test_share is for splits.test=hold_out only" in caplog.text


def test_official_test_images_are_drawn_anew_by_hold_out_and_say_so(place):
    manifest = fake_manifest()
    manifest["label"] = manifest["label"].where(manifest.index != manifest.index[-1])  # a test image without a label
    table = place(manifest, test="hold_out").set_index(manifest["split"])
    moved = table.loc["test"][table.loc["test", "split"] == "labeled"]
    assert len(moved) > 30
    assert (moved["reason"] == "the source's test split is drawn anew").all()
    assert table["split"].iloc[-1] == "unlabeled"
    assert table.loc["test", "reason"][table.loc["test", "split"] == "test"].isna().all()
    assert (table.loc["labeled", "reason"].dropna() == "held out for test").all()


def test_images_elsewhere_of_a_held_out_group_are_left_out(place):
    manifest = fake_manifest(test=0, validation=30)
    others = manifest["split"].isin(["unlabeled", "validation"])
    lesions = manifest.loc[manifest["split"] == "labeled", "group_id"].dropna().tolist()
    manifest.loc[others, "group_id"] = lesions[: others.sum()]
    table = place(manifest, test="hold_out")
    assert crossing(manifest, table, "test", "labeled", "unlabeled", "validation") == crossing(
        manifest, table, "labeled", "unlabeled", "validation"
    )
    left = table[table["split"].isna()]
    assert len(left) and others[left.index].all()
    assert left["label"].isna().all()
    assert left["reason"].str.startswith("its group is held out for test: labeled-lesion").all()


def test_a_validation_part_leaves_official_test_images_alone(place):
    manifest = fake_manifest(validation=30)
    table = place(manifest, validation="hold_out")
    assert (table["split"] == "test").equals(manifest["split"] == "test")
    assert (table["split"] == "validation").sum() == pytest.approx(0.15 * 330, abs=3)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("near", ["remove", "keep"])
def test_no_duplicate_of_a_test_image_trains_or_chooses(place, seed, near):
    manifest = fake_manifest(seed, validation=30)
    rng, ids = np.random.default_rng(seed), manifest["image_id"].to_numpy()
    ends = [(a, b) for a, b in rng.choice(len(ids), (40, 2)) if a != b]
    pairs = [(ids[a], ids[b], str(rng.choice(["exact", "near"]))) for a, b in ends]
    table = place(manifest, pairs, near_duplicates=near, test="hold_out", seed=seed)
    split = table.set_index("image_id")["split"].fillna("out")
    checked = [pair for pair in pairs if pair[2] == "exact" or near == "remove"]
    for first, second, _ in checked:
        sides = {split[first], split[second]}
        assert not ("test" in sides and sides & {"labeled", "unlabeled", "validation"})
        assert not ("validation" in sides and sides & {"labeled", "unlabeled"})
    assert "out" in set(split)


def test_equal_bytes_are_followed_through_a_chain_but_likeness_is_not(place):
    chain = [("labeled0", "unlabeled0"), ("unlabeled0", "test0")]
    exact = place(fake_manifest(), [(*pair, "exact") for pair in chain]).set_index("image_id")
    assert exact.loc[["labeled0", "unlabeled0"], "split"].isna().all()
    assert exact.loc["labeled0", "reason"] == "same bytes or pixels as a test image: test0"
    pairs = [(*pair, "near") for pair in chain]
    near = place(fake_manifest(), pairs, near_duplicates="remove").set_index("image_id")
    assert near.loc["labeled0", "split"] == "labeled"
    assert near.loc["unlabeled0", "reason"] == "nearly the same as a test image: test0"


def test_a_copy_of_a_near_duplicate_goes_with_it(place):
    pairs = [("labeled0", "labeled9", "exact"), ("labeled9", "test0", "near")]
    table = place(fake_manifest(), pairs, near_duplicates="remove").set_index("image_id")
    assert table.loc[["labeled0", "labeled9"], "split"].isna().all()


def test_duplicates_stay_where_asked_and_within_a_split(place):
    pairs = [("labeled0", "test0", "exact"), ("labeled1", "labeled2", "exact"), ("test1", "test2", "exact")]
    assert place(fake_manifest(), pairs, exact_duplicates="keep")["split"].notna().all()
    table = place(fake_manifest(), pairs).set_index("image_id")
    assert table.index[table["split"].isna()].tolist() == ["labeled0"]


def test_labels_beyond_the_budget_are_hidden(place):
    manifest = fake_manifest()
    table = place(manifest, label_budget=20)
    labeled = table[table["split"] == "labeled"]
    assert labeled["label"].value_counts().to_dict() == {0: 20, 1: 20}
    hidden = table[(manifest["split"] == "labeled") & (table["split"] == "unlabeled")]
    assert len(hidden) == 300 - 40
    assert hidden["label"].isna().all()
    assert (hidden["reason"] == "label hidden by the budget: 20 of each class").all()


def test_a_budget_too_large_stops_a_training_and_only_warns_whoever_looks_at_the_data(place, caplog):
    manifest = fake_manifest(unlabeled=0)
    with pytest.raises(CorpusError, match=r"splits.label_budget=50"):
        place(manifest, label_budget=150)
    table = place(manifest, label_budget=150, trains=False)
    assert "splits.label_budget=50" in caplog.text
    assert table.loc[table["split"] == "labeled", "label"].value_counts().to_dict() == {0: 150, 1: 100}
    assert (place(manifest, label_budget=50)["split"] == "unlabeled").any()


@pytest.mark.parametrize("split", ["test", "validation"])
@pytest.mark.parametrize("there", [True, False])
def test_a_split_is_drawn_only_where_the_source_has_none(place, split, there):
    manifest = fake_manifest(**{split: 60 if there else 0})
    expected = place(manifest, **{split: "official" if there else "hold_out"})
    pd.testing.assert_frame_equal(place(manifest, **{split: "prefer_official"}), expected)


def test_budgets_are_nested_with_one_test_split(place):
    manifest, kept, tested = fake_manifest(labeled=900), [], []
    for budget in (20, 50, 100, 200):
        table = place(manifest, test="hold_out", label_budget=budget)
        kept.append(set(table.loc[table["split"] == "labeled", "image_id"]))
        tested.append(set(table.loc[table["split"] == "test", "image_id"]))
    assert kept[0] < kept[1] < kept[2] < kept[3]
    assert all(test == tested[0] for test in tested)


def test_the_order_of_the_rows_decides_nothing_and_the_seed_does(place):
    manifest = fake_manifest(validation=30)
    pairs = [("labeled0", "test0", "exact"), ("labeled0", "test1", "exact"), ("labeled3", "test2", "near")]
    options = {"test": "hold_out", "validation": "hold_out", "near_duplicates": "remove", "label_budget": 40}
    table = place(manifest, pairs, **options)
    shuffled = manifest.sample(frac=1, random_state=0)
    again = place(shuffled, [(b, a, kind) for a, b, kind in reversed(pairs)], **options)
    pd.testing.assert_frame_equal(again.sort_index(), table)
    assert not place(manifest, pairs, **options, seed=1)["split"].equals(table["split"])


def test_a_labelled_image_without_a_label_is_unlabelled(place):
    manifest = fake_manifest()
    manifest.loc[0, "label"] = pd.NA
    first = place(manifest).iloc[0]
    assert (first["split"], first["reason"]) == ("unlabeled", "has no label")


def test_the_label_of_an_unlabelled_image_is_hidden(place):
    manifest = fake_manifest()
    manifest["label"] = manifest["label"].fillna(1)
    table = place(manifest)
    assert table.loc[table["split"] == "unlabeled", "label"].isna().all()


def test_one_class_can_be_held_out(place):
    """The synthesis of images needs no second class."""
    manifest = fake_manifest(test=0)
    manifest["label"] = manifest["label"].where(manifest["label"].isna(), 0)
    assert (place(manifest, test="hold_out", classes=("nv",))["split"] == "test").sum() == pytest.approx(60, abs=3)


@pytest.mark.parametrize(
    ("manifest", "options", "message"),
    [
        ({"test": 0}, {}, r"source has no test images. Add splits.test=hold_out to --params"),
        ({"labeled": 0}, {"validation": "hold_out"}, r"splits.validation is hold_out, but there is no labelled image"),
        ({"labeled": 0, "test": 0}, {"test": "hold_out"}, r"splits.test is hold_out, but there is no labelled image"),
        ({}, {"test": "hold_out", "test_share": 0.001}, r"'benign'.*that is none. Raise splits.test_share"),
        ({}, {"validation": "hold_out", "validation_share": 0.999}, r"that is all. Lower splits.validation_share"),
        ({}, {"label_budget": 150}, r"150 labelled images of each class, but class 'melanoma' has only"),
        ({}, {"pairs": [("labeled0", "gone", "exact")]}, r"'gone', which is not in the manifest"),
        ({}, {"classes": ("benign",)}, r"has the label 1, but there are only the classes benign"),
    ],
)
def test_what_cannot_be_done_is_said(place, manifest, options, message):
    with pytest.raises(CorpusError, match=message):
        place(fake_manifest(**manifest), **options)


def test_the_lesions_of_ham10000_are_held_out_whole_and_by_class(place, sample_data):
    rows = pd.read_csv(sample_data / "ham10000" / "HAM10000_metadata.csv")
    classes = tuple(sorted(rows["dx"].unique()))
    labels = rows["dx"].map(classes.index)
    manifest = pd.DataFrame({"image_id": rows["image_id"], "split": "labeled", "group_id": rows["lesion_id"]})
    manifest["label"] = labels.astype("Int64")
    table = place(manifest, classes=classes, test="hold_out", validation="hold_out")
    assert crossing(manifest, table, "labeled", "validation", "test") == 0
    shares = (table["split"] == "test").groupby(labels).mean()
    assert shares.to_numpy() == pytest.approx(np.full(7, 0.2), abs=0.01)


def test_the_example_of_the_page_prints_what_the_page_shows(project, monkeypatch):
    text = (project / "docs/explanation/splits.md").read_text()
    code, shown = re.search(r"```python\n(.*?)```\n\n```text\n(.*?)```", text, re.DOTALL).groups()
    monkeypatch.chdir(project)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "splits.md", "exec"), {})
    assert [line.rstrip() for line in printed.getvalue().splitlines()] == shown.splitlines()
