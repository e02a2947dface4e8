"""Commands that compute nothing answer at once."""

import subprocess
import sys

HEAVY = ("torch", "mlflow", "pandas", "sklearn", "matplotlib")


def test_the_list_of_pipelines_needs_no_heavy_library(project):
    code = (
        "import sys\n"
        "from kedro.framework.cli.cli import main\n"
        "sys.argv = ['kedro', 'registry', 'list']\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as stop:\n"
        "    assert not stop.code, stop.code\n"
        f"print('heavy:', [name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert "ssgan" in result.stdout
    assert "heavy: []" in result.stdout
