from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from nevus.cli.commands import run
from nevus.cli.params import ParamsOption, parse


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Parameters as the command line reads them, in an empty folder that is also the home."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    def read(*arguments: str, block: dict | None = None) -> dict:
        @click.command(params=[ParamsOption()])
        def show(params: dict) -> None:
            seen.append(params)

        seen: list[dict] = []
        done = CliRunner().invoke(show, list(arguments), default_map={"params": block} if block else None)
        assert done.exit_code == 0, done.output
        return seen[0]

    return read


NAMES = [
    "2020", "007", "1e3", "0x1F", "2020-01-31", "true", "null", "yes", "a b", " a", "a, b", "a,b", "a #2", "#2", "a=b",
    "a: b", "{a}", "[a]", "'a'", '"a"', "*", "&a", "!a", "%", "@", "Läsionen", "皮膚", "a\\b", "-", "a~", "1,5",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("others", ["{}", "seed=3,{}", "{},seed=3", "seed=3,{},splits.label_budget=4"])
def test_a_path_is_text_whatever_it_looks_like(given, tmp_path: Path, name: str, others: str) -> None:
    read = given("--params", others.format(f"source={name}"))

    assert read["source"] == str(tmp_path / name)
    assert read.get("seed", 3) == 3


def test_a_path_that_exists_may_hold_a_comma_and_an_equals_sign(given, tmp_path: Path) -> None:
    (tmp_path / "a,b=c").mkdir()

    assert given("--params", "source=a,b=c,seed=1") == {"source": str(tmp_path / "a,b=c"), "seed": 1}


@pytest.mark.parametrize(
    ("text", "path"), [("~", "home"), ("~/x", "home/x"), ("x/", "x"), ("./x", "x"), ("/tmp/x/", "/tmp/x")]
)
def test_a_path_is_completed_as_a_shell_does(given, tmp_path: Path, text: str, path: str) -> None:
    assert given("--params", f"source={text}") == {"source": str(tmp_path / path)}


@pytest.mark.parametrize(
    "written", ["source={} ", "source= {}", "source = {}", "source='{}'", 'source="{}"', "source= '{}' "]
)
@pytest.mark.parametrize("there", ["a b", "{tmp}/a b", "~/c"])
def test_blanks_and_quotes_around_a_path_go_where_only_so_something_is_there(
    given, tmp_path: Path, written: str, there: str
) -> None:
    (tmp_path / "a b").mkdir()
    (tmp_path / "home" / "c").mkdir(parents=True)
    path = there.format(tmp=tmp_path)
    read = given("--params", written.format(path) + ",seed=1")
    assert read["source"] == str(tmp_path / Path(path.replace("~", "home")))
    quoted = tmp_path / "'a b'"
    quoted.mkdir()
    assert given("--params", "source='a b'")["source"] == str(quoted)


@pytest.mark.parametrize("address", ["https://example.org/a.zip", "s3://bucket/a", "file:///tmp/a", " ftp://x"])
def test_an_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="is an address, and a path of this machine"):
        parse([f"source={address},seed=1"])


@pytest.mark.parametrize("name", ["007", "1e3", "1_000", "true", "2020-01-31", "wide"])
@pytest.mark.parametrize("parameter", ["variant", "ingestion.table.file"])
def test_a_name_is_text(given, parameter: str, name: str) -> None:
    read: object = given("--params", f"seed=1,{parameter}={name}")

    for key in parameter.split("."):
        read = read[key]  # type: ignore[index]
    assert read == name


def test_other_values_are_yaml(given) -> None:
    read = given("--params", "a.n=3, a.x=0.5,a.none=null,a.names=[b, c],a.block={d: 1, e: 2},variant=null")

    block = {"n": 3, "x": 0.5, "none": None, "names": ["b", "c"], "block": {"d": 1, "e": 2}}
    assert read == {"a": block, "variant": None}


def test_the_option_may_be_repeated(given) -> None:
    assert given("--params", "seed=1,a.b=1", "--params=seed=2,a.c=3") == {"seed": 2, "a": {"b": 1, "c": 3}}


def test_nothing_given_is_no_parameter(given) -> None:
    assert given() == {} == given("--params", "")


def test_a_file_of_options_follows_the_same_rules(given, tmp_path: Path) -> None:
    read = given(block={"source": 2020, "variant": 7, "seed": 1})

    assert read == {"source": str(tmp_path / "2020"), "variant": "7", "seed": 1}


@pytest.mark.parametrize("text", ["seed", "=3", "source=", "variant= ", "1=2"])
def test_what_is_no_item_is_refused_with_what_was_found(text: str) -> None:
    done = CliRunner().invoke(run, ["--params", text])

    assert done.exit_code == 2
    assert "Invalid value for '--params'" in done.output


def test_items_behind_a_path_may_be_longer_than_a_name_may_be():
    steps = ",".join(f"classifier.loop.steps={number}" for number in range(20))
    assert parse([f"source=/images,{steps}"]) == {"source": "/images", "classifier": {"loop": {"steps": 19}}}


def test_home_of_nobody_is_refused():
    with pytest.raises(ValueError, match="no home folder for '~nobody-of-this-name'"):
        parse(["source=~nobody-of-this-name/images"])


@pytest.mark.parametrize(
    "text", ["source.filepath=2020", "variant.name=2020", "source=x,ingestion.table.file.name=2020"]
)
def test_a_name_below_a_text_is_refused_with_the_right_one(text: str) -> None:
    done = CliRunner().invoke(run, ["--params", text])

    assert done.exit_code == 2
    above = text.rpartition(",")[2].rpartition(".")[0]
    assert f"give {above}=2020" in " ".join(done.output.split())
