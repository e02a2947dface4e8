"""What the documents name exists."""

import ast
import importlib
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from nevus.cli.clean import clean
from nevus.cli.params import parse
from nevus.pipeline_registry import register_pipelines
from nevus.pipelines.methods import METHODS

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
NOTEBOOKS = ("notebooks/open_a_finished_run.ipynb", "notebooks/score_a_folder.ipynb")
INSTALL_AND_RUN = "pip install -e . && kedro run --pipeline=ssgan"
INSTALL_AND_TEST = 'pip install -e ".[dev]" && pytest'

# [text](target) and ![text](target); a command inside code: a line of a block, or between backticks.
LINK = re.compile(r"\]\(([^)\s]+)\)")
COMMAND = re.compile(r"kedro run\b[^`\n;&|]*")
PARAMS = re.compile(r"--params[= ]([^`\n;&|]+)")  # in a command or on its own
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
MADE_HERE = re.compile(r"<!-- this page makes: (.*?) -->")

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


def made_here(text: str, kind: str) -> set[str]:
    """What the reader makes while following the page, such as an environment, as a comment in the page declares."""
    found = MADE_HERE.search(text)
    pairs = [item.split("=") for item in found[1].split()] if found else []
    return {name for key, name in pairs if key == kind}


def anchors(text: str) -> set[str]:
    """Addresses of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def options(command: str) -> dict[str, str]:
    """`--name=value` and `--name value` of a command."""
    words = shlex.split(command.replace("...", ""))
    found = {}
    for position, word in enumerate(words):
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            found[name] = value if equals else (words[position + 1] if position + 1 < len(words) else "")
    return found


def commands(text: str) -> list[dict[str, str]]:
    return [options(command) for command in COMMAND.findall(text)]


def changed(text: str) -> list[dict[str, Any]]:
    """What each `--params` of a page gives."""
    return [parse([shlex.split(found.replace("...", ""))[0]]) for found in PARAMS.findall(text)]


def unknown(given: dict[str, Any], known: dict[str, Any]) -> list[str]:
    """The keys that no parameter has."""
    found = [key for key in given if key not in known]
    inner = [key for key, value in given.items() if isinstance(value, dict) and isinstance(known.get(key), dict)]
    return found + [f"{key}.{name}" for key in inner for name in unknown(given[key], known[key])]


def parameters() -> dict[str, Any]:
    files = (ROOT / "conf" / "base" / "parameters").glob("*.yml")
    return {key: value for file in files for key, value in yaml.safe_load(file.read_text()).items()}


@each_document
def test_no_number_is_left_to_be_filled_in(document: Path) -> None:
    assert "@@" not in document.read_text()


@each_document
def test_every_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    broken = []
    for target in LINK.findall(document.read_text()):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        file = (document.parent / path).resolve() if path else document
        heading_found = not anchor or (file.suffix == ".md" and file.exists() and anchor in anchors(file.read_text()))
        if not file.exists() or not heading_found:
            broken.append(target)
    assert not broken


def test_every_page_is_listed_in_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    listed = {(index.parent / target.partition("#")[0]).resolve() for target in LINK.findall(index.read_text())}
    assert not [page for page in (ROOT / "docs").rglob("*.md") if page != index and page not in listed]


def test_the_readme_gives_the_two_commands_as_they_are_promised() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert INSTALL_AND_RUN in lines
    assert INSTALL_AND_TEST in lines


@each_document
def test_commands_name_pipelines_environments_and_nodes_that_exist(document: Path) -> None:
    text = document.read_text()
    pipelines = register_pipelines()
    environments = {path.name for path in (ROOT / "conf").iterdir() if path.is_dir()} | made_here(text, "env")
    for found in commands(text):
        name = found.get("pipeline", found.get("pipelines", "__default__"))
        if name in made_here(text, "pipeline") or name == "PIPELINE":  # PIPELINE: whichever the reader wants
            continue
        assert name in pipelines, found
        assert found.get("env", "base") in environments, found
        nodes = {node.name for node in pipelines[name].nodes}
        asked = [found[option] for option in ("nodes", "from-nodes", "to-nodes") if option in found]
        assert {node for value in asked for node in value.split(",")} <= nodes, found
        assert set(filter(None, found.get("tags", "").split(","))) <= {t for n in pipelines[name].nodes for t in n.tags}


@each_document
def test_commands_that_clean_are_understood(document: Path) -> None:
    for words in re.findall(r"kedro clean ([^`\n:;]+)", document.read_text()):
        clean.make_context("clean", shlex.split(words))


@each_document
def test_commands_change_parameters_that_exist(document: Path) -> None:
    known = {**parameters(), "source": None, "images": None, "image": None, "model": None}
    assert not [wrong for given in changed(document.read_text()) for wrong in unknown(given, known)]


def test_parameters_are_found_in_a_text_and_in_a_command() -> None:
    assert changed("`--params 'a.b=[3, 8]'`, or\nkedro run --params 'c=1,d=x' --env=e") == [
        {"a": {"b": [3, 8]}},
        {"c": 1, "d": "x"},
    ]


@each_document
def test_code_in_a_page_is_python_and_imports_what_there_is(document: Path) -> None:
    text = document.read_text()
    for block in PYTHON.findall(text):
        if "# in register_pipelines:" in block:
            continue  # an excerpt of a function
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nevus"):
                assert exists(node, text), f"{node.module}: {[alias.name for alias in node.names]}"


def exists(node: ast.ImportFrom, text: str) -> bool:
    """Whether a page's import finds its module and names, or the page itself makes them."""
    module, made = node.module or "", made_here(text, "module")
    if any(module == name or module.startswith(f"{name}.") for name in made):
        return True
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError:
        return False
    names = [alias.name for alias in node.names]
    return all(hasattr(found, name) or f"{module}.{name}" in made or is_module(f"{module}.{name}") for name in names)


def is_module(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        return False
    return True


def test_the_reader_of_a_page_passes_the_test_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = PYTHON.findall((ROOT / "docs" / "how_to" / "bring_your_own_images.md").read_text())
    files = {block.partition("\n")[0].removeprefix("# "): block for block in blocks}

    def run(path: str, name: str) -> ModuleType:
        module = ModuleType(name)
        exec(compile(files[path], path, "exec"), module.__dict__)
        return module

    options = run("src/nevus/readers/options.py", "page.options").NamedFilesOptions
    monkeypatch.setattr("nevus.readers.options.NamedFilesOptions", options, raising=False)
    reader = run("src/nevus/readers/named_files.py", "nevus.readers.named_files")
    monkeypatch.setitem(sys.modules, "nevus.readers.named_files", reader)
    monkeypatch.setattr("nevus.readers.named_files", reader, raising=False)
    tests = vars(run("tests/readers/test_named_files.py", "page.test_named_files"))
    called = [test() for name, test in tests.items() if name.startswith("test_")]
    assert len(called) == 2


def test_the_method_of_a_page_passes_the_test_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = PYTHON.findall((ROOT / "docs" / "how_to" / "add_a_method.md").read_text())
    files = {block.partition("\n")[0].removeprefix("# "): block for block in blocks}

    def run(path: str, name: str) -> ModuleType:
        module = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(files[path], path, "exec"), module.__dict__)
        return module

    run("src/nevus/algorithms/entropy_minimisation.py", "nevus.algorithms.entropy_minimisation")
    tests = vars(run("tests/algorithms/test_entropy_minimisation.py", "page.test_entropy_minimisation"))
    called = [test() for name, test in tests.items() if name.startswith("test_")]
    assert len(called) == 1


def test_the_registry_of_a_page_shows_methods_that_there_are_and_one_line_more() -> None:
    blocks = PYTHON.findall((ROOT / "docs" / "how_to" / "add_a_method.md").read_text())
    (shown,) = (block for block in blocks if block.startswith("# src/nevus/pipelines/methods.py"))
    names = [ast.literal_eval(key) for key in ast.parse(shown).body[0].value.keys]  # type: ignore[attr-defined]
    assert names[-1] == "entropy_minimisation"
    assert set(names[:-1]) <= set(METHODS)  # the page shows some; a new method need not be added to it


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_a_notebook_is_kept_without_outputs(path: str) -> None:
    import nbformat

    notebook = nbformat.read(ROOT / path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert cells
    assert not any(cell.outputs or cell.execution_count for cell in cells)
