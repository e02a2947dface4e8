"""Parameters of the search for originals."""

from nevus.corpus.options import RelinkOptions


class RelinkParams(RelinkOptions):
    """When an image is taken for a copy of an original; see `RelinkOptions`."""
