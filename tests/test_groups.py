import pandas as pd

from nevus.groups import group_keys, shared_groups


def table(ids, groups, hashes=None):
    rows = pd.DataFrame({"image_id": list(ids), "group_id": pd.array(groups, dtype="str")})
    return rows if hashes is None else rows.assign(sha256=hashes)


def test_an_image_without_a_group_does_not_join_a_group_of_its_name():
    keys = group_keys(table("abc", ["b", None, "b"]))
    assert keys[0] == keys[2] != keys[1]


def test_equal_bytes_join_the_groups_of_their_images():
    """Over any number of steps: a and b share bytes, b and c a lesion, c and d bytes."""
    groups = [None, "g", "g", "h", "h", None]
    keys = group_keys(table("abcdef", groups, ["1", "1", "2", "2", "3", "4"]))
    assert len(set(keys[:5])) == 1
    assert keys[5] == "image f"
    assert len(set(group_keys(table("abcdef", groups)))) == 4
    assert len(set(group_keys(table("abcdef", groups, list("123456"))))) == 4


def test_images_of_unknown_bytes_are_no_copies():
    keys = group_keys(table("abcd", ["g", None, None, None], ["1", "1", None, None]))
    assert keys[0] == keys[1]
    assert len(set(keys[1:])) == 3
    assert len(set(group_keys(table("ab", [None, None], [None, None])))) == 2


def test_shared_groups_names_groups_as_they_are_called_and_leaves_single_images_without():
    rows = table("abcdefg", ["g", "g", "h", None, None, None, "k"], ["1", "2", "3", "3", "4", "4", "5"])
    assert shared_groups(rows).tolist() == ["g", "g", "h", "h", "image e", "image e", "k"]
    assert shared_groups(table("ab", [None, None])).tolist() == [None, None]


def test_shared_groups_does_not_depend_on_the_index():
    rows = table("abc", ["g", None, None], ["1", "2", "2"]).set_axis([7, 3, 3])
    assert shared_groups(rows).tolist() == ["g", "image b", "image b"]
