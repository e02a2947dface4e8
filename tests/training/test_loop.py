import pytest
import torch

from nevus.algorithms.base import Algorithm, AlgorithmOptions
from nevus.contracts import StepOutput, TrainingError
from nevus.training.adversarial import Critic
from nevus.training.averaging import averaged, weights_of
from nevus.training.learner import Learner
from nevus.training.loop import Observer, step_seed, train
from nevus.training.options import SelectionOptions
from nevus.training.prediction import predict_probabilities
from nevus.training.runtime import choose_runtime, prediction_runtime
from nevus.training.selection import Selection
from tests.training.fakes import (
    MemoryCheckpoints,
    adversarial,
    labeled_batches,
    loop,
    network,
    optimizer,
    supervised,
    task,
    two_colours,
)

MAKERS = [supervised, adversarial]


def run(learner, options, checkpoints=None, observer=None):
    checkpoints = checkpoints or MemoryCheckpoints()
    return train(learner, options, seed=3, checkpoints=checkpoints, key="k", name="test", observer=observer)


def everything(learner):
    return {
        f"{part}.{name}": value
        for part, state in learner.state().items()
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


def test_the_seconds_of_a_continued_training_are_those_of_all_its_calls():
    class KeepsStepEight(MemoryCheckpoints):
        def save(self, key, state):
            if state["progress"]["step"] == 8:
                super().save(key, state)

    options, checkpoints = loop(), KeepsStepEight()
    run(supervised(options), options, checkpoints)
    checkpoints.states["k"]["progress"]["seconds"] = 1000.0  # as if they had taken so long
    history, _ = run(supervised(options), options, checkpoints)
    assert 1000.0 < history["seconds"].iloc[-1] < 1100.0


@pytest.mark.parametrize("make", MAKERS)
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(make):
    options = loop()
    first, second, other = make(options), make(options), make(options, seed=1)
    for learner in (first, second, other):
        run(learner, options)
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
    learner = adversarial(options, norm="spectral")
    run(learner, options)
    layers = [m for m in learner.average.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
    largest = [torch.linalg.svdvals(layer.weight.detach().flatten(1))[0].item() for layer in layers]
    assert max(largest) < 1.1


def test_history_has_a_row_every_few_steps_and_one_for_the_last():
    options = loop(steps=7, log_every=3)
    history, _ = run(adversarial(options), options)
    assert history["step"].tolist() == [3, 6, 7]
    expected = {"labeled_loss", "unlabeled_loss", "d_real", "d_fake", "generator_loss", "feature_distance", "seconds"}
    assert expected <= set(history.columns)
    assert history.notna().all().all()


def test_the_loop_computes_on_the_threads_it_is_told_and_gives_them_back():
    before, seen = torch.get_num_threads(), []
    options = loop(steps=2, threads=3)
    run(
        supervised(options),
        options,
        observer=Observer(1, lambda: torch.tensor(seen.append(torch.get_num_threads()) or 0)),
    )
    assert seen == [3, 3]
    assert torch.get_num_threads() == before


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
    learner = supervised(options)
    original = learner.step

    def breaking(index):
        scalars = original(index)
        if index == 7:
            with torch.no_grad():
                next(learner.model.parameters()).fill_(float("nan"))
        return scalars

    learner.step = breaking
    with pytest.raises(TrainingError, match=r"weights are not finite at step 8"):
        run(learner, options, checkpoints)
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
    learner = make(options)
    run(learner, options)
    pixels, labels = two_colours(40, seed=9)
    probabilities = predict_probabilities(learner.average, pixels, average_d4=True, runtime=prediction_runtime())
    assert ((probabilities[:, 1] > 0.5) == labels).mean() > 0.95


def test_the_generator_step_leaves_the_discriminator_alone_and_trainable():
    learner = adversarial(loop(), discriminator_steps=1)
    learner.discriminator_optimizer.update = lambda loss: None
    before = {name: p.detach().clone() for name, p in learner.discriminator.named_parameters()}
    generator = [p.detach().clone() for p in learner.generator.parameters()]
    learner.step(0)
    assert all(p.requires_grad for p in learner.discriminator.parameters())
    assert all(torch.equal(before[name], p) for name, p in learner.discriminator.named_parameters())
    assert any(not torch.equal(a, b) for a, b in zip(generator, learner.generator.parameters(), strict=True))


def test_the_discriminator_may_get_several_batches_for_one_of_the_generator():
    options = loop()
    learner, once = adversarial(options, discriminator_steps=3), adversarial(options)
    seen = []
    learner.real = lambda step, real=learner.real: seen.append(step) or real(step)
    learner.step(0)
    learner.step(1)
    assert seen == [0, 1, 2, 3, 4, 5]
    once.step(0)
    assert not torch.equal(next(once.discriminator.parameters()), next(learner.discriminator.parameters()))


def test_a_conditional_game_gets_the_classes_of_its_real_images():
    class Records:
        def discriminator_loss(self, generator, discriminator, batch):
            self.batch = batch
            return StepOutput(discriminator(batch.real).sum() + discriminator(batch.fake).sum(), {})

        def generator_loss(self, generator, discriminator, batch):
            return StepOutput(discriminator(batch.fake).sum(), {})

    learner = adversarial(loop())
    learner.objective, learner.labeled = Records(), None
    learner.labels = torch.arange(50) % 2
    generator = learner._generator
    learner._generator = lambda latent, labels: generator(latent)
    learner.step(2)
    _, rows = learner.real(2)
    assert learner.objective.batch.labels.tolist() == (rows % 2).tolist()
    assert learner.objective.batch.labeled is None


def test_a_teacher_is_the_running_mean_and_gets_no_gradients():
    class Consistency(Algorithm):
        wants_teacher = True

        def forward(self, model, batch):
            return StepOutput((model(batch.images) - self.teacher(batch.images)).square().mean(), {})

    options = loop()
    learner = supervised(options)
    algorithm = Consistency(AlgorithmOptions(name="test"), task(options))
    taught = Learner(
        network(), algorithm, learner.batches, optimizer=optimizer(), loop=options, runtime=learner.runtime
    )
    taught.step(0)
    assert algorithm.teacher.model is taught.average
    assert not any(p.requires_grad for p in taught.average.parameters())
    assert not taught.state()["algorithm"]  # the average is kept once, not twice


class Snapshots(Algorithm):
    """Is pulled towards what the running mean was three steps ago, or less."""

    wants_snapshot = True

    def forward(self, model, batch):
        if batch.metadata["step"] % 3 == 0:
            self.take_snapshot()
        return StepOutput((model(batch.images) - self.snapshot(batch.images) + 1).square().mean(), {})


def snapshots(options):
    algorithm, batches = Snapshots(AlgorithmOptions(name="test"), task(options)), supervised(options).batches
    return Learner(
        network(), algorithm, batches, optimizer=optimizer(), loop=options, runtime=supervised(options).runtime
    )


def test_a_snapshot_is_the_running_mean_as_it_was_and_gets_no_gradients():
    learner = snapshots(loop())
    learner.step(0)
    first = [value.clone() for value in learner.parts["snapshot"].state_dict().values()]
    learner.step(1)
    kept = list(learner.parts["snapshot"].state_dict().values())
    assert all(torch.equal(*pair) for pair in zip(first, kept, strict=True))
    assert not learner.parts["snapshot"].training
    assert not any(p.requires_grad for p in learner.parts["snapshot"].parameters())
    mean = [value.clone() for value in learner.average.module.state_dict().values()]
    assert not all(torch.equal(*pair) for pair in zip(mean, kept, strict=True))
    learner.step(3)
    assert all(torch.equal(*pair) for pair in zip(mean, learner.parts["snapshot"].state_dict().values(), strict=True))


def test_a_snapshot_survives_an_interruption():
    options, checkpoints = loop(steps=8), MemoryCheckpoints()
    whole = snapshots(options)
    run(whole, options)
    for steps in (4, 8):
        halves = snapshots(options)
        train(halves, loop(steps=steps), seed=3, checkpoints=checkpoints, key="k", name="test")
    assert_same(whole, halves)


class Rising:
    """A learner whose "weights" are its number of steps."""

    def __init__(self):
        self.average = torch.nn.Linear(1, 1, bias=False)

    def step(self, index):
        with torch.no_grad():
            self.average.weight.fill_(index + 1)
        return {"loss": torch.tensor(1.0)}

    def state(self):
        return {"average": self.average.state_dict()}

    def restore(self, state):
        self.average.load_state_dict(state["average"])


def peak_at_six(network):
    return {"validation_auc": -abs(network.weight.item() - 6), "training_auc": 1.0}


def test_the_best_step_on_validation_images_is_kept_and_training_stops_when_nothing_gets_better():
    learner = Rising()
    selection = Selection(learner.average, peak_at_six, SelectionOptions(metric="auc", every=2, patience=4))
    history, _ = train(
        learner, loop(steps=40), seed=0, checkpoints=MemoryCheckpoints(), key="k", name="test", selection=selection
    )
    assert history["step"].tolist() == [2, 4, 6, 8, 10]
    assert history["validation_auc"].tolist() == [-4, -2, 0, -2, -4]
    assert learner.average.weight.item() == 6


def test_a_score_of_which_less_is_better_chooses_the_least():
    learner = Rising()
    selection = Selection(
        learner.average,
        lambda network: {"validation_brier": abs(network.weight.item() - 6)},
        SelectionOptions(metric="brier", every=2, patience=None),
    )
    train(learner, loop(steps=12), seed=0, checkpoints=MemoryCheckpoints(), key="k", name="test", selection=selection)
    assert learner.average.weight.item() == 6


def test_the_choice_survives_an_interruption():
    checkpoints = MemoryCheckpoints()
    for steps in (8, 16):  # the first was interrupted after the best step
        learner = Rising()
        selection = Selection(learner.average, peak_at_six, SelectionOptions(metric="auc", every=2, patience=None))
        train(learner, loop(steps=steps), seed=0, checkpoints=checkpoints, key="k", name="test", selection=selection)
    assert selection.best_step == 6
    assert learner.average.weight.item() == 6


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


def test_the_generator_learns_from_real_images_that_the_discriminator_has_not_just_seen():
    learner, seen = adversarial(loop()), []
    for stream in ("real", "fresh"):
        images = getattr(learner, stream)
        setattr(
            learner, stream, lambda step, s=stream, i=images: seen.append((s, step, i(step)[1].tolist())) or i(step)
        )
    learner.step(3)
    (one, first, rows), (other, second, fresh) = seen
    assert (one, first, other, second) == ("real", 3, "fresh", 3)
    assert rows != fresh


def test_running_statistics_of_a_discriminator_are_of_real_images_alone():
    norm = torch.nn.BatchNorm2d(3)
    critic = Critic(norm, choose_runtime(loop()))
    images = torch.randn(4, 3, 5, 5) + 7
    before = norm.running_mean.clone()
    generated = critic(images, keep_statistics=False)
    assert torch.equal(norm.running_mean, before)
    assert norm.momentum == 0.1
    assert torch.allclose(generated, critic(images))  # normalised by its own statistics all the same
    assert not torch.equal(norm.running_mean, before)


def test_what_an_algorithm_learns_itself_trains_beside_the_network():
    class Scales(Algorithm):
        def __init__(self, options, task):
            super().__init__(options, task)
            self.scale = torch.nn.Parameter(torch.ones(()))

        def forward(self, model, batch):
            return StepOutput((model(batch.images) * self.scale).square().mean(), {})

    options = loop()
    learner = Learner(
        network(0),
        Scales(AlgorithmOptions(name="test"), task(options)),
        labeled_batches(options, 0, torch.device("cpu")),
        optimizer=optimizer(),
        loop=options,
        runtime=choose_runtime(options),
    )
    learner.step(0)
    assert learner.algorithm.scale.item() != 1
