"""Who is in the phantom: the table of lesions and images that the drawings follow. Drawings, not patients.

The whole table is drawn up front from the seed, so an image never depends on which others were asked for.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from nevus.readers.options import PhantomOptions

DIAGNOSES = ("nevus", "melanoma")  # label 0 and label 1
DRAWN = ("labeled", "unlabeled", "test")  # splits
SITES = {  # frequency among nevi and melanomas together
    "back": 0.29,
    "lower extremity": 0.22,
    "trunk": 0.15,
    "upper extremity": 0.12,
    "abdomen": 0.09,
    "face": 0.05,
    "chest": 0.05,
    "neck": 0.02,
    "scalp": 0.01,
}


@dataclass(frozen=True)
class Attribute:
    """How one attribute of a lesion is distributed in the two classes.

    A normal number with standard deviation 1 and mean -d (nevus) or +d (melanoma), d = separation * (1 - overlap), is
    mapped by the normal distribution function onto low..high. So without separation the attribute is uniform.

    Attributes:
        name: Column in the table of attributes.
        low: Smallest value.
        high: Largest value.
        separation: Half the distance between the class means, in standard deviations, at overlap 0.
    """

    name: str
    low: float
    high: float
    separation: float


ATTRIBUTES = (
    Attribute("asymmetry", 0.0, 1.0, 1.1),  # A: a second lobe, pigment heavier on one side
    Attribute("border", 0.0, 1.0, 1.2),  # B: how far the contour leaves an ellipse
    Attribute("abruptness", 0.0, 1.0, 0.6),  # B: how sharply the pigment ends
    Attribute("colors", 1.0, 7.0, 1.2),  # C: the floor of it is the number of colours, 1 to 6
    Attribute("darkness", 0.0, 1.0, 1.3),  # C: depth of the brown
    Attribute("redness", 0.0, 1.0, -1.3),  # C: blood in lesion and skin
    Attribute("radius", 0.28, 0.72, 0.7),  # D: in halves of the image's width
    Attribute("network", 0.0, 1.0, 0.0),  # strength of the pigment network, the same in both classes
    Attribute("network_atypia", 0.0, 1.0, 1.0),  # wide, warped and broken meshes
    Attribute("globules", 0.0, 14.0, 0.3),  # the floor of it is their number
    Attribute("globule_atypia", 0.0, 1.0, 0.5),  # uneven in size, off-centre
)
AGE = Attribute("age", 20.0, 90.0, 0.6)


def draw_population(options: PhantomOptions) -> pd.DataFrame:
    """Draw the table of all images: bookkeeping, patient data, the lesion's attributes, how it was photographed.

    Args:
        options: Seed, numbers and overlap.

    Returns:
        One row an image, index 0..N-1, in the order of the splits. `label` and `diagnosis` are the true ones, also for
        the unlabelled images; `lesion` numbers the lesions, each in one split only.
    """
    rng = np.random.default_rng(options.seed)
    images = _assign_lesions(options, rng)
    lesions = _draw_lesions(images.groupby("lesion")["label"].first().to_numpy(), options, rng)
    images = images.join(lesions, on="lesion").join(_draw_photographs(len(images), options.variation, rng))
    image_id = [f"phantom_{index:05d}" for index in images.index]
    group_id = [f"lesion_{lesion:04d}" for lesion in images["lesion"]]
    diagnosis = np.array(DIAGNOSES)[images["label"].to_numpy()]
    files = [f"{split}/{name}.png" for split, name in zip(images["split"], image_id, strict=True)]
    return images.assign(image_id=image_id, group_id=group_id, diagnosis=diagnosis, file=files)


def _assign_lesions(options: PhantomOptions, rng: np.random.Generator) -> pd.DataFrame:
    """Give every image a split, a label and a lesion; a third of the lesions get a second image in the same split."""
    melanoma = (options.labeled // 2, round(options.unlabeled * options.unlabeled_melanoma_share), options.test // 2)
    totals = (options.labeled, options.unlabeled, options.test)
    parts, used = [], 0
    for split, total, positive in zip(DRAWN, totals, melanoma, strict=True):
        for label, count in enumerate((total - positive, positive)):
            second = count // 4  # of 3/4 as many lesions as images, one in three
            lesion = used + np.r_[: count - second, :second]
            used += count - second
            parts.append(pd.DataFrame({"split": split, "label": label, "lesion": lesion}))
    table = pd.concat(parts, ignore_index=True)
    number = rng.permutation(used)  # else a lesion's number would give the label away
    order = np.lexsort((rng.random(len(table)), table["split"].map(DRAWN.index)))
    return table.assign(lesion=number[table["lesion"]]).iloc[order].reset_index(drop=True)


def _draw_lesions(labels: npt.NDArray[np.int64], options: PhantomOptions, rng: np.random.Generator) -> pd.DataFrame:
    sign = 2.0 * labels - 1.0
    columns: dict[str, object] = {}
    for item in (*ATTRIBUTES, AGE):
        latent = rng.standard_normal(len(labels)) + sign * item.separation * (1.0 - options.overlap)
        columns[item.name] = item.low + (item.high - item.low) * norm.cdf(latent)
    columns["elongation"] = rng.uniform(1.0, 1.5, len(labels))
    # With variation also brown skin: beyond 1 the colour goes on in the direction from pale to tan.
    columns["tan"] = (1.0 + 0.8 * options.variation) * rng.beta(1.5, 5.0 - 3.2 * options.variation, len(labels))
    columns["sex"] = rng.choice(["female", "male"], len(labels))
    columns["site"] = rng.choice(list(SITES), len(labels), p=list(SITES.values()))
    table = pd.DataFrame(columns)
    table["age"] = (table["age"] / 5).round() * 5  # as clinics give it, in steps of five years
    return table.assign(colors=np.floor(table["colors"]).clip(upper=6.0), globules=np.floor(table["globules"]))


def _draw_photographs(count: int, variation: float, rng: np.random.Generator) -> pd.DataFrame:
    """What differs between two images of one lesion, whatever its class."""
    hairy = rng.random(count) < 0.3 + 0.4 * variation
    lamp = 0.7 + 0.8 * variation
    return pd.DataFrame(
        {
            "rotation": rng.uniform(0.0, 2.0 * np.pi, count),
            "zoom": rng.uniform(0.88, 1.12, count),
            "shift_x": rng.normal(0.0, 0.07, count),
            "shift_y": rng.normal(0.0, 0.07, count),
            "exposure": rng.normal(1.0, 0.04 + 0.06 * variation, count),
            "warmth": rng.normal(0.0, lamp, count),
            "tint": rng.normal(0.0, lamp, count),
            "falloff": rng.uniform(0.0, 0.12 + 0.18 * variation, count),
            "light_angle": rng.uniform(0.0, 2.0 * np.pi, count),
            "vignette": rng.beta(1.0, 3.0, count),
            "hairs": hairy * rng.integers(1, 7, count),
        }
    )
