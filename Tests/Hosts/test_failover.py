"""What a failover of the store costs clients who refresh all the while, on two hosts.

Each test prints a line with what was acknowledged, lost and failed, how long nobody was served, and how
many people were signed out.
"""

import time
import unittest

import stores
from cases import open_site, tell
from refreshers import Load
from processes import eventually

# Seconds of load before the primary is killed, and until all must be served again.
BEFORE, LIMIT = 4, 90


class Failover:
    """Kills the store's primary under load, and counts."""

    def __init__(self, title, store, kill, hosts=2, **settings):
        self.title = title
        with open_site(store, hosts, **settings) as site:
            site.start()
            load = Load(site, people=6, leaving=4, pause=0.01)
            with load:
                time.sleep(BEFORE)
                self.at = time.monotonic()
                kill(site.store)
                eventually(lambda: load.is_steady(self.at), "all are served again", LIMIT)
            self.lost, self.out = load.settle()
            self.logs = site.logs()
        self.acknowledged = load.acknowledged
        self.failed = len(load.failures)
        self.first, self.last = load.served_again(self.at)
        self.people = len(load.refreshers)

    def __str__(self):
        return (
            f"{self.title}: {self.acknowledged} acknowledged, {self.lost} lost, {self.failed} failed, "
            f"served again after {self.first:.1f} s, all after {self.last:.1f} s, "
            f"{self.out} of {self.people} signed out"
        )


class FailoverTests(unittest.TestCase):
    def assert_nothing_lost(self, failover):
        tell(self, str(failover))
        self.assertEqual((failover.lost, failover.out), (0, 0), failover.logs)
        self.assertGreater(failover.acknowledged, 100)
        # Else nothing was interrupted.
        self.assertGreater(failover.failed, 0)

    def test_G5_a_redis_failover_loses_nothing_where_all_replicas_have_each_change(self):
        self.assert_nothing_lost(Failover(
            "Redis, Sentinel, waitReplicas 2 of 2, the killed one back as a replica", stores.Sentinels,
            stores.Sentinels.replace_primary, POSTERN_STORE_REDIS_WAIT_REPLICAS=2,
        ))

    def test_G5_a_redis_failover_is_counted_where_not_all_have(self):
        for count in (0, 1):
            failover = Failover(
                f"Redis, Sentinel, waitReplicas {count}", stores.Sentinels,
                stores.Sentinels.kill_primary, POSTERN_STORE_REDIS_WAIT_REPLICAS=count,
            )
            tell(self, str(failover))
            # A session whose last change is lost is ended by its next request: nobody else notices.
            self.assertLessEqual(failover.out, failover.people)

    def test_a_redis_server_that_is_killed_and_started_loses_nothing(self):
        def kill(store):
            store.kill()
            time.sleep(1)
            store.start()

        self.assert_nothing_lost(Failover("Redis, appendfsync always, restarted", stores.Redis, kill))

    def test_a_postgresql_failover_to_a_synchronous_standby_loses_nothing(self):
        self.assert_nothing_lost(Failover(
            "PostgreSQL, synchronous standby promoted", stores.Standby, stores.Standby.kill_primary))

    def test_a_postgresql_server_that_crashes_and_starts_loses_nothing(self):
        def kill(store):
            store.kill()
            time.sleep(1)
            store.start()

        self.assert_nothing_lost(Failover("PostgreSQL, crashed and restarted", stores.PostgreSQL, kill))


if __name__ == "__main__":
    unittest.main()
