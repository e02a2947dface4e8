import gzip
import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nevus.contracts import QUARANTINE_COLUMNS, Listing, Pixels, Source, SourceError
from nevus.io.raw_files import FolderSource, ZipSource
from nevus.readers import mnist
from nevus.readers.options import MnistOptions
from tests.fakes import FakeSource, write_zip
from tests.readers.fake_tables import digit_images, idx_images, idx_labels, mnist_files

ALL = tuple(range(10))


def read(source: Source | None, digits: tuple[int, ...] = ALL) -> Listing:
    return mnist.read(source, MnistOptions(digits=digits), size=32)


def decode(source: Source, names: list[str]) -> Pixels:
    """The named files as Pillow decodes them, (n, height, width)."""
    return np.stack([np.asarray(Image.open(io.BytesIO(content))) for content in source.read(names)])


def test_real_files_are_listed_whole(sample_data: Path) -> None:
    listing = read(FolderSource(sample_data / "mnist"))
    assert listing.records["image_id"].tolist() == [f"t10k/{row:05d}" for row in range(10_000)]
    assert listing.records["label"].head(10).tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert listing.records["label"].value_counts().sort_index().tolist() == counts
    assert listing.quarantine.empty


def test_real_digits_look_like_their_labels(sample_data: Path) -> None:
    """The mean images of 0 and 1 differ in their middle, where a one is black and a zero is empty."""
    listing = read(FolderSource(sample_data / "mnist"), digits=(0, 1))
    records = listing.records.head(400)
    middle = decode(listing.source, records["file"].tolist())[:, 12:16, 13:15].mean(axis=(1, 2))
    zeros = (records["label"] == 0).to_numpy(dtype=bool)
    assert middle[zeros].mean() < 50 < 150 < middle[~zeros].mean()


def test_train_is_labeled_and_t10k_is_test() -> None:
    records = read(FakeSource(mnist_files(train=20, t10k=10))).records
    assert records["split"].value_counts().to_dict() == {"labeled": 20, "test": 10}
    assert records.iloc[[0, 20]]["image_id"].tolist() == ["train/00000", "t10k/00000"]
    assert records["group_id"].isna().all()
    assert set(records["source"]) == {"MNIST"}


@pytest.mark.parametrize(("train", "t10k"), [(20, 0), (0, 20)])
def test_one_part_alone_is_labeled(train: int, t10k: int) -> None:
    assert read(FakeSource(mnist_files(train, t10k))).records["split"].tolist() == ["labeled"] * 20


def test_labels_are_positions_among_the_chosen_digits() -> None:
    listing = read(FakeSource(mnist_files(train=20, t10k=0)), digits=(8, 3))
    assert listing.classes == ("8", "3")
    assert dict(zip(listing.records["image_id"], listing.records["label"], strict=True)) == {
        "train/00003": 1,
        "train/00008": 0,
        "train/00013": 1,
        "train/00018": 0,
    }
    assert listing.quarantine.empty  # left out on purpose


def test_images_come_out_as_they_went_in() -> None:
    listing = read(FakeSource(mnist_files(train=20, t10k=10)))
    decoded = decode(listing.source, ["t10k/00002.png", "train/00007.png", "t10k/00002.png"])
    np.testing.assert_array_equal(decoded, [digit_images(10)[2], digit_images(20)[7], digit_images(10)[2]])


def test_source_lists_every_file_of_the_records_and_no_other() -> None:
    listing = read(FakeSource(mnist_files(train=20, t10k=10)))
    assert listing.source.names() == sorted(listing.records["file"])
    for name in ("train/00020.png", "train/-1.png", "train/one.png", "test/00000.png", "nothing"):
        with pytest.raises(SourceError, match="no image"):
            listing.source.read([name])


def test_source_is_small_when_pickled_and_reads_the_same(tmp_path: Path) -> None:
    source = read(ZipSource(write_zip(tmp_path / "mnist.zip", mnist_files(train=500, t10k=0)))).source
    before = source.read(["train/00499.png"])
    content = pickle.dumps(source)
    assert len(content) < 1000
    assert pickle.loads(content).read(["train/00499.png"]) == before


def test_files_are_unpacked_once() -> None:
    fake = FakeSource(mnist_files(train=20, t10k=0))
    source = read(fake).source
    fake.reads.clear()
    for row in range(20):
        source.read([f"train/{row:05d}.png"])
    assert fake.reads == ["train-images-idx3-ubyte.gz"]


def test_fingerprint_follows_the_files_below() -> None:
    first, second = (read(FakeSource(mnist_files(), version=version)).source.fingerprint for version in "12")
    assert first != second


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: name.removesuffix(".gz"),  # gzipped under a plain name: the content tells
        lambda name: name.replace("-idx", ".idx"),
        lambda name: name.upper(),
        lambda name: f"MNIST/raw/{name}",
        lambda name: f"{name.removesuffix('.gz')}/{name}",
    ],
)
def test_names_may_be_written_otherwise(rename) -> None:
    files = {rename(name): content for name, content in mnist_files().items()}
    assert len(read(FakeSource(files)).records) == 30


def test_files_may_be_plain_even_when_they_are_called_gz() -> None:
    files = mnist_files(zipped=False)
    listed = read(FakeSource(files)).records
    renamed = read(FakeSource({f"{name}.gz": content for name, content in files.items()})).records
    assert listed.equals(renamed)


def test_second_copy_of_a_file_is_quarantined() -> None:
    listing = read(FakeSource(mnist_files(20, 0) | mnist_files(20, 0, zipped=False)))
    assert len(listing.records) == 20
    assert tuple(listing.quarantine.columns) == QUARANTINE_COLUMNS
    assert listing.quarantine.to_dict("list") == {
        "file": ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"],
        "reason": [
            "second copy of another file: train-images-idx3-ubyte",
            "second copy of another file: train-labels-idx1-ubyte",
        ],
    }


def test_two_sets_in_one_source_are_refused() -> None:
    files = mnist_files(20, 0, top="digits/") | mnist_files(30, 0, top="fashion/")
    with pytest.raises(SourceError, match=r"digits/train-images(.|\n)*fashion/train-images"):
        read(FakeSource(files))


def test_other_files_are_quarantined() -> None:
    extra = {"readme.txt": b"", "emnist-letters-train-images-idx3-ubyte": b"", "../t10k-labels-idx1-ubyte": b""}
    quarantine = read(FakeSource(mnist_files() | extra | {"__MACOSX/._x": b"", "\udcff": b""})).quarantine
    assert dict(quarantine.itertuples(index=False)) == {
        "readme.txt": "not a file of MNIST by its name",
        "emnist-letters-train-images-idx3-ubyte": "not a file of MNIST by its name",
        "../t10k-labels-idx1-ubyte": "name leads out of the archive",
        "\\udcff": "name is not valid UTF-8",
    }


def test_labels_that_are_no_digits_are_quarantined() -> None:
    files = mnist_files(20, 0) | {"train-labels-idx1-ubyte.gz": idx_labels([*range(10), *range(9), 26])}
    listing = read(FakeSource(files))
    assert len(listing.records) == 19
    assert dict(listing.quarantine.itertuples(index=False)) == {"train/00019.png": "label is no digit: 26"}


IMAGES = idx_images(digit_images(20))
LABELS = idx_labels(number % 10 for number in range(20))


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        ("images-idx3", b"", "starts with 2051, found 0"),
        ("images-idx3", b"\x00\x00\x08", "starts with 2051"),
        ("images-idx3", LABELS, "starts with 2051, found 2049"),
        ("labels-idx1", IMAGES, "starts with 2049, found 2051"),
        ("images-idx3", IMAGES[:-1], "20 x 28 x 28 bytes, found 15,679"),
        ("images-idx3", IMAGES[:10], "found 0"),
        ("images-idx3", IMAGES + b"x", "20 x 28 x 28 bytes, found more"),
        ("labels-idx1", LABELS[:-1], "20 bytes, found 19"),
        ("images-idx3", gzip.compress(IMAGES)[:-9], "whole gzip file"),
        ("images-idx3", gzip.compress(IMAGES)[:-8] + b"\0\0\0\0" + gzip.compress(IMAGES)[-4:], "whole gzip file"),
        ("images-idx3", gzip.compress(IMAGES)[:3000] + b"?" + gzip.compress(IMAGES)[3001:], "damaged"),
        ("images-idx3", b"\x1f\x8b and more", "whole gzip file"),
        ("images-idx3", b"\x00\x00\x08\x03" + b"\xff" * 12, "4,294,967,295 x"),
        ("images-idx3", idx_images(digit_images(20, 28, 0)), "20 x 28 x 0"),
    ],
)
def test_damaged_file_is_refused_by_its_name(kind: str, content: bytes, message: str) -> None:
    name = f"train-{kind}-ubyte"
    with pytest.raises(SourceError, match=rf"(?s){name}.*{message}.*Fetch the original"):
        read(FakeSource(mnist_files(20, 0, zipped=False) | {name: content}))


def test_images_and_labels_of_different_number_are_refused() -> None:
    files = mnist_files(20, 0, zipped=False) | {"train-labels-idx1-ubyte": idx_labels([0] * 19)}
    with pytest.raises(SourceError, match="20 images, but train-labels-idx1-ubyte holds 19 labels"):
        read(FakeSource(files))


@pytest.mark.parametrize(("kept", "missing"), [("images", "labels"), ("labels", "images")])
def test_file_without_its_partner_is_refused(kept: str, missing: str) -> None:
    files = {name: data for name, data in mnist_files().items() if f"t10k-{missing}" not in name}
    with pytest.raises(SourceError, match=f"t10k-{kept}.* without its {missing}"):
        read(FakeSource(files))


def test_source_of_another_kind_is_refused_with_what_was_found() -> None:
    with pytest.raises(SourceError, match=r"train-images-idx3-ubyte(.|\n)*found labeled/0_0\.jpg"):
        read(FakeSource({"labeled/0_0.jpg": b""}))
    with pytest.raises(SourceError, match="needs files"):
        read(None)


@pytest.mark.parametrize("digits", [(3, 3), (3, 10), (-1, 3)])
def test_impossible_digits_are_refused(digits: tuple[int, ...]) -> None:
    with pytest.raises(SourceError, match=r"ingestion\.mnist\.digits"):
        read(FakeSource(mnist_files()), digits)


def test_digit_without_an_image_to_train_on_is_refused() -> None:
    with pytest.raises(SourceError, match=r"\[8, 9\]"):
        read(FakeSource(mnist_files(train=8, t10k=10)), (1, 8, 9))
