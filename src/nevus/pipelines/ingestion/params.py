"""Parameters of the ingestion."""

from typing import Literal

from pydantic import Field

from nevus.contracts import Options
from nevus.readers.options import PhantomOptions


class IngestionParams(Options):
    """How raw files become a corpus.

    Attributes:
        format: The reader that understands the source.
        size: Height and width of the packed images, in pixels.
        chunk: Images decoded at a time; bounds the memory.
        max_pixels: Images with more pixels than this are set aside: a small file may unpack to gigabytes.
        max_quarantined_share: The run stops when more than this share of the files has to be set aside.
        phantom: How the embedded images are drawn; read by the format "phantom" only.
    """

    format: Literal["phantom", "melanoma_detection"]
    size: int = Field(ge=8, le=1024)
    chunk: int = Field(ge=1)
    max_pixels: int = Field(ge=1)
    max_quarantined_share: float = Field(ge=0, le=1)
    phantom: PhantomOptions
