"""Cases from the field: small inputs of the kinds that people report, each with the words that its run must print.

`python -m tests.cases` runs those beside the repository and prints what each says; `NEVUS_CASES` names another folder.
"""

import importlib
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

PROJECT = Path(__file__).resolve().parents[1]
FOLDER = Path(os.environ.get("NEVUS_CASES", PROJECT.parent / "shared" / "cases"))
SECONDS = 120  # no case may take longer
# Imported once and not by every run.
NEEDED = ("matplotlib.figure", "mlflow", "pandas", "scipy.stats", "sklearn.svm", "torchvision")


class Case(NamedTuple):
    """A run of the ingestion on one of the folders.

    Attributes:
        folder: Name of the case.
        env: Environment; "" gives none.
        code: Exit status wanted.
        words: Texts that the output must hold.
        given: More parameters.
        source: What is read, in the case's folder.
    """

    folder: str
    env: str
    code: int
    words: tuple[str, ...]
    given: str = ""
    source: str = "data"

    @property
    def name(self) -> str:
        return "-".join(part for part in (self.folder, self.env, Path(self.source).name) if part not in ("", "data"))

    def command(self, folder: Path) -> list[str]:
        """The command line, without `kedro`."""
        parameters = ",".join(part for part in (f"source={folder / self.source}", self.given) if part)
        if self.env:
            parameters += ",ingestion.workers=0"
        env = [f"--env={self.env}"] if self.env else []
        return ["run", "--pipeline=ingestion", *env, "--params", parameters]


FEW = "splits.label_budget=3"
CASES = [
    Case("bare_names_in_subfolders", "padufes", 0, ()),
    Case("class_folders_no_split", "image_folder", 1, ("diagnosis_folders",)),
    Case("class_names_differ_between_splits", "image_folder", 1, (), FEW),
    Case("classes_named_0_and_1", "image_folder", 0, (), FEW),
    Case("csv_cp1252", "cp1252", 0, ("1252",)),
    Case("excel_table", "ph2", 0, ()),
    Case("git_lfs_pointers", "image_folder", 1, ("git lfs pull",), FEW),
    Case("ham_dataverse_zip", "ham10000", 1, ("unpack",), FEW, "dataverse_files.zip"),
    Case("ham_decimal_comma", "ham10000", 0, (), FEW),
    Case("ham_groundtruth_one_hot", "ham10000", 0, (), FEW),
    Case("ham_kaggle_two_folders", "ham10000", 0, (), FEW),
    Case("isic2016_no_header", "isic2016", 1, ("header",)),
    Case("isic2017_downloaded_twice", "isic_2017", 1, ("(1).csv",), f"{FEW},splits.test=hold_out"),
    Case("isic_cli_ids", "isic_cli", 0, ()),
    Case("masks_beside_images", "image_folder", 0, (), FEW),
    Case("masks_beside_images", "diagnosis_folders", 0, (), FEW, "data/train"),
    Case("odd_pixels", "image_folder", 0, (), f"{FEW},ingestion.max_quarantined_share=0.2"),
    Case("siim_float_targets_index", "siim_isic_2020", 0, (), FEW),
    Case("siim_head_of_csv_no_melanoma", "siim_isic_2020", 1, ("melanoma",), FEW),
    Case("siim_ids_with_extension", "siim_isic_2020", 0, (), FEW),
    Case("source_without_env", "", 1, ("--env",), source="../valid_folder/data"),
    Case("source_without_env", "test", 1, ("--env",), source="../valid_folder/data"),
    Case("tar_source", "diagnosis_folders", 1, ("tar -x",), "", "images.tar.gz"),
    Case("tfrecord_2019_and_2020", "siim_isic_2020", 0, (), f"{FEW},ingestion.siim_isic_2020.files=tfrecord"),
    Case("tfrecord_fold_names", "siim_isic_2020", 1, ("split",), f"{FEW},ingestion.siim_isic_2020.files=tfrecord"),
    Case("tfrecord_other_schema", "siim_isic_2020", 1, (), f"{FEW},ingestion.siim_isic_2020.files=tfrecord"),
    Case("tfrecord_tfds_names", "siim_isic_2020", 1, (), f"{FEW},ingestion.siim_isic_2020.files=tfrecord"),
    Case("train_dir_val_dir", "image_folder", 0, (), FEW),
    Case("valid_folder", "image_folder", 0, (), FEW),
    Case("windows_zip", "image_folder", 0, (), FEW, "melanoma_cancer_dataset.zip"),
]


class Printed(NamedTuple):
    """What a run left: exit status, and the text of both streams."""

    code: int
    text: str


def run_all(cases: list[Case], root: Path) -> Iterator[tuple[Case, Printed]]:
    """Run the cases one after the other, each in a fork of this process, which has imported what all of them need.

    Args:
        cases: Those to run.
        root: A copy of the project; the environments of the cases are copied into its conf/.
    """
    from kedro.framework.cli import main

    for library in NEEDED:
        importlib.import_module(library)
    for case in cases:
        folder = FOLDER / case.folder
        if (folder / "conf").is_dir():
            shutil.copytree(folder / "conf", root / "conf" / case.env, dirs_exist_ok=True)
        log = root / f"{case.name}.log"
        if (child := os.fork()) == 0:
            _become(["kedro", *case.command(folder)], root, log)
            _exit_with(main)
        yield case, Printed(_end(child), log.read_text(encoding="utf-8"))


def _become(arguments: list[str], root: Path, log: Path) -> None:
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(root)
    os.environ["OMP_NUM_THREADS"] = "1"
    sys.argv = arguments


def _exit_with(main: Callable[[], object]) -> NoReturn:
    # Nothing that this process has open belongs to the fork: it must not end in the usual way.
    code = 1
    try:
        main()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _end(child: int) -> int:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 124


def main_table() -> None:
    """Print what each case gives now."""
    from tempfile import TemporaryDirectory

    from tests.end_to_end.conftest import copy_project

    chosen = [case for case in CASES if not sys.argv[1:] or case.folder in sys.argv[1:]]
    with TemporaryDirectory() as folder:
        root = copy_project(PROJECT, Path(folder) / "project")
        for case, printed in run_all(chosen, root):
            good = printed.code == case.code and all(word in printed.text for word in case.words)
            last = "\n".join(printed.text.splitlines()[-12:])
            said = "as wanted" if good else "NOT AS WANTED"
            sys.stdout.write(f"\n=== {said}: {case.name}: {printed.code}\n{last}\n")


if __name__ == "__main__":
    main_table()
