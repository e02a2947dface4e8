import numpy as np

from nevus.plots.samples import mosaic, samples
from tests.plots.rendering import rendered


def test_a_mosaic_keeps_images_in_order_and_fills_up_with_white():
    images = np.stack([np.full((4, 5, 3), level, np.uint8) for level in (10, 20, 30)])
    sheet = mosaic(images, columns=2)
    assert sheet.shape == (4 + 2 + 4, 5 + 2 + 5, 3)
    assert (sheet[:4, :5] == 10).all()
    assert (sheet[:4, 7:] == 20).all()
    assert (sheet[6:, :5] == 30).all()
    assert (sheet[6:, 7:] == 255).all()
    assert (sheet[:, 5:7] == 255).all()


def test_real_and_generated_panels_have_equally_many_images_and_say_which_is_which():
    real, generated = np.zeros((30, 8, 8, 3), np.uint8), np.zeros((17, 8, 8, 3), np.uint8)
    figure = samples(real, generated, name="gan")
    assert min(rendered(figure)) > 100
    shown = [axes.get_title() for axes in figure.axes]
    assert shown == ["real: 16 images of 8 x 8 pixels", "generated: 16 images of 8 x 8 pixels"]
