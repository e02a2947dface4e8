"""Parameters of the ingestion."""

from typing import Literal

from pydantic import Field

from nevus.contracts import Options
from nevus.readers.options import (
    DiagnosisFoldersOptions,
    Ham10000Options,
    ImageFolderOptions,
    Isic2017Options,
    IsicArchiveOptions,
    MelanomaDetectionOptions,
    MnistOptions,
    PhantomOptions,
    SiimIsic2020Options,
    TableOptions,
)


class IngestionParams(Options):
    """How raw files become packed images.

    Attributes:
        format: The reader that understands the source: a module in `nevus.readers`, with its options of the same name.
        size: Height and width of the packed images, in pixels.
        resize: squash (the whole image, whatever its shape), crop (the largest square in the middle) or pad (the whole
            image in a black square).
        chunk: Images decoded at a time; bounds the memory.
        workers: Processes that decode; 0 decodes in this one, null takes as many as there are processors.
        max_pixels: Images with more pixels than this are set aside: a small file may unpack to gigabytes.
        max_quarantined_share: The run stops when more than this share of the files has to be set aside.
        phantom: How the embedded images are drawn; read by the format "phantom" only, and so on for the others.
    """

    format: Literal[
        "phantom",
        "melanoma_detection",
        "image_folder",
        "isic_2017",
        "siim_isic_2020",
        "ham10000",
        "isic_archive",
        "diagnosis_folders",
        "mnist",
        "table",
    ]
    size: int = Field(ge=8, le=1024)
    resize: Literal["squash", "crop", "pad"]
    chunk: int = Field(ge=1)
    workers: int | None = Field(ge=0, le=256)
    max_pixels: int = Field(ge=1)
    max_quarantined_share: float = Field(ge=0, le=1)
    phantom: PhantomOptions
    melanoma_detection: MelanomaDetectionOptions
    image_folder: ImageFolderOptions
    isic_2017: Isic2017Options
    siim_isic_2020: SiimIsic2020Options
    ham10000: Ham10000Options
    isic_archive: IsicArchiveOptions
    diagnosis_folders: DiagnosisFoldersOptions
    mnist: MnistOptions
    table: TableOptions
