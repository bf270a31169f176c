"""Charts as SVG: a line over time, and bars. Pure. Their colours, for light and dark, are the page's (``s-…``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 400, 210
_TOP, _BOTTOM, _RIGHT = 10, 24, 8
_CHARACTER = 7.2
_MOST_TICKS = 4
_MOST_LABELS = 5
_WIDEST_BAR = 30


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one kind, one for each label of the chart, none of them negative. ``kind`` gives the colour."""

    name: str
    kind: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn. ``name`` is its id on the page. ``labels`` stand below the axis, ``names`` say more of each."""

    name: str
    title: str
    labels: tuple[str, ...]
    names: tuple[str, ...]
    series: tuple[Series, ...]

    @property
    def totals(self) -> tuple[int, ...]:
        """The sum of all series at each label."""
        return tuple(sum(one.values[at] for one in self.series) for at in range(len(self.labels)))


def ticks(highest: int) -> list[int]:
    """Round numbers from 0 to at least ``highest``, evenly apart: 1, 2 or 5 times a power of ten."""
    step = 1
    for power in range(len(str(highest)) + 1):
        step = next((n * 10**power for n in (1, 2, 5) if n * 10**power * _MOST_TICKS >= highest), 0)
        if step:
            break
    return list(range(0, max(step, highest + step - 1) + 1, step))


def short(value: int) -> str:
    """A number in at most four characters: ``950``, ``1.2k``, ``35k``, ``4M``."""
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if value >= size:
            return (
                f"{value / size:.1f}".removesuffix(".0") + letter if value < 10 * size else f"{value // size}{letter}"
            )
    return str(value)


def line(chart: Chart) -> Markup:
    """A line for each series; one alone is filled below."""
    frame = _Frame(chart, max((value for one in chart.series for value in one.values), default=0))
    drawn = []
    for one in chart.series:
        points = [f"{frame.point(at)} {frame.y(value)}" for at, value in enumerate(one.values)]
        if not points:
            continue
        if len(chart.series) == 1:
            area = f"M{frame.point(0)} {frame.y(0)}L{'L'.join(points)}L{frame.point(len(points) - 1)} {frame.y(0)}Z"
            drawn.append(f'<path class="area s-{escape(one.kind)}" d="{area}"/>')
        drawn.append(f'<path class="line s-{escape(one.kind)}" d="M{"L".join(points)}"/>')
        x, y = points[-1].split()
        drawn.append(f'<circle class="s-{escape(one.kind)}" cx="{x}" cy="{y}" r="3"/>')
    drawn += [f"<g>{frame.hint(at)}{frame.hit(at)}</g>" for at in range(len(chart.labels))]
    return frame.svg(drawn, frame.point)


def stacked(chart: Chart) -> Markup:
    """A bar for each label, its series on top of each other."""
    frame = _Frame(chart, max(chart.totals, default=0))
    width = min(_WIDEST_BAR, frame.slot * 0.7)
    drawn = []
    for at in range(len(chart.labels)):
        bars, base = "", 0
        for one in chart.series:
            value = one.values[at]
            if value:
                y = frame.y(base + value)
                bars += _rect(f"s-{escape(one.kind)}", frame.centre(at) - width / 2, y, width, frame.y(base) - y)
            base += value
        drawn.append(f"<g>{frame.hint(at)}{frame.hit(at)}{bars}</g>")
    return frame.svg(drawn, frame.centre)


def grouped(chart: Chart) -> Markup:
    """Bars beside each other for each label, one for each series."""
    frame = _Frame(chart, max((value for one in chart.series for value in one.values), default=0))
    width = min(_WIDEST_BAR / 2, frame.slot * 0.8 / max(1, len(chart.series)))
    drawn = []
    for at in range(len(chart.labels)):
        first = frame.centre(at) - width * len(chart.series) / 2
        bars = "".join(
            _rect(
                f"s-{escape(one.kind)}", first + n * width, frame.y(one.values[at]), width, frame.tall(one.values[at])
            )
            for n, one in enumerate(chart.series)
            if one.values[at]
        )
        drawn.append(f"<g>{frame.hint(at)}{frame.hit(at)}{bars}</g>")
    return frame.svg(drawn, frame.centre)


class _Frame:
    """Where things lie: the box in which a chart is drawn, with its axes."""

    def __init__(self, chart: Chart, highest: int) -> None:
        self.chart, self.ticks = chart, ticks(highest)
        self.top = self.ticks[-1]
        self.start = 10 + _CHARACTER * max(len(short(one)) for one in self.ticks)
        self.wide, self.high = WIDTH - _RIGHT - self.start, HEIGHT - _TOP - _BOTTOM
        self.slot = self.wide / max(1, len(chart.labels))

    def y(self, value: float) -> float:
        return round(_TOP + self.high * (1 - value / self.top), 1)

    def tall(self, value: int) -> float:
        return self.y(0) - self.y(value)

    def left(self, at: int) -> float:
        return round(self.start + self.slot * at, 1)

    def centre(self, at: int) -> float:
        return round(self.start + self.slot * (at + 0.5), 1)

    def point(self, at: int) -> float:
        """Where a line goes through: from edge to edge."""
        return round(self.start + self.wide * at / max(1, len(self.chart.labels) - 1), 1)

    def hint(self, at: int) -> str:
        """What a pointer is told."""
        said = ", ".join(f"{one.values[at]:,} {one.name}" for one in self.chart.series)
        return f"<title>{escape(self.chart.names[at])}: {escape(said)}</title>"

    def hit(self, at: int) -> str:
        """The whole height, so that small bars can be pointed at."""
        return _rect("hit", self.left(at), self.y(self.top), self.slot, self.high)

    def svg(self, drawn: Sequence[str], place: Callable[[int], float]) -> Markup:
        """The whole of it. ``place`` says where a label stands."""
        chart = self.chart
        name, title = escape(chart.name), escape(chart.title)
        opened = f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{name}-t {name}-d">'
        told = f'<title id="{name}-t">{title}</title><desc id="{name}-d">{escape(_told(chart))}</desc>'
        return Markup("".join([opened, told, *self._grid(), *drawn, *self._labels(place), "</svg>"]))  # noqa: S704 - numbers, and words that were escaped

    def _grid(self) -> Iterator[str]:
        for one in self.ticks:
            y = self.y(one)
            yield f'<path class="grid" d="M{self.start:.1f} {y}H{WIDTH - _RIGHT}"/>'
            yield f'<text class="tick" x="{self.start - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{short(one)}</text>'

    def _labels(self, place: Callable[[int], float]) -> Iterator[str]:
        count = len(self.chart.labels)
        for at in _spread(count):
            anchor = "middle"
            if place(at) > WIDTH - 30:
                anchor = "end"
            elif place(at) < self.start + 10:
                anchor = "start"
            text = escape(self.chart.labels[at])
            yield f'<text class="tick" x="{place(at)}" y="{HEIGHT - 6}" text-anchor="{anchor}">{text}</text>'


def _spread(count: int) -> list[int]:
    """Up to five positions, evenly apart, the first and the last among them."""
    if count <= _MOST_LABELS:
        return list(range(count))
    return sorted({round(n * (count - 1) / (_MOST_LABELS - 1)) for n in range(_MOST_LABELS)})


def _rect(kind: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _told(chart: Chart) -> str:
    """The same for who can't see it, in a sentence."""
    if not chart.labels:
        return "There is nothing yet."
    said = [
        f"{one.name}: {one.values[0]:,} at first, {one.values[-1]:,} at last, {max(one.values):,} at most"
        for one in chart.series
    ]
    return f"From {chart.names[0]} to {chart.names[-1]}. {'; '.join(said)}."
