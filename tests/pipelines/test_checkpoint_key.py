import sys

import pytest

from nevus.corpus.fingerprint import imported_code_fingerprint, imported_modules
from nevus.pipelines.checkpoint_key import checkpoint_key, code_of
from nevus.pipelines.classifier.nodes import build_classifier_learner
from nevus.pipelines.ssgan.nodes import build_ssgan_learner


@pytest.fixture
def package(tmp_path, monkeypatch):
    """`learner` imports `base`; `other` imports it too; `inside` is imported in a function only."""
    folder = tmp_path / "thrown_away"
    folder.mkdir()
    sources = {
        "__init__": "",
        "base": "X = 1\n",
        "learner": "import json\nfrom thrown_away.base import X\n\n\ndef use():\n    import thrown_away.inside\n",
        "other": "from thrown_away.base import X\n",
        "inside": "",
    }
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.startswith("thrown_away")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("edited", "changes"), [("base", True), ("learner", True), ("other", False), ("inside", False)]
)
def test_code_counts_where_it_is_used(package, edited, changes):
    before = imported_code_fingerprint("thrown_away.learner")
    file = package / f"{edited}.py"
    file.write_text(file.read_text() + "# edited\n")
    assert (imported_code_fingerprint("thrown_away.learner") != before) == changes


def test_a_method_depends_on_its_own_mathematics_and_on_no_other(training, supervised, ssgan):
    classifier = imported_modules(*code_of(build_classifier_learner(training, supervised, 0)))
    gan = imported_modules(*code_of(build_ssgan_learner(training, ssgan, 0)))
    assert "nevus.algorithms.supervised" in classifier
    assert "nevus.objectives.semi_supervised" in gan
    assert not [name for name in gan if name.startswith("nevus.algorithms")]
    assert not [name for name in classifier if name.startswith("nevus.objectives")]
    for used in ("nevus.training.loop", "nevus.training.sampling", "nevus.training.optimizers", "nevus.augment.policy"):
        assert used in classifier & gan
    assert "nevus.networks.generators" in gan - classifier


def test_everything_that_a_training_depends_on_changes_the_key(training, validation, supervised):
    learner = build_classifier_learner(training, supervised, 0)

    def key(method="supervised", seed=0, training=training, params=supervised):
        return checkpoint_key(method, seed, learner, (training, validation), params)

    hidden = training.manifest.assign(label=training.manifest["label"].where(training.manifest["row"] != 0))
    others = [
        key(method="another"),
        key(seed=1),
        key(training=training._replace(fingerprint="another")),
        key(training=training._replace(manifest=hidden)),
        key(params=supervised.model_copy(update={"average_d4": not supervised.average_d4})),
    ]
    assert len({key(), *others}) == 1 + len(others)
    assert key() == key()
