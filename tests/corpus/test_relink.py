from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from nevus.contracts import Corpus, CorpusError, Pixels
from nevus.corpus import relink as relink_module
from nevus.corpus.options import RelinkOptions
from nevus.corpus.relink import RELINK_COLUMNS, relink, summarise
from tests.corpus.drawings import brighter, corpus_of, drawings, melanoma_corpus, recompressed, resized


@pytest.fixture(scope="module")
def options(project: Path) -> RelinkOptions:
    text = (project / "conf" / "base" / "parameters" / "relink.yml").read_text()
    values = yaml.safe_load(text)["relink"]  # some are of the pipeline alone
    return RelinkOptions(**{name: values[name] for name in RelinkOptions.model_fields})


@pytest.fixture(scope="module")
def images() -> Pixels:
    return drawings(40)


def _originals(images: Pixels, groups: list[str] | None = None) -> Corpus:
    return corpus_of(images, prefix="o", group_id=groups or [f"lesion {number}" for number in range(len(images))])


def _small(images: Pixels) -> Pixels:
    return np.stack([recompressed(resized(image, 32), 75) for image in images])


def test_small_copies_find_their_originals_and_their_lesions(images: Pixels, options: RelinkOptions) -> None:
    table = relink(corpus_of(_small(images[30:10:-1])), _originals(images), options)
    assert tuple(table.columns) == RELINK_COLUMNS
    assert table["other_id"].tolist() == [f"o{number}" for number in range(30, 10, -1)]
    assert table["group_id"].tolist() == [f"lesion {number}" for number in range(30, 10, -1)]
    assert table["reason"].isna().all()
    assert (table["margin"] > options.margin).all()


def test_images_without_original_get_none_and_a_reason(images: Pixels, options: RelinkOptions) -> None:
    table = relink(corpus_of(_small(images)), _originals(images[:20]), options)
    assert table["other_id"].notna().tolist() == [True] * 20 + [False] * 20
    assert table["group_id"].notna().tolist() == [True] * 20 + [False] * 20
    assert table["reason"].iloc[20:].str.startswith("no original is alike enough: ").all()


def test_of_two_that_claim_one_original_the_more_alike_gets_it(images: Pixels, options: RelinkOptions) -> None:
    better, worse = recompressed(images[3], 90), recompressed(brighter(images[3], 20), 30)
    table = relink(corpus_of(np.stack([worse, better])), _originals(images), options)
    assert table["other_id"].fillna("-").tolist() == ["-", "o3"]
    assert table["reason"].fillna("-").tolist() == ["the original went to an image more like it: o3", "-"]


def test_a_second_original_of_the_lesion_serves_the_second_claim(images: Pixels, options: RelinkOptions) -> None:
    """Two originals of one lesion are as good as equal: neither image may go without, and the margin must not count."""
    twins = np.stack([images[3], recompressed(images[3], 95), *images[4:10]])
    groups = ["one", "one", *[f"lesion {number}" for number in range(4, 10)]]
    copies = np.stack([recompressed(images[3], 60), recompressed(images[3], 60)])
    table = relink(corpus_of(copies), _originals(twins, groups), options)
    assert set(table["other_id"]) == {"o0", "o1"}
    assert table["group_id"].tolist() == ["one", "one"]


def test_originals_of_two_lesions_that_look_alike_decide_nothing(images: Pixels, options: RelinkOptions) -> None:
    twins = np.stack([images[3], recompressed(images[3], 95), *images[4:10]])
    table = relink(corpus_of(images[3:4]), _originals(twins), options)
    assert table["group_id"].isna().all()
    assert table["reason"].str.startswith("originals of two lesions are about as alike: ").all()


def test_an_original_without_group_is_matched_and_gives_none(images: Pixels, options: RelinkOptions) -> None:
    corpus = _originals(images)
    corpus.manifest.loc[3, "group_id"] = None
    table = relink(corpus_of(images[2:5]), corpus, options)
    assert table["other_id"].tolist() == ["o2", "o3", "o4"]
    assert table["group_id"].notna().tolist() == [True, False, True]


def test_originals_without_any_group_are_refused(images: Pixels, options: RelinkOptions) -> None:
    corpus = corpus_of(images, group_id=[None] * len(images))
    with pytest.raises(CorpusError, match=r"none of the 40 images has a group_id.*relink_originals"):
        relink(corpus_of(images), corpus, options)


def test_blocks_do_not_change_the_result(
    images: Pixels, options: RelinkOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    low = options.model_copy(update={"correlation": 0.1, "margin": 0.0})
    table = relink(corpus_of(_small(images)), _originals(images[5:]), low)
    monkeypatch.setattr(relink_module, "PRODUCTS", 3 * 35)
    pd.testing.assert_frame_equal(relink(corpus_of(_small(images)), _originals(images[5:]), low), table)


def test_fewer_originals_than_candidates_are_enough(images: Pixels, options: RelinkOptions) -> None:
    table = relink(corpus_of(images[:3]), _originals(images[1:2]), options)
    assert table["other_id"].fillna("-").tolist() == ["-", "o0", "-"]


def test_summary_counts_matches_and_lesions_shared_between_splits(images: Pixels, options: RelinkOptions) -> None:
    copies = corpus_of(images[:6])
    copies.manifest["split"] = ["test", "test", "unlabeled", "unlabeled", "unlabeled", "labeled"]
    groups = ["a", "b", "a", "a", "c"]  # and no original for the last
    table = summarise(copies.manifest, relink(copies, _originals(images[:5], groups), options))
    found = table.set_index("split")[["images", "matched", "lesions", "shared"]].T.to_dict("list")
    assert found == {"test": [2, 2, 2, 1], "unlabeled": [3, 3, 2, 2], "labeled": [1, 0, 0, 0]}


def test_real_images_find_their_originals(sample_data: Path, options: RelinkOptions) -> None:
    """850 originals, one a lesion, of which the 450 nevi and melanomas may be in the set and the others cannot."""
    copies, originals = melanoma_corpus(sample_data), _ham10000(sample_data)
    table = relink(copies, originals, options)
    matched = table[table["other_id"].notna()]
    table = originals.manifest.set_index("image_id")
    diagnosis = matched["other_id"].map(table["diagnosis"])
    # 7,518 of the 7,818 are here; 300 of its test images (150 of 6,705 nevi, 150 of 1,113 melanomas) are not
    expected = 300 * (1 - 150 / 6705) + 150 * (1 - 150 / 1113)
    assert abs(len(matched) - expected) < 10
    assert set(diagnosis) == {"nv", "mel"}
    labels = matched["image_id"].map(copies.manifest.set_index("image_id")["label"]).dropna()
    assert len(labels) > 40
    assert (labels == (diagnosis.loc[labels.index] == "mel")).all()


def _ham10000(sample_data: Path) -> Corpus:
    table = pd.read_csv(sample_data / "ham10000" / "HAM10000_metadata.csv").set_index("image_id")
    files = sorted((sample_data / "ham10000" / "images").glob("*.jpg"))
    pixels = np.stack([np.asarray(Image.open(file).resize((64, 64), Image.Resampling.BILINEAR)) for file in files])
    rows = table.loc[[file.stem for file in files]].reset_index()
    manifest = pd.DataFrame(
        {
            "image_id": rows["image_id"],
            "group_id": rows["lesion_id"],
            "diagnosis": rows["dx"],
            "row": range(len(rows)),
        }
    )
    return Corpus(manifest, pixels, "fingerprint")
