import numpy as np
import pytest
import torch

from nevus.contracts import CorpusError
from nevus.training.batches import UnlabeledImages
from nevus.training.pool import Pool
from tests.training.fakes import two_colours


def images(count: int, *, batch: int) -> UnlabeledImages:
    return UnlabeledImages(Pool(two_colours(count, seed=0)[0], torch.device("cpu")), batch=batch, seed=0)


def test_fewer_unlabelled_images_than_a_step_wants_are_refused() -> None:
    with pytest.raises(CorpusError, match=r"wants 11 unlabelled images, but there are 10.*unlabeled\.batch"):
        images(10, batch=11)


def test_as_many_unlabelled_images_as_a_step_wants_come_once_each() -> None:
    _, rows = images(10, batch=10)(step=0)

    assert np.array_equal(np.sort(rows), np.arange(10))
