"""wire.py ONE OTHER LEAST MOST LOSS: carries frames between two interfaces, each after LEAST to MOST
milliseconds and in their order, and loses LOSS of a hundred. For kernels without netem.

Ends with its standard input."""

import collections
import os
import random
import select
import socket
import sys
import time

# packet(7), linux/if_packet.h
_SOL_PACKET, _PACKET_VNET_HDR, _PACKET_IGNORE_OUTGOING = 263, 15, 23
_ETH_P_ALL = 3
# Offloaded segments are as long as an IP packet may be.
_LONGEST = 70_000


def opened(name):
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    # With the header that says which checksums are still to be made, and how to segment.
    end.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
    end.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    end.bind((name, _ETH_P_ALL))
    end.setblocking(False)
    return end


class Direction:
    def __init__(self, source, target):
        self.source, self.target = source, target
        self._frames = collections.deque()

    def take(self, least, most, loss):
        while True:
            try:
                frame = self.source.recv(_LONGEST)
            except OSError:
                return  # There is no more for now, or the interface is down.
            if random.uniform(0, 100) < loss:
                continue
            due = time.monotonic() + random.uniform(least, most) / 1000
            if self._frames:
                due = max(due, self._frames[-1][0])
            self._frames.append((due, frame))

    def give(self):
        """Sends what is due; returns the seconds until the next frame is."""
        while self._frames:
            rest = self._frames[0][0] - time.monotonic()
            if rest > 0:
                return rest
            try:
                self.target.send(self._frames.popleft()[1])
            except OSError:
                pass  # The interface is down: lost.
        return None


def main(one, other, least, most, loss):
    ends = [opened(one), opened(other)]
    directions = [Direction(*ends), Direction(*reversed(ends))]
    print("ready", flush=True)
    while True:
        waits = [wait for wait in (one.give() for one in directions) if wait is not None]
        ready, _, _ = select.select([sys.stdin, *ends], [], [], min(waits, default=None))
        if sys.stdin in ready and not os.read(0, 1):
            return
        for direction in directions:
            if direction.source in ready:
                direction.take(least, most, loss)


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(float, sys.argv[3:6]))
