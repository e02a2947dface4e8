"""Train a generator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevus.contracts import Checkpoints, Corpus, Pixels, SavedGenerator, Table
from nevus.lookup import find
from nevus.pipelines.synthesis.params import OBJECTIVES, SynthesisParams
from nevus.pipelines.synthesis.pool import HELD_OUT, TRAINS, Part, part, rows_of
from nevus.pipelines.synthesis.watch import WATCHED, Watch, looks_of, quality_of
from nevus.seeds import derived

if TYPE_CHECKING:
    from torch import nn

    from nevus.training.adversarial import AdversarialLearner
    from nevus.training.selection import BestStep

METHOD = "synthesis"
FRAME_IMAGES, FRAME_COLUMNS = 64, 8
AVERAGED = "module."  # before the names of the weights in a running mean


def fit_generator(
    training: Corpus,
    parts: Table,
    params: SynthesisParams,
    seed: int,
    variant: str | None,
    checkpoints: Checkpoints,
) -> tuple[SavedGenerator, Table, Table, Pixels, Pixels]:
    """Train a generator, look at its quality on held-out images meanwhile, and keep the best.

    Args:
        training: The corpus without the images that choose and test.
        parts: Which images train and which are held out.
        params: Networks, game, augmentation and loop.
        seed: Of the weights, the batches, the augmentation and the latents.
        variant: Name of this set of parameters, or None.
        checkpoints: Where the state is kept while training.

    Returns:
        The generator with averaged weights; the history; the quality over the training (`step`, `metric`, `value`,
        `floor`, `images`); generated images (n, H, W, 3); and (T, rows * H, columns * W, 3) pictures of the progress.

    Raises:
        NevusError: The networks cannot make or see images of this size, or know no classes.
        TrainingError: A loss is not finite; the checkpoint before it stays.
    """
    import numpy as np

    from nevus.pipelines.checkpoint_key import checkpoint_key
    from nevus.training.averaging import weights_of
    from nevus.training.loop import Observer, train
    from nevus.training.selection import BestStep

    trains, held_out = (part(training, parts, which) for which in (TRAINS, HELD_OUT))
    classes = len(training.classes) if params.conditional else 0
    learner = build_learner(trains, params, seed, classes=len(training.classes))
    watch = Watch(trains, held_out, params, classes=classes, latent=learner.latent, seed=seed)
    best = BestStep(
        learner.average_generator,
        watch,
        looks_of(params.watch, params.images_a_step),
        metric=f"{WATCHED}{watch.metric}",
        lower_is_better=True,
    )
    corpora = [training._replace(manifest=rows_of(training, parts, which)) for which in (TRAINS, HELD_OUT)]
    show = Show(learner, params, seed, classes=classes, size=trains.pixels.shape[1])
    history, frames = train(
        learner,
        params.loop,
        seed=seed,
        checkpoints=checkpoints,
        key=checkpoint_key(METHOD, seed, learner, corpora, params),
        name=METHOD,
        observer=Observer(-(-params.loop.steps // params.frames), show.frame),
        selection=best,
    )
    record = record_of_training(training, parts, params, history, best, variant=variant, seed=seed)
    generator = SavedGenerator(
        weights_of(learner.average_generator),
        {name.removeprefix(AVERAGED): value.cpu() for name, value in best.last.items() if name.startswith(AVERAGED)},
        spec_of(training, params),
        record,
    )
    logged = history.drop(columns=[name for name in history if str(name).startswith(WATCHED)])
    pictures = np.stack([picture.numpy() for _, picture in frames])
    return generator, logged, quality_of(history, watch), show.images(params.samples), pictures


class Show:
    """Images of the averaged generator, always of the same latents.

    Args:
        learner: In training.
        params: Number of samples.
        seed: Of the latents.
        classes: Number of classes of a conditional game, or 0; the images are of all of them in turn.
        size: Of the images in pixels.
    """

    def __init__(
        self, learner: AdversarialLearner, params: SynthesisParams, seed: int, *, classes: int, size: int
    ) -> None:
        from nevus.training.generation import draw_latents

        count = max(FRAME_IMAGES, params.samples)
        self._learner, self._classes, self._size = learner, classes, size
        self._latents = draw_latents(count, learner.latent, seed=derived(seed, "latents"))

    def images(self, count: int) -> Pixels:
        """(n, H, W, 3) uint8."""
        from nevus.training.generation import generate, usual_labels

        labels = usual_labels(count, self._classes) if self._classes else None
        network, runtime = self._learner.average_generator, self._learner.runtime
        return generate(network, self._latents[:count], size=self._size, runtime=runtime, labels=labels)

    def frame(self) -> Any:
        """A picture of some of them, as a tensor."""
        import torch

        from nevus.training.adversarial import tile

        return torch.from_numpy(tile(self.images(FRAME_IMAGES), columns=FRAME_COLUMNS))


def build_learner(trains: Part, params: SynthesisParams, seed: int, *, classes: int) -> AdversarialLearner:
    """Introduce networks, objective, images and augmentation to one another.

    Args:
        trains: The images, and their classes where the game is conditional.
        params: All settings.
        seed: Of weights and batches.
        classes: Number of classes.

    Raises:
        NevusError: The networks cannot make or see images of this size, or know no classes.
    """
    import torch

    from nevus.augment.adaptive import AdaptiveAugment
    from nevus.augment.policy import Augment
    from nevus.contracts import Task
    from nevus.training.adversarial import AdversarialLearner
    from nevus.training.batches import UnlabeledImages
    from nevus.training.pool import Pool
    from nevus.training.runtime import choose_runtime, seeded

    runtime = choose_runtime(params.loop)
    with seeded(seed):
        critic, generator = build_networks(params, classes=classes, size=trains.pixels.shape[1])
    pool = Pool(trains.pixels, runtime.device)
    task = Task((), (), len(trains.pixels), params.loop.steps * params.critic_steps)
    kind = find(OBJECTIVES, params.objective.name)  # type: ignore[attr-defined]
    with seeded(derived(seed, "objective")):
        objective = kind(params.objective, task)
    augment = Augment(params.augment)
    return AdversarialLearner(
        critic,
        generator,
        objective,
        real=UnlabeledImages(pool, batch=params.batch, seed=seed),
        fresh=UnlabeledImages(pool, batch=params.batch, seed=derived(seed, "fresh", bits=31)),
        labels=torch.from_numpy(trains.labels).to(runtime.device) if params.conditional else None,
        augment=augment if params.adaptive is None else AdaptiveAugment(params.augment, params.adaptive),
        strong=augment,
        discriminator_optimizer=params.critic_optimizer,
        generator_optimizer=params.generator_optimizer,
        discriminator_steps=params.critic_steps,
        loop=params.loop,
        runtime=runtime,
    )


def build_networks(params: SynthesisParams, *, classes: int, size: int) -> tuple[nn.Module, nn.Module]:
    """The critic and the generator, with fresh weights.

    Raises:
        NevusError: They cannot make or see images of this size, or are told classes that they do not know.
    """
    from nevus.networks.build import build

    critic = build(params.critic, classes=classes, size=size)
    generator = build(params.generator, classes=classes, size=size)
    return critic, generator


def spec_of(training: Corpus, params: SynthesisParams) -> dict[str, Any]:
    """What the saved generator says of its network."""
    from nevus.networks.saved_generator import describe_generator

    size = training.pixels.shape[1]
    return describe_generator(params.generator, classes=training.classes, size=size)


def record_of_training(
    training: Corpus,
    parts: Table,
    params: SynthesisParams,
    history: Table,
    best: BestStep,
    *,
    variant: str | None,
    seed: int,
) -> dict[str, Any]:
    """What the generator was trained on and how, and which step is kept."""
    from nevus.pipelines.classifier.nodes import cost_of_training
    from nevus.pipelines.record import record_of

    record = record_of(training, params, {}, method=METHOD, variant=variant, seed=seed)
    record["images"] = {str(which): int(count) for which, count in parts["part"].value_counts().items()}
    chosen = {"best_step": best.best_step, "chosen_by": best.metric.removeprefix(WATCHED)}
    record["training"] = cost_of_training(history, params) | chosen  # type: ignore[arg-type]
    return record
