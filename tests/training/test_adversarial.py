import pytest
import torch

from nevus.augment.adaptive import AdaptiveAugment
from nevus.augment.options import AdaptiveOptions
from nevus.contracts import StepOutput, TrainingError
from nevus.objectives.hinge import Hinge
from nevus.training.loop import mean_row, train
from tests.training.fakes import MILD, MemoryCheckpoints, game, loop, task


class Records:
    """Keeps the batches of both turns."""

    views = ("strong", "strong_fake")

    def discriminator_loss(self, generator, discriminator, batch):
        self.taught = batch
        return StepOutput(discriminator(batch.real).sum(), {})

    def generator_loss(self, generator, discriminator, batch):
        self.drawn = batch
        return StepOutput(discriminator(batch.fake).sum(), {})


def hinge(options, **terms):
    pairs = {term: terms.get(term, (0.0, 1)) for term in ("r1", "r2", "gradient_penalty", "consistency")}
    blocks = {term: {"weight": weight, "every": every} for term, (weight, every) in pairs.items()}
    return Hinge(Hinge.Options.model_validate({"name": "hinge", "regularisers": blocks}), task(options))


def run(learner, options):
    return train(learner, options, seed=3, checkpoints=MemoryCheckpoints(), key="k", name="test")[0]


def test_in_a_conditional_game_the_generator_sees_real_images_of_the_classes_of_its_own():
    records = Records()
    learner = game(loop(), records, labels=torch.arange(50) % 2, augment=lambda images: images)
    generator = learner._generator
    learner._generator = lambda latent, labels: generator(latent)
    learner.step(2)
    images, rows = learner.real(2)
    assert torch.equal(records.drawn.real, images)
    assert records.drawn.labels.tolist() == (rows % 2).tolist()


def test_an_objective_may_ask_for_strong_views_of_generated_images():
    records = Records()
    game(loop(), records, strong=lambda images: images * 0 + 0.5).step(0)
    seen = records.taught
    assert bool((seen.strong_fake == 0.5).all())
    assert seen.strong_fake.shape == seen.fake.shape
    assert not seen.strong_fake.requires_grad
    assert seen.weak is None


def test_what_is_not_logged_in_every_step_is_the_mean_of_the_steps_that_log_it():
    pending = [{"loss": torch.tensor(1.0), "lazy": torch.tensor(7.0)}, {"loss": torch.tensor(3.0)}]
    assert mean_row(pending, 2, "x") == {"step": 2, "loss": 2.0, "lazy": 7.0}
    assert mean_row(pending[::-1], 2, "x") == {"step": 2, "loss": 2.0, "lazy": 7.0}


def test_a_game_over_one_score_trains_and_logs_its_lazy_terms():
    options = loop()
    strong = lambda images: images.flip(3)  # noqa: E731
    learner = game(options, hinge(options, r1=(1.0, 3), consistency=(10.0, 1)), strong=strong)
    before = [p.detach().clone() for p in learner.generator.parameters()]
    history = run(learner, options)
    assert set(history) == {
        *("step", "seconds", "learning_rate", "discriminator_loss", "generator_loss"),
        *("real_score", "fake_score", "told_apart", "real_sign", "r1", "inconsistency"),
    }
    assert history["discriminator_loss"].notna().all()
    assert history["r1"].notna().sum() == 4  # of six rows of two steps each
    assert any(not torch.equal(a, b) for a, b in zip(before, learner.generator.parameters(), strict=True))


ADAPTIVE = AdaptiveOptions(start=0.2, target=0.6, every=8, climb=80, limit=0.8)


def test_adaptive_augmentation_follows_the_discriminator_and_is_resumed_bit_for_bit():
    options = loop()
    whole, killed, continued = (
        game(options, hinge(options), augment=AdaptiveAugment(MILD, ADAPTIVE)) for _ in range(3)
    )
    history = run(whole, options)
    assert history["augment_probability"].between(0.2, 0.8 + 1e-6).all()
    assert history["augment_probability"].nunique() > 1
    kept, step = MemoryCheckpoints(), killed.step
    killed.step = lambda index: step(index) if index < 6 else 1 / 0
    with pytest.raises(ZeroDivisionError):
        train(killed, options, seed=3, checkpoints=kept, key="k", name="test")
    assert kept.saved == 1
    train(continued, options, seed=3, checkpoints=kept, key="k", name="test")
    assert continued.augment.probability == whole.augment.probability
    for one, other in zip(whole.generator.parameters(), continued.generator.parameters(), strict=True):
        assert torch.equal(one, other)


def test_adaptive_augmentation_wants_an_objective_that_says_how_sure_the_discriminator_is():
    learner = game(loop(), Records(), augment=AdaptiveAugment(MILD, ADAPTIVE))
    with pytest.raises(TrainingError, match="real_sign"):
        learner.step(0)
