import multiprocessing
import os
import pickle
import re
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from kedro.io import DatasetError

from nevus.contracts import SourceError
from nevus.file_names import refusal
from nevus.io import raw_files
from nevus.io.raw_files import FolderSource, ZipSource
from nevus.io.source import SourceDataset
from nevus.quarantine import LEADS_OUT, NOT_ALLOWED, SetAsideError
from tests.fakes import write_folder, write_zip

FILES = {"b/2.jpg": b"two", "a/1.jpg": b"one", "c.txt": b"three"}
HOSTILE = ["../x.jpg", "/abs.jpg", "C:\\x.jpg", "..\\y.jpg", "\\y.jpg", "\\\\server\\y.jpg", "a\\..\\..\\z.jpg"]


def _refused(path: Path) -> str:
    with pytest.raises(DatasetError) as caught:
        SourceDataset(filepath=str(path), obtain="Get it from the moon.").load()
    assert isinstance(caught.value.__cause__, SourceError)
    return str(caught.value.__cause__)


@pytest.fixture(params=["zip", "folder"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> ZipSource | FolderSource:
    write = write_zip if request.param == "zip" else write_folder
    found = SourceDataset(filepath=str(write(tmp_path / "raw", FILES))).load()
    assert isinstance(found, ZipSource if request.param == "zip" else FolderSource)
    return found


def test_names_are_sorted_files_without_folders(source: ZipSource | FolderSource) -> None:
    assert source.names() == ["a/1.jpg", "b/2.jpg", "c.txt"]


def test_files_are_read_in_the_order_asked_for(source: ZipSource | FolderSource) -> None:
    assert source.read(["c.txt", "a/1.jpg"]) == [b"three", b"one"]


def test_missing_file_is_refused_by_name(source: ZipSource | FolderSource) -> None:
    with pytest.raises(SourceError, match=r"nowhere\.jpg"):
        source.read(["nowhere.jpg"])


def test_source_travels_to_another_process(source: ZipSource | FolderSource) -> None:
    source.read(["c.txt"])
    copy = pickle.loads(pickle.dumps(source))
    assert copy.read(["a/1.jpg"]) == [b"one"]
    assert copy.fingerprint == source.fingerprint


@pytest.mark.skipif(os.name != "posix", reason="processes fork on POSIX systems only")
def test_forked_process_opens_the_archive_anew(tmp_path: Path) -> None:
    source = ZipSource(write_zip(tmp_path / "raw.zip", FILES))
    source.names()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(_opened_by, (source,)) == [True]


def _opened_by(source: ZipSource) -> list[bool]:
    source.read(["c.txt"])
    return [source._opened is not None and source._opened.process == os.getpid()]


def test_no_filepath_means_no_source() -> None:
    assert SourceDataset(filepath=None, obtain="").load() is None


@pytest.mark.parametrize("kind", ["missing", "text", "broken", "empty zip", "empty folder", "empty file"])
def test_what_cannot_serve_is_refused_with_path_and_advice(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "raw.zip"
    if kind == "text":
        path.write_text("this is no archive")
    elif kind == "broken":
        path.write_bytes(write_zip(path, FILES).read_bytes()[:-40])
    elif kind == "empty zip":
        write_zip(path, {})
    elif kind == "empty folder":
        path.mkdir()
    elif kind == "empty file":
        path.touch()
    message = _refused(path)
    assert str(path) in message
    assert "Get it from the moon." in message


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_path_that_no_system_can_have_is_refused(name: str, tmp_path: Path) -> None:
    assert "cannot be reached" in _refused(tmp_path / name) or "nothing is there" in _refused(tmp_path / name)
    assert not SourceDataset(filepath=str(tmp_path / name), obtain="").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("raw", "beside it lies 'Raw.zip'"),
        ("RAW.ZIP", "beside it lies 'Raw.zip'"),
        ("Rww.zip", "beside it lies 'Raw.zip'"),
        ("other", "nothing is there. Get it"),
        ("gone/deep/raw.zip", "of this path there is no more than {}. Get it"),
    ],
)
def test_what_lies_near_a_path_where_nothing_is_gets_named(given: str, said: str, tmp_path: Path) -> None:
    write_zip(tmp_path / "Raw.zip", FILES)
    assert said.format(tmp_path) in _refused(tmp_path / given)


@pytest.mark.parametrize("start", [0, 4])
def test_a_part_of_a_zip_is_told_from_other_files(start: int, tmp_path: Path) -> None:
    content = write_zip(tmp_path / "whole.zip", FILES).read_bytes()
    (tmp_path / "part.zip").write_bytes(b"PK\x07\x08"[:start] + content[:-60])  # the first of several has a mark
    message = _refused(tmp_path / "part.zip")
    assert "its end is missing" in message
    assert "7z x part.zip" in message


@pytest.mark.parametrize("name", ["table.csv", "image.jpg", "notes"])
def test_a_single_file_is_told_to_be_named_by_its_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"id,label\n1,2\n")
    assert f"--params source={tmp_path}." in _refused(tmp_path / name)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("name", ["my images.tar.gz", "images.tgz", "images"])
def test_a_tar_archive_is_refused_with_the_command_that_makes_a_source_of_it(
    mode: Any, name: str, tmp_path: Path
) -> None:
    with tarfile.open(tmp_path / name, mode) as archive:
        archive.add(write_folder(tmp_path / "raw", FILES), ".")
    message = _refused(tmp_path / name)
    command, folder = re.search(r"Unpack it by `(.+)`, and give `--params source=(.+)`", message).groups()  # type: ignore[union-attr]
    subprocess.run(command, shell=True, check=True)
    assert FolderSource(Path(folder)).names() == sorted(FILES)


@pytest.mark.parametrize(("start", "program"), [(b"7z\xbc\xaf\x27\x1c", "7z x "), (b"Rar!\x1a\x07\x01", "unrar x ")])
def test_other_archives_are_refused_with_the_program_that_unpacks_them(
    start: bytes, program: str, tmp_path: Path
) -> None:
    (tmp_path / "images").write_bytes(start + bytes(40))
    assert program in _refused(tmp_path / "images")


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git lfs pull"),
        (b"<!DOCTYPE html><html><body>Please log in</body></html>", "The download failed"),
    ],
)
def test_what_stands_in_an_archives_place_is_named(content: bytes, advice: str, tmp_path: Path) -> None:
    (tmp_path / "images.zip").write_bytes(content)
    assert advice in _refused(tmp_path / "images.zip")


def test_zip_whose_directory_is_damaged_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "raw.zip", FILES)
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02")] = 0
    path.write_bytes(content)
    assert "cannot be read" in _refused(path)


def test_saving_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError):
        SourceDataset(filepath=str(tmp_path)).save({})  # type: ignore[arg-type]


def test_hostile_names_are_listed_and_stay_hostile_and_nothing_is_unpacked(tmp_path: Path) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    source = ZipSource(write_zip(folder / "raw.zip", dict.fromkeys(HOSTILE, b"evil")))
    assert source.names() == sorted(name.replace("\\", "/") for name in HOSTILE)
    assert all(map(refusal, source.names()))
    assert source.read(source.names()) == [b"evil"] * len(HOSTILE)
    assert [path.name for path in tmp_path.rglob("*")] == ["inner", "raw.zip"]


@pytest.mark.skipif(shutil.which("unzip") is None, reason="no unzip here")
@pytest.mark.parametrize("name", ["/a/x.jpg", "../a/x.jpg"])
def test_names_that_lead_out_of_an_archive_are_mended_as_their_advice_says(name: str, tmp_path: Path) -> None:
    assert refusal(name) == LEADS_OUT.said
    assert "by `unzip`" in LEADS_OUT.advice
    archive = write_zip(tmp_path / "raw.zip", {name: b"x"})
    subprocess.run(["unzip", "-q", archive, "-d", tmp_path / "raw"], check=False, capture_output=True)  # it warns by 1
    assert FolderSource(tmp_path / "raw").names() == ["a/x.jpg"]


def test_backslashes_of_a_zip_from_windows_are_folders(tmp_path: Path) -> None:
    files = {"top\\": b"", "top\\train\\a\\1.jpg": b"one", "top\\train\\b\\2.jpg": b"two"}
    source = ZipSource(write_zip(tmp_path / "raw.zip", files))
    assert source.names() == ["top/train/a/1.jpg", "top/train/b/2.jpg"]
    assert source.read(source.names()) == [b"one", b"two"]


@pytest.mark.parametrize(("again", "torn"), [(b"one", False), (b"ONE", True)])
def test_a_name_with_backslashes_is_that_with_slashes(again: bytes, torn: bool, tmp_path: Path) -> None:
    source = ZipSource(write_zip(tmp_path / "raw.zip", {"a/1.jpg": b"one", "a\\1.jpg": again}))
    assert source.names() == ["a/1.jpg"]
    if not torn:
        assert source.read(["a/1.jpg"]) == [b"one"]
        return
    with pytest.raises(SourceError, match="comes several times"):
        source.read(["a/1.jpg"])


@pytest.mark.parametrize("encoding", ["utf-8", "cp850"])
def test_names_without_the_flag_of_utf8_are_read_and_opened(encoding: str, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "raw.zip", {"XXXXXXXX.jpg": b"one"})
    stored = "mélanom".ljust(8 - (encoding == "utf-8"), "e").encode(encoding)
    path.write_bytes(path.read_bytes().replace(b"XXXXXXXX", stored))
    source = ZipSource(path)
    assert source.names() == [f"{stored.decode(encoding)}.jpg"]
    assert source.read(source.names()) == [b"one"]


def test_symbolic_link_in_a_zip_is_only_its_text(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("labeled/0_0.jpg")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "raw.zip", "w") as archive:
        archive.writestr(link, "/etc/hostname")
    assert ZipSource(tmp_path / "raw.zip").read(["labeled/0_0.jpg"]) == [b"/etc/hostname"]


def test_damaged_member_is_refused_by_name(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "raw.zip", FILES)
    path.write_bytes(path.read_bytes().replace(b"three", b"THREE"))
    with pytest.raises(SourceError, match=r"c\.txt"):
        ZipSource(path).read(["c.txt"])


def test_file_too_large_for_an_image_is_refused(
    source: ZipSource | FolderSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_files, "MAX_MEMBER_BYTES", 3)
    assert source.read(["a/1.jpg"]) == [b"one"]
    with pytest.raises(SourceError, match="5 bytes, more than an image has"):
        source.read(["c.txt"])


@pytest.mark.parametrize("change", ["content", "name", "more"])
def test_fingerprint_of_a_zip_follows_content_and_names(change: str, tmp_path: Path) -> None:
    changed = {
        "content": FILES | {"c.txt": b"THREE"},
        "name": {name.replace("c.txt", "d.txt"): data for name, data in FILES.items()},
        "more": FILES | {"d.txt": b""},
    }[change]
    first, again, other = (
        ZipSource(write_zip(tmp_path / f"{i}.zip", files)).fingerprint
        for i, files in enumerate([FILES, FILES, changed])
    )
    assert first == again != other


def test_fingerprint_of_a_folder_notices_a_changed_file(tmp_path: Path) -> None:
    source = FolderSource(write_folder(tmp_path, FILES))
    before = source.fingerprint
    assert source.fingerprint == before
    os.utime(tmp_path / "c.txt", ns=(1, 1))
    assert source.fingerprint != before


needs_links = pytest.mark.skipif(os.name != "posix", reason="symbolic links need rights elsewhere")


@needs_links
def test_links_are_followed_wherever_they_lead(tmp_path: Path) -> None:
    write_folder(tmp_path / "outside", {"1.jpg": b"first", "deeper/2.jpg": b"second"})
    inside = write_folder(tmp_path / "inside", FILES)
    (inside / "file.jpg").symlink_to(tmp_path / "outside" / "1.jpg")
    (inside / "folder").symlink_to(tmp_path / "outside")
    (inside / "same").symlink_to("a")
    source = FolderSource(inside)
    linked = {"file.jpg": b"first", "folder/1.jpg": b"first", "folder/deeper/2.jpg": b"second", "same/1.jpg": b"one"}
    assert source.names() == sorted({**FILES, **linked})
    assert source.read(list(linked)) == list(linked.values())


@needs_links
def test_fingerprint_follows_what_lies_behind_a_link(tmp_path: Path) -> None:
    outside = write_folder(tmp_path / "outside", {"1.jpg": b"first"})
    inside = write_folder(tmp_path / "inside", FILES)
    (inside / "folder").symlink_to(outside)
    before = FolderSource(inside).fingerprint
    write_folder(outside, {"1.jpg": b"changed"})
    assert FolderSource(inside).fingerprint != before


@needs_links
def test_links_that_lead_back_end_and_hide_no_file(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a/1.jpg": b"one", "b/2.jpg": b"two"})
    (tmp_path / "a" / "top").symlink_to(tmp_path)
    (tmp_path / "b" / "sibling").symlink_to("../a")
    names = FolderSource(tmp_path).names()
    assert names == ["a/1.jpg", "b/2.jpg", "b/sibling/1.jpg"]


@needs_links
@pytest.mark.parametrize("target", ["nowhere", "lost.jpg"])
def test_link_that_leads_nowhere_is_listed_and_refused_by_name(target: str, tmp_path: Path) -> None:
    write_folder(tmp_path, FILES)
    (tmp_path / "lost.jpg").symlink_to(target)
    source = FolderSource(tmp_path)
    assert source.names() == [*sorted(FILES), "lost.jpg"]
    assert source.fingerprint
    with pytest.raises(SourceError, match=r"^link that leads nowhere: 'lost\.jpg'"):
        source.read(["lost.jpg"])


@needs_links
def test_link_into_the_store_of_git_annex_is_told_from_others(tmp_path: Path) -> None:
    target = ".git/annex/objects/X1/Z2/SHA256E-s1--ab.jpg/SHA256E-s1--ab.jpg"
    (tmp_path / "lost.jpg").symlink_to(target)
    with pytest.raises(SetAsideError, match=f"^git-annex pointer instead of the file.*{target}"):
        FolderSource(tmp_path).read(["lost.jpg"])


# 99 is AES; of 9, Deflate64, there is a package that adds it.
@pytest.mark.parametrize(("field", "value", "said"), [("flag", 1, "encrypted"), ("method", 99, "compression")])
def test_member_that_cannot_be_unpacked_in_place_is_told_from_a_damaged_one(
    field: str, value: int, said: str, tmp_path: Path
) -> None:
    path = write_zip(tmp_path / "raw.zip", [("a.jpg", b"one")])
    content = bytearray(path.read_bytes())
    at = {"flag": (6, 8), "method": (8, 10)}[field]  # in the member's own header, and in the directory
    for mark, offset in zip((b"PK\3\4", b"PK\1\2"), at, strict=True):
        content[content.index(mark) + offset] = value
    path.write_bytes(content)
    with pytest.raises(SetAsideError, match=f"^cannot be unpacked in place: .*{said}"):
        ZipSource(path).read(["a.jpg"])


def test_file_that_this_user_may_not_read_is_told_from_a_damaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    source = FolderSource(write_folder(tmp_path / "raw", FILES))
    monkeypatch.setattr(Path, "read_bytes", forbid)
    with pytest.raises(SetAsideError, match=r"may not be read(.|\n)*chmod") as caught:
        source.read(["c.txt"])
    assert caught.value.kind == NOT_ALLOWED


def test_names_that_lead_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    secret = write_folder(tmp_path / "outside", {"secret.jpg": b"secret"}) / "secret.jpg"
    source = FolderSource(write_folder(tmp_path / "inside", FILES))
    for name in ("../outside/secret.jpg", "a/../../outside/secret.jpg", str(secret)):
        with pytest.raises(SourceError, match="leads out"):
            source.read([name])


@pytest.mark.skipif(os.name != "posix", reason="named pipes are of POSIX systems")
def test_pipe_is_neither_listed_nor_read(tmp_path: Path) -> None:
    source = FolderSource(write_folder(tmp_path, FILES))
    os.mkfifo(tmp_path / "pipe.jpg")
    assert source.names() == sorted(FILES)
    with pytest.raises(SourceError, match="no file named"):
        source.read(["pipe.jpg"])


def test_differing_members_of_one_name_are_listed_once_and_none_is_read(tmp_path: Path) -> None:
    source = ZipSource(write_zip(tmp_path / "raw.zip", [*FILES.items(), ("a/1.jpg", b"ONE")]))
    assert source.names() == sorted(FILES)
    assert source.read(["c.txt"]) == [b"three"]
    with pytest.raises(SourceError, match=r"'a/1\.jpg' comes several times"):
        source.read(["a/1.jpg"])


def test_equal_members_of_one_name_are_one_file(tmp_path: Path) -> None:
    source = ZipSource(write_zip(tmp_path / "raw.zip", [*FILES.items(), *FILES.items()]))
    assert source.names() == sorted(FILES)
    assert source.read(list(FILES)) == list(FILES.values())
