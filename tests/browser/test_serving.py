"""A served model answers programs and pages, with the numbers of `kedro run --pipeline=inference`."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from nevus.contracts import Classifier
from nevus.io.model import ModelDataset
from nevus.networks.build import build, describe
from nevus.networks.options import PlainOptions
from nevus.pipelines.inference.nodes import score_images
from nevus.pipelines.inference.params import InferenceParams
from nevus.pipelines.ingestion.params import IngestionParams
from nevus.pipelines.reporting.params import EvaluationParams
from tests.fakes import FakeSource, encode, fake_jpeg, fake_pixels

pytestmark = pytest.mark.slow

NETWORK = {"kind": "plain", "norm": "none", "width": 8, "depth": 2, "blocks": 1, "dropout": 0.0}
NETWORK |= {"normalisation": "feature", "resize": None, "colour": "none", "gamma": 1.0}
TURNED = Image.Exif()
TURNED[0x0112] = 6  # a quarter turn
FILES = {
    "a.jpg": fake_jpeg(0, 150, 200),
    "b.jpg": fake_jpeg(1, 9, 12),
    "c.png": encode(fake_pixels(2, 90, 60), "PNG"),
    "d.png": encode(fake_pixels(3, 40, 50)[..., 0], "PNG"),
    "e.jpg": encode(fake_pixels(4, 40, 50), exif=TURNED),
}
TEXTS = [base64.b64encode(data).decode() for data in FILES.values()]
ASK = """
async texts => {
  const body = JSON.stringify({dataframe_split: {columns: ["image"], data: texts.map(text => [text])}});
  const headers = {"Content-Type": "application/json"};
  const answer = await fetch("/invocations", {method: "POST", headers, body});
  return [answer.status, await answer.json()];
}
"""


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """Not trained, but with opinions."""
    torch.manual_seed(0)
    options = PlainOptions.model_validate(NETWORK)
    network = build(options, classes=2, size=32)
    network.fit_input(np.stack([fake_pixels(seed, 32, 32) for seed in range(9)]))
    with torch.no_grad():
        for weights in network.parameters():
            weights *= 2
    spec = describe(options, classes=["benign", "melanoma"], size=32, average_d4=False)
    record = {"parameters": {"ingestion": {"size": 32, "resize": "pad", "max_pixels": 10**6}}}
    return Classifier(dict(network.state_dict()), spec, fake_pixels(0, 32, 32)[None], record)


@pytest.fixture(scope="module")
def expected(classifier: Classifier, configuration: Callable[..., Any]) -> list[float]:
    """Of the second class, as the pipeline says."""
    parameters = configuration("base", images="x")["parameters"]
    kinds = {"inference": InferenceParams, "ingestion": IngestionParams, "evaluation": EvaluationParams}
    params = {name: kind.model_validate(parameters[name]) for name, kind in kinds.items()}
    finished = {params["inference"].model: lambda: classifier}
    nothing = SimpleNamespace(find=lambda reference: None)  # tracked
    table = score_images(FakeSource(FILES), lambda: None, finished, nothing, *params.values())
    assert table["target"].std() > 0.05
    found: list[float] = table["target"].tolist()
    return found


@pytest.fixture(scope="module")
def served(serve: Any, classifier: Classifier, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `mlflow models serve`."""
    root: Path = tmp_path_factory.mktemp("served")
    ModelDataset(filepath=str(root / "model")).save(classifier)
    command = [
        "mlflow",
        "models",
        "serve",
        "--model-uri=model",
        "--env-manager=local",
        "--host=127.0.0.1",
        "--port=PORT",
    ]
    with serve(root, *command, ready="/ping") as address:
        yield address


def ask(address: str, content: dict[str, Any]) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/invocations", json.dumps(content).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.mark.parametrize(
    "content",
    [
        {"inputs": TEXTS},
        {"instances": TEXTS},
        {"inputs": {"image": TEXTS}},
        {"dataframe_split": {"columns": ["image"], "data": [[text] for text in TEXTS]}},
        {"dataframe_records": [{"image": text} for text in TEXTS]},
    ],
    ids=["inputs", "instances", "column", "split", "records"],
)
def test_files_as_base64_are_answered_with_the_numbers_of_the_pipeline(served, expected, content):
    status, answer = ask(served, content)
    assert status == 200, answer
    assert [row["melanoma"] for row in answer["predictions"]] == pytest.approx(expected, abs=1e-5)
    assert [row["benign"] for row in answer["predictions"]] == pytest.approx([1 - one for one in expected], abs=1e-5)


def test_arrays_in_json_are_resized_too(served):
    image = fake_pixels(2, 90, 60)
    _, wanted = ask(served, {"inputs": [base64.b64encode(encode(image, "PNG")).decode()]})
    assert ask(served, {"inputs": [image.tolist()]}) == (200, wanted)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            {"inputs": [*TEXTS, "no image!"]},
            "1 of 6 images cannot be read (row 5: text that is not base64); images are",
        ),
        ({"inputs": [TEXTS[0][:200], TEXTS[1]]}, "1 of 2 images cannot be read (row 0: image is truncated"),
        ({"inputs": [[[[0.5, 0.5, 0.5]]]]}, "an array of shape (1, 1, 1, 3) and type float64 is no stack of images"),
        ({"inputs": []}, "no image was given"),
    ],
    ids=["text", "truncated", "floats", "nothing"],
)
def test_what_is_unfit_is_refused_in_one_sentence(served, content, said):
    status, answer = ask(served, content)
    assert status == 400
    assert answer["message"].startswith(said)
    assert len(answer["message"]) < 400
    assert "stack_trace" not in answer


def test_a_page_is_answered_with_the_numbers_of_the_pipeline(page, served, expected):
    page.goto(f"{served}/ping")
    status, answer = page.evaluate(ASK, TEXTS)
    assert status == 200, answer
    assert [row["melanoma"] for row in answer["predictions"]] == pytest.approx(expected, abs=1e-5)
    status, answer = page.evaluate(ASK, ["no image!"])
    assert (status, answer["message"].partition(";")[0]) == (
        400,
        "1 of 1 images cannot be read (row 0: text that is not base64)",
    )
