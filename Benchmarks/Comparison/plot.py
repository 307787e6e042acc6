"""A plot of lines as SVG, readable on light and dark pages."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 80, 130, 40, 50
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#7f7f7f", "#8a2be2",
           "#a0522d"]


def lines(title, across, upwards, curves):
    """`curves` has for each name its points; the horizontal axis is logarithmic."""
    points = [point for curve in curves.values() for point in curve]
    if not points:
        return ""
    first, last = min(x for x, _ in points), max(x for x, _ in points)
    step = round_step(max(y for _, y in points) / 5)
    top = step * math.ceil(max(y for _, y in points) / step)

    def place(x, y):
        share = math.log(x / first) / math.log(last / first) if last > first else 0.5
        width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        return LEFT + share * width, HEIGHT - BOTTOM - y / top * height

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}: {escape(upwards)} against {escape(across)}</title>",
        "<style>text{font:12px sans-serif;fill:#808080}</style>",
        text(LEFT, TOP - 18, "start", f"{title}: {upwards}"),
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "middle", across),
    ]
    for number in range(round(top / step) + 1):
        _, y = place(first, number * step)
        out.append(
            f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#808080" stroke-opacity=".3"/>'
        )
        out.append(text(LEFT - 8, y + 4, "end", f"{number * step:,.0f}"))
    for x in sorted({x for x, _ in points}):
        out.append(text(place(x, 0)[0], HEIGHT - BOTTOM + 18, "middle", f"{x:,}"))
    drawn = [(name, curve) for name, curve in curves.items() if curve]
    # Names stand at the ends of their lines, and below each other where those are close.
    lowest = -math.inf
    labels = {}
    for name, curve in sorted(drawn, key=lambda one: place(*one[1][-1])[1]):
        lowest = labels[name] = max(place(*curve[-1])[1] + 4, lowest + 14)
    for number, (name, curve) in enumerate(drawn):
        colour = COLOURS[number % len(COLOURS)]
        spots = [place(x, y) for x, y in curve]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in spots]
        out.append(
            f'<text x="{WIDTH - RIGHT + 10}" y="{labels[name]:.1f}" style="fill:{colour}">'
            f"{escape(name)}</text>"
        )
    return "\n".join([*out, "</svg>"]) + "\n"


def round_step(least):
    """The next of 1, 2, 5, 10, 20, …"""
    power = 10 ** math.floor(math.log10(least)) if least > 0 else 1
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * 0.999)


def text(x, y, anchor, content):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(content)}</text>'
