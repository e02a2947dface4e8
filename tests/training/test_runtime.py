import pytest
import torch

from nevus.contracts import TrainingError
from nevus.training.runtime import choose_runtime, reseed, seeded
from tests.training.fakes import loop


def test_a_gpu_that_is_not_there_is_asked_for_in_vain(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(TrainingError, match="finds no GPU here"):
        choose_runtime(loop(device="cuda"))
    assert choose_runtime(loop(device="auto")).device.type == "cpu"


def test_a_seeded_block_draws_what_pytorchs_seed_gives_and_leaves_the_callers_numbers():
    torch.manual_seed(11)
    inside = torch.rand(4)
    torch.manual_seed(5)
    expected = torch.rand(4)
    torch.manual_seed(5)
    with seeded(11):
        assert torch.equal(torch.rand(4), inside)
    assert torch.equal(torch.rand(4), expected)


def test_seeding_for_the_cpu_touches_no_gpu(monkeypatch):
    def touched(*_, **__):
        pytest.fail("a GPU was touched")

    for name in ("manual_seed", "manual_seed_all", "get_rng_state", "set_rng_state", "init", "current_device"):
        monkeypatch.setattr(torch.cuda, name, touched)
    for device in (None, torch.device("cpu")):
        with seeded(3, device):
            reseed(4, device)


@pytest.mark.skipif(torch.cuda.device_count() < 1, reason="needs a GPU")
def test_a_block_on_a_gpu_leaves_its_numbers_and_those_of_the_others_alone():
    devices = [torch.device("cuda", index) for index in range(torch.cuda.device_count())]
    states = [torch.cuda.get_rng_state(device) for device in devices]
    with seeded(3, devices[0]):
        first = torch.rand(4, device=devices[0])
        reseed(3, devices[0])
        assert torch.equal(torch.rand(4, device=devices[0]), first)
        assert all(torch.equal(torch.cuda.get_rng_state(d), s) for d, s in zip(devices[1:], states[1:], strict=True))
    assert all(torch.equal(torch.cuda.get_rng_state(d), s) for d, s in zip(devices, states, strict=True))
