import pytest

from nevus.file_names import is_litter, readable, refusal


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
        ("a\\b.jpg", "name leads out of the archive"),
        ("C:a.jpg", "name leads out of the archive"),
        ("a/b é.jpg", None),
    ],
)
def test_hostile_names_are_refused(name: str, reason: str | None) -> None:
    assert refusal(name) == reason


def test_bytes_that_are_no_text_become_readable() -> None:
    assert readable("a\udce9é") == "a\\udce9é"
