import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from kedro.io import DatasetError

import nevus
from nevus.contracts import Classifier, NevusError
from nevus.corpus.decode import decode
from nevus.io.model import ModelDataset
from nevus.networks.build import build, describe, restore
from nevus.networks.options import PlainOptions
from nevus.training.prediction import predict_probabilities
from nevus.training.runtime import prediction_runtime
from tests.fakes import encode, fake_jpeg, fake_pixels

NETWORK = PlainOptions(
    kind="plain",
    norm="weight",
    width=4,
    depth=2,
    blocks=1,
    dropout=0.0,
    normalisation="feature",
    resize=24,
    colour="none",
    gamma=1.0,
)
RECORD = {
    "method": "ssgan",
    "variant": "",
    "seed": 3,
    "parameters": {"ssgan": {"weight": 0.5}, "ingestion": {"size": 16}, "splits": {}},
    "images": {"labeled": 2},
}
# What is installed and not asked for cannot be imported, as if it were not there.
SCORE_ELSEWHERE = """
import re, sys
from importlib.machinery import PathFinder
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
sys.path = [p for p in sys.path if "src" not in p.split("/")]
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
sys.modules["sklearn"] = sys.modules["scipy"] = None  # as if they were not installed

def spelt(name):
    return re.sub(r"[-_.]+", "-", name).lower()

asked, new = set(), {line.partition("==")[0] for line in Path(sys.argv[1], "requirements.txt").read_text().split()}
while new:
    asked |= {spelt(name) for name in new}
    named = set()
    for name in new:
        try:
            found = [line for line in requires(name) or [] if "extra ==" not in line]
        except PackageNotFoundError:  # for another platform
            found = []
        named |= {spelt(re.match(r"[\\w.-]+", line)[0]) for line in found}
    new = named - asked

class Present(PathFinder):
    absent = {top for top, owners in packages_distributions().items() if not asked & {spelt(one) for one in owners}}

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in cls.absent - {"nevus"} else super().find_spec(name, path, target)

sys.meta_path = [Present if finder is PathFinder else finder for finder in sys.meta_path]
assert {"kedro", "timm", "pandera"} <= Present.absent
import mlflow, numpy
from PIL import Image
model = mlflow.pyfunc.load_model(sys.argv[1])
images = numpy.load(sys.argv[2])
numpy.save(sys.argv[3], model.predict(images))
files = [Path(f"{number}.jpg") for number in range(len(images))]
for file, image in zip(files, images):
    Image.fromarray(image).save(file, quality=100, subsampling=0)
assert numpy.allclose(model.predict([file.read_bytes() for file in files]), numpy.load(sys.argv[3]), atol=0.01)
import nevus
print(nevus.__file__)
"""


@pytest.fixture
def classifier() -> Classifier:
    torch.manual_seed(0)
    network = build(NETWORK, classes=2, size=16)
    example = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    network.fit_input(example)
    spec = describe(NETWORK, classes=["benign", "melanoma"], size=16, average_d4=True)
    return Classifier(dict(network.state_dict()), spec, example, RECORD)


@pytest.fixture
def expected(classifier: Classifier) -> np.ndarray:
    network = restore(classifier.spec, classifier.weights)
    return predict_probabilities(network, classifier.example, average_d4=True, runtime=prediction_runtime())


def test_a_saved_classifier_comes_back_as_it_was(tmp_path: Path, classifier: Classifier) -> None:
    dataset = ModelDataset(filepath=str(tmp_path / "models" / "ssgan"))

    dataset.save(classifier)
    loaded = dataset.load()

    assert loaded.spec == classifier.spec
    assert loaded.record == dataset.record() == RECORD
    assert loaded.weights.keys() == classifier.weights.keys()
    assert all(torch.equal(loaded.weights[name], tensor) for name, tensor in classifier.weights.items())
    assert loaded.example.dtype == np.uint8
    assert np.array_equal(loaded.example, classifier.example[: len(loaded.example)])


def test_mlflow_scores_the_folder_like_the_network_itself(tmp_path: Path, classifier: Classifier, expected) -> None:
    import mlflow

    ModelDataset(filepath=str(tmp_path / "model")).save(classifier)
    model = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    probabilities = model.predict(classifier.example)

    assert list(probabilities.columns) == ["benign", "melanoma"]
    assert (probabilities.dtypes == np.float32).all()
    assert np.allclose(probabilities, expected, atol=1e-6)
    assert model.metadata.signature.outputs.input_names() == ["benign", "melanoma"]
    assert "images of any size" in model.metadata.metadata["input"]


def test_images_of_other_sizes_are_resized_as_they_were_packed(tmp_path: Path, classifier: Classifier) -> None:
    import mlflow

    record = RECORD | {"parameters": {"ingestion": {"size": 16, "resize": "pad", "max_pixels": 10_000}}}
    ModelDataset(filepath=str(tmp_path / "model")).save(classifier._replace(record=record))
    model = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    files = [fake_jpeg(0, 9, 12), fake_jpeg(1, 80, 60), encode(fake_pixels(2, 40, 50), "PNG")]
    packed = decode(files, 16, max_pixels=10_000, resize="pad").pixels

    assert np.allclose(model.predict(files), model.predict(packed), atol=1e-6)
    with pytest.raises(mlflow.MlflowException) as caught:
        model.predict([*files, b"no image"])
    assert caught.value.get_http_status_code() == 400
    caught.value.message = f"Failed to predict data '{files}'. {caught.value.message}"  # as MLflow's server does
    assert json.loads(caught.value.serialize_as_json())["message"].startswith(
        "1 of 4 images cannot be read (row 3: content is in no known image format)"
    )


def test_many_images_are_the_same_as_few(tmp_path: Path, classifier: Classifier) -> None:
    import mlflow

    ModelDataset(filepath=str(tmp_path / "model")).save(
        classifier._replace(spec=classifier.spec | {"metadata": METADATA})
    )
    model = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    images, ages = np.random.default_rng(1).integers(0, 256, (150, 16, 16, 3), dtype=np.uint8), np.arange(150.0)

    whole = model.predict(images, params={"age": list(ages)})

    for rows in (slice(0, 1), slice(63, 66), slice(149, 150)):  # at the ends of chunks
        assert np.allclose(model.predict(images[rows], params={"age": list(ages[rows])}), whole[rows], atol=1e-6)


METADATA = {
    "age": {"means": [40.0, 60.0], "spread": 10.0},
    "sex": {"values": {"female": [-0.5, -1.5], "male": [-1.0, -0.3]}},
}


def test_metadata_count_where_they_are_given(tmp_path: Path, classifier: Classifier, expected) -> None:
    import mlflow

    ModelDataset(filepath=str(tmp_path / "model")).save(
        classifier._replace(spec=classifier.spec | {"metadata": METADATA})
    )
    model = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    known = {"age": [60.0, float("nan"), 40.0], "sex": ["male", "", "unheard of"]}

    alone, beside = model.predict(classifier.example), model.predict(classifier.example, params=known)

    assert np.allclose(alone, expected, atol=1e-6)
    wanted = np.log(expected[:, 1] / expected[:, 0]) + np.array([2.0 + 0.7, 0.0, -2.0])
    assert np.allclose(np.log(beside["melanoma"] / beside["benign"]), wanted, atol=1e-4)
    with pytest.raises(Exception, match="sex wants a value for each of the 3 images, but got 2"):
        model.predict(classifier.example, params={"sex": ["male", "male"]})


def test_the_folder_is_scored_where_nevus_is_not_installed(tmp_path: Path, classifier: Classifier, expected) -> None:
    folder, images, scores = tmp_path / "model", tmp_path / "images.npy", tmp_path / "scores.npy"
    calibration = {"kind": "temperature", "temperature": 2.0}
    ModelDataset(filepath=str(folder)).save(classifier._replace(spec=classifier.spec | {"calibration": calibration}))
    np.save(images, classifier.example)

    command = [sys.executable, "-c", SCORE_ELSEWHERE, str(folder), str(images), str(scores)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert str(folder) in done.stdout  # the package came out of the model's folder
    half = np.sqrt(expected)  # half the logits
    assert np.allclose(np.load(scores), half / half.sum(axis=1, keepdims=True), atol=1e-6)


def test_the_folder_holds_no_pickle_and_no_other_machine_code(tmp_path: Path, classifier: Classifier) -> None:
    ModelDataset(filepath=str(tmp_path / "model")).save(classifier)

    suffixes = {path.suffix for path in (tmp_path / "model").rglob("*") if path.is_file()}

    assert not suffixes & {".pkl", ".pickle", ".pt", ".pth", ".joblib", ".pyc"}


def test_the_folder_knows_no_path_of_the_machine_that_trained_it(tmp_path: Path, classifier: Classifier) -> None:
    ModelDataset(filepath=str(tmp_path / "model")).save(classifier)

    described = yaml.safe_load((tmp_path / "model" / "MLmodel").read_text())["flavors"]["python_function"]
    paths = [described["model_code_path"], *(value for a in described["artifacts"].values() for value in a.values())]
    assert len(paths) == 7
    assert all((tmp_path / "model" / path).is_file() for path in paths)
    files = [path for path in (tmp_path / "model").iterdir() if path.is_file()]
    here = [tempfile.gettempdir(), str(Path(nevus.__file__).parent), str(Path.home())]
    assert not [(file.name, path) for file in files for path in here if path in file.read_text()]


def test_what_a_kind_of_network_needs_is_asked_for_and_nothing_else(tmp_path: Path, classifier: Classifier) -> None:
    def asked(**changes) -> set[str]:
        ModelDataset(filepath=str(tmp_path / "model")).save(classifier._replace(spec=classifier.spec | changes))
        lines = (tmp_path / "model" / "requirements.txt").read_text().splitlines()
        return {line.partition("==")[0] for line in lines}

    usual = {"mlflow", "numpy", "pandas", "pillow", "pydantic", "safetensors", "torch", "torchvision"}
    assert asked() == usual
    assert asked(requirements=["timm"]) - asked() == {"timm"}


def test_the_record_is_read_without_pytorch(tmp_path: Path, classifier: Classifier) -> None:
    folder = str(tmp_path / "model")
    ModelDataset(filepath=folder).save(classifier)
    code = """
import sys
from nevus.io.model import ModelDataset
print(ModelDataset(filepath=sys.argv[1]).record()["seed"], {"torch", "mlflow"} & set(sys.modules))
"""

    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["3", "set()"]


def test_a_folder_from_before_there_were_records_loads_without_one(tmp_path: Path, classifier: Classifier) -> None:
    dataset = ModelDataset(filepath=str(tmp_path / "model"))
    dataset.save(classifier)
    (tmp_path / "model" / "artifacts" / "record.json").unlink()

    assert dataset.load().record == dataset.record() == {}


def test_a_second_save_replaces_the_first_and_leaves_nothing_beside_it(tmp_path: Path, classifier: Classifier) -> None:
    dataset = ModelDataset(filepath=str(tmp_path / "model"))
    dataset.save(classifier)

    dataset.save(classifier._replace(spec=classifier.spec | {"average_d4": False}))

    assert dataset.load().spec["average_d4"] is False
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_failed_save_keeps_the_model_before_it(tmp_path: Path, classifier: Classifier) -> None:
    dataset = ModelDataset(filepath=str(tmp_path / "model"))
    dataset.save(classifier)

    with pytest.raises(DatasetError):
        dataset.save(classifier._replace(spec={"classes": object()}))

    assert dataset.load().spec == classifier.spec
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_loading_what_was_never_saved_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        ModelDataset(filepath=str(tmp_path / "model")).load()

    assert isinstance(caught.value.__cause__, NevusError)
    with pytest.raises(NevusError, match="kedro run --pipeline=ssgan"):
        ModelDataset(filepath=str(tmp_path / "model")).record()
