import pytest

from nevus.file_contents import recognise
from nevus.quarantine import BESIDE, DICOM, HEIC, OTHER_FORMAT, Kind, advice, is_loss, kind_of
from nevus.readers.names import SUFFIXES, UNREAD, set_aside_others

CONTENTS = {HEIC: b"\0\0\0\x24ftypheic\0\0\0\0mif1heic", DICOM: bytes(128) + b"DICM\2\0"}


@pytest.mark.parametrize(("suffix", "kind"), UNREAD.items())
def test_a_format_that_is_not_read_gets_the_advice_that_its_content_would(suffix: str, kind: Kind) -> None:
    ((name, reason),) = set_aside_others([f"a/1{suffix.upper()}"])
    assert (name, kind_of(reason)) == (f"a/1{suffix.upper()}", kind)
    assert "Convert" in advice([reason])
    assert kind not in CONTENTS or recognise(CONTENTS[kind]) == kind


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_image_of_another_format_than_the_reader_takes_is_told_to_be_converted(suffix: str) -> None:
    ((_, reason),) = set_aside_others([f"1{suffix}"], (".jpg",))
    assert kind_of(reason) == OTHER_FORMAT


@pytest.mark.parametrize("name", ["README.md", "a/LICENSE", "notes.txt", "labels.CSV", "x.ipynb", ".gitattributes"])
def test_what_lies_beside_the_images_of_many_data_sets_is_no_loss(name: str) -> None:
    ((_, reason),) = set_aside_others([name])
    assert kind_of(reason) == BESIDE
    assert not is_loss(reason)


@pytest.mark.parametrize("name", ["train/benign/0", "1.weights", "1.heic", "images.tar.gz", "1.jpg.crdownload"])
def test_what_may_be_an_image_counts_as_lost(name: str) -> None:
    ((_, reason),) = set_aside_others([name])
    assert is_loss(reason)
