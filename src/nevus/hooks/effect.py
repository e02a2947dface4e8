"""Parameters of the command line that this run would not read are refused, not ignored."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from kedro.config import MissingConfigException
from kedro.framework.hooks import hook_impl
from pydantic import BaseModel

from nevus.contracts import NevusError
from nevus.hooks.nested import Keys, leaves, look_up, merged
from nevus.hooks.places import environments

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext
    from kedro.pipeline import Pipeline


MARK = re.compile(r"<given (\d+)>")  # stands in for the value of a parameter, to see where it goes
NO_PATTERNS = {"{default}": {"type": "kedro.io.MemoryDataset"}}  # Kedro's own, which it warns about unless given
# Groups of named blocks, and a parameter that takes one over.
TAKEN_OVER = {
    "networks": "supervised.network",
    "generators": "synthesis.generator",
    "critics": "synthesis.critic",
    "policies": "supervised.augment",
    "optimizers": "supervised.optimizer",
    "loops": "supervised.loop",
}
LATER = "nevus.io.later.LaterDataset"  # loads another one, of which a pipeline need not say anything
UNREAD_SOURCE = "this environment draws its images and reads no source"


class EffectHooks:
    """Refuses what `--params` gives without an effect on the pipelines that were asked for.

    That is more than the nodes that run: with `--tags=reporting` a parameter of the training may stay.
    """

    def __init__(self) -> None:
        self._loader: Any = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the configuration's loader."""
        self._loader = context.config_loader

    @hook_impl(tryfirst=True)  # before anything of the run is recorded
    def before_pipeline_run(self, run_params: Mapping[str, Any]) -> None:
        """Check what was given.

        Raises:
            NevusError: It names every parameter without an effect, and with which environment or pipeline it has one.
        """
        check_effect(self._loader, list(run_params.get("pipeline_names") or ["__default__"]))


def check_effect(loader: Any, names: Sequence[str]) -> None:
    """Refuse what a configuration is given without an effect on any of some pipelines.

    Args:
        loader: Of the configuration.
        names: Of the pipelines.

    Raises:
        NevusError: It names every parameter without an effect, and with which environment or pipeline it has one.
    """
    from kedro.framework.project import pipelines

    if not getattr(loader, "runtime_params", None) or not all(name in pipelines for name in names):
        return
    asked = [pipelines[name] for name in names]
    here = Probe(loader, loader.env)
    if unread := here.unread(asked):
        pipelines.set_requested(None)
        found = _elsewhere(loader, unread, asked, here).items()
        advice = [_explain(keys, reads) + alike(keys, here.read(asked)) for keys, reads in found]
        raise NevusError("\n".join(["--params gives what this run does not read:", *(f"  {one}" for one in advice)]))


def _elsewhere(
    loader: Any, unread: list[Keys], asked: list[Pipeline], here: Probe
) -> dict[Keys, tuple[list[str], ...]]:
    """The environments, and the pipelines in this one, in which each of these parameters has an effect."""
    from kedro.framework.project import pipelines

    known = environments(Path(loader.conf_source))
    others = [one for one in known if one not in (loader.base_env, loader.default_run_env)]
    elsewhere = {one: Probe(loader, one).unread(asked) for one in others}
    methods = {name: here.unread([one]) for name, one in pipelines.items() if name != "__default__"}
    return {
        keys: tuple([name for name, idle in table.items() if keys not in idle] for table in (elsewhere, methods))
        for keys in unread
    }


def _explain(keys: Keys, reads: tuple[list[str], ...]) -> str:
    """One parameter without an effect, and what would give it one."""
    name, (environments, others) = ".".join(keys), reads
    if environments:
        what = UNREAD_SOURCE if keys == ("source",) else "nothing in this environment reads it"
        return f"{name}: {what}; name one that does with --env: {', '.join(environments)}."
    if others:
        return f"{name}: this pipeline does not read it; leave it out, or give --pipeline: {', '.join(others)}."
    if keys[0] in TAKEN_OVER:
        block, option = ".".join(keys[:2]), TAKEN_OVER[keys[0]]
        return (
            f"{name}: nothing in this run takes {block} over; name what shall, such as "
            f"--params '{option}=${{{block}}}'."
        )
    return f"{name}: no pipeline reads it, since conf/ sets elsewhere what it would change. Leave it out."


class Probe:
    """Puts the configuration together with marks in place of the values given, to see where they go.

    Args:
        loader: Of this run.
        environment: To look at.
    """

    def __init__(self, loader: Any, environment: str | None) -> None:
        self._given = list(leaves(loader.runtime_params))
        marks: dict[str, Any] = {}
        followed: dict[str, Any] = {}  # what takes another block over has to do so, for what is given of that block
        for number, keys in enumerate(self._given):
            value = look_up(loader.runtime_params, keys)
            _put(marks, keys, f"<given {number}>")
            _put(followed, keys, value if "${" in str(value) else f"<given {number}>")
        self._marked = [
            _load(loader, environment, given) for given in ([marks] if marks == followed else [marks, followed])
        ]
        read = self._marked[0]
        self._real = merged(read[0], loader.runtime_params) if read else {}

    def read(self, asked: Sequence[Pipeline]) -> list[Keys]:
        """Paths of all parameters that some pipelines read."""
        return [] if self._marked[0] is None else list(_parameters_read(self._marked[0][0], asked))

    def unread(self, asked: Sequence[Pipeline]) -> list[Keys]:
        """Those of the parameters given that none of some pipelines reads; what cannot be decided counts as read."""
        if None in self._marked:
            return []
        idle = set(unselected(asked, self._real))
        texts: list[str] = []
        for parameters, catalog in filter(None, self._marked):
            read = [keys for keys in _parameters_read(parameters, asked) if not any(keys[: len(b)] == b for b in idle)]
            texts += [str(one) for one in (*_datasets(catalog, asked), *(look_up(parameters, keys) for keys in read))]
        seen = {int(number) for text in texts for number in MARK.findall(text)}
        return [keys for number, keys in enumerate(self._given) if number not in seen]


def alike(keys: Keys, read: Iterable[Keys]) -> str:
    """The end of a message: parameters of the same name in blocks that the run does read."""
    found = list(dict.fromkeys(".".join(one) for one in read if len(keys) > 1 and one != keys and one[1:] == keys[1:]))
    return f" Did you mean {' or '.join(found)}?" if found else ""


def _load(loader: Any, environment: str | None, given: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """Parameters and catalog; None where they cannot be put together with what is given."""
    from kedro.framework.project import settings
    from omegaconf.errors import OmegaConfBaseException

    try:
        other = settings.CONFIG_LOADER_CLASS(
            loader.conf_source, env=environment, runtime_params=dict(given), **settings.CONFIG_LOADER_ARGS
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a mark is no number
            return other["parameters"], other["catalog"]
    except (OmegaConfBaseException, MissingConfigException, ValueError, TypeError):
        return None


def unselected(asked: Sequence[Pipeline], parameters: Mapping[str, Any]) -> Iterator[Keys]:
    """Paths of option blocks whose name is a choice that was not made, such as `ingestion.table` of another format."""
    from kedro.validation import TypeExtractor

    types = TypeExtractor({str(number): one for number, one in enumerate(asked)}).extract_types_from_pipelines()
    for path, model in types.items():
        keys = tuple(path.split("."))
        block = look_up(parameters, keys)
        if isinstance(model, type) and issubclass(model, BaseModel) and isinstance(block, Mapping):
            for name, field in model.model_fields.items():
                choices = set(get_args(field.annotation)) & set(model.model_fields)
                yield from ((*keys, choice) for choice in choices if choice != block.get(name))


def _parameters_read(parameters: Mapping[str, Any], asked: Sequence[Pipeline]) -> Iterator[Keys]:
    """Paths of all values that the nodes are handed."""
    inputs = {name for pipeline in asked for name in pipeline.inputs()}
    blocks = [tuple(name.removeprefix("params:").split(".")) for name in inputs if name.startswith("params:")]
    for block in [()] if "parameters" in inputs else blocks:
        found = look_up(parameters, block)
        yield from leaves(found, block) if isinstance(found, Mapping) else [block]


def _datasets(catalog: dict[str, Any], asked: Sequence[Pipeline]) -> Iterator[Any]:
    """What the catalog says of the datasets of these pipelines."""
    from kedro.io import CatalogConfigResolver

    resolver = CatalogConfigResolver(catalog, default_runtime_patterns=NO_PATTERNS)
    names = {name for pipeline in asked for name in pipeline.datasets()}
    named = [resolver.config.get(name) or resolver.resolve_pattern(name) for name in names]
    later = [one["of"] for one in named if one.get("type") == LATER]
    yield from (*named, *(resolver.config.get(name) for name in later))


def _put(parameters: dict[str, Any], keys: Keys, value: Any) -> None:
    for key in keys[:-1]:
        parameters = parameters.setdefault(key, {})
    parameters[keys[-1]] = value
