"""Hosts for a test that is written in another language.

    python3 Tests/Hosts STORE [NAME=VALUE …]

Starts two hosts on the store of that name, with these settings, and the users user1 to user6; prints a
line of JSON with the sockets of their services and the users' password. Then carries out the commands that come on standard
input, one a line, and says "done" after each; at its end, stops all. A skip is said in the JSON, too.

    kill-worker       of some host, by SIGKILL
    restart-store     by SIGKILL, and started again at once
    cut-store         cuts some host off from the store for a moment
"""

import json
import random
import signal
import sys
import time
import unittest

import stores
from cases import open_site
from hosts import PASSWORD

STORES = {store.name: store for store in (stores.Files, stores.Redis, stores.PostgreSQL)}


def restart(site):
    site.store.kill()
    site.store.start()


def cut(site):
    with random.choice(site.hosts).machine.cut_off("back"):
        time.sleep(0.3)


COMMANDS = {
    "kill-worker": lambda site: random.choice(site.hosts).kill_worker(),
    "restart-store": restart,
    "cut-store": cut,
}


def main(name, *settings):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        site = open_site(STORES[name], 2, **dict(setting.split("=", 1) for setting in settings))
    except unittest.SkipTest as reason:
        print(json.dumps({"skip": str(reason)}), flush=True)
        return
    with site:
        site.start()
        for number in range(1, 7):
            site.add_user(f"user{number}")
        sockets = [str(host.socket) for host in site.hosts]
        print(json.dumps({"sockets": sockets, "password": PASSWORD}), flush=True)
        for line in sys.stdin:
            COMMANDS[line.strip()](site)
            print("done", flush=True)
        for host in site.hosts:
            print(json.dumps({"status": host.stop()}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
