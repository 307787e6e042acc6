"""Many browsers with several tabs each, a bad network, and workers that are killed: nobody may be
signed out. Prints what happened; the exit status is the verdict.

    python Tests/Browser/soak.py --browsers 50 --tabs 3 --minutes 5
"""

import argparse
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import threading

from installation import Installation

MAIN = pathlib.Path(__file__).parent / "simulated" / "main.js"
SETTINGS = {
    "POSTERN_TOKENS_ACCESS_LIFETIME": "1",
}


def kill_workers(installation, quiet, pause):
    """Kills a worker now and then, until it is quiet. Returns their number."""
    killed = 0
    while not quiet.wait(random.uniform(pause / 2, pause * 1.5)):
        workers = installation.workers
        if not workers:
            continue
        try:
            os.kill(random.choice(workers), signal.SIGKILL)
            killed += 1
        except ProcessLookupError:
            pass
    return killed


def soak(browsers, tabs, seconds, cuts=0.1, pause=4):
    """Counts: requests, refreshes, cut answers, killed workers, sign-outs."""
    installation = Installation(**SETTINGS)
    counts = {}
    quiet = threading.Event()
    killer = threading.Thread(
        target=lambda: counts.update(killed=kill_workers(installation, quiet, pause))
    )
    arguments = [installation.url, browsers, tabs, seconds, cuts]
    node = subprocess.Popen(
        ["node", MAIN, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )
    # Beyond this they hang: that is an error, too.
    deadline = threading.Timer(seconds + 300, node.kill)
    deadline.start()
    try:
        for line in node.stdout:
            if line == "ready\n":
                killer.start()
            elif line == "quiet\n":
                quiet.set()
                killer.join()
            else:
                counts.update(json.loads(line))
        if node.wait() != 0:
            raise RuntimeError("the simulated browsers fell over")
        log = installation.log.read_text().splitlines()
        counts["reuses"] = sum("refresh token reused" in line for line in log)
    finally:
        deadline.cancel()
        quiet.set()
        node.kill()
        node.wait()
        installation.stop()
    return counts


def is_good(counts):
    everybody = counts["still"] == counts["tabs"]
    return everybody and counts["signOuts"] == [] and counts["reuses"] == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--browsers", type=int, default=50)
    parser.add_argument("--tabs", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--cuts", type=float, default=0.1, help="share of answers cut off")
    options = parser.parse_args()
    counts = soak(options.browsers, options.tabs, options.minutes * 60, options.cuts)
    print(json.dumps(counts, indent=2))
    sys.exit(0 if is_good(counts) else 1)


if __name__ == "__main__":
    main()
