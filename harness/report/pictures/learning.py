"""What a fine-tune learned and what it forgot."""

from __future__ import annotations

from harness.analysis.results.comparison import Forgetting
from harness.analysis.results.run import AdapterResult
from harness.analysis.statistics.paired import INCONCLUSIVE
from harness.quantities import percent, points
from harness.report.pictures import chart
from harness.report.pictures.plot import Missing, Plot, TaskView

CURVE = "Loss while training"
FORGETTING = "What the fine-tunes forgot"
FACTS = "Facts in the training set, and facts not in it"
MOST_STEPS = 300
GROUPS = {"fact_seen": "in the training set", "fact_unseen": "not in it"}


def loss_curves(view: TaskView) -> list[Plot | Missing]:
    """One picture per adapter that was trained for this task."""
    if not view.adapters:
        return [Missing(CURVE, "no adapter was trained for this task")]
    strategies = [adapter.strategy for adapter in view.adapters]
    return [
        _curve(adapter, several_seeds=strategies.count(adapter.strategy) > 1) for adapter in view.adapters
    ]


def _curve(adapter: AdapterResult, *, several_seeds: bool) -> Plot | Missing:
    title = f"{CURVE}: {adapter.strategy}" + (f", seed {adapter.seed}" if several_seeds else "")
    train = [(step.step, step.train_loss) for step in adapter.loss_curve if step.train_loss is not None]
    dev = [(step.step, step.dev_loss) for step in adapter.loss_curve if step.dev_loss is not None]
    series = {"train": _thinned(train), "dev": _thinned(dev)}
    if sum(map(len, series.values())) < 2:
        return Missing(title, "the adapter's record holds no loss curve")
    rows = [
        {"series": name, "step": step, "loss": loss} for name, curve in series.items() for step, loss in curve
    ]
    steps = chart.number("training step", tickCount=6, tickMinStep=1)
    axes = chart.Axes(steps, chart.number("loss per answer token, nats", {"zero": True}, tickCount=5))
    colour = chart.by("series", {"train": chart.BLUE, "dev": chart.RED}, {"symbolType": "stroke"})
    only_train, only_dev = "datum.series == 'train'", "datum.series == 'dev'"
    layers = [
        axes.layer(chart.line(strokeWidth=1.2), "step", "loss", where=only_train, color=colour),
        axes.layer(
            chart.line(strokeWidth=2, strokeDash=[6, 3]), "step", "loss", where=only_dev, color=colour
        ),
        axes.layer(chart.point(size=60, shape="square"), "step", "loss", where=only_dev, color=colour),
    ]
    caption = "Thin line: each training step."
    if dev:
        caption += (
            " Dashed, with squares: questions held back, once an epoch. Where the dashed line rises while the thin one "
            "falls, the fine-tune learns its examples by heart."
        )
    descriptions = (
        f"{name} loss from {curve[0][1]:.3f} to {curve[-1][1]:.3f}" for name, curve in series.items() if curve
    )
    return chart.plot(title, caption, descriptions, layers, height=200, rows=rows)


def _thinned(curve: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """The curve, evenly thinned where it has very many points."""
    return curve[:: -(-len(curve) // MOST_STEPS) or 1]


def seen_and_unseen(view: TaskView) -> Plot | Missing:
    """Accuracy on facts that the training set holds beside accuracy on facts that it does not."""
    groups = [
        (view.looks[name].label, label, row.groups[group])
        for name, row in view.figures.strategies.items()
        for group, label in GROUPS.items()
        if group in row.groups and row.groups[group].mean is not None
    ]
    if len({label for _, label, _ in groups}) < 2:
        return Missing(FACTS, "the questions do not name facts of both kinds")
    rows = [
        {"label": system, "group": label, **chart.interval(estimate)} for system, label, estimate in groups
    ]
    kinds = list(GROUPS.values())
    axes = chart.Axes(chart.share("accuracy"))
    beside = {"field": "group", "type": "nominal", "sort": kinds, "scale": {"paddingOuter": 0.6}}
    colour = chart.by("group", dict(zip(kinds, (chart.BLUE, chart.RED), strict=True)), {})
    shape = chart.by("group", dict(zip(kinds, ("circle", "triangle-up"), strict=True)), {})
    layers = [
        axes.layer(
            chart.rule(strokeWidth=2, opacity=0.8), ("low", "high"), "label", yOffset=beside, color=colour
        ),
        axes.layer(chart.point(size=80), "mean", "label", yOffset=beside, color=colour, shape=shape),
    ]
    counts = ", ".join(dict.fromkeys(f"{estimate.n} {label}" for _, label, estimate in groups))
    caption = f"A fine-tune can only know what it was shown. Lines are 95 % intervals; questions: {counts}."
    descriptions = (f"{system}, {label}: {percent(estimate.mean)}" for system, label, estimate in groups)
    height = 40 * len({system for system, _, _ in groups})
    return chart.plot(FACTS, caption, descriptions, layers, height=height, rows=rows)


def forgetting(view: TaskView) -> Plot | Missing:
    """What each adapter of another task changed on this task's questions."""
    measured = [row for row in view.figures.forgetting if row.base is not None and row.adapter is not None]
    if not measured:
        return Missing(
            FORGETTING, "no fine-tune answered this task's questions without having been trained for them"
        )
    one_strategy = len({row.strategy for row in measured}) == 1
    shown = [(f"trained for {row.trained_for}" if one_strategy else row.system, row) for row in measured]
    rows = [
        {"label": label, "before": row.base, "after": row.adapter, "text": _change(row)}
        for label, row in shown
    ]
    ends = [
        {"label": label, "share": value, "weights": weights}
        for label, row in shown
        for weights, value in (("base", row.base), ("fine-tuned", row.adapter))
    ]
    colour = chart.by("weights", {"base": chart.BLUE, "fine-tuned": chart.PINK}, {})
    shape = chart.by("weights", {"base": "circle", "fine-tuned": "square"}, {})
    axes = chart.Axes(chart.share("accuracy on this task's questions"))
    layers = [
        axes.layer(chart.rule(strokeWidth=2, color=chart.SOFT), ("before", "after"), "label"),
        axes.layer(chart.point(size=120), "share", "label", rows=ends, color=colour, shape=shape),
        axes.layer(chart.text(dy=-13, fontSize=11), "after", "label", text="text"),
    ]
    caption = "The same questions, answered by the base weights and by each adapter of another task, without context."
    descriptions = (
        f"{label}: from {percent(row.base)} to {percent(row.adapter)}, {_change(row)}" for label, row in shown
    )
    return chart.plot(FORGETTING, caption, descriptions, layers, height=44 * len(rows), rows=rows)


def _change(row: Forgetting) -> str:
    return points(row.comparison.delta) + (", inconclusive" if row.comparison.verdict == INCONCLUSIVE else "")
