"""What the tests of hosts have in common."""

import os
import shutil
import unittest

import stores
from hosts import Site, ask
from network import NotPermitted


def missing(store):
    """Why a store cannot be had here; `None` where it can."""
    for program in ("ip", "nsenter", "unshare", "nginx"):
        if not shutil.which(program):
            return f"{program} is not installed"
    if os.getuid() != 0:
        return "network namespaces are for root"
    if issubclass(store, (stores.Redis, stores.Sentinels)) and not shutil.which(store.program):
        return f"{store.program} is not installed"
    if issubclass(store, (stores.PostgreSQL, stores.Standby)):
        try:
            stores.postgresql_program("postgres")
        except stores.Trouble as trouble:
            return str(trouble)
    return None


def open_site(store, hosts=2, **settings):
    """A site that is not started yet; the test is skipped, and says why, where there can be none."""
    if reason := missing(store):
        raise unittest.SkipTest(reason)
    try:
        return Site(store, hosts, **settings)
    except NotPermitted as reason:
        raise unittest.SkipTest(f"network namespaces are not permitted: {reason}") from reason


class HostTestCase(unittest.TestCase):
    """Two hosts on one store, running, which all tests of a class share."""

    store = stores.Files
    hosts = 2
    settings = {}

    @classmethod
    def setUpClass(cls):
        cls.site = open_site(cls.store, cls.hosts, **cls.settings)
        cls.addClassCleanup(cls.site.remove)
        cls.site.start()
        cls._names = 0

    @property
    def one(self):
        return self.site.hosts[0]

    @property
    def other(self):
        return self.site.hosts[1]

    def new_user(self):
        type(self)._names += 1
        name = f"user{self._names}"
        self.site.add_user(name)
        return name

    def signed_in(self, host=0):
        """The tokens of a user of the test's own."""
        return self.site.sign_in(self.new_user(), host)

    def refresh(self, host, token, **more):
        return ask(host, "POST", "/refresh-token", {"refreshToken": token, **more})

    def get(self, host, path, tokens):
        return ask(host, "GET", path, token=tokens["accessToken"])

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            tell(self, f"{self.id()}\n{self.site.logs()}")


def tell(case, text):
    """Prints it after the tests of the class, between the lines that say how each went."""
    type(case).addClassCleanup(print, text, flush=True)
