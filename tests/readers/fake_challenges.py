"""Makers of files in the layouts of ISIC 2017, HAM10000 and the ISIC archive: tables, and small images that differ."""

from collections.abc import Mapping, Sequence

from tests.fakes import fake_jpeg

ISIC_2017_RELEASES = {"Training": 0, "Validation": 1000, "Test_v2": 2000}  # and the first id of each here
LABELS_2017 = ("1.0,0.0", "0.0,1.0", "0.0,0.0")  # melanoma, seborrheic keratosis, nevus, in turn
DIAGNOSES = ("mel", "nv", "bcc", "bkl", "akiec", "df", "vasc")


def csv_bytes(header: str, rows: Sequence[str], end: str = "\n") -> bytes:
    """A CSV file of these lines."""
    return end.join([header, *rows, ""]).encode()


def isic_2017_files(
    training: int = 6, validation: int = 3, test: int = 3, *, metadata: bool = True, top: str = ""
) -> dict[str, bytes]:
    """Files as the challenge ships them, unpacked; a release of 0 images is absent."""
    files: dict[str, bytes] = {}
    for (release, start), count in zip(ISIC_2017_RELEASES.items(), (training, validation, test), strict=True):
        if not count:
            continue
        stem = f"{top}ISIC-2017_{release}"
        ids = [f"ISIC_{start + index:07d}" for index in range(count)]
        truth = [f"{image_id},{LABELS_2017[index % 3]}" for index, image_id in enumerate(ids)]
        people = [
            f"{image_id},{('unknown', 40, 85)[i % 3]},{('male', 'female')[i % 2]}" for i, image_id in enumerate(ids)
        ]
        files[f"{stem}_Part3_GroundTruth.csv"] = csv_bytes("image_id,melanoma,seborrheic_keratosis", truth)
        if metadata:
            files[f"{stem}_Data/ISIC-2017_{release}_Data_metadata.csv"] = csv_bytes(
                "image_id,age_approximate,sex", people
            )
        files |= {f"{stem}_Data/{image_id}.jpg": fake_jpeg(start + i) for i, image_id in enumerate(ids)}
    return files


def ham10000_rows(lesions: int = 14) -> list[str]:
    """Rows of the metadata: two images a lesion, the seven diagnoses in turn."""
    rows = []
    for lesion in range(lesions):
        dx, dx_type = DIAGNOSES[lesion % 7], ("histo", "consensus")[lesion % 2]
        patient = f"{('', '45.0', '70')[lesion % 3]},{('male', 'female', 'unknown')[lesion % 3]},back"
        rows += [f"HAM_{lesion:07d},ISIC_{24000 + 2 * lesion + i:07d},{dx},{dx_type},{patient}" for i in range(2)]
    return rows


def ham10000_files(
    lesions: int = 14, *, table: str = "HAM10000_metadata.csv", extra: Mapping[str, bytes] | None = None
) -> dict[str, bytes]:
    """The metadata and the images, half of them in each of the two folders that the data set comes in."""
    rows = ham10000_rows(lesions)
    files = {table: csv_bytes("lesion_id,image_id,dx,dx_type,age,sex,localization", rows, end="\r\n")}
    for index, row in enumerate(rows):
        folder = f"HAM10000_images_part_{1 + (index >= len(rows) // 2)}"
        files[f"{folder}/{row.split(',')[1]}.jpg"] = fake_jpeg(index)
    return files | dict(extra or {})


def isic_archive_files(count: int = 12) -> dict[str, bytes]:
    """A collection as `isic-cli` downloads it: benign, malignant and indeterminate in turn, two images a patient."""
    kinds = ("Benign,Benign melanocytic proliferations,Nevus", "Malignant,,Melanoma Invasive", "Indeterminate,,")
    ids = [f"ISIC_{9000000 + index:07d}" for index in range(count)]
    rows = [
        f"{image_id},Somebody,CC-0,45,Thigh,female,IP_{i // 6}_{i % 3},{kinds[i % 3]}" for i, image_id in enumerate(ids)
    ]
    header = "isic_id,attribution,copyright_license,age_approx,anatom_site_2,sex,patient_id"
    files = {"metadata.csv": csv_bytes(f"{header},diagnosis_1,diagnosis_2,diagnosis_3", rows, end="\r\n")}
    files |= {"attribution.txt": b"Somebody", "licenses/CC-0.txt": b"No rights reserved."}
    return files | {f"{image_id}.jpg": fake_jpeg(9000 + index) for index, image_id in enumerate(ids)}
