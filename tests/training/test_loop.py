import pytest
import torch

from nevus.contracts import TrainingError
from nevus.training.averaging import averaged, weights_of
from nevus.training.loop import Observer, step_seed, train
from nevus.training.prediction import predict_probabilities
from nevus.training.runtime import prediction_runtime
from tests.training.fakes import MemoryCheckpoints, adversarial, loop, supervised, two_colours

MAKERS = [supervised, adversarial]


def run(trainer, options, checkpoints=None, observer=None):
    checkpoints = checkpoints or MemoryCheckpoints()
    return train(trainer, options, seed=3, checkpoints=checkpoints, key="k", name="test", observer=observer)


def everything(trainer):
    return {
        f"{part}.{name}": value
        for part, state in trainer.state().items()
        for name, value in state.items()
        if isinstance(value, torch.Tensor)
    }


def assert_same(first, second):
    left, right = everything(first), everything(second)
    assert left.keys() == right.keys()
    for name in left:
        assert torch.equal(left[name], right[name]), name


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_killed_and_continued_training_ends_with_the_same_bits(make, precision):
    options = loop(precision=precision)
    whole = make(options)
    history, _ = run(whole, options)

    class KilledError(Exception):
        pass

    class DiesAtStepTen(MemoryCheckpoints):
        def save(self, key, state):
            super().save(key, state)
            if state["progress"]["step"] == 8:
                raise KilledError

    checkpoints = DiesAtStepTen()
    with pytest.raises(KilledError):
        run(make(options), options, checkpoints)
    survivor = MemoryCheckpoints()
    survivor.states = checkpoints.states
    continued = make(options)
    again, _ = run(continued, options, survivor)
    assert_same(whole, continued)
    assert again.drop(columns="seconds").equals(history.drop(columns="seconds"))


@pytest.mark.parametrize("make", MAKERS)
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(make):
    options = loop()
    first, second, other = make(options), make(options), make(options, seed=1)
    for trainer in (first, second, other):
        run(trainer, options)
    assert_same(first, second)
    one, different = everything(first), everything(other)
    assert any(not torch.equal(one[name], different[name]) for name in one)


def test_a_state_under_another_key_is_not_taken_up():
    options, checkpoints = loop(), MemoryCheckpoints()
    run(supervised(options), options, checkpoints)
    assert checkpoints.load("another") is None


def test_the_callers_random_numbers_go_on_as_if_nothing_had_been_trained():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    run(supervised(loop()), loop())
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("norm", ["none", "spectral"])
def test_other_norms_continue_to_the_same_bits_too(norm):
    options, checkpoints = loop(steps=8), MemoryCheckpoints()
    whole, halves = adversarial(options, norm=norm), adversarial(options, norm=norm)
    run(whole, options)
    for steps in (4, 8):
        train(halves, loop(steps=steps), seed=3, checkpoints=checkpoints, key="k", name="test")
    assert_same(whole, halves)


def test_the_averaged_network_keeps_its_spectral_norm():
    options = loop(steps=40)
    trainer = adversarial(options, norm="spectral")
    run(trainer, options)
    layers = [m for m in trainer.average.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
    largest = [torch.linalg.svdvals(layer.weight.detach().flatten(1))[0].item() for layer in layers]
    assert max(largest) < 1.1


def test_history_has_a_row_every_few_steps_and_one_for_the_last():
    options = loop(steps=7, log_every=3)
    history, _ = run(adversarial(options), options)
    assert history["step"].tolist() == [3, 6, 7]
    expected = {"labeled_loss", "unlabeled_loss", "d_real", "d_fake", "generator_loss", "feature_distance", "seconds"}
    assert expected <= set(history.columns)
    assert history.notna().all().all()


def test_the_observer_looks_at_its_steps_and_at_the_last():
    options = loop(steps=7)
    _, seen = run(supervised(options), options, observer=Observer(3, lambda: torch.zeros(1)))
    assert [step for step, _ in seen] == [3, 6, 7]


def test_a_loss_that_is_not_finite_stops_loudly_and_keeps_the_checkpoint_before():
    class Breaks:
        def __init__(self):
            self.count = 0

        def step(self, index):
            return {"loss": torch.tensor(float("nan") if index == 9 else 1.0)}

        def state(self):
            return {}

        def restore(self, state):
            pass

    checkpoints = MemoryCheckpoints()
    with pytest.raises(TrainingError, match=r"loss not finite between steps 8 and 10"):
        run(Breaks(), loop(), checkpoints)
    assert checkpoints.states["k"]["progress"]["step"] == 8


def test_weights_that_are_not_finite_never_reach_a_checkpoint():
    options, checkpoints = loop(), MemoryCheckpoints()
    trainer = supervised(options)
    original = trainer.step

    def breaking(index):
        scalars = original(index)
        if index == 7:
            with torch.no_grad():
                next(trainer.model.parameters()).fill_(float("nan"))
        return scalars

    trainer.step = breaking
    with pytest.raises(TrainingError, match=r"weights are not finite at step 8"):
        run(trainer, options, checkpoints)
    assert checkpoints.states["k"]["progress"]["step"] == 4


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("make", MAKERS)
def test_both_methods_train_on_a_gpu(make):
    options = loop(device="cuda", precision="auto")
    history, _ = run(make(options), options)
    assert history["step"].iloc[-1] == options.steps


def test_step_seeds_do_not_collide_between_neighbouring_seeds_and_steps():
    seeds = {step_seed(seed, step) for seed in range(20) for step in range(500)}
    assert len(seeds) == 20 * 500


@pytest.mark.parametrize("make", MAKERS)
def test_both_methods_learn_what_can_be_learned(make):
    options = loop(steps=60, ema_decay=0.8)
    trainer = make(options)
    run(trainer, options)
    pixels, labels = two_colours(40, seed=9)
    probabilities = predict_probabilities(trainer.average, pixels, average_d4=True, runtime=prediction_runtime())
    assert ((probabilities[:, 1] > 0.5) == labels).mean() > 0.95


def test_the_generator_step_leaves_the_discriminator_alone_and_trainable():
    options = loop()
    trainer = adversarial(options)
    trainer.step(0)
    assert all(p.requires_grad for p in trainer.discriminator.parameters())
    before = {name: p.detach().clone() for name, p in trainer.discriminator.named_parameters()}
    _, _, real = trainer._batch(0)
    fake = trainer.generator(torch.randn(8, 8)).float()
    trainer.draw.update(trainer._generator_loss(real, fake).loss)
    assert all(torch.equal(before[name], p) for name, p in trainer.discriminator.named_parameters())


def test_averages_start_near_the_weights_and_keep_their_names():
    model = torch.nn.Linear(2, 1)
    average = averaged(model, decay=0.999)
    with torch.no_grad():
        model.weight.fill_(5.0)
    average.update_parameters(model)
    average.update_parameters(model)
    assert set(weights_of(average)) == {"weight", "bias"}
    # The second update has a decay of (1 + 1) / (10 + 1): most of the way to the new weights at once.
    torch.testing.assert_close(weights_of(average)["weight"], torch.full((1, 2), 5.0))
