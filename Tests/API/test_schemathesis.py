"""The service behind nginx, asked whatever follows from its description."""

import os
import pathlib
import subprocess
import sys

from conftest import ROOT
from installation import program

HERE = pathlib.Path(__file__).parent


def test_whatever_schemathesis_asks_is_answered_as_described(installation):
    command = [
        str(pathlib.Path(sys.executable).with_name("schemathesis")),
        f"--config-file={HERE / 'schemathesis.toml'}",
        "run",
        ROOT / "Public" / "openapi.yaml",
        f"--url={installation.url}",
        "--no-color",
    ]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"),
        "POSTERN_PROGRAM": program(),
        "POSTERN_DATA": str(installation.folder / "data"),
    }
    done = subprocess.run(
        command, env=environment, cwd=installation.folder, capture_output=True, text=True
    )
    print(done.stdout, done.stderr)
    assert done.returncode == 0
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert f"✅ {phase}" in done.stdout
