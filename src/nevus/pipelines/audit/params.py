"""Parameters of the audit; their values live in conf/base/parameters/audit.yml."""

from pydantic import Field

from nevus.contracts import Options


class ProbeOptions(Options):
    """How shortcuts are probed.

    Attributes:
        folds: Of the cross-validation; each class needs as many lesions or patients.
        repeats: Cross-validations with other folds, averaged.
        images: Labelled images at most, drawn at random, the same number of each class: more change a simple model
            little and take long.
        replicates: Bootstrap draws for the intervals.
        confidence: Of the intervals.
        seed: Of every draw.
    """

    folds: int = Field(ge=2)
    repeats: int = Field(ge=1)
    images: int = Field(ge=20)
    replicates: int = Field(ge=100)
    confidence: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0, lt=2**31)


class AuditParams(Options):
    """What the audit lists and shows. It changes nothing.

    Attributes:
        outlier_threshold: An image is listed as an outlier beyond this many robust standard deviations.
        probes: How shortcuts are probed.
        shown_outliers: Outliers on the contact sheet.
        shown_pairs: Pairs of duplicates on the contact sheet.
        listed: Rows of each long list on the page; the tables beside it are complete.
    """

    outlier_threshold: float = Field(gt=0)
    probes: ProbeOptions
    shown_outliers: int = Field(ge=0)
    shown_pairs: int = Field(ge=0)
    listed: int = Field(ge=1)
