import tracemalloc

import numpy as np
import pandas as pd
import pytest

from nevus.contracts import Corpus, CorpusError
from nevus.corpus.views import labeled_images, require_labeled_test, select, unlabeled_images, without
from tests.benchmarks import training_memory


def corpus(splits, labels):
    n = len(splits)
    manifest = pd.DataFrame(
        {
            "image_id": [f"i{k}" for k in range(n)],
            "split": splits,
            "label": pd.array(labels, dtype="Int64"),
            "row": np.arange(n),
        }
    )
    pixels = np.arange(n, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), dtype=np.uint8)
    return Corpus(manifest, pixels, "f")


MIXED = corpus(["labeled", "labeled", "labeled", "unlabeled", "unlabeled"], [0, 1, 0, None, None])


def test_labeled_images_come_with_their_labels():
    pixels, labels = labeled_images(MIXED)
    assert pixels[:, 0, 0, 0].tolist() == [0, 1, 2]
    assert labels.tolist() == [0, 1, 0]
    assert labels.dtype == np.int64


def test_a_contiguous_split_is_a_view_not_a_copy():
    assert np.shares_memory(unlabeled_images(MIXED), MIXED.pixels)


def test_scattered_rows_are_collected_and_renumbered():
    scattered = corpus(["labeled", "unlabeled", "labeled"], [0, None, 1])
    part = select(scattered, "labeled")
    assert part.pixels[:, 0, 0, 0].tolist() == [0, 2]
    assert part.manifest["row"].tolist() == [0, 1]


def test_a_class_without_labeled_images_is_named():
    with pytest.raises(CorpusError, match="melanoma"):
        labeled_images(corpus(["labeled", "labeled"], [0, 0]))


def test_semi_supervision_without_unlabeled_images_is_refused():
    with pytest.raises(CorpusError, match="unlabelled"):
        unlabeled_images(corpus(["labeled", "labeled"], [0, 1]))


def test_holding_out_removes_those_images_from_everything_that_trains():
    rest = without(MIXED, np.array([1]))
    assert rest.manifest["image_id"].tolist() == ["i0", "i2", "i3", "i4"]
    assert select(rest, "labeled").pixels[:, 0, 0, 0].tolist() == [0, 2]
    assert len(unlabeled_images(rest)) == 2


def test_a_part_keeps_the_names_of_the_classes():
    named = MIXED._replace(classes=("nv", "mel"))
    assert select(named, "labeled").classes == ("nv", "mel")


def test_classes_are_those_of_the_corpus():
    with pytest.raises(CorpusError, match="none of bcc"):
        labeled_images(MIXED._replace(classes=("nv", "mel", "bcc")))


@pytest.mark.parametrize(
    ("labels", "found"), [([0, 0], "2 benign, 0 melanoma and 0 without"), ([1, None], "0 benign, 1 melanoma and 1")]
)
def test_a_test_split_without_every_label_is_refused_with_the_way_out(labels, found):
    with pytest.raises(CorpusError, match=rf"{found}.*splits\.test=hold_out"):
        require_labeled_test(corpus(["test", "test"], labels))
    require_labeled_test(corpus(["test", "test"], [1, 0]))


def test_one_class_alone_is_refused_before_a_training():
    alone = corpus(["labeled", "test"], [0, 0])._replace(classes=("akiec",))
    with pytest.raises(CorpusError, match="two classes or more apart, but the corpus has only akiec"):
        labeled_images(alone)


def test_scattered_views_are_not_read_before_they_are_indexed(tmp_path):
    """Held-out images lie between those that train, and labelled between unlabelled ones."""
    training_memory.write_corpus(tmp_path, images=2_000, size=48)  # 14 MB
    training_memory.open_corpus(tmp_path)  # imports what it needs, which is not to be counted
    tracemalloc.start()
    training = training_memory.open_corpus(tmp_path)
    for part in (training, without(training, np.arange(0, 200, 3))):
        (pixels, labels), unlabeled = labeled_images(part), unlabeled_images(part)
        for start in range(0, 128, 32):
            assert pixels[np.arange(start, start + 32)].shape == unlabeled[start : start + 32].shape == (32, 48, 48, 3)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(labels) == 200 - 67
    assert len(unlabeled) == 1_400
    assert peak < 2_000_000  # the labelled images alone would take 1.4 MB, the unlabelled ones 9.7 MB
