import itertools
import time

import pytest

from nevus.contracts import SPLITS
from nevus.readers.split_folders import WORDS, split_of

BESIDE = ["dir", "directory", "folder", "set", "data", "dataset", "images", "imgs", "samples", "split"]


def test_words_are_those_of_the_splits() -> None:
    assert set(WORDS) == set(SPLITS)


@pytest.mark.parametrize(("split", "word"), [(split, word) for split, words in WORDS.items() for word in words])
def test_a_word_beside_others_that_say_nothing_is_the_split_in_any_case_and_order(split: str, word: str) -> None:
    for beside, gap in itertools.product(BESIDE, ("", "_", "-", " ")):
        for name in (word, word + gap + beside, beside + gap + word):
            assert {split_of(name), split_of(name.upper()), split_of(name.title())} == {split}


@pytest.mark.parametrize(
    "name", ["", "melanoma", "nv", "base_dir", "dataset", "images", "tests", "testicle", "trainer", "development_2a"]
)
def test_other_words_are_no_splits(name: str) -> None:
    assert split_of(name) is None


@pytest.mark.parametrize("word", ["train", "val", "test"])
def test_a_split_with_a_class_in_its_name_is_none_of_these(word: str) -> None:
    assert split_of(f"{word}_melanoma") is None
    assert split_of(f"nevus-{word}") is None


def test_a_hostile_name_takes_no_time() -> None:
    started = time.process_time()
    assert split_of("imagesdataset" * 2_000 + "train" + "data_" * 2_000 + "!x") is None
    assert time.process_time() - started < 10  # milliseconds; minutes where an expression goes back over the name
