"""Image files that belong to an image without being one: masks, superpixels, thumbnails, told by their names.

Words that nobody gives to a photograph tell on their own. Words that a class may bear too (`lesion`, `roi`) tell only
where the rest of the name is an image: `IMD002_lesion.bmp` beside `IMD002.bmp`, but not the folder `lesion/` of a
class.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from itertools import takewhile
from pathlib import PurePosixPath

GAP = r"[_\-. ]"
TRUTH = rf"ground{GAP}?truths?"
STRONG = rf"segmentations?|superpixels?|masks?|thumb(?:nail)?s?|{TRUTH}|attribute{GAP}[a-z_\-. ]+"
WEAK = (
    rf"{STRONG}|seg|segm|segmented|gt|lesions?|roi|features?|contours?|borders?|boundary|labels?|annotations?|overlay|"
    "bin|binary"
)
NUMBER = rf"({GAP}?\(?[0-9]{{1,2}}\)?)?"  # several masks of one image, or a second download
MARKED = re.compile(  # `x1_mask`, `x1Mask` and `mask_0001`
    rf".+{GAP}({STRONG}){NUMBER}|.*[a-z0-9](?-i:Masks?|Segmentations?|Superpixels?){NUMBER}|({STRONG}){GAP}?\(?[0-9]+\)?",
    re.IGNORECASE,
)
OF_AN_IMAGE = re.compile(rf"(?P<image>.+?){GAP}({WEAK}){NUMBER}|({WEAK}){GAP}(?P<behind>.+)", re.IGNORECASE)
# A folder of companions: such a word, or the plural of one within a longer name, as in "HAM10000_segmentations_lesion".
FOLDER = re.compile(
    rf"segmentation|segmentation{GAP}?(class|object).*|superpixel|annotation|"  # SegmentationClass of PASCAL VOC
    rf"(.*{GAP})?(masks|segmentations|superpixels|annotations|thumb(nail)?s|{TRUTH})({GAP}.*)?|.*(?-i:GroundTruth)",
    re.IGNORECASE,
)
IMAGES_TOO = re.compile(r"image|img|photo|\band\b|_and_|with", re.IGNORECASE)  # "images_and_masks" holds both
MASK_FOLDER = re.compile(rf"(.*{GAP})?(masks?|gt|segm?|labels?)({GAP}.*)?", re.IGNORECASE)
IMAGE_FOLDER = re.compile(r"(.*_)?(images?|imgs?|jpe?gs?|pngs?|originals?|photos?|inputs?|raw)", re.IGNORECASE)


def companions(names: Iterable[str]) -> set[str]:
    """Which image files are companions of images, by their names and folders.

    Args:
        names: All image files of a source. Folders around all of them tell nothing.
    """
    paths = {name: PurePosixPath(name) for name in names}
    around = folders_around(paths)
    stems = {_same(path.stem) for path in paths.values()}
    places = {_place(path.parts[:-1], path.stem) for path in paths.values()}
    folders = {folder for path in paths.values() for folder in path.parts[around:-1]}
    marked = {folder for folder in folders if _by_folder(folder, stems)}
    return {
        name
        for name, path in paths.items()
        if _by_name(path.stem, stems)
        or not marked.isdisjoint(path.parts[around:-1])
        or _beside_images(path, around, places)
    }


def folders_around(names: Iterable[str]) -> int:
    """How many folders lie around all of these files."""
    levels = zip(*(name.split("/")[:-1] for name in names), strict=False)
    return sum(1 for _ in takewhile(lambda folders: len(set(folders)) == 1, levels))


def _same(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _place(folders: tuple[str, ...], stem: str) -> tuple[str, ...]:
    """Where an image lies, whatever the folders of images are called."""
    return (*(_same(folder) for folder in folders if not IMAGE_FOLDER.fullmatch(folder)), _same(stem))


def _by_name(stem: str, stems: Collection[str]) -> bool:
    return MARKED.fullmatch(stem) is not None or _is_of_an_image(stem, stems)


def _is_of_an_image(name: str, stems: Collection[str]) -> bool:
    found = OF_AN_IMAGE.fullmatch(name)
    return found is not None and _same(found["image"] or found["behind"]) in stems


def _by_folder(folder: str, stems: Collection[str]) -> bool:
    named = FOLDER.fullmatch(folder) is not None and IMAGES_TOO.search(folder) is None
    return named or _is_of_an_image(folder, stems)


def _beside_images(path: PurePosixPath, around: int, places: Collection[tuple[str, ...]]) -> bool:
    """Whether a folder such as `mask/` repeats the tree of the images: `mask/a/1.png` of `images/a/1.jpg`.

    A class named `mask` stands beside other classes instead, and repeats nothing but file names.
    """
    folders = path.parts[:-1]
    return any(
        MASK_FOLDER.fullmatch(folder) is not None and _place((*folders[:at], *folders[at + 1 :]), path.stem) in places
        for at, folder in enumerate(folders)
        if at >= around
    )
