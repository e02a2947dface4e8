import hashlib
import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import rgb_to_hsv
from PIL import Image
from pydantic import ValidationError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from nevus.contracts import QUARANTINE_COLUMNS, Listing, SourceError
from nevus.readers import phantom
from nevus.readers.options import PhantomOptions
from nevus.readers.phantom_population import ATTRIBUTES


def _options(**changes: Any) -> PhantomOptions:
    values: dict[str, Any] = {
        "seed": 0,
        "labeled": 200,
        "unlabeled": 2000,
        "test": 600,
        "unlabeled_melanoma_share": 0.1,
        "overlap": 0.4,
        "variation": 1.0,
    }
    return PhantomOptions(**(values | changes))


def _pixels(listing: Listing, names: list[str]) -> np.ndarray:
    return np.stack([np.asarray(Image.open(io.BytesIO(data))) for data in listing.source.read(names)])


def _color_statistics(pixels: np.ndarray) -> np.ndarray:
    rgb = pixels / 255.0
    channels = np.concatenate([rgb, rgb_to_hsv(rgb)], axis=-1).reshape(len(rgb), -1, 6)
    percentiles = np.percentile(channels, [10, 50, 90], axis=1)
    return np.concatenate([channels.mean(axis=1), channels.std(axis=1), *percentiles], axis=1)


def _oracle_accuracy(options: PhantomOptions) -> float:
    truth = phantom.attributes(options)
    train, test = (truth[truth["split"] == split] for split in ("labeled", "test"))
    columns = [item.name for item in ATTRIBUTES]
    oracle = make_pipeline(StandardScaler(), LogisticRegression()).fit(train[columns], train["label"])
    return float(oracle.score(test[columns], test["label"]))


def test_counts_and_class_shares_are_those_asked_for() -> None:
    truth = phantom.attributes(_options())
    counts = truth.groupby(["split", "label"]).size().to_dict()
    assert counts == {
        ("labeled", 0): 100,
        ("labeled", 1): 100,
        ("unlabeled", 0): 1800,
        ("unlabeled", 1): 200,
        ("test", 0): 300,
        ("test", 1): 300,
    }


def test_labels_of_unlabeled_images_are_hidden_and_others_are_true() -> None:
    options = _options()
    records, truth = phantom.read(None, options, size=32).records, phantom.attributes(options)
    hidden = records["split"] == "unlabeled"
    assert records.loc[hidden, ["label", "diagnosis"]].isna().all(axis=None)
    assert records["label"].dtype == pd.Int64Dtype()
    assert records["image_id"].tolist() == truth["image_id"].tolist()
    assert (records.loc[~hidden, "label"] == truth.loc[~hidden, "label"]).all()
    assert (records.loc[~hidden, "diagnosis"] == truth.loc[~hidden, "diagnosis"]).all()
    assert set(truth.loc[truth["label"] == 1, "diagnosis"]) == {"melanoma"}


def test_records_name_every_file_once_and_nothing_is_quarantined() -> None:
    listing = phantom.read(None, _options(), size=32)
    assert sorted(listing.records["file"]) == listing.source.names()
    assert listing.records["image_id"].is_unique
    first = listing.records.iloc[42]
    assert (first["file"], first["image_id"], first["source"]) == (
        "labeled/phantom_00042.png",
        "phantom_00042",
        "phantom",
    )
    assert listing.records.drop(columns=["label", "diagnosis"]).notna().all(axis=None)
    assert tuple(listing.quarantine.columns) == QUARANTINE_COLUMNS
    assert listing.quarantine.empty


def test_a_lesion_never_crosses_splits_or_classes_and_a_third_have_two_images() -> None:
    truth = phantom.attributes(_options())
    lesions = truth.groupby("group_id")
    assert (lesions["split"].nunique() == 1).all()
    assert (lesions["label"].nunique() == 1).all()
    assert set(lesions.size()) == {1, 2}
    assert (lesions.size() == 2).mean() == pytest.approx(1 / 3, abs=0.01)


def test_numbers_of_images_and_lesions_do_not_give_the_class_away() -> None:
    truth = phantom.attributes(_options())
    for column in (pd.Series(truth.index), truth["lesion"]):
        within = truth["split"] == "test"
        assert abs(np.corrcoef(column[within], truth.loc[within, "label"])[0, 1]) < 0.15


def test_two_images_of_a_lesion_share_its_attributes_and_patient_but_not_the_photograph() -> None:
    truth = phantom.attributes(_options())
    pairs = truth[truth.duplicated("group_id", keep=False)].groupby("group_id")
    lesion = [item.name for item in ATTRIBUTES] + ["age", "sex", "site"]
    assert (pairs[lesion].nunique() == 1).all(axis=None)
    assert (pairs[["rotation", "exposure", "light_angle"]].nunique() == 2).all(axis=None)


def test_an_image_is_the_same_whatever_is_read_with_it() -> None:
    source = phantom.read(None, _options(), size=32).source
    names = source.names()[::40]
    together = source.read(names)
    assert [source.read([name])[0] for name in names[:12]] == together[:12]
    assert source.read(names[::-1]) == together[::-1]
    assert source.read([names[3], names[3]]) == [together[3]] * 2
    assert phantom.read(None, _options(), size=32).source.read(names) == together
    assert source.read([]) == []


def test_all_images_differ_and_another_seed_draws_others() -> None:
    name = "labeled/phantom_00000.png"
    source = phantom.read(None, _options(), size=32).source
    files = source.read(source.names()[:200])
    assert len({hashlib.sha256(data).digest() for data in files}) == 200
    assert phantom.read(None, _options(seed=1), size=32).source.read([name]) != source.read([name])


@pytest.mark.parametrize("size", [32, 45, 96, 128])
def test_files_are_rgb_png_of_the_size_asked_for(size: int) -> None:
    source = phantom.read(None, _options(), size=size).source
    for data in source.read(source.names()[:4]):
        image = Image.open(io.BytesIO(data))
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (size, size))
        assert np.asarray(image).std() > 5


def test_every_size_shows_the_same_drawing() -> None:
    small, large = phantom.read(None, _options(), size=32), phantom.read(None, _options(), size=128)
    names = small.source.names()[:30]
    shrunk = _pixels(large, names).reshape(30, 32, 4, 32, 4, 3).mean(axis=(2, 4))
    assert np.abs(shrunk - _pixels(small, names)).mean() < 4  # of 255: the sensor's noise and rounding


@pytest.mark.parametrize("size", [31, 129])
def test_a_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(SourceError, match="32 to 128"):
        phantom.read(None, _options(), size=size)


def test_an_unknown_file_is_refused() -> None:
    with pytest.raises(SourceError, match="nothing"):
        phantom.read(None, _options(), size=32).source.read(["labeled/nothing.png"])


def test_fingerprint_follows_options_and_size() -> None:
    base = phantom.read(None, _options(), size=32).source.fingerprint
    assert base == phantom.read(None, _options(), size=32).source.fingerprint
    others = [(_options(seed=1), 32), (_options(overlap=0.3), 32), (_options(), 33)]
    assert len({base, *(phantom.read(None, options, size=size).source.fingerprint for options, size in others)}) == 4


@pytest.mark.parametrize("change", [{"overlap": 1.1}, {"labeled": -1}, {"seed": -1}, {"colour": 3}])
def test_options_out_of_bounds_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _options(**change)


@pytest.mark.parametrize("seed", range(5))
def test_color_statistics_go_far_but_not_all_the_way(seed: int) -> None:
    listing = phantom.read(None, _options(seed=seed), size=32)
    train, test = (listing.records[listing.records["split"] == split] for split in ("labeled", "test"))
    machine = make_pipeline(StandardScaler(), SVC(C=1.0))
    machine.fit(_color_statistics(_pixels(listing, train["file"].tolist())), train["label"].astype(int))
    features = _color_statistics(_pixels(listing, test["file"].tolist()))
    assert 0.70 <= machine.score(features, test["label"].astype(int)) <= 0.85


@pytest.mark.parametrize("seed", range(5))
def test_the_true_attributes_tell_nearly_all_but_not_everything(seed: int) -> None:
    assert 0.88 <= _oracle_accuracy(_options(seed=seed)) <= 0.97


def test_overlap_runs_from_separate_classes_to_the_same_distribution() -> None:
    assert _oracle_accuracy(_options(overlap=0.0)) > 0.98
    assert _oracle_accuracy(_options(overlap=1.0)) == pytest.approx(0.5, abs=0.07)


def test_melanoma_patients_are_older_on_average() -> None:
    ages = phantom.attributes(_options()).groupby("label")["age"]
    assert ages.mean()[1] > ages.mean()[0] + 5
    assert ages.min().min() >= 20
    assert ages.max().max() <= 90


def test_variation_spreads_skin_and_light_and_leaves_the_lesions_as_they_are() -> None:
    even, varied = (phantom.attributes(_options(variation=variation)) for variation in (0.0, 1.0))
    for name in ("tan", "exposure", "warmth", "tint"):
        assert varied[name].std() > 1.5 * even[name].std()
    assert (varied["hairs"] > 0).mean() == pytest.approx(0.7, abs=0.03)
    assert (even["hairs"] > 0).mean() == pytest.approx(0.3, abs=0.03)
    for attribute in ATTRIBUTES:
        assert (varied[attribute.name] == even[attribute.name]).all()
