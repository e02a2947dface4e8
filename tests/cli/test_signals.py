"""A command that is told to end does so, whatever it is at."""

import signal
import subprocess
import sys
import textwrap

import pytest

IMPORTED = """
import os, pathlib, time
os.kill(os.getpid(), {sign})
time.sleep(0.2)  # an exception could come from any of these lines
pathlib.Path("imported").touch()
"""
COMMAND = """
import atexit, pathlib, signal, time
from nevus.cli.signals import end_in_order
signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored by what a shell starts in the background
end_in_order()
atexit.register(pathlib.Path("closed").touch)
import told
time.sleep(30)
pathlib.Path("went_on").touch()
"""


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, -signal.SIGINT)])
def test_a_command_ends_right_after_the_import_that_it_was_told_in(tmp_path, sign, code):
    (tmp_path / "told.py").write_text(textwrap.dedent(IMPORTED).format(sign=int(sign)))
    (tmp_path / "command.py").write_text(textwrap.dedent(COMMAND))
    ended = subprocess.run([sys.executable, "command.py"], cwd=tmp_path, stderr=subprocess.DEVNULL, timeout=25)
    assert ended.returncode == code
    assert {path.name for path in tmp_path.iterdir() if not path.suffix} - {"__pycache__"} == {"imported", "closed"}


def test_a_command_ends_at_once_where_nothing_is_imported(tmp_path):
    code = "import os, signal; from nevus.cli.signals import end_in_order; end_in_order(); "
    code += "os.kill(os.getpid(), signal.SIGTERM); import pathlib; pathlib.Path('went_on').touch()"
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, timeout=25)
    assert ended.returncode == 143
    assert not (tmp_path / "went_on").exists()
