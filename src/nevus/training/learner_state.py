"""Collect and restore the state of a trainer's parts by their names."""

from typing import Any, Protocol


class Stateful(Protocol):
    """Anything with PyTorch's pair of methods: a module, an optimizer, a running mean."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that has to be kept."""

    def load_state_dict(self, state: dict[str, Any]) -> Any:
        """Go on from `state_dict`."""


class Parts:
    """A trainer whose state is the states of its parts."""

    parts: dict[str, Stateful]

    def state(self) -> dict[str, Any]:
        """The state of every part under its name."""
        return {name: part.state_dict() for name, part in self.parts.items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Give every part its state back."""
        for name, part in self.parts.items():
            part.load_state_dict(state[name])
