"""A generator is trained on some images and judged by others."""

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError

from nevus.contracts import Corpus, CorpusError, NevusError, TrainingError
from nevus.pipelines.synthesis import judging
from nevus.pipelines.synthesis.figures import draw_curves, draw_interpolation, draw_pairs, draw_quality, draw_samples
from nevus.pipelines.synthesis.judging import judge
from nevus.pipelines.synthesis.nodes import fit_generator
from nevus.pipelines.synthesis.page import write_page
from nevus.pipelines.synthesis.params import SynthesisParams
from nevus.pipelines.synthesis.pool import HELD_OUT, TRAINS, hold_out_images, part, wanted
from tests.training.fakes import MemoryCheckpoints

NO_PAIRS = pd.DataFrame({"image_id": [], "other_id": []}, dtype=str)


@pytest.fixture(scope="module")
def params(parameters) -> SynthesisParams:
    return SynthesisParams.model_validate(parameters["synthesis"])


@pytest.fixture(scope="module")
def parts(training, params) -> pd.DataFrame:
    return hold_out_images(training, NO_PAIRS, params, 0)


@pytest.fixture(scope="module")
def fitted(training, parts, params):
    return fit_generator(training, parts, params, 0, None, MemoryCheckpoints())


def changed(params, **how):
    return SynthesisParams.model_validate({**params.model_dump(), **how})


def told(params):
    """The same with networks that are told the class."""
    parts = {name: {**getattr(params, name).model_dump(), "conditional": True} for name in ("generator", "critic")}
    return changed(params, conditional=True, **parts)


def test_lesions_and_near_duplicates_are_never_on_both_sides(training, params):
    ids = training.manifest["image_id"].to_numpy()
    pairs = pd.DataFrame({"image_id": ids[:40:2], "other_id": ids[1:40:2]})
    parts = hold_out_images(training, pairs, params, 0).set_index("image_id")["part"]
    assert set(parts) == {TRAINS, HELD_OUT}
    groups = training.manifest.set_index("image_id")["group_id"].dropna()
    assert (parts[groups.index].groupby(groups).nunique() == 1).all()
    assert (parts[pairs["image_id"]].to_numpy() == parts[pairs["other_id"]].to_numpy()).all()


def test_images_of_one_class_or_of_known_classes_can_be_asked_for(training, params):
    assert set(wanted(training, changed(params, only="melanoma"))["label"]) == {1}
    assert set(wanted(training, told(params))["split"]) == {"labeled"}
    every = hold_out_images(training, NO_PAIRS, params, 0)
    assert len(every) == len(training.manifest)
    assert set(part(training, every, TRAINS).labels) == {-1, 0, 1}


def test_a_class_that_does_not_exist_is_refused_by_name(training, params):
    with pytest.raises(CorpusError, match=r"asks for the class 'naevus'.*benign, melanoma"):
        hold_out_images(training, NO_PAIRS, changed(params, only="naevus"), 0)


def test_fewer_images_than_a_batch_are_refused(training, params):
    with pytest.raises(CorpusError, match="wants 512 real images, but"):
        hold_out_images(training, NO_PAIRS, changed(params, batch=512), 0)


def test_too_few_held_out_images_are_refused(training, params):
    with pytest.raises(CorpusError, match=r"Raise synthesis\.held_out"):
        hold_out_images(training, NO_PAIRS, changed(params, held_out=0.01), 0)


def test_a_training_leaves_a_generator_its_quality_samples_and_pictures(fitted, params, parts):
    generator, history, quality, samples, progress = fitted
    assert generator.record["training"]["best_step"] in set(quality["step"])
    assert generator.record["training"]["chosen_by"] == "fd_lite0"
    assert generator.record["images"] == parts["part"].value_counts().to_dict()
    assert history["step"].tolist() == [5, 10, 15, 20]
    assert not [name for name in history if "lite0" in name]
    assert set(quality["step"]) == {10, 20}
    assert quality["floor"].notna().all()
    assert set(quality["images"]) == {16}
    assert samples.shape == (params.samples, 32, 32, 3)
    assert progress.shape == (4, 8 * 32, 8 * 32, 3)


def test_the_generator_kept_is_the_best_that_was_looked_at(fitted):
    generator, _, quality, _, _ = fitted
    distances = quality[quality["metric"] == "fd_lite0"].set_index("step")["value"]
    assert distances.idxmin() == generator.record["training"]["best_step"]
    same = all(torch.equal(generator.weights[name], value) for name, value in generator.last.items())
    assert same == (distances.idxmin() == 20)


class KilledError(Exception):
    """Stands for a machine that goes down."""


class Dying(MemoryCheckpoints):
    """Dies after a number of states."""

    def save(self, key, state):
        super().save(key, state)
        if self.saved == 2:
            raise KilledError


def test_a_conditional_generator_learns_from_labelled_images_alone(training, params):
    given = changed(told(params), held_out=0.4, loop={**params.loop.model_dump(), "steps": 5})
    parts = hold_out_images(training, NO_PAIRS, given, 0)
    generator, _, _, samples, _ = fit_generator(training, parts, given, 0, None, MemoryCheckpoints())
    assert len(parts) == (training.manifest["split"] == "labeled").sum()
    assert generator.spec["conditional"]
    assert len(samples) == given.samples


def test_networks_of_which_only_one_is_told_the_class_are_refused(params):
    with pytest.raises(ValidationError, match="only one is told the class"):
        changed(params, critic={**params.critic.model_dump(), "conditional": True})


def test_a_training_that_was_killed_goes_on_bit_for_bit(training, parts, params, fitted):
    checkpoints = Dying()
    with pytest.raises(KilledError):
        fit_generator(training, parts, params, 0, None, checkpoints)
    generator, _, quality, samples, progress = fit_generator(training, parts, params, 0, None, checkpoints)
    assert all(torch.equal(value, fitted[0].weights[name]) for name, value in generator.weights.items())
    assert all(torch.equal(value, fitted[0].last[name]) for name, value in generator.last.items())
    pd.testing.assert_frame_equal(quality, fitted[2])
    np.testing.assert_array_equal(samples, fitted[3])
    np.testing.assert_array_equal(progress, fitted[4])


def test_a_size_that_the_network_cannot_make_is_refused(training, parts, params):
    odd: Corpus = training._replace(pixels=training.pixels[:, :30, :30])
    with pytest.raises(NevusError, match="multiple of 8"):
        fit_generator(odd, parts, params, 0, None, MemoryCheckpoints())


def test_a_training_that_diverges_stops_and_keeps_the_state_before(training, parts, params):
    wild = {**params.generator_optimizer.model_dump(), "learning_rate": 1.0, "weight_decay": 10.0, "name": "sgd"}
    checkpoints = MemoryCheckpoints()
    steep = changed(params, critic_optimizer=wild, generator_optimizer=wild)
    with pytest.raises(TrainingError, match="Lower the learning rates"):
        fit_generator(training, parts, steep, 0, None, checkpoints)


@pytest.fixture(scope="module")
def judged(training, parts, params, fitted):
    return judge(training, parts, fitted[0], fitted[1], params, 0)


def test_every_number_stands_beside_what_as_many_held_out_images_reach(judged, parts):
    metrics, _, _, made = judged
    by_role = metrics.pivot(index="metric", columns="role", values="value")
    assert {"fd_lite0", "kd_lite0", "coverage_lite0", "copies", "pairwise", "nearest", "images"} <= set(by_role.index)
    assert by_role.notna().all().all()
    held_out = int((parts["part"] == HELD_OUT).sum())
    assert by_role.loc["images"].tolist() == [held_out, held_out]
    assert len(made) == held_out
    assert by_role.loc["fd_lite0", "method"] > by_role.loc["fd_lite0", "floor"]  # after so few steps


def test_a_generator_that_has_learnt_nothing_is_said_to_have_collapsed(judged):
    assert judged[2]["warning"].str.contains("mode collapse").any()


def test_copies_of_training_images_are_told_and_drawn(training, parts, params, fitted, monkeypatch):
    pool = part(training, parts, TRAINS).pixels
    count = int((parts["part"] == HELD_OUT).sum())
    copies = np.ascontiguousarray(np.rot90(np.asarray(pool[np.arange(count)]), axes=(1, 2)))
    monkeypatch.setattr(judging, "images_of", lambda *_: copies)
    metrics, pairs, warnings, made = judge(training, parts, fitted[0], fitted[1], params, 0)
    own = metrics[metrics["role"] == "method"].set_index("metric")["value"]
    assert own["copies"] == 1
    assert warnings["warning"].str.contains("the generator copies: 100.0%").any()
    nearest = pairs[pairs["set"] == "generated"]
    assert (nearest["distance"] < nearest["threshold"]).all()
    assert draw_pairs(training, parts, made, pairs, params, 0).axes


def test_the_page_has_every_metric_beside_its_floor_and_what_went_wrong(fitted, judged, params):
    figures = dict.fromkeys(
        ("real_and_generated", "quality_course", "nearest_pairs", "interpolation", "curves"), b"png"
    )
    page = write_page(params, fitted[0], judged[0], judged[2], b"gif", **figures)
    assert "Images generated by synthesis/seed0" in page
    assert "Held-out real" in page
    assert page.count("_lite0</th>") == 6
    assert "mode collapse" in page


def test_figures_show_the_course_the_samples_and_ways_between_images(training, parts, params, fitted):
    generator, history, quality, samples, _ = fitted
    assert len(draw_quality(generator, quality).axes) == 6
    assert draw_curves(generator, history).axes
    assert len(draw_samples(training, parts, generator, samples).axes) == 2
    assert draw_interpolation(generator, params, 0).axes
