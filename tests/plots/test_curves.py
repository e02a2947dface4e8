import numpy as np
import pandas as pd
import pytest

from nevus.contracts import TrainingError
from nevus.plots.curves import curves
from tests.plots.rendering import rendered


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes if axes.get_visible()]


def test_curves_of_a_plain_network_have_no_gan_panels():
    history = pd.DataFrame({"step": range(5), "labeled_loss": 0.5, "labeled_accuracy": 0.9, "d_real": np.nan})
    figure = curves(history, name="plain")
    assert titles(figure) == ["Losses", "Accuracy on its own training labels (not a test result)"]


def test_values_logged_now_and_then_are_joined_over_the_gaps():
    history = pd.DataFrame({"step": range(9), "d_real": np.nan, "d_fake": 0.4})
    history.loc[[0, 4, 8], "d_real"] = [0.5, 0.6, 0.7]
    figure = curves(history, name="gan")
    np.testing.assert_allclose(figure.axes[0].lines[0].get_xydata(), [[0, 0.5], [4, 0.6], [8, 0.7]])


def test_a_long_history_gets_a_running_mean_over_the_raw_values():
    noise = np.random.default_rng(0).normal(size=1000)
    figure = curves(pd.DataFrame({"step": range(1000), "labeled_loss": noise}), name="gan")
    raw, smooth = (line.get_ydata() for line in figure.axes[0].lines)
    np.testing.assert_array_equal(raw, noise)
    assert np.std(smooth) < 0.4
    assert np.mean(smooth) == pytest.approx(np.mean(noise), abs=0.02)


def test_a_quantity_that_nobody_foresaw_gets_a_panel_with_a_title_from_its_name():
    history = pd.DataFrame({"step": range(5), "labeled_loss": 0.5, "seconds": 1.0, "share_used": 0.2, "note": "text"})
    figure = curves(history.assign(pseudo_loss=np.arange(5.0), never=np.nan), name="new")
    assert titles(figure) == ["Losses", "Share used", "Pseudo loss"]
    np.testing.assert_array_equal(figure.axes[2].lines[0].get_ydata(), np.arange(5.0))


def test_scores_of_validation_and_training_images_share_a_panel():
    history = pd.DataFrame({"step": range(5), "labeled_loss": 0.5, "validation_auc": 0.7, "training_auc": 0.9})
    figure = curves(history.assign(validation_average_precision=0.6, training_average_precision=1.0), name="new")
    assert titles(figure) == ["Losses", "AUC", "Average precision"]
    assert [line.get_ydata()[0] for line in figure.axes[1].lines] == [0.9, 0.7]
    assert [text.get_text() for text in figure.axes[1].get_legend().get_texts()] == [
        "training images",
        "validation images",
    ]


def test_scores_of_a_game_share_a_panel_and_telling_apart_has_a_level():
    history = pd.DataFrame({"step": range(5), "real_score": 0.5, "fake_score": -0.5, "told_apart": 0.8})
    figure = curves(history, name="gan")
    assert titles(figure) == [
        "Scores of the discriminator",
        "How often is a real image scored above a generated one?",
    ]
    assert figure.axes[1].get_ylim() == (-0.03, 1.03)


def test_names_with_dollar_signs_are_no_formulas():
    figure = curves(pd.DataFrame({"step": range(3), "$\\x_{$": 0.5}), name="$\\y_{$")
    assert min(rendered(figure)) > 50


@pytest.mark.parametrize("columns", [{"step": [1]}, {"step": [1], "seconds": [2.0], "loss": [np.nan]}])
def test_a_history_without_curves_says_what_was_wanted(columns):
    with pytest.raises(TrainingError, match=r"one quantity or more beside it.*holds .*step"):
        curves(pd.DataFrame(columns), name="gan")
