"""What all parts share: the contenders in their places, and rounds in turn."""

from contenders import PHP, Django, Express, Go, GoFastCGI, Hummingbird, Limit
from figures import Cell, Run
from machine import Folders, Trouble, say
from nginx import Nginx
from postern import Postern

KINDS = [Limit, Go, GoFastCGI, Express, Hummingbird, PHP, Django]
NAMES = [kind.name for kind in KINDS] + ["postern"]


class Bench:
    """One part's contenders, prepared and running, for as long as the `with` lasts."""

    def __init__(self, options, only=NAMES, running=True, limit=Limit):
        self.options = options
        self.folders = Folders()
        self.nginx = Nginx(self.folders, options.connections)
        self._running = running
        self.contenders = [
            kind(options, self.folders)
            for kind in (limit, *KINDS[1:])
            if self._wanted(kind.name, only)
        ]
        if self._wanted("postern", only):
            self.contenders.append(Postern(options, self.folders))
            self.contenders += [
                Postern(options, self.folders, name, path) for name, path in options.program
            ]

    def _wanted(self, name, only):
        return name in only and name in (self.options.only or NAMES)

    @property
    def limit(self):
        return next((one for one in self.contenders if one.answers_all), None)

    def __enter__(self):
        try:
            for contender in self.contenders:
                say(f"{contender.name}: preparing")
                contender.prepare()
                contender.port = self.nginx.add(
                    contender.name, contender.socket, contender.way, contender.script
                )
            self.nginx.renew()
            if self._running:
                for contender in self.contenders:
                    contender.start()
                    contender.check()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for contender in self.contenders:
            contender.stop()
        self.nginx.stop()
        self.folders.remove()


def in_turn(options, title, entries, before=lambda: None):
    """Measures each of the entries once in each round: A B C A B C … Returns their cells by name.

    An entry is a name and a function that returns a value and what voids it.
    """
    cells = {name: Cell(name) for name, _ in entries}
    for number in range(1, options.rounds + 1):
        for name, measure in entries:
            before()
            try:
                value, faults = measure()
            except (Trouble, OSError) as trouble:
                value, faults = 0, [str(trouble)]
            cells[name].add(value, faults)
            say(f"{title}, round {number}: {name}: {'VOID' if faults else f'{value:.1f}'}")
    return cells


def rate(measured: Run):
    return measured.rate, measured.faults
