"""Draw the medians as bars, in an SVG for the README."""

from __future__ import annotations

from html import escape

WIDTH, BAR, LABEL = 860, 22, 170
COLOURS = {"purger, clicking": "#2e9e4f", "purger, whole": "#1d7a3a", "floor": "#9aa2a8"}


def svg(title: str, seconds: dict[str, float]) -> str:
    """Return an SVG with a bar for each name, proportional to its seconds."""
    longest = max(seconds.values())
    lines = [f'<text x="0" y="18" font-weight="600">{escape(title)}</text>']
    for number, (name, value) in enumerate(seconds.items()):
        y = 34 + number * (BAR + 8)
        length = max(2, (WIDTH - LABEL - 90) * value / longest)
        colour = COLOURS.get(name, "#c58a2b")
        lines.append(f'<text x="{LABEL - 8}" y="{y + 16}" text-anchor="end">{escape(name)}</text>')
        lines.append(f'<rect x="{LABEL}" y="{y}" width="{length:.0f}" height="{BAR}" rx="3" fill="{colour}"/>')
        lines.append(f'<text x="{LABEL + length + 8:.0f}" y="{y + 16}">{value:.1f} s</text>')
    height = 34 + len(seconds) * (BAR + 8)
    body = "\n".join(lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="sans-serif" font-size="14" fill="#555">\n'
        f'<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
    )
