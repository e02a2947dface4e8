"""Names of folders that are splits, as people write them: `train`, `Training_Data`, `val_dir`, `test-images`."""

import re

# A folder is a split where its name is one of these words, alone or beside words that say nothing. "eval" is not among
# them: some choose by such images, others test.
WORDS = {
    "labeled": ("train", "training", "trn", "labeled", "labelled"),
    "validation": ("val", "valid", "validate", "validation", "dev", "development"),
    "test": ("test", "testing", "tst"),
    "unlabeled": ("unlabeled", "unlabelled"),
}
EXAMPLES = "train, validation (or val, valid, dev), test, unlabeled"
_BESIDE = r"(?:[\W_]|dir|directory|folders?|sets?|data|images?|imgs?|pictures?|photos?|samples?|splits?|input)*"
_WORD = "|".join(f"(?P<{split}>{'|'.join(words)})" for split, words in WORDS.items())
_NAME = re.compile(f"{_BESIDE}(?:{_WORD}){_BESIDE}", re.IGNORECASE)


def split_of(folder: str) -> str | None:
    """The split that a folder of this name holds, as in `contracts.SPLITS`; None for a folder of anything else."""
    match = _NAME.fullmatch(folder)
    return match.lastgroup if match else None
