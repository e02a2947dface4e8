"""Label-efficient skin-lesion classification: few labelled images, many unlabelled ones."""

__version__ = "0.1.0"
