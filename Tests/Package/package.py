"""The package that is tested, and what is in it."""

import atexit
import functools
import os
import pathlib
import shutil
import subprocess
import tempfile

from machine import ROOT, output


@functools.cache
def folder():
    """Gone when the tests end."""
    made = tempfile.mkdtemp(prefix="postern-package-")
    atexit.register(shutil.rmtree, made)
    return pathlib.Path(made)


@functools.cache
def package():
    """The path of the package of these sources, or of the one that POSTERN_PACKAGE names."""
    named = os.environ.get("POSTERN_PACKAGE")
    made = named or output(ROOT / "script/package", folder(), stderr=subprocess.DEVNULL)
    return pathlib.Path(made).resolve()


@functools.cache
def unpacked():
    """The folder of what is in it."""
    subprocess.check_call(["dpkg-deb", "-x", package(), folder() / "unpacked"])
    return folder() / "unpacked"
