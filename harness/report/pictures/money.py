"""Cost over query volume with its break-even points, and the map of who is ahead where."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.analysis.decision.choice import BY_VALUE, UNDECIDED
from harness.quantities import days, dollars, three, whole
from harness.report.pictures import style
from harness.report.pictures.plot import Missing, Plot, Spec

Figures = Mapping[str, Any]
MONTHLY = "Cost per month over query volume"
MAP = "Decision map"
FIRST, LAST, FURTHEST = 2, 7, 9
"""Powers of ten: the volumes shown at least, and the greatest one to which a break-even stretches the axis."""
PER_DECADE = 8


@dataclass(frozen=True, slots=True)
class Line:
    """A strategy's dollars a month: `fixed` + `per_query` · queries. Exactly what `monthly_usd` computes."""

    strategy: str
    fixed: float
    per_query: float

    def at(self, queries: float) -> float:
        return self.fixed + self.per_query * queries


def lines(task: Figures) -> list[Line]:
    """The line through each strategy's totals; a strategy without two known totals has none."""
    known: dict[str, dict[float, float]] = {}
    for row in task["cost_totals"]:
        if row["monthly_usd"] is not None:
            known.setdefault(row["strategy"], {})[row["monthly_queries"]] = row["monthly_usd"]
    found = []
    for name, totals in known.items():
        if len(totals) >= 2:
            low, high = min(totals), max(totals)
            slope = (totals[high] - totals[low]) / (high - low)
            found.append(Line(name, max(0.0, totals[low] - slope * low), slope))
    return found


def crossing(one: Line, two: Line) -> float | None:
    """Queries a month at which both cost the same; None where one is cheaper at every volume."""
    if one.per_query == two.per_query:
        return None
    queries = (one.fixed - two.fixed) / (two.per_query - one.per_query)
    return queries if queries > 0 else None


def monthly(task: Figures) -> Plot | Missing:
    found = lines(task)
    if len(found) < 2:
        return Missing(MONTHLY, "fewer than two strategies have a known cost per query and one-off cost")
    crossings = _crossings(found)
    last = max([LAST, *(math.ceil(math.log10(row["q"])) for row in crossings)])
    volumes = [10 ** (FIRST + step / PER_DECADE) for step in range(PER_DECADE * (last - FIRST) + 1)]
    rows: list[Spec] = [
        {"strategy": line.strategy, "q": q, "usd": line.at(q)} for line in found for q in volumes
    ]
    names = [line.strategy for line in found]
    x = _log("q", [volumes[0], volumes[-1]], "queries a month (log axis)")
    x["axis"]["format"] = "~s"
    y = _log("usd", [row["usd"] for row in rows], "dollars a month (log axis)")
    y["axis"]["labelExpr"] = "format(datum.value, datum.value < 1 ? '$.2~r' : '$~s')"
    key = {"symbolSize": 500}  # long enough to show the dashes
    look = {
        "color": {"field": "strategy", "type": "nominal", "scale": style.colours(names), "legend": key},
        "strokeDash": {"field": "strategy", "type": "nominal", "scale": style.dashes(names), "legend": key},
    }
    at = {"x": x, "y": y}
    marks = _diamonds(crossings, at)
    layers = [{"mark": {"type": "line", "strokeWidth": 2}, "encoding": {**at, **look}}, *_own(task, x)]
    months = task["cost_totals"][0]["horizon_months"]
    caption = (
        f"One query at a time at the priced machine's utilisation; one-off cost spread over {months:g} months. "
        + (_break_evens(crossings) if crossings else "No two lines cross at the volumes shown.")
    )
    spec = style.picture([*layers, *marks], height=230, rows=rows)
    return Plot(MONTHLY, caption, _told(found, crossings), spec)


def _break_evens(crossings: Sequence[Spec]) -> str:
    said = ", ".join(f"{row['pair']} at {row['label']}" for row in crossings)
    return (
        f"Diamonds are break-evens, in queries a month; to the right the dearer start has paid back: {said}."
    )


def _diamonds(crossings: Sequence[Spec], at: Spec) -> list[Spec]:
    """The break-even points; their labels stand one above the other, since the points often lie close together."""
    mark = {
        "type": "point",
        "shape": "diamond",
        "size": 110,
        "filled": True,
        "color": style.INK,
        "opacity": 1,
    }
    points = [{"data": {"values": list(crossings)}, "mark": mark, "encoding": at}] if crossings else []
    shown = {row["label"]: row for row in sorted(crossings, key=lambda row: float(row["q"]))}
    halo = {
        "stroke": style.PAPER,
        "strokeWidth": 3,
    }  # drawn beneath the letters (page.css), so that lines do not cross them
    labels = [
        {
            "data": {"values": [row]},
            "mark": {
                "type": "text",
                "align": "right",
                "dx": -6,
                "dy": -12 - 14 * (turn % 3),
                "fontSize": 11,
                **halo,
            },
            "encoding": {**at, "text": {"field": "label"}},
        }
        for turn, row in enumerate(shown.values())
    ]
    return points + labels


def _crossings(found: Sequence[Line]) -> list[Spec]:
    points = []
    for one, two in itertools.combinations(found, 2):
        queries = crossing(one, two)
        if queries is not None and 10**FIRST < queries <= 10**FURTHEST:
            dearer, other = (one, two) if one.fixed > two.fixed else (two, one)
            pair = f"{dearer.strategy} = {other.strategy}"
            points.append({"q": queries, "usd": one.at(queries), "label": short(queries), "pair": pair})
    return points


def _own(task: Figures, x: Spec) -> list[Spec]:
    """The user's own (or assumed) volume, as a line."""
    setting = task["decision"].get("setting") or {}
    own = setting.get("monthly_queries")
    if not own:
        return []
    label = "assumed" if setting.get("monthly_queries_assumed") else "yours"
    data = {"values": [{"q": own, "label": label}]}
    mark = {"type": "rule", "strokeDash": [3, 3], "color": style.SOFT}
    said = {"type": "text", "align": "left", "baseline": "top", "dx": 4, "color": style.SOFT, "fontSize": 11}
    return [
        {"data": data, "mark": mark, "encoding": {"x": x}},
        {"data": data, "mark": said, "encoding": {"x": x, "y": {"value": 2}, "text": {"field": "label"}}},
    ]


def _log(field: str, values: Sequence[float], title: str) -> Spec:
    ticks = style.powers(values)
    if len(ticks) > 8:
        ticks = ticks[::2]
    scale = {"type": "log", "domain": [min(v for v in values if v > 0), max(values)]}
    return {
        "field": field,
        "type": "quantitative",
        "scale": scale,
        "axis": {"values": ticks, "title": title},
    }


def _told(found: Sequence[Line], crossings: Sequence[Spec]) -> str:
    said = [
        f"{line.strategy}: {dollars(line.fixed)} a month and {dollars(line.per_query)} a query"
        for line in found
    ]
    said += [f"{row['pair']} at {whole(row['q'])} queries a month" for row in crossings]
    return "; ".join(said) + "."


def short(queries: float) -> str:
    """A volume in few characters: `850`, `10 k`, `3.66 M`."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if queries >= size:
            shown = three(queries / size)
            return f"{shown.rstrip('0').rstrip('.') if '.' in shown else shown} {unit}"
    return whole(queries)


def decision_map(task: Figures) -> Plot | Missing:
    grid = task["decision"]["map"]
    if not grid:
        return Missing(MAP, "nothing was chosen, so there is nothing to map")
    cells = _cells(grid)
    names = [name for name in dict.fromkeys(cell["winner"] for cell in cells) if name != "none"]
    if not names:
        return Missing(MAP, "no strategy meets the requirements at any volume and refresh interval")
    scale = {"domain": [*names, "none"], "range": [*map(style.colour, names), style.LINE]}
    at = {
        "x": {
            "field": "q",
            "type": "ordinal",
            "sort": None,
            "title": "queries a month",
            "axis": {"labelAngle": 0},
        },
        "y": {"field": "refresh", "type": "ordinal", "sort": None, "title": "knowledge changes"},
    }
    priced = task["decision"]["basis"] == BY_VALUE or not any(cell["price"] for cell in cells)
    lines = max(len(cell["name"]) for cell in cells)
    text = {"type": "text", "fontSize": 11, "lineHeight": 12, "dy": -6 * (lines - 1) - (0 if priced else 6)}
    fill = {"type": "rect", "stroke": style.PAPER, "strokeWidth": 2, "fillOpacity": 0.22}
    layers: list[Spec] = [
        {"mark": fill, "encoding": {**at, "color": {"field": "winner", "scale": scale, "legend": None}}},
        {"mark": text, "encoding": {**at, "text": {"field": "name"}}},
    ]
    if not priced:
        price = {"type": "text", "fontSize": 9, "dy": 8 + 6 * (lines - 1), "color": style.SOFT}
        layers.append({"mark": price, "encoding": {**at, "text": {"field": "price"}}})
    caption = "Which candidate is ahead, by volume and by how often the knowledge changes."
    if any(status == UNDECIDED for row in grid["statuses"] for status in row):
        caption += " ? marks the best bet where the task is undecided."
    if not priced:
        caption += " Below: the price of a wrong answer from which it also has the least expected cost."
    wins = {name: sum(cell["winner"] == name for cell in cells) for name in [*names, "none"]}
    told = (
        "; ".join(f"{name} in {count} of {len(cells)} fields" for name, count in wins.items() if count) + "."
    )
    height = (20 + 12 * lines) * len(grid["refresh_days"])
    return Plot(MAP, caption, told, style.picture(layers, height=height, rows=cells))


def _cells(grid: Figures) -> list[Spec]:
    """Each field of the map: volume, refresh interval, who is ahead, from which price of an error that also pays."""
    volumes = [short(volume) for volume in grid["monthly_queries"]]
    intervals = ["never" if value is None else f"every {days(value)}" for value in grid["refresh_days"]]
    rows = zip(intervals, grid["winners"], grid["statuses"], grid["pays_from_usd"], strict=True)
    return [
        {
            "q": volume,
            "refresh": interval,
            "winner": winner or "none",
            "name": _broken((winner or "none") + (" ?" if status == UNDECIDED else "")),
            "price": _from(price) if price else "",
        }
        for interval, winners, statuses, prices in rows
        for volume, winner, status, price in zip(volumes, winners, statuses, prices, strict=True)
    ]


def _broken(name: str) -> list[str]:
    """A name in lines that fit a field: `few-shot+rag ?` breaks before its plus, `few-shot ?` behind its hyphen."""
    first, plus, rest = name.partition("+")
    if plus:
        return [first, plus + rest]
    first, hyphen, rest = name.partition("-")
    return [first + hyphen, rest] if hyphen and len(name) > 8 else [name]


def _from(price: float) -> str:
    """`≥ $0.012`, `≥ $70.2`, `≥ $9.19 k`; `< $0.001` where less than a tenth of a cent is enough."""
    if price < 0.001:
        return "< $0.001"
    return (
        f"≥ {dollars(float(f'{price:.2g}'))}"
        if price < 1
        else f"≥ ${short(price) if price >= 1e3 else three(price)}"
    )
