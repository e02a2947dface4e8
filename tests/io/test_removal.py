import os

import pytest

from nevus.io.removal import measure, remove, remove_empty_parents, size_text


def test_a_link_goes_and_what_it_leads_to_stays(tmp_path):
    kept = tmp_path / "kept"
    (kept / "inner").mkdir(parents=True)
    (kept / "inner" / "file").write_text("1234")
    (tmp_path / "going").mkdir()
    (tmp_path / "going" / "link").symlink_to(kept / "inner")
    (tmp_path / "link").symlink_to(kept)
    assert measure([tmp_path / "going"])[0] == 1
    assert remove([tmp_path / "going", tmp_path / "link", tmp_path / "missing"]) == []
    assert (kept / "inner" / "file").read_text() == "1234"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept"]


def test_what_resists_is_named_and_the_rest_goes(tmp_path, monkeypatch):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    real = os.rmdir

    def refuse(path, *arguments, **options):
        if str(path).endswith("one"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, "rmdir", refuse)
    (failure,) = remove([tmp_path / "one", tmp_path / "two"])
    assert str(tmp_path / "one") in failure
    assert not (tmp_path / "two").exists()


def test_empty_parents_go_up_to_the_layer(tmp_path):
    gone, full = tmp_path / "06_models/test/ssgan/seed0", tmp_path / "07_model_output/test/ssgan/seed0"
    gone.parent.mkdir(parents=True)
    (full.parent / "seed1").mkdir(parents=True)
    remove_empty_parents([gone, full], tmp_path)
    assert list((tmp_path / "06_models").iterdir()) == []
    assert (full.parent / "seed1").is_dir()


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2.5e9, "2.5 GB")])
def test_sizes_read_well(size, text):
    assert size_text(int(size)) == text
