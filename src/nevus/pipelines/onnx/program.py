"""A saved classifier as one PyTorch module, from pixels to probabilities: what `Scorer` does, in tensors alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from nevus.contracts import Weights
from nevus.metrics.recalibration import SMALLEST
from nevus.networks.build import restore
from nevus.pipelines.inference.scoring import without_number
from nevus.training.images import to_images
from nevus.training.prediction import symmetries


class Program(nn.Module):
    """(N, S, S, 3) uint8 to (N, K) float32 probabilities.

    Args:
        spec: `Classifier.spec`, without metadata.
        weights: `Classifier.weights`.
    """

    def __init__(self, spec: Mapping[str, Any], weights: Weights) -> None:
        super().__init__()
        self.scores = scores_of(spec, weights)

    def forward(self, images: Tensor) -> Tensor:
        """Probabilities, rows adding up to 1."""
        found: Tensor = self.scores(to_images(images, images.device))
        return found


def scores_of(spec: Mapping[str, Any], weights: Weights) -> nn.Module:
    """A module from images in [-1, 1] to probabilities: of one network or of several, calibrated if it was."""
    if members := spec.get("members"):
        of = [scores_of(one, without_number(weights, number)) for number, one in enumerate(members.values())]
        scores: nn.Module = Mean(of)
    else:
        scores = Softmax(restore(spec, weights), average_d4=bool(spec["average_d4"]))
    calibration = spec.get("calibration")
    if calibration is None:
        return scores
    kinds = {"temperature": Softened, "isotonic": Steps}
    return nn.Sequential(scores, kinds[calibration["kind"]](calibration))


class Softmax(nn.Module):
    """Of the logits of a network, averaged over the symmetries of the square or not."""

    def __init__(self, network: nn.Module, *, average_d4: bool) -> None:
        super().__init__()
        self.network, self.average_d4 = network, average_d4

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, S, S) in [-1, 1] to (N, K)."""
        views = symmetries(images) if self.average_d4 else [images]
        # All at once, so that the file has the network once and not eight times.
        probabilities: Tensor = self.network(torch.cat(views)).float().softmax(dim=1)
        return probabilities.reshape(len(views), -1, probabilities.shape[1]).mean(dim=0)


class Mean(nn.Module):
    """Of the probabilities of members."""

    def __init__(self, members: list[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, S, S) in [-1, 1] to (N, K)."""
        return torch.stack([member(images) for member in self.members]).mean(dim=0)


class Softened(nn.Module):
    """Logits over a temperature, as `nevus.metrics.recalibration.softened`."""

    def __init__(self, calibration: Mapping[str, Any]) -> None:
        super().__init__()
        self.temperature = float(calibration["temperature"])

    def forward(self, probabilities: Tensor) -> Tensor:
        """(N, K) to (N, K)."""
        return (probabilities.clamp_min(SMALLEST).log() / self.temperature).softmax(dim=1)


class Steps(nn.Module):
    """Straight lines between corners, as `numpy.interp` draws them: the sum of how far each piece is passed."""

    starts: Tensor
    widths: Tensor
    rises: Tensor

    def __init__(self, calibration: Mapping[str, Any]) -> None:
        super().__init__()
        x, y = (torch.tensor(calibration[name], dtype=torch.float32) for name in ("x", "y"))
        smallest = torch.finfo(torch.float32).tiny  # of a step without width, which is passed all at once
        for name, values in {"starts": x[:-1], "widths": x.diff().clamp_min(smallest), "rises": y.diff()}.items():
            self.register_buffer(name, values)
        self.first = float(y[0])

    def forward(self, probabilities: Tensor) -> Tensor:
        """(N, 2) to (N, 2)."""
        passed = ((probabilities[:, 1:] - self.starts) / self.widths).clamp(0, 1)
        of_second = self.first + (passed * self.rises).sum(dim=1, keepdim=True)
        return torch.cat([1 - of_second, of_second], dim=1)
