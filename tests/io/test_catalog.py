import pytest
from kedro.io import DatasetNotFoundError

from nevus.io.catalog import Catalog

MEMORY = {"type": "kedro.io.MemoryDataset", "data": 1}
NAMES = ("corpus@test", "corpus@training", "packed@corpus", "{run}.corpus@test", "{run}.history", "duplicates")


@pytest.fixture
def catalog() -> Catalog:
    return Catalog.from_config(dict.fromkeys(NAMES, MEMORY))


@pytest.mark.parametrize("ask", [Catalog.load, Catalog.__getitem__])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("corpus", "'corpus' not found in the catalog; it has views, of which one is loaded at a time: corpus@test"),
        ("ssgan.corpus", "at a time: ssgan.corpus@test"),
        ("corpus@tset", "close names: corpus@test"),
        ("dupliactes", "close names: duplicates"),
        ("nothing like it", "not found in the catalog"),
    ],
)  # fmt: skip
def test_a_name_that_is_not_there_is_answered_with_those_that_are(catalog: Catalog, ask, name: str, said: str) -> None:
    with pytest.raises(DatasetNotFoundError) as caught:
        ask(catalog, name)

    assert said in str(caught.value)


def test_a_name_that_is_there_is_loaded(catalog: Catalog) -> None:
    assert catalog.load("corpus@test") == catalog.load("ssgan.history") == 1
