"""The tables of one task: from the figures of results.json to rows of text."""

from __future__ import annotations

from typing import Any

from harness.analysis.retrieval import DEPTHS
from harness.quantities import counted
from harness.report import numbers
from harness.report.view import Table

Figures = dict[str, Any]
GROUPS = {
    "fact_seen": "facts in the training set",
    "fact_unseen": "facts not in it",
    "answerable": "answerable",
    "unanswerable": "unanswerable",
}


def overview(task: Figures) -> Table:
    """The table a hurried reader looks at: how right, how fast, how dear."""
    rows = []
    for name, block in task["strategies"].items():
        fair = block["accuracy"]
        rows.append(
            (
                name_of(name, block),
                numbers.estimate(fair),
                f"{fair['n']}" if fair["n"] == task["n"] else f"{fair['n']} of {task['n']}",
                numbers.percentile(block["latency_s"], "p50"),
                money(block, "per_query_usd"),
                money(block, "per_correct_usd"),
                numbers.dollars(block["cost"]["fixed_usd"]) if "@" not in name else numbers.NA,
                numbers.number(block["tokens"]["prompt_mean"]),
            )
        )
    headers = (
        "Strategy",
        f"Accuracy ({numbers.metric_of(task)}, 95 % interval)",
        "Answers",
        "Latency p50",
        "Cost per query",
        "Cost per correct answer",
        "One-off cost",
        "Prompt tokens",
    )
    return Table(headers, tuple(rows))


def name_of(name: str, block: Figures) -> str:
    return f"{name} (control)" if block["control"] else name


def money(block: Figures, key: str) -> str:
    """A cost, or why there is none."""
    cost = block["cost"]
    if cost[key] is None and cost["reason"]:
        return f"{numbers.NA} ({cost['reason']})"
    if cost[key] is None and key == "per_correct_usd" and block["accuracy"]["mean"] == 0:
        return f"{numbers.NA} (none was right)"
    return numbers.dollars(cost[key])


def metrics(task: Figures) -> Table | None:
    """Every metric of the task, where there is more than the primary one; lm-eval's aggregates beside, as they are."""
    blocks = task["strategies"].values()
    names = list(dict.fromkeys(name for block in blocks for name in block["metrics"]))
    whole = list(dict.fromkeys(name for block in blocks for name in block.get("aggregates", ())))
    if len(names) < 2 and not whole:
        return None
    rows = (
        (
            name_of(name, block),
            *(numbers.estimate(block["metrics"].get(metric)) for metric in names),
            *(numbers.plain(block.get("aggregates", {}).get(metric)) for metric in whole),
        )
        for name, block in task["strategies"].items()
    )
    return Table(
        ("Strategy", *names, *(f"{name} (of all answers, no interval)" for name in whole)), tuple(rows)
    )


def groups(task: Figures) -> Table | None:
    """Accuracy apart for seen and unseen facts, answerable and unanswerable questions."""
    blocks = {name: block["groups"] for name, block in task["strategies"].items()}
    shown = [group for group in GROUPS if any(group in found for found in blocks.values())]
    if shown in ([], ["answerable"]):
        return None  # every question is alike: nothing to tell apart
    rows = (
        (name_of(name, task["strategies"][name]), *(_group(found.get(group)) for group in shown))
        for name, found in blocks.items()
    )
    return Table(("Strategy", *(GROUPS[group] for group in shown)), tuple(rows))


def _group(block: Figures | None) -> str:
    return f"{numbers.estimate(block)}, n={block['n']}" if block else numbers.NA


def speed(task: Figures) -> Table | None:
    """Times of single requests, and tokens per second in their three senses."""
    rows = []
    for name, block in task["strategies"].items():
        pace = block["tokens_per_s"]
        if not block["latency_s"]["n"] and pace["system_output"] is None:
            continue
        rows.append((name_of(name, block), *_times(block), *_paces(pace)))
        if block["unmerged"]:
            unmerged = {**block["unmerged"], "retrieve_s": block["retrieve_s"]}
            rows.append((f"{name}, unmerged", *_times(unmerged), *[numbers.NA] * 3))
    headers = ("Strategy", "n", "Latency p50 (95 % interval)", "p90", "p95", "p99", "First token p50")
    rates = ("Retrieval p50", "Decode per user, tok/s", "End to end, tok/s", "Batched system, tok/s")
    return Table((*headers, *rates), tuple(rows)) if rows else None


def _times(block: Figures) -> tuple[str, ...]:
    e2e, retrieve = block["latency_s"], block["retrieve_s"]
    return (
        str(e2e["n"]),
        numbers.percentile_interval(e2e, "p50"),
        *(numbers.percentile(e2e, name) for name in ("p90", "p95", "p99")),
        numbers.percentile(block["ttft_s"], "p50"),
        numbers.percentile(retrieve, "p50") if retrieve["n"] else "no retrieval",
    )


def _paces(pace: Figures) -> tuple[str, ...]:
    few = pace["decode_n"]
    decode = numbers.per_second(pace["decode_per_user"])
    return (
        f"{decode} (n={few})" if 0 < few < 10 else decode,
        numbers.per_second(pace["end_to_end"]),
        numbers.per_second(pace["system_output"]),
    )


def retrieval(task: Figures) -> Table | None:
    """Whether the right documents were found, and whether an answer stood in the prompt."""
    rows = []
    for name, block in task["strategies"].items():
        found = block["retrieval"]
        if found:
            rows.append(
                (
                    name_of(name, block),
                    numbers.NA if found["k"] is None else str(found["k"]),
                    *(numbers.percent(found["recall_at_k"][str(depth)]) for depth in DEPTHS),
                    str(found["n"]),
                    numbers.percent(found["answer_in_context"]),
                    f"{block['dropped_passages']} in {counted(block['truncated'], 'prompt')}",
                )
            )
    headers = ("Strategy", "k", *(f"recall@{depth}" for depth in DEPTHS), "n", "Answer in context")
    return Table((*headers, "Passages dropped"), tuple(rows)) if rows else None


def defects(task: Figures) -> Table:
    """Answers that were cut, empty, or taken from the cache."""
    rows = (
        (
            name_of(name, block),
            numbers.number(block["tokens"]["completion_mean"]),
            *(numbers.percent(block[key]) for key in ("finish_length_share", "empty_share", "cached_share")),
        )
        for name, block in task["strategies"].items()
    )
    headers = ("Strategy", "Answer tokens", "Cut by the token limit", "Empty", "From the cache")
    return Table(headers, tuple(rows))
