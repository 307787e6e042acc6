"""What one request by CGI takes, from the start of its process to its end: medians of rounds in turn."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 200


def variables(data, method, path, body="", token=""):
    """What a web server puts into the environment, and nothing else."""
    found = {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "REQUEST_METHOD": method,
        "REQUEST_URI": path,
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "POSTERN_DATA": data,
        "POSTERN_LOG_LEVEL": "error",
        "POSTERN_THROTTLE_ENABLED": "false",
    }
    if token:
        found["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return found


def ask(program, environment, body=""):
    """The answer's status and body."""
    done = subprocess.run(
        [program], env=environment, input=body, text=True, stdout=subprocess.PIPE, check=True
    )
    head, _, text = done.stdout.partition("\n\n")
    return head.split("\n")[0].removeprefix("Status: "), text


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/data"
        for command in (["demo"], ["key", "add", "--create"]):
            subprocess.run(
                [program, *command], env={"POSTERN_DATA": data}, stdout=subprocess.DEVNULL, check=True
            )
        credentials = json.dumps({"username": "alice", "password": "postern-demo"})
        sign_in = variables(data, "POST", "/login", credentials)
        answer = json.loads(ask(program, sign_in, credentials)[1])
        access, refresh = answer["accessToken"], answer["refreshToken"]

        def refreshed():
            nonlocal refresh
            body = json.dumps({"refreshToken": refresh})
            status, text = ask(program, variables(data, "POST", "/refresh-token", body), body)
            refresh = json.loads(text)["refreshToken"]
            return status

        def get(path):
            return lambda: ask(program, variables(data, "GET", path, token=access))[0]

        measured = {
            "no such route": (get("/nothing"), "404 Not Found"),
            "GET /verify": (get("/verify"), "204 No Content"),
            "GET /job-list": (get("/job-list"), "200 OK"),
            "POST /refresh-token": (refreshed, "200 OK"),
            "/bin/true": (lambda: subprocess.run(["/bin/true"], env={}, check=True) and "", ""),
        }
        times = {name: [] for name in measured}
        for _ in range(ROUNDS):
            for name, (ask_once, expected) in measured.items():
                begin = time.perf_counter()
                status = ask_once()
                times[name].append(1000 * (time.perf_counter() - begin))
                if status != expected:
                    sys.exit(f"{name}: {status}, not {expected}")
        print(f"one request by CGI in ms, {ROUNDS} of each: median, 95 of 100")
        for name, found in times.items():
            found.sort()
            print(f"  {name:22}{statistics.median(found):8.2f}{found[ROUNDS * 95 // 100]:8.2f}")


if __name__ == "__main__":
    os.environ.pop("GATEWAY_INTERFACE", None)
    main(sys.argv[1])
