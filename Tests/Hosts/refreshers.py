"""Clients that refresh without end, as browsers do: who gets no answer asks another host with what they
have, by the same attempt."""

import base64
import http.client
import itertools
import os
import threading
import time

from hosts import Client, ask

SECONDS = 10  # that a client waits for an answer


def attempt():
    return base64.urlsafe_b64encode(os.urandom(18)).decode()


class Refresher(threading.Thread):
    """One session. It goes from host to host, and pauses as long as it is told to."""

    def __init__(self, hosts, tokens, pause=0.0):
        super().__init__(daemon=True)
        self._hosts = hosts
        self.token = tokens["refreshToken"]
        self.access = tokens["accessToken"]
        self._attempt = attempt()
        self._pause = pause
        self._ends = threading.Event()
        self._clients = {}
        # Of each answer with new tokens, the time it came.
        self.acknowledged = []
        # Of each failure, the time and what it was.
        self.failures = []
        # The answers by which a person is signed out.
        self.refusals = []
        # Seconds from the question to each answer that gave tokens.
        self.times = []

    def run(self):
        number = 0
        while not self._ends.is_set() and not self.refusals:
            number += 1
            if not self.refresh(self._hosts[number % len(self._hosts)]):
                time.sleep(0.02)
            time.sleep(self._pause)

    def refresh(self, host):
        """Asks once. Returns whether new tokens came."""
        client = self._clients.setdefault(host, Client(host, SECONDS))
        begin = time.monotonic()
        try:
            answer = client.ask(
                "POST", "/refresh-token", {"refreshToken": self.token, "attempt": self._attempt})
        except (OSError, http.client.HTTPException) as error:
            self.failures.append((time.monotonic(), type(error).__name__))
            return False
        now = time.monotonic()
        if answer.status == 200:
            fresh = answer.json
            self.token, self.access = fresh["refreshToken"], fresh["accessToken"]
            self._attempt = attempt()
            self.acknowledged.append(now)
            self.times.append(now - begin)
            return True
        if answer.status in (401, 403):
            self.refusals.append(answer.said)
        else:
            self.failures.append((now, str(answer.status)))
        return False

    def end(self):
        self._ends.set()
        self.join(60)

    def close(self):
        for client in self._clients.values():
            client.close()


class Leaver(threading.Thread):
    """Ends one session after the other, and keeps those of which it was told that they have ended."""

    def __init__(self, hosts, sessions, pause):
        super().__init__(daemon=True)
        self._hosts, self._sessions, self._pause = hosts, sessions, pause
        self.ended = []

    def run(self):
        for number, tokens in enumerate(self._sessions):
            host = self._hosts[number % len(self._hosts)]
            try:
                answer = ask(host, "POST", "/logout", {"refreshToken": tokens["refreshToken"]},
                             seconds=SECONDS)
                if answer.status == 204:
                    self.ended.append(tokens)
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(self._pause)


class Load:
    """Refreshers of several people, and some who leave meanwhile. To be used in a `with`."""

    SESSIONS = 4  # of each person; five are the limit
    _numbers = itertools.count()

    def __init__(self, site, people, leaving=0, pause=0.0):
        def sessions(names):
            for name in names:
                site.add_user(name)
            return [
                site.sign_in(name, number % len(site.hosts))
                for name in names for number in range(self.SESSIONS)
            ]

        # One site may have several loads, one after the other.
        self.people = [f"person{next(self._numbers)}" for _ in range(people)]
        self.refreshers = [
            Refresher(site.hosts, tokens, pause) for tokens in sessions(self.people)]
        self._leavers = [f"leaver{next(self._numbers)}" for _ in range(leaving)]
        self.leaver = Leaver(site.hosts, sessions(self._leavers), pause=0.2)
        self._site = site

    def __enter__(self):
        self.begin = time.monotonic()
        for refresher in self.refreshers:
            refresher.start()
        self.leaver.start()
        return self

    def __exit__(self, *_):
        for refresher in self.refreshers:
            refresher.end()
        self.leaver.join(60)
        self.seconds = time.monotonic() - self.begin

    @property
    def acknowledged(self):
        return sum(len(one.acknowledged) for one in self.refreshers) + len(self.leaver.ended)

    @property
    def failures(self):
        return sum((one.failures for one in self.refreshers), [])

    def served_again(self, since):
        """Seconds from `since`, when harm was done, to the end of the longest time in which nobody got
        new tokens, and of that of the one who waited longest."""
        going = [one.acknowledged for one in self.refreshers if not one.refusals]
        return (
            end_of_longest_gap(sorted(sum(going, [])), since),
            max((end_of_longest_gap(times, since) for times in going), default=0),
        )

    def is_steady(self, since):
        """Whether all have new tokens of the last two seconds, and nothing has failed in them."""
        begin = time.monotonic() - 2
        return begin > since and all(
            one.acknowledged and one.acknowledged[-1] > begin
            and not (one.failures and one.failures[-1][0] > begin)
            for one in self.refreshers if not one.refusals
        )

    def settle(self):
        """After the load: presents the last tokens of all, and those of sessions that have ended.

        Returns how many acknowledged changes are lost, and how many people are signed out: sessions
        whose last tokens are refused are both.
        """
        for refresher in self.refreshers:
            for _ in range(100):
                if refresher.refusals or refresher.refresh(self._site.hosts[0]):
                    break
                time.sleep(0.1)
            refresher.close()
        out = [one for one in self.refreshers if one.refusals]
        revived = [
            tokens for tokens in self.leaver.ended
            if ask(self._site.hosts[-1], "POST", "/refresh-token",
                   {"refreshToken": tokens["refreshToken"]}).status != 403
        ]
        return len(out) + len(revived), len(out)


def end_of_longest_gap(times, since):
    """Of times in their order, the end of the longest gap that ends after `since`, in seconds from it."""
    gaps = [
        (next - time, next - since) for time, next in zip(times, times[1:]) if next > since
    ]
    return max(gaps, default=(0, 0))[1]
