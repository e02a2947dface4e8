"""The loss on the labelled images alone: what every semi-supervised method has to beat."""

from nevus.algorithms.base import Algorithm, Network
from nevus.contracts import Batch, StepOutput


class Supervised(Algorithm):
    """Learn from the labelled images alone."""

    def forward(self, model: Network, batch: Batch) -> StepOutput:
        """The loss in nats; by cross-entropy ln K where all classes get the same probability."""
        logits = model(batch.images)
        loss = self.task.labeled_loss(logits, batch.targets)
        accuracy = (logits.detach().argmax(dim=1) == batch.labels).float().mean()
        return StepOutput(loss, {"labeled_loss": loss.detach(), "labeled_accuracy": accuracy})
