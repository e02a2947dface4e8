"""Project settings, read by Kedro before anything else."""

import os
import warnings

from nevus.configuration import ConfigLoader, run_folder
from nevus.hooks import (
    BeforehandHooks,
    CheckpointHooks,
    CompletionHooks,
    EffectHooks,
    ParameterHooks,
    RunLockHooks,
    SummaryHooks,
    TrackingHooks,
)
from nevus.io.catalog import Catalog

# Nothing leaves the machine unasked. Kedro's own telemetry is off by the file `.telemetry` as well.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "1")
# MLflow sets up its own log when it is imported, past conf/logging.yml.
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
# Nothing here runs in processes of joblib; its search for semaphores would warn where a container has none.
os.environ.setdefault("JOBLIB_MULTIPROCESSING", "0")

# Kedro 1.7 calls omegaconf 2.4 by an old name.
warnings.filterwarnings("ignore", message="register_new_resolver", category=UserWarning)

tracking = TrackingHooks()
checks = ParameterHooks(), RunLockHooks()
after = CheckpointHooks(), CompletionHooks()
HOOKS = (*checks, *after, tracking, SummaryHooks(tracking), BeforehandHooks(), EffectHooks())  # the last is asked first
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)
DATA_CATALOG_CLASS = Catalog
CONFIG_LOADER_CLASS = ConfigLoader
CONFIG_LOADER_ARGS = {
    "custom_resolvers": {"run": run_folder},
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft", "catalog": "soft", "globals": "soft", "mlflow": "soft"},
    "config_patterns": {"mlflow": ["mlflow*", "mlflow*/**"]},
}
