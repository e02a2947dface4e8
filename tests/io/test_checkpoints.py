import pytest
import torch
from kedro.io import DatasetError

from nevus.io.checkpoints import CheckpointsDataset


@pytest.fixture
def place(tmp_path):
    return CheckpointsDataset(filepath=str(tmp_path / "run" / "checkpoint.pt")).load()


def test_nothing_saved_means_nothing_to_continue(place):
    assert place.load("key") is None


def test_a_state_comes_back_bit_for_bit_under_its_key(place):
    state = {"weights": torch.randn(3), "step": 7, "rows": [{"loss": 0.25}]}
    place.save("key", state)
    loaded = place.load("key")
    assert torch.equal(loaded["weights"], state["weights"])
    assert (loaded["step"], loaded["rows"]) == (7, [{"loss": 0.25}])


def test_a_state_under_another_key_is_ignored_and_stays(place):
    place.save("old", {"step": 1})
    assert place.load("new") is None
    assert place.load("old") == {"step": 1}


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 torn"])
def test_a_damaged_file_is_ignored(place, content):
    place.save("key", {"step": 1})
    place.path.write_bytes(content)
    assert place.load("key") is None


@pytest.mark.parametrize("content", [torch.zeros(2), {"key": "key"}, {"state": {}}, ["key"]])
def test_a_file_that_holds_something_else_is_ignored(place, content):
    place.save("key", {"step": 1})
    torch.save(content, place.path)
    assert place.load("key") is None


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_the_state_of_a_gpu_loads_where_there_is_none(place, monkeypatch):
    weights = torch.randn(3)
    with monkeypatch.context() as patch:
        patch.setattr(torch.serialization, "location_tag", lambda _: "cuda:0")  # where PyTorch says a tensor was
        place.save("key", {"weights": weights})
    with pytest.raises(RuntimeError, match="CUDA device"):
        torch.load(place.path, weights_only=True)
    assert torch.equal(place.load("key")["weights"], weights)


def test_a_crash_while_writing_leaves_the_state_before(place, monkeypatch):
    place.save("key", {"step": 1})

    def torn(_, file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", torn)
    with pytest.raises(OSError, match="No space left"):
        place.save("key", {"step": 2})
    assert place.load("key") == {"step": 1}


def test_a_finished_run_forgets_its_state(place):
    place.save("key", {"step": 1})
    place.clear()
    place.clear()
    assert place.load("key") is None


def test_code_in_a_checkpoint_is_never_run(place):
    class Hostile:
        def __reduce__(self):
            return (pytest.fail, ("unpickled code ran",))

    place.path.parent.mkdir(parents=True)
    torch.save({"key": "key", "state": Hostile()}, place.path)
    assert place.load("key") is None


def test_nodes_cannot_save_into_it(tmp_path):
    with pytest.raises(DatasetError, match="written by the training"):
        CheckpointsDataset(filepath=str(tmp_path / "x.pt")).save({})
