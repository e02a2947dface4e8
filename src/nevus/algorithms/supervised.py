"""Cross-entropy on the labelled images: what every semi-supervised method has to beat."""

from torch.nn import functional as F

from nevus.algorithms.base import Algorithm, Network
from nevus.contracts import Batch, StepOutput


class Supervised(Algorithm):
    """Learn from the labelled images alone."""

    def forward(self, model: Network, batch: Batch) -> StepOutput:
        """Cross-entropy in nats; ln K where all classes get the same probability."""
        logits = model(batch.images)
        loss = F.cross_entropy(logits, batch.targets)
        accuracy = (logits.detach().argmax(dim=1) == batch.labels).float().mean()
        return StepOutput(loss, {"labeled_loss": loss.detach(), "labeled_accuracy": accuracy})
