"""What happens around a run: checks before it, tracking beside it, a summary after it."""

from nevus.hooks.beforehand import BeforehandHooks
from nevus.hooks.checkpoints import CheckpointHooks
from nevus.hooks.completion import CompletionHooks
from nevus.hooks.effect import EffectHooks
from nevus.hooks.parameters import ParameterHooks
from nevus.hooks.run_lock import RunLockHooks
from nevus.hooks.summary import SummaryHooks
from nevus.hooks.tracking import TrackingHooks

__all__ = [
    "BeforehandHooks",
    "CheckpointHooks",
    "CompletionHooks",
    "EffectHooks",
    "ParameterHooks",
    "RunLockHooks",
    "SummaryHooks",
    "TrackingHooks",
]
