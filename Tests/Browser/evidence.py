"""What processes under test leave behind, kept for `script/check-canaries` where the environment's
`POSTERN_TEST_EVIDENCE` names a folder for it."""

import http.client
import os
import pathlib
import re
import shutil

TOKEN = re.compile(r"eyJ[\w-]{16,}\.([\w-]{16,})\.([\w-]{16,})")
_named = os.environ.get("POSTERN_TEST_EVIDENCE")
FOLDER = pathlib.Path(_named) if _named else None


def note_processes(pids, port, folder):
    """Their environments and command lines, and what /metrics says."""
    if not FOLDER:
        return
    for pid in pids:
        for name in ("environ", "cmdline"):
            try:
                (folder / f"{name}-{pid}").write_bytes(
                    pathlib.Path(f"/proc/{pid}/{name}").read_bytes()
                )
            except OSError:
                pass
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", "/metrics")
        (folder / "metrics").write_bytes(connection.getresponse().read())
    except (OSError, http.client.HTTPException):
        pass


def note_tokens(texts):
    """They are to be found nowhere, not even in part."""
    parts = [part for text in texts for token in TOKEN.findall(text) for part in token]
    if FOLDER and parts:
        with (FOLDER / f"tokens-{os.getpid()}").open("a") as file:
            file.writelines(f"{part}\n" for part in parts)


def keep(folder):
    """Moves it there, or removes it."""
    if FOLDER:
        (FOLDER / "left").mkdir(exist_ok=True)
        shutil.move(folder, FOLDER / "left" / folder.name)
    shutil.rmtree(folder, ignore_errors=True)
