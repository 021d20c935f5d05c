"""Grouped bars as SVG, on a logarithmic axis where figures lie far apart.

Owns the drawing; it knows no server and no unit but what it is given.
"""

from __future__ import annotations

import math
from html import escape
from typing import NamedTuple

COLOURS = ("#0b6e4f", "#c8553d", "#e0a458", "#4f6d9a", "#8d7ab8", "#7a7a7a")
ROW, GAP, LEFT, RIGHT, TOP = 16, 14, 300, 90, 62
WIDTH = 860
WIDE_APART = 30.0  # a largest over a smallest figure beyond this is drawn logarithmically


class Drawing(NamedTuple):
    """`groups`: for each case, each server's figure."""

    name: str
    title: str
    unit: str
    groups: dict[str, dict[str, float]]


def svg(drawing: Drawing) -> str:
    names = list(dict.fromkeys(name for group in drawing.groups.values() for name in group))
    colour = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    values = [value for group in drawing.groups.values() for value in group.values() if value > 0]
    if not values:
        return _page(TOP, [], drawing.title)
    scale = _Scale(min(values), max(values))
    parts, y = _legend(colour), TOP
    for case, group in drawing.groups.items():
        middle = y + ROW * len(group) / 2 + 4
        parts.append(_text(LEFT - 10, middle, case, anchor="end"))
        for name, value in group.items():
            width = scale.width(value)
            parts.append(
                f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{ROW - 3}" '
                f'fill="{colour[name]}"><title>{escape(name)}: {value:.4g}</title></rect>'
            )
            parts.append(_text(LEFT + width + 5, y + ROW - 5, f"{value:.3g}", size=11))
            y += ROW
        y += GAP
    axis = "logarithmic" if scale.logarithmic else "from 0"
    parts.append(_text(LEFT, y + 6, f"{drawing.unit} ({axis}; less is better)", size=11))
    return _page(y + 18, parts, drawing.title)


class _Scale:
    def __init__(self, least: float, most: float) -> None:
        self.logarithmic = most / least > WIDE_APART
        self._low = least / 2
        self._most = most

    def width(self, value: float) -> float:
        room = WIDTH - LEFT - RIGHT
        if value <= 0:
            return 0
        if self.logarithmic:
            return room * math.log(value / self._low) / math.log(self._most / self._low)
        return room * value / self._most


def _legend(colour: dict[str, str]) -> list[str]:
    parts, x = [], 12.0
    for name, fill in colour.items():
        parts.append(f'<rect x="{x:.0f}" y="34" width="12" height="12" fill="{fill}"/>')
        parts.append(_text(x + 17, 44, name, size=12))
        x += 34 + 7 * len(name)
    return parts


def _text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 12) -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )


def _page(height: float, parts: list[str], title: str) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" '
        f'viewBox="0 0 {WIDTH} {height:.0f}" font-family="sans-serif" fill="#222">\n'
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>\n'
        f'<text x="12" y="22" font-size="15" font-weight="bold">{escape(title)}</text>\n'
        f"{body}\n</svg>\n"
    )
