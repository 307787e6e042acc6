"""A FastCGI client (the FastCGI Specification 1.0) that keeps its connection."""

import socket
import struct

BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6


def record(kind, content):
    return struct.pack("!BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def pair(name, value):
    name, value = name.encode(), value.encode()
    sizes = b"".join(
        struct.pack("!B", size) if size < 128 else struct.pack("!I", size | 1 << 31)
        for size in (len(name), len(value))
    )
    return sizes + name + value


class Connection:
    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(120)
        self._socket.connect(str(path))
        self._file = self._socket.makefile("rb")

    def ask(self, method, path, headers=None, body=""):
        """Status and body of the answer."""
        parameters = {
            "REQUEST_METHOD": method,
            "REQUEST_URI": path,
            "CONTENT_TYPE": "application/json" if body else "",
            "CONTENT_LENGTH": str(len(body)) if body else "",
            "REMOTE_ADDR": "127.0.0.1",
            "REQUEST_ID": "0123456789abcdef0123456789abcdef",
        }
        for name, value in (headers or {}).items():
            parameters["HTTP_" + name.upper().replace("-", "_")] = value
        content = b"".join(pair(*parameter) for parameter in parameters.items())
        # A responder that keeps the connection.
        message = record(BEGIN, struct.pack("!HB5x", 1, 1)) + record(PARAMS, content)
        message += record(PARAMS, b"") + (record(STDIN, body.encode()) if body else b"")
        self._socket.sendall(message + record(STDIN, b""))
        output = b""
        while True:
            _, kind, _, length, padding, _ = struct.unpack("!BBHHBB", self._read(8))
            content = self._read(length + padding)[:length]
            if kind == STDOUT:
                output += content
            elif kind == END:
                break
        header, _, answer = output.partition(b"\r\n\r\n")
        first = header.split(b"\r\n")[0]
        return int(first.split()[1]) if first.startswith(b"Status:") else 200, answer

    def _read(self, length):
        content = self._file.read(length)
        if len(content) < length:
            raise ConnectionError("the worker closed the connection")
        return content

    def close(self):
        self._file.close()
        self._socket.close()
