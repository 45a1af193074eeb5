"""The tables of what was measured on one task: a row a system."""

from __future__ import annotations

from harness.analysis.results.figures import Estimate, Percentiles, Throughput
from harness.analysis.results.run import SystemResult, TaskResult
from harness.analysis.retrieval import DEPTHS
from harness.quantities import NA, counted, dollars, number, percent, points
from harness.report import costs
from harness.report.numbers import estimate, figure, percentile, percentile_interval, size, spread
from harness.report.view import Table

GROUPS = {
    "fact_seen": "facts in the training set",
    "fact_unseen": "facts not in it",
    "answerable": "answerable",
    "unanswerable": "unanswerable",
}
FEW_DECODED = 10
"""Below so many timed answers the decode rate says on how many it rests."""


def overview(task: TaskResult) -> Table:
    """How right, how fast and how dear each system is."""
    headers = (
        "Strategy",
        f"Accuracy ({task.metric}, 95 % interval)",
        "Answers",
        "Latency p50",
        "Cost per query",
        "Cost per correct answer",
        "One-off cost",
        "Prompt tokens",
    )
    rows = tuple(
        (
            row.label,
            estimate(row.accuracy),
            f"{row.accuracy.n}" if row.accuracy.n == task.n else f"{row.accuracy.n} of {task.n}",
            percentile(row.latency_s, "p50"),
            costs.per_query(row),
            costs.per_correct(row),
            NA if task.is_foreign(row.system) else dollars(row.cost.fixed_usd),
            number(row.tokens.prompt_mean),
        )
        for row in task.strategies.values()
    )
    return Table(headers, rows)


def metrics(task: TaskResult) -> Table | None:
    """Every metric, where there is more than the primary one, and lm-eval's figures of all answers beside them."""
    systems = task.strategies.values()
    names = list(dict.fromkeys(name for row in systems for name in row.metrics))
    if len(names) < 2 and not task.aggregates:
        return None
    rows = (
        (
            row.label,
            *(estimate(row.metrics.get(metric)) for metric in names),
            *(figure(row.aggregates.get(metric)) for metric in task.aggregates),
        )
        for row in systems
    )
    whole = (f"{name} (of all answers, no interval)" for name in task.aggregates)
    return Table(("Strategy", *names, *whole), tuple(rows))


def groups(task: TaskResult) -> Table | None:
    """Accuracy by kind of question; None where all questions are of one kind."""
    systems = task.strategies.values()
    shown = [group for group in GROUPS if any(group in row.groups for row in systems)]
    if shown in ([], ["answerable"]):
        return None
    rows = ((row.label, *(_group(row.groups.get(group)) for group in shown)) for row in systems)
    return Table(("Strategy", *(GROUPS[group] for group in shown)), tuple(rows))


def _group(accuracy: Estimate | None) -> str:
    return f"{estimate(accuracy)}, n={accuracy.n}" if accuracy else NA


def seeds(task: TaskResult) -> Table | None:
    """Fine-tunes trained with several seeds, and the seeds' part of the uncertainty."""
    spreads = {name: row.seeds for name, row in task.strategies.items() if row.seeds}
    headers = (
        "Strategy",
        "Accuracy by training seed",
        "Same questions",
        "Standard deviation between trainings",
        "Seeds' share of the variance",
        "With one training",
        "95 % interval over questions and trainings",
    )
    rows = (
        (
            name,
            ", ".join(f"seed {seed}: {percent(mean)}" for seed, mean in found.means.items()),
            str(found.n),
            size(found.sd),
            percent(found.seed_share),
            percent(found.single_seed_share),
            spread(found.ci_low, found.ci_high),
        )
        for name, found in spreads.items()
    )
    return Table(headers, tuple(rows)) if spreads else None


def speed(task: TaskResult) -> Table | None:
    """Times of single requests, and tokens per second in their three senses."""
    headers = (
        "Strategy",
        "n",
        "Latency p50 (95 % interval)",
        "p90",
        "p95",
        "p99",
        "First token p50",
        "Retrieval p50",
        "Decode per user, tok/s",
        "End to end, tok/s",
        "Batched system, tok/s",
    )
    rows = []
    for row in task.strategies.values():
        if not row.latency_s.n and row.tokens_per_s.system_output is None:
            continue
        rows.append((row.label, *_times(row.latency_s, row.ttft_s, row), *_rates(row.tokens_per_s)))
        if row.unmerged:
            unmerged = _times(row.unmerged.latency_s, row.unmerged.ttft_s, row)
            rows.append((f"{row.system.name}, unmerged", *unmerged, NA, NA, NA))
    return Table(headers, tuple(rows)) if rows else None


def _times(latency: Percentiles, ttft: Percentiles, row: SystemResult) -> tuple[str, ...]:
    return (
        str(latency.n),
        percentile_interval(latency, "p50"),
        *(percentile(latency, name) for name in ("p90", "p95", "p99")),
        percentile(ttft, "p50"),
        percentile(row.retrieve_s, "p50") if row.retrieve_s.n else "no retrieval",
    )


def _rates(rates: Throughput) -> tuple[str, ...]:
    few = f" (n={rates.decode_n})" if 0 < rates.decode_n < FEW_DECODED else ""
    return (
        f"{figure(rates.decode_per_user)}{few}",
        figure(rates.end_to_end),
        figure(rates.system_output),
    )


def retrieval(task: TaskResult) -> Table | None:
    """Whether the right documents were found, and whether an answer stood in the prompt."""
    headers = ("Strategy", "k", *(f"recall@{depth}" for depth in DEPTHS), "n", "Answer in context")
    rows = tuple(
        (
            row.label,
            NA if found.k is None else str(found.k),
            *(percent(found.recall_at_k[str(depth)]) for depth in DEPTHS),
            str(found.n),
            percent(found.answer_in_context),
            f"{row.dropped_passages} in {counted(row.truncated, 'prompt')}",
        )
        for row in task.strategies.values()
        if (found := row.retrieval)
    )
    return Table((*headers, "Passages dropped"), rows) if rows else None


STEPS = (
    "",
    ": what found passages add",
    ": what better retrieval could add",
    "all right: what the generator loses",
)
"""What each step of the waterfall adds to the one before, beside the name of its system."""
BINS = {
    "retrieval_missed": "retrieval missed: no passage found for the prompt held an answer",
    "passage_dropped": "passage dropped: the prompt's budget took out the one that did",
    "reader_failed": "generator failed: an answer stood in the prompt",
    "answer_cut": "answer cut: it stood there, and the token limit ended the reply",
    "refusal_wrong": "refusal wrong: declined with an answer before it, or answered where there is none",
}


def steps(task: TaskResult) -> Table | None:
    """The ladder from the bare model to all right, on the same questions."""
    if task.waterfall.bins is None:
        return None
    *systems, perfect = task.waterfall.steps
    names = (*(f"{step.step}{words}" for step, words in zip(systems, STEPS, strict=False)), STEPS[-1])
    rows = tuple(
        (
            name,
            "not run" if step.mean is None else percent(step.mean),
            NA if step.gain is None else f"{points(step.gain)} over {step.over}",
            str(step.n),
        )
        for name, step in zip(names, (*systems, perfect), strict=True)
    )
    return Table(("Step", "Accuracy", "Gain", "Same questions"), rows)


def bins(task: TaskResult) -> Table | None:
    """Why each wrong answer with retrieved passages is wrong; each stands in one row."""
    counts, wrong = task.waterfall.bins, task.waterfall.n_wrong
    if not counts or not wrong:
        return None
    rows = tuple((BINS[name], str(count), percent(count / wrong)) for name, count in counts.items())
    return Table(
        (f"Why {task.waterfall.steps[1].step} was wrong", "Answers", "Share of the wrong ones"), rows
    )


def answers(task: TaskResult) -> Table:
    """Answers that were cut, empty, or taken from the cache."""
    headers = ("Strategy", "Answer tokens", "Cut by the token limit", "Empty", "From the cache")
    rows = tuple(
        (
            row.label,
            number(row.tokens.completion_mean),
            percent(row.finish_length_share),
            percent(row.empty_share),
            percent(row.cached_share),
        )
        for row in task.strategies.values()
    )
    return Table(headers, rows)
