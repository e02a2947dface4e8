"""Where and how exactly to compute: device, precision, threads, random numbers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import nn

from nevus.contracts import TrainingError
from nevus.training.options import LoopOptions

ModuleT = TypeVar("ModuleT", bound=nn.Module)


@dataclass(frozen=True)
class Runtime:
    """A device and the precision of its matrix products."""

    device: torch.device
    precision: torch.dtype

    def place(self, model: ModuleT) -> ModuleT:
        """Move a model here, ready to train, channels last: the layout in which convolutions are fastest."""
        return model.to(self.device).to(memory_format=torch.channels_last).train()

    def in_precision(self, model: nn.Module) -> "InPrecision":
        """The model, called in the chosen precision and answering in float32."""
        return InPrecision(model, self)

    def autocast(self) -> torch.autocast:
        """Run convolutions and matrix products in the chosen precision; a no-op for float32."""
        enabled = self.precision is not torch.float32
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=enabled)


class InPrecision:
    """Calls a network under autocast and hands out float32: losses are computed in full precision, and outside.

    No module, so that it has no parameters and no state of its own.
    """

    def __init__(self, model: nn.Module, runtime: Runtime) -> None:
        self.model, self.runtime = model, runtime

    def __call__(self, *args: Any, **options: Any) -> Any:
        """What the network returns, a tensor or a tuple of them, as float32."""
        with self.runtime.autocast():
            output = self.model(*args, **options)
        return tuple(part.float() for part in output) if isinstance(output, tuple) else output.float()


def choose_runtime(options: LoopOptions) -> Runtime:
    """Resolve "auto" for this machine.

    Raises:
        TrainingError: A GPU is asked for and there is none.
    """
    device = choose_device(options.device)
    precision = options.precision
    if precision == "auto":
        precision = "bfloat16" if native_bfloat16(device.type) else "float32"
    return Runtime(device, getattr(torch, precision))


def prediction_runtime(device: str = "auto", precision: torch.dtype = torch.float32) -> Runtime:
    """Where to predict, in float32 unless told otherwise: probabilities then do not depend on how training was sped up.

    Args:
        device: "cpu", "cuda", or "auto": a GPU if there is one.
        precision: Of the matrix products: `torch.float32` or `torch.bfloat16`.

    Raises:
        TrainingError: A GPU is asked for and there is none.
    """
    return Runtime(choose_device(device), precision)


def choose_device(device: str) -> torch.device:
    """Resolve "auto" for this machine.

    Raises:
        TrainingError: A GPU is asked for and there is none.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise TrainingError("device is 'cuda', but PyTorch finds no GPU here. Set device to 'auto' or 'cpu'.")
    return torch.device(device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu")


def native_bfloat16(kind: str) -> bool:
    """Whether this hardware multiplies bfloat16 itself; emulated it is slower than float32."""
    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities: dict[str, bool] = getattr(
        torch.cpu, "get_capabilities", dict
    )()  # older PyTorch cannot tell: float32 then
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") or capabilities.get("bf16"))


@contextmanager
def seeded(seed: int, device: torch.device | None = None) -> Iterator[None]:
    """Run a block on random numbers of its own; afterwards the caller's continue as if nothing had been drawn.

    Args:
        seed: Of the numbers drawn in the block.
        device: The GPU that the block draws on, if it draws on one. No other GPU is touched, or even started.
    """
    gpus = [gpu_index(device)] if device is not None and device.type == "cuda" else []
    with torch.random.fork_rng(gpus, device_type="cuda"):
        reseed(seed, device)
        yield


def reseed(seed: int, device: torch.device | None = None) -> None:
    """Start the random numbers of the CPU, and of one GPU, anew; `torch.manual_seed` does so on every GPU.

    Args:
        seed: The same for both.
        device: The GPU, if there is one to seed.
    """
    torch.default_generator.manual_seed(seed)
    if device is not None and device.type == "cuda":
        torch.cuda.init()  # type: ignore[no-untyped-call]
        torch.cuda.default_generators[gpu_index(device)].manual_seed(seed)


def gpu_index(device: torch.device) -> int:
    """The number of a GPU; of the current one where the device has none."""
    return torch.cuda.current_device() if device.index is None else device.index
