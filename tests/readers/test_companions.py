import pytest

from nevus.readers.companions import companions

WORDS = (
    "segmentation",
    "superpixels",
    "mask",
    "masks",
    "Segmentation",
    "MASK",
    "groundtruth",
    "attribute_pigment_network",
    "thumb",
    "thumbnail",
)
WEAK = ("lesion", "seg", "gt", "GT", "roi", "features", "bin")
FOLDERS = ("masks", "Masks", "segmentations", "HAM10000_segmentations_lesion_tschandl", "superpixels", "ground truth")
MORE_FOLDERS = (
    *("annotations", "ISIC-2017_Training_Part1_GroundTruth", "lesion_masks", "Train_GroundTruth"),
    *("SegmentationClass", "segmentation_object", "SegmentationClassRaw", "thumbs", "Thumbnails"),
)


@pytest.mark.parametrize("gap", ["_", "-", " ", "."])
@pytest.mark.parametrize("word", [*WORDS, *WEAK])
def test_word_behind_the_name_of_an_image_tells(word: str, gap: str) -> None:
    name = f"b/X1{gap}{word}.png"
    assert companions(["a/x1.jpg", name]) == {name}


@pytest.mark.parametrize("word", WORDS)
def test_strong_word_tells_without_the_image(word: str) -> None:
    assert companions(["a/x2.jpg", f"a/x1_{word}.png"]) == {f"a/x1_{word}.png"}


@pytest.mark.parametrize("name", ["mask_0001", "Mask1", "segmentation-12", "masks (3)", "superpixels_7"])
def test_strong_word_with_nothing_but_a_number_tells(name: str) -> None:
    assert companions(["a/x2.jpg", f"a/{name}.png"]) == {f"a/{name}.png"}


@pytest.mark.parametrize("name", ["x1Mask", "ISIC_0000001Segmentation", "imgMasks_2"])
def test_strong_word_in_camel_case_needs_no_gap(name: str) -> None:
    assert companions(["a/x2.jpg", f"a/{name}.png"]) == {f"a/{name}.png"}


@pytest.mark.parametrize("name", ["unmasked", "damask", "x1mask"])
def test_a_word_that_ends_like_one_does_not_tell(name: str) -> None:
    assert companions(["a/x2.jpg", f"a/{name}.png"]) == set()


@pytest.mark.parametrize("word", WEAK)
def test_weak_word_does_not_tell_without_the_image(word: str) -> None:
    assert companions(["a/x2.jpg", f"a/x1_{word}.png"]) == set()


@pytest.mark.parametrize("folder", [*FOLDERS, *MORE_FOLDERS])
@pytest.mark.parametrize("form", ["{}/x1.png", "train/{}/x1.png", "{}/melanoma/x1.png", "train/melanoma/{}/x1.png"])
def test_folder_of_companions_tells(folder: str, form: str) -> None:
    name = form.format(folder)
    assert companions(["train/melanoma/x1.jpg", "train/nevus/x2.jpg", name]) == {name}


@pytest.mark.parametrize(
    "folder", ["mask", "Mask", "gt", "seg", "binary_mask", "mask-png", "Lesion GT", "pixel_labels"]
)
def test_folder_that_repeats_the_tree_of_the_images_tells(folder: str) -> None:
    images = ["data/images/a/1.jpg", "data/images/b/2.jpg", "other/3.jpg"]
    masks = {f"data/{folder}/a/1.png", f"data/{folder}/b/2.png"}
    assert companions([*images, *masks]) == masks
    assert companions(["t/a/1.jpg", "t/b/2.jpg", f"t/a/{folder}/1.png"]) == {f"t/a/{folder}/1.png"}


@pytest.mark.parametrize("name", ["mask", "lesion", "Lesions", "roi", "gt", "feature", "face mask", "binary_mask"])
def test_class_of_such_a_name_stays(name: str) -> None:
    files = [f"{split}/{folder}/{i}.jpg" for split in ("train", "test") for folder in (name, "other") for i in range(4)]
    assert companions(files) == set()
    assert companions([f"top/{file}" for file in files]) == set()


@pytest.mark.parametrize("top", ["masks", "HAM10000_segmentations", "images_and_masks", "ISIC_GroundTruth"])
def test_folder_around_all_tells_nothing(top: str) -> None:
    files = {f"{top}/a/1.jpg", f"{top}/b/2.jpg"}
    assert companions(files) == set()


def test_layout_of_ph2_is_known() -> None:
    image = "IMD002/IMD002_Dermoscopic_Image/IMD002.bmp"
    beside = {"IMD002/IMD002_lesion/IMD002_lesion.bmp", "IMD002/IMD002_roi/IMD002_R1_Label4.bmp"}
    other = "IMD003/IMD003_Dermoscopic_Image/IMD003.bmp"
    assert companions([image, other, *beside]) == beside


@pytest.mark.parametrize("stem", ["unmasked", "masked_ball", "lesion_1", "x_masking", "mask", "segmentation"])
def test_words_like_them_do_not_tell(stem: str) -> None:
    assert companions([f"a/{stem}.jpg", "a/y.jpg"]) == set()
