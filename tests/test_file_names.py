import pytest

from nevus.file_names import is_litter, of_zip, readable, refusal


@pytest.mark.parametrize(
    "name", ["__MACOSX/a.jpg", "a/__MACOSX/._b", "a/.DS_Store", "Thumbs.db", "a/desktop.ini", "a/._b.jpg", "._t.tfrec"]
)
def test_what_operating_systems_leave_behind_is_litter(name: str) -> None:
    assert is_litter(name)


@pytest.mark.parametrize("name", ["a.jpg", "._a/b.jpg", ".hidden.jpg", "_a.jpg", "MACOSX/a.jpg"])
def test_other_files_are_no_litter(name: str) -> None:
    assert not is_litter(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a\udce9.jpg", "name is not valid UTF-8"),
        ("../a.jpg", "name leads out of the archive"),
        ("/a.jpg", "name leads out of the archive"),
        ("..\\a.jpg", "name leads out of the archive"),
        ("\\\\server\\a.jpg", "name leads out of the archive"),
        ("a\\b.jpg", "backslash in the file name"),
        ("C:a.jpg", "name leads out of the archive"),
        ("a/b é.jpg", None),
    ],
)
def test_hostile_names_are_refused(name: str, reason: str | None) -> None:
    assert refusal(name) == reason


def test_bytes_that_are_no_text_become_readable() -> None:
    assert readable("a\udce9é") == "a\\udce9é"


@pytest.mark.parametrize("encoding", ["utf-8", "cp850"])
@pytest.mark.parametrize("name", ["mélanome/1.jpg", "São João.jpg", "Ärzte & Ø/ß.jpg", "nævus.jpg", "plain.jpg"])
def test_names_in_an_archive_are_those_that_were_packed(name: str, encoding: str) -> None:
    assert of_zip(name.encode(encoding)) == name
    assert of_zip(name.replace("/", "\\").encode(encoding)) == name


@pytest.mark.parametrize("name", ["naïve.jpg", "Ärzte/ß.jpg", "señal.jpg"])
def test_names_in_the_code_page_of_the_standard_are_read(name: str) -> None:
    assert of_zip(name.encode("cp437")) == name


@pytest.mark.parametrize("name", ["меланома.jpg", "10 €.jpg", "病变/1.jpg", "a\u2013b.jpg"])
def test_utf8_is_read_whatever_it_says(name: str) -> None:
    assert of_zip(name.encode()) == name
