"""A plot of curves as SVG, for the documents.

Owns the drawing of lines over a ground of two axes; it knows nothing of what they mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

LEFT, TOP, WIDTH, HEIGHT = 50, 34, 400, 166  # of the ground, in units of the picture
STEP = 0.02  # between two marks of the vertical axis


class Line(NamedTuple):
    """`points`: (x, y), x from 0 upwards. A line without a name has none written beside it."""

    name: str
    colour: str
    points: Sequence[tuple[float, float]]
    dashed: bool = False


def plot(title: str, lines: Sequence[Line]) -> str:
    points = [point for line in lines for point in line.points]
    right = max((x for x, _ in points), default=0.0) or 1.0
    low = int(min((y for _, y in points), default=0.0) // STEP)
    high = int(max((y for _, y in points), default=0.0) // STEP) + 1

    def at(x: float, y: float) -> tuple[float, float]:
        up = (y / STEP - low) / (high - low)
        return round(LEFT + WIDTH * x / right, 1), round(TOP + HEIGHT * (1 - up), 1)

    drawn = [f'<text x="{LEFT}" y="20">{escape(title)}</text>']
    for mark in range(low, high + 1):
        x, y = at(0, mark * STEP)
        colour = "#999" if mark == 0 else "#ddd"
        drawn.append(f'<line x1="{x}" x2="{LEFT + WIDTH}" y1="{y}" y2="{y}" stroke="{colour}"/>')
        drawn.append(f'<text x="{x - 6}" y="{y + 4}" text-anchor="end">{mark * STEP:+.2f}</text>')
    drawn += [
        f'<text x="{at(x, 0)[0]}" y="218" text-anchor="middle">{x:g}</text>'
        for x in sorted({x for x, _ in points})
    ]
    for line in lines:
        way = " ".join(f"{x},{y}" for x, y in (at(*point) for point in line.points))
        dash = ' stroke-dasharray="3 4"' if line.dashed else ' stroke-width="2"'
        drawn.append(f'<polyline points="{way}" fill="none" stroke="{line.colour}"{dash}/>')
        if line.name and line.points:
            x, y = at(*line.points[-1])
            drawn.append(
                f'<text x="{x + 6}" y="{y + 4}" fill="{line.colour}">{escape(line.name)}</text>'
            )
    body = '<rect width="560" height="230" fill="#fff"/>' + "".join(drawn)
    size = 'viewBox="0 0 560 230" font-family="sans-serif" font-size="11"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{body}</svg>\n'
