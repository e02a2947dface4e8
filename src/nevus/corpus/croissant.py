"""What a packed corpus is, for machines: Croissant metadata (MLCommons, version 1.0; arXiv:2403.19546).

Search engines for data sets and `mlcroissant` read it. The files are described by whoever knows where they lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nevus.contracts import MANIFEST_COLUMNS, SPLITS, Corpus

FORMAT = "http://mlcommons.org/croissant/1.0"
RECORDS, TABLE = "images", "manifest.parquet"  # the record set, and the file that holds it
TEXT, INTEGER, NUMBER = "sc:Text", "sc:Integer", "sc:Float"
TYPES = {"label": INTEGER, "age": NUMBER, "width": INTEGER, "height": INTEGER, "row": INTEGER}  # others are text
MEANING = {
    "image_id": "Name of the image.",
    "split": f"What the source has the image for: one of {', '.join(SPLITS)}.",
    "diagnosis": "Diagnosis in the words of the source, where it is known.",
    "group_id": "Lesion or patient; images of one are never independent.",
    "age": "Years, where it is known.",
    "sex": "Of the patient, where it is known.",
    "site": "Place on the body, where it is known.",
    "source": "Data set that the image comes from.",
    "width": "Of the original image, in pixels.",
    "height": "Of the original image, in pixels.",
    "sha256": "Of the original file.",
    "phash": "Perceptual hash of the image, 16 hexadecimal digits.",
    "row": "Position of the image in pixels.npy.",
}
# By format, where all images of it are under one licence; see its page in docs/how_to.
BY_NC, CC0 = ("https://creativecommons.org/licenses/by-nc/4.0/", "https://creativecommons.org/publicdomain/zero/1.0/")
LICENCES = {
    "phantom": "https://www.apache.org/licenses/LICENSE-2.0",
    "melanoma_detection": BY_NC,
    "ham10000": BY_NC,
    "siim_isic_2020": BY_NC,
    "isic_2017": CC0,
}
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
} | {
    name: f"cr:{name}"
    for name in (
        *("citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty", "fileObject", "fileSet"),
        *("format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet"),
        *("references", "regex", "repeated", "replace", "samplingRate", "separator", "source", "subField", "transform"),
    )
}


def describe(packed: Corpus, *, format: str, resize: str) -> dict[str, Any]:
    """Describe a packed corpus.

    Args:
        packed: All packed images.
        format: Name of the reader.
        resize: How images were brought to their size.

    Returns:
        JSON-LD with an empty `distribution`, and a record set with a field for each column of the manifest, which is
        read from the file `TABLE`.
    """
    images, height, width, _ = packed.pixels.shape
    found = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": FORMAT,
        "name": f"nevus-{format}-{width}px-{resize}".replace("_", "-"),
        "description": (
            f"{images:,} images as the reader {format} of nevus found them, packed at {width} x {height} pixels "
            f"({resize}). Research use only. Fingerprint {packed.fingerprint}."
        ),
        "version": "1.0.0",
        "distribution": [],
        "recordSet": [record_set(packed.classes)],
    }
    return found | ({"license": LICENCES[format]} if format in LICENCES else {})


def record_set(classes: Sequence[str]) -> dict[str, Any]:
    """The columns of the manifest as fields."""
    meaning = {**MEANING, "label": ", ".join(f"{number}: {name}" for number, name in enumerate(classes))}
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"{RECORDS}/{name}",
            "name": name,
            "description": meaning[name],
            "dataType": TYPES.get(name, TEXT),
            "source": {"fileObject": {"@id": TABLE}, "extract": {"column": name}},
        }
        for name in MANIFEST_COLUMNS
    ]
    key = {"@id": f"{RECORDS}/image_id"}
    return {"@type": "cr:RecordSet", "@id": RECORDS, "name": RECORDS, "key": key, "field": fields}
