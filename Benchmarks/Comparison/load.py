"""Clients: one request, wrk's load, and one at a steady pace."""

import base64
import hashlib
import hmac
import http.client
import json
import pathlib
import threading
import time

from figures import read_wrk
from machine import Trouble, run

USERS = pathlib.Path(__file__).parent / "users.lua"

# What a browser sends with a page's request to its own site, besides Authorization.
BROWSER_HEADERS = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36",
    "Accept": "application/json, text/plain, */*",
    "Accept-Language": "en-GB,en;q=0.9,de;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Referer": "https://www.example.com/profile",
    "Cookie": "theme=dark; consent=2026-01-01; visitor=5b0c1f5e9d7a4e62",
    "Sec-CH-UA": '"Chromium";v="140", "Not=A?Brand";v="24"',
    "Sec-CH-UA-Mobile": "?0",
    "Sec-CH-UA-Platform": '"Linux"',
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "same-origin",
    "DNT": "1",
    "Pragma": "no-cache",
    "Priority": "u=1, i",
}


def call(port, method, path, headers=None, body=None):
    """One request on a connection of its own: its status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def post(port, path, values):
    """Sends JSON and returns that of the answer."""
    body = json.dumps(values)
    status, answer = call(port, "POST", path, {"Content-Type": "application/json"}, body)
    if status != 200:
        raise Trouble(f"POST {path}: {status} {answer[:200]!r}")
    return json.loads(answer)


def signed(claims, secret):
    """An HS256 token (RFC 7515)."""

    def encode(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    parts = [encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    text = b".".join(parts)
    return (text + b"." + encode(hmac.digest(secret.encode(), text, hashlib.sha256))).decode()


def wrk(port, path, seconds, connections, status=200, headers=None):
    """A run of wrk: as many requests as are answered, on connections that are kept."""
    command = ["wrk", "--latency", "--timeout", "10s", "-d", f"{seconds}s"]
    command += ["-c", connections, "-t", min(2, connections)]
    for name, value in (headers or {}).items():
        command += ["-H", f"{name}: {value}"]
    return read_wrk(run(*command, f"http://127.0.0.1:{port}{path}"), status)


def wrk_users(port, path, seconds, values, before, after, field=""):
    """The same by users who each send a value of their own; see users.lua."""
    command = ["wrk", "--latency", "--timeout", "10s", "-d", f"{seconds}s"]
    command += ["-c", len(values), "-t", len(values), "-s", USERS, f"http://127.0.0.1:{port}"]
    return read_wrk(run(*command, "--", path, before, after, field, *values), 200)


class Paced:
    """Sends `rate` requests a second, whether or not the earlier ones are answered.

    Times are counted from when a request was due: a late answer also delays the ones after it, as
    it would for users who do not wait for each other.
    """

    def __init__(self, port, rate, seconds, make, threads=8):
        self.times = []
        self.statuses = {}
        self._port, self._rate, self._make = port, rate, make
        self._count = max(1, int(rate * seconds))
        self._next = 0
        self._lock = threading.Lock()
        self._begin = time.monotonic() + 0.1
        self._threads = [threading.Thread(target=self._work) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _work(self):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        while True:
            with self._lock:
                number, self._next = self._next, self._next + 1
            if number >= self._count:
                break
            due = self._begin + number / self._rate
            time.sleep(max(0, due - time.monotonic()))
            try:
                connection.request(*self._make(number))
                answer = connection.getresponse()
                answer.read()
                status = answer.status
            except (OSError, http.client.HTTPException):
                connection.close()
                status = 0
            taken = 1000 * (time.monotonic() - due)
            with self._lock:
                self.times.append(taken)
                self.statuses[status] = self.statuses.get(status, 0) + 1
        connection.close()

    def finish(self):
        for thread in self._threads:
            thread.join()
        return [f"{code or 'no answer'} × {n}" for code, n in self.statuses.items() if code != 200]
