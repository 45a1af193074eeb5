"""What one gets for one's money: accuracy against the cost of a query."""

from __future__ import annotations

from harness.analysis.results.run import SystemResult
from harness.quantities import dollars, percent
from harness.report.pictures import chart
from harness.report.pictures.plot import Missing, Plot, Spec, TaskView

TITLE = "Accuracy against cost per query"
CAPTION = (
    "Up and to the left is better. Vertical: 95 % interval of the accuracy. Horizontal: 95 % interval of the mean time "
    "of the timed questions, priced. A ring marks what no other candidate beats in accuracy, cost and latency at once."
)
LOWEST = 10.0
"""A log axis has no 0: an interval that begins there is drawn from this part of the mean on."""


def accuracy_against_cost(view: TaskView) -> Plot | Missing:
    task = view.figures
    systems = {
        name: row
        for name, row in task.strategies.items()
        if row.accuracy.mean is not None and row.cost.per_query_usd and not task.is_foreign(row.system)
    }
    if len(systems) < 2:
        return Missing(TITLE, "fewer than two systems have both an accuracy and a cost per query")
    unbeaten = {name for name, candidate in task.decision.candidates.items() if candidate.pareto}
    rows = [
        {"label": view.looks[name].label, "unbeaten": name in unbeaten, **_places(row)}
        for name, row in systems.items()
    ]
    ticks = chart.log_ticks([row[end] for row in rows for end in ("cost_low", "cost_high")])
    axes = chart.Axes(
        chart.log("cost per query, dollars (log axis)", ticks, format="$.2~r"), chart.share("accuracy")
    )
    shown = [view.looks[name] for name in systems]
    legend = chart.legend([look.label for look in shown])
    colour = chart.by("label", {look.label: look.colour for look in shown}, legend)
    shape = chart.by("label", {look.label: look.shape for look in shown}, legend)
    thin = chart.rule(1.5, opacity=0.75)
    ring = chart.mark("point", size=380, stroke=chart.INK, strokeWidth=1.2, shape="circle")
    layers = [
        axes.layer(thin, "cost", ("low", "high"), color=colour),
        axes.layer(thin, ("cost_low", "cost_high"), "mean", color=colour),
        axes.layer(ring, "cost", "mean", where="datum.unbeaten"),
        axes.layer(chart.point(90), "cost", "mean", color=colour, shape=shape),
    ]
    descriptions = (
        f"{view.looks[name].label}: {percent(row.accuracy.mean)} right at {dollars(row.cost.per_query_usd)} a query"
        + (", unbeaten" if name in unbeaten else "")
        for name, row in systems.items()
    )
    return chart.plot(TITLE, CAPTION, descriptions, layers, height=230, rows=rows)


def _places(row: SystemResult) -> Spec:
    """Where a system stands, and the ends of its intervals."""
    cost = row.cost.per_query_usd or 0.0
    low, high = row.cost.per_query_ci_usd or (cost, cost)
    ends = {"cost_low": low if low > 0 else cost / LOWEST, "cost_high": high}
    return {"cost": cost, **ends, **chart.interval(row.accuracy)}
