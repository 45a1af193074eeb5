"""What one gets for one's money: accuracy against cost, cost over query volume with break-evens, who is ahead where."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from harness.analysis.results import crossover
from harness.analysis.results.run import TaskResult
from harness.analysis.results.tokens import ByToken
from harness.analysis.results.turns import DecisionMap
from harness.analysis.results.verdict import Basis, Verdict
from harness.quantities import days, dollars, listed, percent, three, whole
from harness.report import per_query
from harness.report.pictures import chart
from harness.report.pictures.plot import Missing, Plot, Spec, TaskView

AGAINST = "Accuracy against cost"
MONTHLY = "Cost per month over query volume"
MAP = "Decision map"
LOWEST = 10.0
"""A log axis has no 0: an interval that begins there is drawn from this part of the mean on."""
FIRST, LAST, FURTHEST = 2, 7, 9
"""Powers of ten: the volumes shown at least, and the greatest one to which a break-even stretches the axis."""
PER_DECADE = 8
DOLLARS = "format(datum.value, datum.value < 1 ? '$.2~r' : '$~s')"
LANES = 7
"""Heights at which the labels of break-evens stand, so that neighbours do not touch."""
NONE = "none"
LETTERS = 8
"""How many fit into a field of the map at the usual size."""


def accuracy_against_cost(view: TaskView) -> Plot | Missing:
    task = view.figures
    systems = {
        name: row
        for name, row in task.strategies.items()
        if row.accuracy.mean is not None and row.cost.per_query_usd and not task.is_foreign(row.system)
    }
    if len(systems) < 2:
        return Missing(AGAINST, "fewer than two systems have both an accuracy and a cost per query")
    if len({row.cost.per_query_usd for row in systems.values()}) == 1:
        return Missing(AGAINST, "a query costs the same with every strategy")
    unbeaten = {name for name, candidate in task.decision.candidates.items() if candidate.pareto}
    rows = []
    for name, row in systems.items():
        usd = row.cost.per_query_usd or 0.0
        cost, low, high = (
            per_query.THOUSAND * end for end in (usd, *(row.cost.per_query_ci_usd or (usd, usd)))
        )
        system = {"label": view.looks[name].label, "unbeaten": name in unbeaten}
        ends = {"cost": cost, "cost_low": low if low > 0 else cost / LOWEST, "cost_high": high}
        rows.append({**system, **ends, **chart.interval(row.accuracy)})
    ticks = chart.log_ticks([row[end] for row in rows for end in ("cost_low", "cost_high")])
    axes = chart.Axes(
        chart.log("dollars per 1,000 queries (log axis)", ticks, labelExpr=DOLLARS), chart.share("accuracy")
    )
    look = chart.by_look("label", {view.looks[name].label: view.looks[name] for name in systems})
    thin = chart.rule(strokeWidth=1.5, opacity=0.75)
    ring = chart.mark("point", size=380, stroke=chart.INK, strokeWidth=1.2, shape="circle")
    layers = [
        axes.layer(thin, "cost", ("low", "high"), color=look["color"]),
        axes.layer(thin, ("cost_low", "cost_high"), "mean", color=look["color"]),
        axes.layer(ring, "cost", "mean", where="datum.unbeaten"),
        axes.layer(chart.point(size=90), "cost", "mean", **look),
    ]
    descriptions = (
        f"{view.looks[name].label}: {percent(row.accuracy.mean)} right at "
        f"{per_query.thousand(row.cost.per_query_usd)} per 1,000 queries"
        + (", unbeaten" if name in unbeaten else "")
        for name, row in systems.items()
    )
    caption = "Up and to the left is better. Vertical: 95 % interval of the accuracy."
    if any(row["cost_low"] < row["cost_high"] for row in rows):
        caption += " Horizontal: 95 % interval of the mean time of the timed questions, priced."
    if any(row["unbeaten"] for row in rows):
        caption += f" A ring marks what no other candidate beats in {listed(task.decision.pareto_dimensions)} at once."
    caption += f" Costs are {per_query.basis(task)}."
    return chart.plot(AGAINST, caption, descriptions, layers, height=230, rows=rows)


@dataclass(frozen=True, slots=True)
class Line:
    """A system's dollars a month over the volume."""

    system: str
    cost: crossover.Line

    def at(self, queries: float) -> float:
        return self.cost.at(queries)


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where a line passes below another: from `queries` a month on `dearer`, which costs more at first, is the cheaper
    one."""

    dearer: str
    other: str
    queries: float
    usd: float

    @property
    def pair(self) -> str:
        return f"{self.dearer} = {self.other}"


def lines(task: TaskResult) -> list[Line]:
    """The line of each system whose costs are known."""
    standing = {row.strategy: row.standing_usd for row in task.cost_totals}
    found = []
    for name, usd in standing.items():
        cost = task.strategies[name].cost
        tokens = isinstance(cost.hosting, ByToken)
        if cost.hosting and usd is not None and (tokens or cost.seconds is not None):
            found.append(Line(name, crossover.Line(cost.hosting, cost.seconds or 0.0, usd)))
    return found


def crossing(one: Line, two: Line) -> Crossing | None:
    """Where the one with the dearer start becomes the cheaper one; None where one is cheaper at every volume."""
    dearer, other = (one, two) if one.cost.first > two.cost.first else (two, one)
    queries = crossover.cheaper_from(dearer.cost, other.cost)
    return Crossing(dearer.system, other.system, queries, dearer.at(queries)) if queries else None


def monthly(view: TaskView) -> Plot | Missing:
    systems = lines(view.figures)
    if len(systems) < 2:
        return Missing(MONTHLY, "fewer than two systems have a known cost per query and one-off cost")
    pairs = itertools.starmap(crossing, itertools.combinations(systems, 2))
    crossings = [one for one in pairs if one and 10**FIRST < one.queries <= 10**FURTHEST]
    last = max([LAST, *(math.ceil(math.log10(one.queries)) for one in crossings)])
    volumes = [10 ** (FIRST + step / PER_DECADE) for step in range(PER_DECADE * (last - FIRST) + 1)]
    shown = [view.looks[line.system] for line in systems]
    points = [(look.label, q, line.at(q)) for look, line in zip(shown, systems, strict=True) for q in volumes]
    rows = [{"label": label, "q": q, "usd": usd} for label, q, usd in points]
    axes = chart.Axes(
        _log("queries a month (log axis)", volumes, format="~s"),
        _log("dollars a month (log axis)", [usd for _, _, usd in points], labelExpr=DOLLARS),
    )
    legend = chart.legend([look.label for look in shown], symbol_size=500)  # long enough to show the dashes
    colour = chart.by("label", {look.label: look.colour for look in shown}, legend)
    dash = chart.by("label", {look.label: look.dash for look in shown}, legend)
    layers = [
        axes.layer(chart.line(strokeWidth=2), "q", "usd", color=colour, strokeDash=dash),
        *_own_volume(view, axes),
        *_diamonds(crossings, axes),
    ]
    caption = (
        f"{per_query.tariff_words({line.system: line.cost.paid for line in systems})}; one-off cost spread over "
        f"{view.figures.cost_totals[0].horizon_months:g} months. {_break_evens(crossings)}"
    )
    descriptions = [
        f"{line.system}: {dollars(line.at(volumes[0]))} a month at {short(volumes[0])} queries, "
        f"{dollars(line.at(volumes[-1]))} at {short(volumes[-1])}"
        for line in systems
    ]
    descriptions += [f"{one.pair} at {whole(one.queries)} queries a month" for one in crossings]
    return chart.plot(MONTHLY, caption, descriptions, layers, height=230, rows=rows)


def _log(title: str, values: Sequence[float], **axis: object) -> Spec:
    """A log axis from the least to the greatest value, with some powers of ten as ticks."""
    ticks = chart.powers(values)
    domain = (min(value for value in values if value > 0), max(values))
    return chart.log(title, ticks[::2] if len(ticks) > 8 else ticks, domain=domain, **axis)


def _break_evens(crossings: Sequence[Crossing]) -> str:
    if not crossings:
        return "No two lines cross at the volumes shown."
    pairs = ", ".join(f"{one.pair} at {short(one.queries)}" for one in crossings)
    return (
        f"Diamonds are break-evens, in queries a month; to the right the dearer start has paid back: {pairs}."
    )


def _diamonds(crossings: Sequence[Crossing], axes: chart.Axes) -> list[Spec]:
    """The break-even points; their labels stand one above the other, since the points often lie close together."""
    if not crossings:
        return []
    diamond = chart.point(shape="diamond", size=110, color=chart.INK)
    points = [{"q": one.queries, "usd": one.usd, "text": short(one.queries)} for one in crossings]
    shown = {row["text"]: row for row in sorted(points, key=lambda row: float(str(row["q"])))}
    layers = [axes.layer(diamond, "q", "usd", rows=points)]
    for turn, row in enumerate(shown.values()):
        halo = {"stroke": chart.PAPER, "strokeWidth": 3}  # page.css draws it beneath the letters
        label = chart.text(align="right", dx=-6, dy=-12 - 14 * (turn % LANES), fontSize=11, **halo)
        layers.append(axes.layer(label, "q", "usd", rows=[row], text="text"))
    return layers


def _own_volume(view: TaskView, axes: chart.Axes) -> list[Spec]:
    """The user's own (or assumed) volume, as a line."""
    setting = view.figures.decision.setting
    rows = [{"q": setting.monthly_queries, "text": "assumed" if setting.monthly_queries_assumed else "yours"}]
    label = chart.text(align="left", baseline="top", dx=4, color=chart.SOFT, fontSize=11)
    return [
        axes.layer(chart.rule(strokeDash=[3, 3], color=chart.SOFT), "q", rows=rows),
        axes.layer(label, "q", {"value": 2}, rows=rows, text="text"),
    ]


def short(queries: float) -> str:
    """A volume in few characters: `850`, `10 k`, `3.66 M`."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if queries >= size:
            return f"{float(f'{queries / size:.3g}'):,g} {unit}"
    return whole(queries)


def decision_map(view: TaskView) -> Plot | Missing:
    grid = view.figures.decision.map
    if not grid:
        return Missing(MAP, "nothing was chosen, so there is nothing to map")
    counts = Counter(winner or NONE for row in grid.winners for winner in row)
    wins = dict(sorted(counts.items(), key=lambda win: win[0] == NONE))
    if not wins.keys() - {NONE}:
        return Missing(MAP, "no system meets the requirements at any volume and refresh interval")
    if len(wins) == 1:
        return Missing(MAP, f"{next(iter(wins))} is ahead at every volume and refresh interval")
    cells = _cells(grid)
    priced = view.figures.decision.basis is Basis.ACCURACY and any(cell["price"] for cell in cells)
    deepest = max(len(cell["name"]) for cell in cells)
    axes = chart.Axes(
        chart.names("queries a month", axis={"labelAngle": 0}), chart.names("knowledge changes")
    )
    colours = {winner: view.looks[winner].colour if winner in view.looks else chart.LINE for winner in wins}
    longest = max(len(line) for cell in cells for line in cell["name"])
    name = chart.text(
        fontSize=11 * min(1, LETTERS / longest), lineHeight=12, dy=-6 * (deepest - 1) - (6 if priced else 0)
    )
    price = chart.text(fontSize=9, dy=8 + 6 * (deepest - 1), color=chart.SOFT)
    field = chart.mark("rect", stroke=chart.PAPER, strokeWidth=2, fillOpacity=0.22)
    layers = [
        axes.layer(field, "q", "refresh", color=chart.by("winner", colours)),
        axes.layer(name, "q", "refresh", text="name"),
        *([axes.layer(price, "q", "refresh", text="price")] if priced else []),
    ]
    caption = "Which candidate is ahead, by volume and by how often the knowledge changes."
    if any(status is Verdict.UNDECIDED for row in grid.statuses for status in row):
        caption += " ? marks the best bet where the task is undecided."
    if priced:
        caption += " Below: the price of a wrong answer from which it also has the least expected cost."
    descriptions = (f"{winner} in {count} of {len(cells)} fields" for winner, count in wins.items())
    height = (20 + 12 * deepest) * len(grid.refresh_days)
    return chart.plot(MAP, caption, descriptions, layers, height=height, rows=cells)


def _cells(grid: DecisionMap) -> list[Spec]:
    """Each field of the map: volume, refresh interval, who is ahead, from which price of an error that also pays."""
    volumes = [short(volume) for volume in grid.monthly_queries]
    intervals = ["never" if value is None else f"every {days(value)}" for value in grid.refresh_days]
    rows = zip(intervals, grid.winners, grid.statuses, grid.pays_from_usd, strict=True)
    return [
        {
            "q": volume,
            "refresh": interval,
            "winner": winner or NONE,
            "name": _broken((winner or NONE) + (" ?" if status is Verdict.UNDECIDED else "")),
            "price": _from(price) if price else "",
        }
        for interval, winners, statuses, prices in rows
        for volume, winner, status, price in zip(volumes, winners, statuses, prices, strict=True)
    ]


def _broken(name: str) -> list[str]:
    """A name in lines that fit a field: `few-shot+rag ?` breaks before its plus, `few-shot ?` behind its hyphen."""
    lines = [""]
    for piece in re.findall(r"[+@\[]?[^-+@\[]+-?", name):
        if lines[-1] and len(lines[-1] + piece) > LETTERS:
            lines.append("")
        lines[-1] += piece
    return lines


def _from(price: float) -> str:
    """`≥ $0.012`, `≥ $70.2`, `≥ $9.19 k`; `< $0.001` where less than a tenth of a cent is enough."""
    if price < 0.001:
        return "< $0.001"
    if price < 1:
        return f"≥ {dollars(float(f'{price:.2g}'))}"
    return f"≥ ${short(price) if price >= 1e3 else three(price)}"
