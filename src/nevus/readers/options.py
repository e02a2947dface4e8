"""What a user may set about each format; the values are in conf/base/parameters/ingestion.yml."""

from typing import Literal

from pydantic import ConfigDict, Field

from nevus.contracts import Options

NUMBERS_ARE_NAMES = ConfigDict(coerce_numbers_to_str=True)  # YAML reads the class 1 as a number


class PhantomOptions(Options):
    """The phantom: dermoscopy-like drawings, not patients.

    Attributes:
        seed: Everything drawn follows from it.
        labeled: Images with a label to train on, half of them melanoma.
        unlabeled: Images whose label and diagnosis are hidden.
        test: Images to test on, half of them melanoma.
        unlabeled_melanoma_share: Share of melanoma among the unlabelled images.
        overlap: How alike the classes are: 0 = hardly any overlap, 1 = both drawn from the same distributions. The
            distance between the class means of every attribute shrinks with 1 - overlap.
        variation: How much skin, light and hair differ, whatever the class: 0 = one clinic with fair-skinned patients,
            1 = many lamps, skin from pale to brown, most images with hair.
    """

    seed: int = Field(ge=0, lt=2**32)
    labeled: int = Field(ge=4, le=50_000)
    unlabeled: int = Field(ge=0, le=200_000)
    test: int = Field(ge=4, le=50_000)
    unlabeled_melanoma_share: float = Field(ge=0.0, le=1.0)
    overlap: float = Field(ge=0.0, le=1.0)
    variation: float = Field(ge=0.0, le=1.0)


class MelanomaDetectionOptions(Options):
    """MelanomaDetection: its layout says everything."""


class ImageFolderOptions(Options):
    """`train/`, `test/`, perhaps `validation/` and `unlabeled/`, with one folder a class.

    Attributes:
        classes: Names of the class folders in the order of their labels, so that of two the second is what is looked
            for; null takes them in alphabetical order.
    """

    model_config = NUMBERS_ARE_NAMES

    classes: tuple[str, ...] | None


class Isic2017Options(Options):
    """The ISIC 2017 challenge, part 3.

    Attributes:
        task: The column of the ground truth that is 1 for what is looked for; everything else is the other class.
    """

    task: Literal["melanoma", "seborrheic_keratosis"]


class SiimIsic2020Options(Options):
    """The SIIM-ISIC 2020 competition.

    Attributes:
        files: What the images come in: JPEGs beside the tables, or TFRecord shards, which carry their own labels.
        official_duplicates: Leave out one of each pair in the competition's list of duplicates, if the source has it.
        test_images: What becomes of the competition's test images, whose labels were never published: leave_out;
            unlabeled, to train on them without labels; or test, to be scored.
    """

    files: Literal["jpeg", "tfrecord"]
    official_duplicates: bool
    test_images: Literal["leave_out", "unlabeled", "test"]


class Ham10000Options(Options):
    """HAM10000.

    Attributes:
        task: Two classes, melanoma against nevus (all other diagnoses are left out) or malignant (mel, bcc, akiec)
            against benign; or the seven diagnoses.
        confirmed_by: Only diagnoses confirmed in these ways (`dx_type`); null takes all.
    """

    task: Literal["melanoma_nevus", "malignant_benign", "seven"]
    confirmed_by: tuple[Literal["histo", "follow_up", "consensus", "confocal"], ...] | None


class IsicArchiveOptions(Options):
    """Any collection of the ISIC archive.

    Attributes:
        task: Malignant against benign, or melanoma against the rest.
        confirmed_by: Only diagnoses confirmed in these ways (`diagnosis_confirm_type`, such as histopathology); null
            takes all.
        image_type: Only images of these types (such as dermoscopic); null takes all.
        undiagnosed: What becomes of images whose class the table does not say: unlabeled, or leave_out.
    """

    task: Literal["malignant_benign", "melanoma"]
    confirmed_by: tuple[str, ...] | None
    image_type: tuple[str, ...] | None
    undiagnosed: Literal["unlabeled", "leave_out"]


class DiagnosisFoldersOptions(Options):
    """One folder a diagnosis, of any depth, for the synthesis of images.

    Attributes:
        diagnoses: Folders to take, in the order of their labels; null takes all in alphabetical order.
    """

    model_config = NUMBERS_ARE_NAMES

    diagnoses: tuple[str, ...] | None


class MnistOptions(Options):
    """MNIST: handwritten digits in IDX files.

    Attributes:
        digits: Those to take; their positions here are the labels.
    """

    digits: tuple[int, ...] = Field(min_length=1)


class TableOptions(Options):
    """Any table with a column of image paths.

    Attributes:
        file: Name of the CSV or parquet file in the source.
        columns: Column of the manifest to column of the table. `file` is needed; `image_id`, `split`, `label`,
            `diagnosis`, `group_id`, `age`, `sex`, `site` may be given; null where the table has no such column.
        classes: Names of the classes in the order of their labels.
        labels: Value of the label column, as text, to the name of its class; null where the column holds the names.
        splits: Value of the split column, as text, to labeled, validation, unlabeled or test; null where it holds them.
        source: Name of the data set, written into the manifest.
    """

    model_config = NUMBERS_ARE_NAMES

    file: str = Field(min_length=1)
    columns: dict[str, str | None]
    classes: tuple[str, ...] = Field(min_length=1)
    labels: dict[str, str] | None
    splits: dict[str, str] | None
    source: str = Field(min_length=1)
