"""Two images in one, and their targets with them."""

from collections.abc import Callable

import torch
from torch import Tensor

from nevus.augment import operations as o
from nevus.augment.draws import chosen, rectangles

Mixed = tuple[Tensor, Tensor]  # (N, 3, H, W) images and (N, K) shares of the classes


def mixup(options: o.Mixup, images: Tensor, targets: Tensor) -> Mixed:
    """The weighted mean of each image and another one of the batch."""
    weight, other = _weight(options.alpha, options.probability, images), torch.randperm(len(images))
    share = weight.view(-1, 1, 1, 1)
    return images * share + images[other] * (1 - share), _mean(targets, other, weight)


def cutmix(options: o.Cutmix, images: Tensor, targets: Tensor) -> Mixed:
    """A rectangle of another image of the batch in each; what of it lies outside does not count."""
    weight, other = _weight(options.alpha, options.probability, images), torch.randperm(len(images))
    patch = rectangles((1 - weight).sqrt(), images)
    stays = 1 - patch.float().mean(dim=(1, 2, 3))
    return torch.where(patch, images[other], images), _mean(targets, other, stays)


def _weight(alpha: float, probability: float, images: Tensor) -> Tensor:
    """(N,): how much of each image stays; all of it where it is not mixed."""
    drawn = torch.distributions.Beta(alpha, alpha).sample((len(images),)).to(images.device)
    return torch.where(chosen(probability, images), drawn, torch.ones_like(drawn))


def _mean(targets: Tensor, other: Tensor, weight: Tensor) -> Tensor:
    return targets * weight.unsqueeze(1) + targets[other] * (1 - weight.unsqueeze(1))


MIXERS: dict[type[o.OperationOptions], Callable[..., Mixed]] = {o.Mixup: mixup, o.Cutmix: cutmix}
