"""Machines of their own, as network namespaces, and links between them that can be cut and slowed.

Each machine has two links, each into a switch of its own: `front`, where clients are, and `back`, where
stores are. The process that makes the network is on both switches, and leaves this machine's own network
for that: nothing is seen of it outside, and it goes with the processes that are in it.
"""

import contextlib
import ctypes
import os
import pathlib
import subprocess
import sys

SEGMENTS = {"front": "10.77.0", "back": "10.78.0"}
# Of the process that makes the network, on both switches.
CLIENT = 254
_NEW_NETWORK = 0x4000_0000  # CLONE_NEWNET, unshare(2)
_WIRE = pathlib.Path(__file__).with_name("wire.py")


class NotPermitted(Exception):
    """Why this machine lets nobody make network namespaces."""


def ip(*words):
    subprocess.run(["ip", *map(str, words)], check=True, capture_output=True)


class Network:
    """Two switches, and the machines on them. For the main thread, before it starts others."""

    def __init__(self):
        self._outside = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._machines = []
        try:
            if self._libc.unshare(_NEW_NETWORK) != 0:
                raise NotPermitted(f"unshare: {os.strerror(ctypes.get_errno())}")
            ip("link", "set", "lo", "up")
            for segment, network in SEGMENTS.items():
                ip("link", "add", segment, "type", "bridge")
                ip("link", "set", segment, "up")
                ip("address", "add", f"{network}.{CLIENT}/24", "dev", segment)
        except (OSError, subprocess.CalledProcessError) as error:
            self.remove()
            raise NotPermitted(getattr(error, "stderr", b"").decode() or str(error)) from error
        except BaseException:
            self.remove()
            raise

    def machine(self, name, number):
        """A machine whose addresses end in `number`, 1 to 250."""
        machine = Machine(name, number)
        self._machines.append(machine)
        return machine

    def remove(self):
        """Ends all machines, and goes back to where this process was."""
        for machine in self._machines:
            machine.end()
        if self._outside is not None:
            self._libc.setns(self._outside, _NEW_NETWORK)
            os.close(self._outside)
            self._outside = None


class Machine:
    """Namespaces of a network and a name (UTS), with an address on each switch. They live as long as
    this process."""

    def __init__(self, name, number):
        self.name = name
        self.number = number
        # It says that it is there, and ends with its standard input.
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--uts", "sh", "-c", 'hostname "$0" && echo && exec cat', name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        if not self._holder.stdout.readline():
            raise NotPermitted("unshare --net --uts failed")
        self._wires = {}
        for segment, network in SEGMENTS.items():
            link = self._link(segment)
            ip("link", "add", link, "type", "veth", "peer", "name", segment, "netns",
               self._holder.pid)
            ip("link", "set", link, "master", segment, "up")
            self.run("ip", "address", "add", f"{network}.{number}/24", "dev", segment)
            self.run("ip", "link", "set", segment, "up")
        self.run("ip", "link", "set", "lo", "up")

    @property
    def front(self):
        return f"{SEGMENTS['front']}.{self.number}"

    @property
    def back(self):
        return f"{SEGMENTS['back']}.{self.number}"

    def command(self, *words):
        """The command line that runs `words` on this machine."""
        return [
            "nsenter", f"--target={self._holder.pid}", "--net", "--uts", "--", *map(str, words)]

    def run(self, *words, **options):
        return subprocess.run(self.command(*words), check=True, capture_output=True, **options)

    # A link has its end in the switch's namespace, under the machine's name.
    def _link(self, segment):
        return f"{self.name}-{segment}"

    def cut(self, segment):
        """Pulls the cable out: what is sent is lost, and nobody is told."""
        ip("link", "set", self._link(segment), "down")

    def mend(self, segment):
        ip("link", "set", self._link(segment), "up")

    @contextlib.contextmanager
    def cut_off(self, segment):
        self.cut(segment)
        try:
            yield
        finally:
            self.mend(segment)

    @contextlib.contextmanager
    def slowed(self, segment, milliseconds, loss=0):
        """Delays each packet, in each direction, by a time between the two of `milliseconds`, and
        loses so many of a hundred.

        By netem where the kernel has it (tc-netem(8)), else by a process in the middle of the link.
        """
        if not self._slow_by_kernel(segment, milliseconds, loss):
            self._slow_by_wire(segment, milliseconds, loss)
        try:
            yield
        finally:
            self._unslow(segment)

    def _netem(self, segment, *words):
        """At both ends: a queue delays only what leaves by it."""
        here = ["tc", "qdisc", *words[:1], "dev", self._link(segment), "root", *words[1:]]
        there = self.command("tc", "qdisc", *words[:1], "dev", segment, "root", *words[1:])
        done = [subprocess.run(one, capture_output=True) for one in (here, there)]
        return all(one.returncode == 0 for one in done)

    def _slow_by_kernel(self, segment, milliseconds, loss):
        least, most = milliseconds
        middle, spread = (least + most) / 2, (most - least) / 2
        return self._netem(
            segment, "add", "netem", "delay", f"{middle}ms", f"{spread}ms", "loss", f"{loss}%"
        )

    def _slow_by_wire(self, segment, milliseconds, loss):
        link, inner, outer = (f"{self._link(segment)}{end}" for end in ("", "-a", "-b"))
        ip("link", "set", link, "nomaster")
        ip("link", "add", inner, "type", "veth", "peer", "name", outer)
        ip("link", "set", outer, "master", segment, "up")
        ip("link", "set", inner, "up")
        for end in (link, inner):
            # This side's own kernel must not answer for the machines.
            ip("link", "set", end, "arp", "off")
        wire = subprocess.Popen(
            [sys.executable, _WIRE, link, inner, *map(str, milliseconds), str(loss)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        wire.stdout.readline()
        self._wires[segment] = wire

    def _unslow(self, segment):
        wire = self._wires.pop(segment, None)
        if wire is None:
            self._netem(segment, "del")
            return
        link = self._link(segment)
        wire.kill()
        wire.wait()
        wire.stdin.close()
        wire.stdout.close()
        ip("link", "del", f"{link}-a")
        ip("link", "set", link, "arp", "on")
        ip("link", "set", link, "master", segment)

    def end(self):
        for segment in list(self._wires):
            self._unslow(segment)
        self._holder.stdin.close()
        self._holder.wait()
        self._holder.stdout.close()
