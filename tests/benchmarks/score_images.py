"""How many images a second does a run score, from encoded files to the table?

Run by hand, on a quiet machine: `python tests/benchmarks/score_images.py`. The network is the SSGAN's classifier of
conf/base with random weights, at 32 x 32 pixels; the images are those of the sample of MelanomaDetection, or of another
folder, archive or list of paths. Each way is timed several times and the best counts, since other work only takes away.
Beside the wall time stands the time of all processors, which other work hardly changes. "decoding" is the same without
the network.
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from nevus.configuration import ConfigLoader
from nevus.contracts import Classifier, Listing
from nevus.io.images import ImagesDataset
from nevus.networks.build import build, describe
from nevus.pipelines.inference import stream
from nevus.pipelines.inference.params import InferenceParams
from nevus.pipelines.ingestion.params import IngestionParams
from nevus.pipelines.ssgan.params import SsganParams
from nevus.readers.unlabelled import read
from nevus.settings import CONFIG_LOADER_ARGS
from nevus.training.threads import available

ROOT = Path(__file__).resolve().parents[2]
SIZE = 32


def main(arguments: list[str] | None = None) -> None:
    """Print one line a way."""
    sample = Path(os.environ.get("NEVUS_SAMPLE_DATA", ROOT.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", nargs="?", type=Path, default=sample / "melanoma_detection" / "MelanomaDetection.zip")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=available())
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    loader = ConfigLoader(str(ROOT / "conf"), env="base", runtime_params={}, **CONFIG_LOADER_ARGS)
    options = IngestionParams.model_validate(loader["parameters"]["ingestion"])
    network = SsganParams.model_validate(loader["parameters"]["ssgan"]).network
    source = ImagesDataset(filepath=str(given.images)).load()
    if source is None:
        raise SystemExit("name images")
    listing, classifier = read(source), random_classifier(network)
    print(f"{len(listing.records):,} images, {given.threads} threads")
    print(f"{'':24} {'images/s':>9} {'of processor':>13}")
    for name, way in ways(listing, classifier, options).items():
        wall, processor = best(way, given.rounds)
        print(f"{name:24} {len(listing.records) / wall:9,.0f} {len(listing.records) / processor:13,.0f}")


def random_classifier(options: Any) -> Classifier:
    """A network that has learnt nothing: what it costs does not depend on that."""
    torch.manual_seed(0)
    network = build(options, classes=2, size=SIZE)
    spec = describe(options, classes=["benign", "melanoma"], size=SIZE, average_d4=True)
    return Classifier(dict(network.state_dict()), spec, None, {"parameters": {"ingestion": {"resize": "squash"}}})


def ways(listing: Listing, classifier: Classifier, options: IngestionParams) -> dict[str, Callable[[], Any]]:
    """Decoding alone, and with one and with eight views of each image."""

    def scoring(average_d4: bool, precision: str = "float32") -> Callable[[], Any]:
        params = InferenceParams(
            model="", average_d4=average_d4, prevalence=None, columns=(), precision=precision, device="cpu"
        )
        return lambda: stream.score_listing(listing, classifier, options, params)

    def decoding() -> None:
        rows = listing.records
        for _ in stream.decoded(listing, rows, rows["reason"].isna().to_numpy().nonzero()[0], classifier, options):
            pass

    return {
        "decoding": decoding,
        "one view": scoring(False),
        "one view, bfloat16": scoring(False, "bfloat16"),
        "mean of eight views": scoring(True),
    }


def best(way: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """The least seconds of wall time and of processor time, after one round that is not timed."""
    seconds = []
    way()  # imports and compiles
    for _ in range(rounds):
        wall, processor = time.perf_counter(), time.process_time()
        way()
        seconds.append((time.perf_counter() - wall, time.process_time() - processor))
    return min(wall for wall, _ in seconds), min(processor for _, processor in seconds)


if __name__ == "__main__":
    main()
