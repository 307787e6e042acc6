"""The description of the HTTP interface, and an installation to hold it against."""

import pathlib
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "Tests" / "Browser"))

from installation import Installation  # noqa: E402


@pytest.fixture(scope="session")
def description():
    return yaml.safe_load((ROOT / "Public" / "openapi.yaml").read_text())


@pytest.fixture(scope="module")
def installation():
    """Without the limits of clients, and with alice in a group."""
    started = Installation()
    started.put_into_groups("alice", "ops")
    yield started
    started.stop()
