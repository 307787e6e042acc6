"""Another site, on a port of its own, that serves whatever page a test gives it."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class ForeignSite:
    """`requests` holds the headers of each request for a page."""

    def __init__(self):
        self.html = "<!doctype html><title>Another site</title>"
        self.requests = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                site.requests.append(dict(self.headers))
                body = site.html.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, host):
        return f"http://{host}:{self.port}/"

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
