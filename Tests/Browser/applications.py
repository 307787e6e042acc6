"""Applications that know nothing of tokens, to be guarded: Debian's Jupyter, and one that only says
what it got."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from installation import free_port


NOTEBOOK = {
    "cells": [{"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    "nbformat": 4,
    "nbformat_minor": 4,
}
NOTEBOOK["cells"][0]["source"] = ["6*7"]


class Jupyter:
    """Notebooks under `/lab/`: pages, XHR, downloads, and terminals over a WebSocket. Nobody has to
    sign in to it."""

    PATH = "/lab/"

    def __init__(self):
        self.port = free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-jupyter-"))
        self.files = self.folder / "files"
        self.files.mkdir()
        (self.files / "report.csv").write_text("day,visits\nMonday,12\n")
        pixel = "89504e470d0a1a0a0000000d4948445200000001000000010806000000 1f15c489"
        rest = "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
        (self.files / "dot.png").write_bytes(bytes.fromhex(pixel + rest))
        (self.files / "sum.ipynb").write_text(json.dumps(NOTEBOOK))
        self._process = subprocess.Popen(
            [
                *("jupyter-notebook", "--no-browser", "--allow-root", "--ip=127.0.0.1"),
                *(f"--port={self.port}", "--port-retries=0", f"--notebook-dir={self.files}"),
                *("--NotebookApp.token=", "--NotebookApp.password="),
                f"--NotebookApp.base_url={self.PATH}",
            ],
            env={**os.environ, "HOME": str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("wb"),
            start_new_session=True,
        )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def _wait_until_ready(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}{self.PATH}api", timeout=10)
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"Jupyter did not start:\n{(self.folder / 'log').read_text()}")

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Echo:
    """Answers each request with what it was, as JSON. `requests` counts them. A path that ends in a
    status is answered by it."""

    PATH = "/echo/"

    def __init__(self):
        self.requests = 0
        echo = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                echo.requests += 1
                length = int(self.headers.get("Content-Length", 0))
                seen = {
                    "method": self.command,
                    "path": self.path,
                    "headers": [[name.lower(), value] for name, value in self.headers.items()],
                    "body": self.rfile.read(length).decode(),
                }
                body = json.dumps(seen).encode()
                last = self.path.rpartition("/")[2]
                self.send_response(int(last) if last.isdigit() else 200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("X-Request-Id", "its own")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
