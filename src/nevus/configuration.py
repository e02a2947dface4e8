"""How the configuration is put together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro.config import OmegaConfigLoader
from omegaconf import DictConfig


class ConfigLoader(OmegaConfigLoader):
    """Kedro's loader, with interpolations in parameters resolved last.

    Kedro resolves `conf/base` before the environment is merged in. A block that takes over another one, such as
    `network: ${classifier.network}`, would then keep the values of `conf/base` whatever `conf/<env>` says of it.
    """

    def _resolve_from_raw_config(
        self, key: str, base_configs: dict[Path, DictConfig], env_configs: dict[Path, DictConfig], *rest: Any
    ) -> dict[str, Any]:
        if key == "parameters":
            base_configs, env_configs = {**base_configs, **env_configs}, {}
        merged: dict[str, Any] = super()._resolve_from_raw_config(key, base_configs, env_configs, *rest)
        return merged


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
