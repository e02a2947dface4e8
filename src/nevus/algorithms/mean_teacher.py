"""Mean Teacher (arXiv:1703.01780, section 2): agree with the running mean of one's own weights."""

import torch

from nevus.algorithms.base import Consistency, Network, disagreement
from nevus.contracts import Batch, StepOutput


class MeanTeacher(Consistency):
    """Learn from the labelled images, and see strong views of the others as the teacher sees weak ones."""

    views = ("weak", "strong")
    wants_teacher = True

    def forward(self, model: Network, batch: Batch) -> StepOutput:
        """The loss on the labelled images plus the ramped squared difference."""
        labeled, strong = model(torch.cat([batch.images, batch.strong])).split([len(batch.images), len(batch.strong)])
        supervised = self.task.labeled_loss(labeled, batch.targets)
        with torch.no_grad():
            # Beside the labelled images, as the student sees them: batch normalisation is of the whole batch.
            wanted = self.teacher(torch.cat([batch.images, batch.weak]))[len(batch.images) :].softmax(dim=1)
        difference = disagreement(strong.softmax(dim=1), wanted)
        return self.together(supervised, difference, batch)
