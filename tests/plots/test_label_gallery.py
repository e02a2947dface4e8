import numpy as np
import pandas as pd

from nevus.plots.label_gallery import label_gallery
from tests.plots.rendering import rendered


def test_every_image_has_its_name_and_suspects_a_frame():
    rows = pd.DataFrame(
        {
            "image_id": ["a", "b" * 40, "$c$"],
            "given": "benign",
            "likeliest": ["melanoma", "melanoma", "benign"],
            "quality": [0.01, 0.2, 0.6],
            "suspected": [True, False, False],
        }
    )
    figure = label_gallery(np.zeros((3, 8, 8, 3), dtype=np.uint8), rows, title="Doubtful")
    assert min(rendered(figure)) > 50
    framed = [axes.spines["left"].get_visible() for axes in figure.axes[:3]]
    assert framed == [True, False, False]
    assert figure.axes[1].get_title().startswith("bbbbbbbbbbbbbbbbb\N{HORIZONTAL ELLIPSIS}\nlabel: benign (20%)")
