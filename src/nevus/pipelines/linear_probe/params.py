"""Parameters of a linear classifier on features that are computed once."""

from pydantic import model_validator

from nevus.pipelines.classifier.params import ClassifierParams


class LinearProbeParams(ClassifierParams):
    """A classifier of which the head alone trains."""

    @model_validator(mode="after")
    def _is_computed_once(self) -> "LinearProbeParams":
        if self.augment:
            raise ValueError(
                "has an augment, but features are computed once: set augment to ${policies.none}, and have changed "
                "copies of the images by copies"
            )
        if self.unlabeled is not None:
            raise ValueError(
                "learns from labelled images alone: set unlabeled to null and algorithm.name to supervised"
            )
        if self.optimizer.frozen:
            raise ValueError("freezes all but the head by itself: set optimizer.frozen to []")
        return self
