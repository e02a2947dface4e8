"""What a person sees while a run goes on."""

from __future__ import annotations

import logging
import sys

from nevus.cli.advice import in_environment

PLAIN = logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", datefmt="%Y-%m-%d %H:%M:%S")

NOISY = (
    "kedro.runner.sequential_runner",
    "kedro.runner.thread_runner",
    "kedro.runner.parallel_runner",
    "kedro_viz.integrations.kedro.run_hooks",
)
NO_NEWS = (
    "Using synchronous mode",  # Kedro's advice, in every run
    "No nodes ran. Repeat the previous command",  # after an error, which says more
    "You can resume the pipeline run",  # with --from-nodes, which may fail; what is done is not done again anyway
    "Workflow tracking is disabled",  # Kedro-Viz's own, in every run of a part
)


def follow(env: str | None) -> None:
    """Make the log fit where it is read, and name the files of its messages by the environment of the run.

    On a terminal log lines move progress bars aside instead of running into them. In a file or a pipe, where nobody
    wants them wrapped at 80 columns, they are plain: one record, one line.
    """
    from rich.logging import RichHandler

    for name in NOISY:
        logging.getLogger(name).addFilter(_is_news)
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, RichHandler):
            root.removeHandler(handler)
            root.addHandler(BesideBars(handler) if handler.console.is_terminal else _plain(handler))
    for handler in root.handlers:
        handler.addFilter(InEnvironment(env))


class InEnvironment(logging.Filter):
    """Completes the project's own messages, as `nevus.cli.advice` does with errors; lets every record pass.

    Args:
        env: Of the run; without one, messages stay as they are.
    """

    def __init__(self, env: str | None) -> None:
        super().__init__()
        self._env = env

    def filter(self, record: logging.LogRecord) -> bool:
        """Complete the message in place."""
        if record.name.startswith("nevus."):
            record.msg, record.args = in_environment(record.getMessage(), self._env), ()
        return True


class BesideBars(logging.Handler):
    """Takes progress bars off the screen while another handler writes.

    Args:
        inner: The handler that writes.
    """

    def __init__(self, inner: logging.Handler) -> None:
        super().__init__(inner.level)
        self._inner = inner

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record where no bar is."""
        bars = sys.modules.get("tqdm")  # without it there are none
        if bars is None:
            self._inner.handle(record)
            return
        with bars.tqdm.external_write_mode(file=sys.stdout):
            self._inner.handle(record)


def _plain(rich: logging.Handler) -> logging.Handler:
    handler = logging.StreamHandler(sys.stdout)
    handler.setLevel(rich.level)
    handler.setFormatter(PLAIN)
    return handler


def _is_news(record: logging.LogRecord) -> bool:
    return not any(text in record.getMessage() for text in NO_NEWS)
