"""How the configuration is put together."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

from kedro.config import OmegaConfigLoader
from omegaconf import DictConfig, OmegaConf

from nevus.hooks.nested import merged


class ConfigLoader(OmegaConfigLoader):
    """Kedro's loader, with interpolations in parameters resolved last, and each key put together once.

    Kedro resolves `conf/base` before the environment is merged in. A block that takes over another one, such as
    `network: ${classifier.network}`, would then keep the values of `conf/base` whatever `conf/<env>` says of it.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._known: dict[tuple[str, str], dict[str, Any]] = {}
        super().__init__(*arguments, **options)

    def __getitem__(self, key: str) -> dict[str, Any]:
        # Kedro reads and merges all files again at every access, and a run asks twice for its parameters.
        known = key, repr(self.runtime_params)
        if key in self.data or known not in self._known:
            # OmegaConf has one resolver of a name in a process: Kedro leaves it to the loader made last.
            self._register_globals_resolver()
            OmegaConf.register_new_resolver("tracking", self._tracking_option, replace=True)
            self._known[known] = super().__getitem__(key)
        found: dict[str, Any] = deepcopy(self._known[known])
        return found

    def _tracking_option(self, name: str) -> Any:
        """What `${tracking:experiment}` in a catalog stands for: mlflow.yml is no part of it."""
        return self["mlflow"].get(name) if "mlflow" in self.config_patterns else None

    def _resolve_from_raw_config(
        self, key: str, base_configs: dict[Path, DictConfig], env_configs: dict[Path, DictConfig], *rest: Any
    ) -> dict[str, Any]:
        if key == "parameters":
            base_configs, env_configs = {**base_configs, **env_configs}, {}
        found: dict[str, Any] = super()._resolve_from_raw_config(key, base_configs, env_configs, *rest)
        return found

    @staticmethod
    def _soft_merge(config: dict[str, Any], env_config: dict[str, Any], env_path: str | None = None) -> Any:
        # Both are resolved by now. OmegaConf would turn them into its own types and back, which takes longer than
        # reading them.
        return merged(config, env_config)


def load_configuration(root: Path, env: str | None) -> Any:
    """The project's configuration outside a run.

    Args:
        root: The project's folder.
        env: An environment; None means conf/base alone.
    """
    from kedro.framework.project import settings

    folder, arguments = str(root / settings.CONF_SOURCE), settings.CONFIG_LOADER_ARGS
    return settings.CONFIG_LOADER_CLASS(folder, env=None if env == "base" else env, **arguments)


def run_folder(variant: str | None, seed: int) -> str:
    """What stands behind the name of a method in paths.

    Returns:
        `/seed0`, or with a variant `-wide/seed0`.
    """
    return f"{f'-{variant}' if variant else ''}/seed{seed}"
