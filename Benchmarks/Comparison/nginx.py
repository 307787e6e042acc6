"""One nginx in front of all contenders, with the same settings for each."""

import getpass
import os
import time

from machine import Process, Trouble, free_port

HEAD = """\
user {user};
worker_processes 2;
pid {run}/nginx.pid;
error_log {run}/nginx-error.log warn;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    server_tokens off;
    keepalive_requests 1000000000;
    client_body_temp_path {run}/nginx-body;
    proxy_temp_path {run}/nginx-proxy;
    fastcgi_temp_path {run}/nginx-fastcgi;
    uwsgi_temp_path {run}/nginx-uwsgi;
    scgi_temp_path {run}/nginx-scgi;
"""

PLACE = """
    upstream {name} {{
        server unix:{socket};
        keepalive {connections};
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            {way}
        }}
    }}
"""

HTTP = """\
proxy_pass http://{name};
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;"""

# What Postern's nginx.conf gives it.
FASTCGI = """\
fastcgi_pass {name};
            fastcgi_keep_conn on;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param REQUEST_URI $request_uri;
            fastcgi_param CONTENT_TYPE $content_type;
            fastcgi_param CONTENT_LENGTH $content_length;
            fastcgi_param REMOTE_ADDR $remote_addr;
            fastcgi_param REQUEST_ID $request_id;"""

# What nginx's fastcgi_params gives to those who need all of CGI.
CGI = """\
fastcgi_pass {name};
            fastcgi_keep_conn on;
            include /etc/nginx/fastcgi_params;
            fastcgi_param SCRIPT_FILENAME {script};"""


class Nginx:
    def __init__(self, folders, connections):
        self._folders = folders
        self._connections = connections
        self._places = {}
        self._process = None

    def add(self, name, socket, way, script=""):
        """A place for a contender; returns its port."""
        port = free_port()
        while port in (place["port"] for place in self._places.values()):
            port = free_port()
        self._places[name] = {"socket": socket, "port": port, "way": way, "script": script}
        return port

    def renew(self):
        """Starts it anew: no connection is left from what was measured before."""
        self.stop()
        run = self._folders.run
        text = HEAD.format(user=getpass.getuser(), run=run)
        for name, place in self._places.items():
            way = place["way"].format(name=name, script=place["script"])
            text += PLACE.format(
                name=name, socket=place["socket"], port=place["port"], way=way,
                connections=self._connections,
            )
        file = run / "nginx.conf"
        file.write_text(text + "}\n")
        self._process = Process(
            run / "nginx-error.log", "nginx", "-e", run / "nginx-error.log", "-c", file,
            "-g", "daemon off;",
        )
        deadline = time.monotonic() + 20
        while not os.path.exists(run / "nginx.pid") or not (run / "nginx.pid").read_text():
            self._process.check()
            if time.monotonic() > deadline:
                raise Trouble("nginx did not start")
            time.sleep(0.005)

    def stop(self):
        if self._process:
            self._process.stop()
            (self._folders.run / "nginx.pid").unlink(missing_ok=True)
            self._process = None
