"""Every format from raw files to a scored and reported classifier: made-up files always, real samples if there."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.end_to_end.conftest import Project
from tests.fakes import write_folder
from tests.readers.fake_challenges import ham10000_files, isic_2017_files, isic_archive_files
from tests.readers.fake_folders import diagnosis_files, image_folder_files
from tests.readers.fake_siim import siim_files, siim_shards
from tests.readers.fake_tables import csv_file, image_files, mnist_files

pytestmark = pytest.mark.slow

TINY = {
    "classifier": {
        "network": {"widths": [8, 16]},
        "loop": {"steps": 4, "labeled_batch": 8, "log_every": 2, "checkpoint_every": 2},
    },
    "ssgan": {"unlabeled": {"batch": 8}, "generator": {"latent": 8, "width": 4}, "frames": 2, "samples": 16},
    "evaluation": {"replicates": 100},
}
PARTIAL = {"max_quarantined_share": 1.0}  # the samples hold whole tables and some of their images


def train(project: Project, runs: list[tuple[str, str, dict[str, Any]]]) -> None:
    """Run pipelines of environments with parameters."""
    project.sessions(
        [
            ({"env": env, "runtime_params": parameters}, {"pipeline_names": [pipeline]})
            for env, pipeline, parameters in runs
        ]
    )


def settings(source: Path, *, ingestion: dict[str, Any] | None = None, **splits: Any) -> dict[str, Any]:
    return {**TINY, "source": str(source), "ingestion": ingestion or {}, "splits": splits}


def table_files(count: int = 40) -> dict[str, bytes]:
    names = [f"{number}.jpg" for number in range(count)]
    splits = ["labeled", "labeled", "test", "unlabeled"]
    rows = [
        {"file": name, "label": ("benign", "melanoma")[i // 4 % 2], "split": splits[i % 4]}
        for i, name in enumerate(names)
    ]
    return {"images.csv": csv_file(rows), **image_files(*names)}


def check(root: Path, env: str, classes: int) -> None:
    metrics = pd.read_csv(root / f"data/08_reporting/{env}/ssgan/seed0/metrics.csv")
    assert set(metrics["method"]) == {"ssgan", "labeled_only", "majority", "colour_svm"}
    least = metrics["metric"].map({"mcc": -1.0}).fillna(0.0)
    most = metrics["metric"].map({"log_loss": np.inf}).fillna(1.0)
    assert metrics["value"].between(least, most).all()
    predictions = pd.read_parquet(root / f"data/07_model_output/{env}/ssgan/seed0/predictions.parquet")
    probabilities = predictions.filter(like="probability").to_numpy()
    assert probabilities.shape[1] == (1 if classes == 2 else classes)
    assert np.isfinite(probabilities).all()
    assert (root / f"data/08_reporting/{env}/ssgan/seed0/report.html").stat().st_size > 100_000


def test_every_format_trains(new_project, sample_folder, tmp_path):
    """Where the real samples are, only what they lack: JPEGs of SIIM-ISIC 2020, seven classes, the archive, a table."""
    sources = {
        "image_folder": image_folder_files({"train": 30, "test": 10}),
        "isic_2017": isic_2017_files(60, 12, 18),
        "siim_isic_2020": siim_files(90, 4),
        "shards": siim_shards(90, 4),
        "ham10000": ham10000_files(105),
        "isic_archive": isic_archive_files(90),
        "diagnosis_folders": diagnosis_files({"akiec": 30, "nv": 30, "mel": 30}),
        "mnist": mnist_files(200, 60),
        "table": table_files(),
    }
    places = {name: write_folder(tmp_path / name, files) for name, files in sources.items()}
    budget = {"label_budget": 6}
    seven = {"ham10000": {"task": "seven"}}
    columns = {"table": {"columns": {"file": "file", "label": "label", "split": "split"}}}
    runs = [
        ("image_folder", "ssgan", settings(places["image_folder"], **budget)),
        ("isic_2017", "ssgan", settings(places["isic_2017"], **budget)),
        ("siim_isic_2020", "ssgan", settings(places["siim_isic_2020"], **budget)),
        ("ham10000", "ssgan", settings(places["ham10000"], ingestion=seven, **budget)),
        ("isic_archive", "ssgan", settings(places["isic_archive"], **budget)),
        ("diagnosis_folders", "ssgan", settings(places["diagnosis_folders"], **budget)),
        ("mnist", "ssgan", settings(places["mnist"], **budget)),
        ("table", "ssgan", settings(places["table"], ingestion=columns)),
    ]
    if sample_folder.is_dir():
        runs = [run for run in runs if run[0] in {"siim_isic_2020", "ham10000", "isic_archive", "table"}]
    made = new_project()
    train(made, runs)
    for env, _, _ in runs:
        check(made.root, env, {"ham10000": 7, "diagnosis_folders": 3, "mnist": 10}.get(env, 2))

    if not sample_folder.is_dir():
        shards = {"siim_isic_2020": {"files": "tfrecord"}}
        train(made, [("siim_isic_2020", "ssgan", settings(places["shards"], ingestion=shards, **budget))])
        check(made.root, "siim_isic_2020", 2)


def test_every_real_sample_trains(new_project, sample_data, tmp_path):
    """All but MelanomaDetection, with which test_ssgan.py runs the command line."""
    rows = pd.read_csv(sample_data / "ham10000" / "HAM10000_metadata.csv").set_index("image_id")["dx"]
    for image in sorted((sample_data / "ham10000" / "images").iterdir()):
        folder = tmp_path / "diagnoses" / rows[image.stem] / "gan_input"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / image.name).write_bytes(image.read_bytes())
    shards = {"siim_isic_2020": {"files": "tfrecord"}}
    runs = [
        ("image_folder", "ssgan", settings(sample_data / "image_folder", label_budget=20)),
        (
            "isic_2017",
            "ssgan",
            settings(sample_data / "isic2017", ingestion=PARTIAL, test="hold_out", label_budget=15),
        ),
        (
            "siim_isic_2020",
            "ssgan",
            settings(sample_data / "siim_isic_2020" / "tfrecords", ingestion=PARTIAL | shards, label_budget=15),
        ),
        ("ham10000", "ssgan", settings(sample_data / "ham10000", ingestion=PARTIAL, label_budget=30)),
        ("diagnosis_folders", "ssgan", settings(tmp_path / "diagnoses", label_budget=10)),
        ("mnist", "ssgan", settings(sample_data / "mnist", test="hold_out")),
    ]
    made = new_project()
    train(made, runs)
    for env, _, _ in runs:
        check(made.root, env, {"diagnosis_folders": 7, "mnist": 10}.get(env, 2))
