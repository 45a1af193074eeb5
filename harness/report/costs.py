"""What a report says of money: the tables of one task, and the prices they rest on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.analysis.latency import FEWEST_MEAN
from harness.analysis.money.breakeven import whole_queries
from harness.quantities import NA, days, dollars, months, percent, queries, three
from harness.report.view import Block, Bullets, Table

Figures = dict[str, Any]
PROJECTED = (
    "A projection, not a measurement: the token counts of this run, as its own model's tokenizer counts them, at a "
    "hosted model's prices. Nobody asked that model: its answers would be of other lengths, and its accuracy "
    "is not the one above."
)

RULED_OUT = "data may not leave your own machines"


def task_blocks(task: Figures) -> list[Block]:
    """Everything about one task's money that is known, in the order in which it is asked for."""
    parts = (
        ("", per_query(task)),
        ("What is paid once, at each change of knowledge, and for storage:", once(task)),
        (_totals_lead(task), totals(task)),
        ("From how many queries on the first has cost less in all than the second:", break_even(task)),
        ("", Bullets(sentences(task))),
        (PROJECTED, projections(task)),
    )
    blocks: list[Block] = []
    for lead, body in parts:
        if body and (body.items if isinstance(body, Bullets) else body.rows):
            blocks += [lead, body] if lead else [body]
    return blocks


def per_query(task: Figures) -> Table:
    """Dollars a query by how the machine is used, its parts, and the throughput they were made from."""
    rows = []
    for name, block in task["strategies"].items():
        parts, assumed = block["cost"]["components"], block["cost"]["assumptions"]
        if parts["serial_usd"] is None and parts["batched_usd"] is None:
            continue
        keys = ("retrieve_usd", "prompt_usd", "generate_usd", "batched_usd", "serial_full_use_usd")
        rows.append(
            (
                f"{name} (control)" if block["control"] else name,
                str(block["cost"]["timed_n"]),
                dollars(parts["serial_usd"]),
                _query_interval(block["cost"]),
                *(dollars(parts[key]) for key in keys),
                _rate(assumed["serial_queries_per_s"]),
                _rate(assumed["batched_queries_per_s"]),
                percent(assumed.get("utilisation")),
            )
        )
    headers = (
        "Strategy",
        "Timed questions",
        "Per query, one at a time",
        "95 % interval",
        "of it retrieval",
        "of it prompt",
        "of it answer",
        "Per query, batched",
        "One at a time, machine fully used",
        "Queries/s, one at a time",
        "Queries/s, batched",
        "Utilisation",
    )
    return Table(headers, tuple(rows))


def _query_interval(cost: Figures) -> str:
    if cost["per_query_ci_usd"] is None:
        return f"{NA} ({cost['per_query_ci_reason']})" if cost["per_query_ci_reason"] else NA
    return span(cost["per_query_ci_usd"])


def span(interval: Sequence[float]) -> str:
    """An interval of dollars: `$1.08–$1.12`."""
    low, high = interval
    return f"{dollars(low)}–{dollars(high)}"


def _rate(value: float | None) -> str:
    return NA if value is None else three(value)


def once(task: Figures) -> Table:
    """One-off cost with its terms, refresh and storage, of the strategies that have any."""
    keys = ("training_usd", "labour_usd", "labels_usd", "evaluation_usd", "index_usd")
    rows = []
    for name, block in task["strategies"].items():
        cost = block["cost"]
        if all(cost["components"][key] is None for key in keys):
            continue
        fixed = cost["fixed_usd"]
        rows.append(
            (
                name,
                f"{NA} ({cost['fixed_reason']})" if fixed is None else dollars(fixed),
                str(cost["assumptions"].get("tuning_cycles", "–")),
                *(dollars(value) if (value := cost["components"][key]) is not None else "–" for key in keys),
                dollars(cost["refresh_usd"]),
                dollars(cost["storage_usd_per_month"])
                if cost["assumptions"]["stored_gb"]
                else "not recorded",
            )
        )
    headers = (
        "Strategy",
        "One-off cost",
        "Tuning cycles",
        "Training, a cycle",
        "Engineer, a cycle",
        "Labels",
    )
    more = ("Evaluation", "Index", "Each change of knowledge", "Storage a month")
    return Table((*headers, *more), tuple(rows))


def _totals_lead(task: Figures) -> str:
    row = next(iter(task["cost_totals"]), None)
    if row is None:
        return ""
    interval = row["refresh_days"]
    change = "no change of knowledge" if interval is None else f"a change of knowledge every {days(interval)}"
    return (
        f"Dollars a month by queries a month, one-off cost spread over {months(row['horizon_months'])}, {change}. "
        "Utilisation is the same at every volume: at small ones a machine of your own may stand idle for more. "
        f"In brackets the 95 % interval that the timed questions leave, or, where they are fewer than {FEWEST_MEAN}, "
        "their number n: too few to say. Prices are taken as they stand, and batched figures have no interval."
    )


def totals(task: Figures) -> Table:
    """A month in all, at each volume, one at a time and batched."""
    found = [row for row in task["cost_totals"] if row["monthly_usd"] is not None]
    volumes = list(dict.fromkeys(row["monthly_queries"] for row in task["cost_totals"]))
    rows = []
    for name in dict.fromkeys(row["strategy"] for row in found):
        own_rows = {row["monthly_queries"]: row for row in found if row["strategy"] == name}
        rows.append((name, *(_month(own_rows.get(volume)) for volume in volumes)))
        batched = {volume: row["batched_monthly_usd"] for volume, row in own_rows.items()}
        if any(value is not None for value in batched.values()):
            rows.append((f"{name}, batched", *(dollars(batched.get(volume)) for volume in volumes)))
    own = next((row["monthly_queries"] for row in task["cost_totals"] if row["own_volume"]), None)
    headers = (f"{queries(volume)}{' (yours)' if volume == own else ''}" for volume in volumes)
    return Table(("Strategy", *headers), tuple(rows))


def _month(row: Figures | None) -> str:
    if row is None:
        return NA
    doubt = f"n={row['timed_n']}" if row["monthly_ci_usd"] is None else span(row["monthly_ci_usd"])
    return f"{dollars(row['monthly_usd'])} ({doubt})"


def break_even(task: Figures) -> Table:
    """A row a pair: the break-even by tuning cycles, by refresh, and the error price at which it turns."""
    known = [row for row in task["break_even"] if row["status"] != "unknown"]
    cycles = list(dict.fromkeys(row["cycles"] for row in known))
    pairs: dict[tuple[str, str], dict[int, Figures]] = {}
    for row in known:
        pairs.setdefault((row["a"], row["b"]), {})[row["cycles"]] = row
    rows = []
    for (a, b), by_cycles in pairs.items():
        one = next(iter(by_cycles.values()))
        rows.append(
            (
                f"{a} against {b}",
                *(_reached(by_cycles.get(count)) for count in cycles),
                _queries(one["per_refresh_queries"]),
                _flip(one),
            )
        )
    headers = (f"Tuning cycles: {count}" for count in cycles)
    more = (
        "Queries for each change of knowledge",
        "Error price at which the choice turns, one-off cost aside",
    )
    return Table(("Pair", *headers, *more), tuple(rows))


def _flip(row: Figures) -> str:
    """The price of an error at which the choice turns, and whether the difference in accuracy behind it is shown."""
    if row["excluded"]:
        return "not weighed: failed a check"
    if row["accuracy_a"] is None or row["accuracy_b"] is None:
        return NA
    price = row["flip_error_price_usd"]
    shown = _no_flip(row) if price is None else dollars(price)
    return shown if row["accuracy_resolved"] else f"{shown} (not resolved)"


def _no_flip(row: Figures) -> str:
    """Why no price of an error turns the choice: who loses nowhere, by the query and by the accuracy."""
    cost_a, cost_b = row["per_query_a_usd"], row["per_query_b_usd"]
    if (cost_a, row["accuracy_a"]) == (cost_b, row["accuracy_b"]):
        return "none: the same cost and accuracy"
    ahead = "a" if cost_a <= cost_b and row["accuracy_a"] >= row["accuracy_b"] else "b"
    price = "as cheap" if cost_a == cost_b else "cheaper"
    return f"none: {row[ahead]} is {price} and not less accurate"


def _reached(row: Figures | None) -> str:
    if row is None:
        return "the other way round"
    return {"always": "from the first", "never": "never", "equal": "the same"}.get(
        row["status"], _queries(row["queries"])
    )


def _queries(value: float | None) -> str:
    return "never" if value is None else whole_queries(value)


def sentences(task: Figures) -> tuple[str, ...]:
    """What the table says of the user's own number of tuning cycles, in words."""
    used = {block["cost"]["assumptions"].get("tuning_cycles") for block in task["strategies"].values()} - {
        None
    }
    cycles = next(iter(used), next((row["cycles"] for row in task["break_even"]), None))
    return tuple(
        row["sentence"]
        for row in task["break_even"]
        if row["cycles"] == cycles and row["status"] != "unknown"
    )


def projections(task: Figures) -> Table:
    rows = tuple(
        (
            name,
            f"{one['provider']} {one['model']}{', fine-tuned' if one['kind'] == 'fine-tuned' else ''}",
            one["label"],
            f"{NA} ({one['reason']})" if one["per_query_usd"] is None else dollars(one["per_query_usd"]),
            f"{dollars(one['input_usd_per_mtok'])} / {dollars(one['output_usd_per_mtok'])}",
            dollars(one["training_usd"]) if one["kind"] == "fine-tuned" else "–",
            one["priced_on"] or NA,
            one["source"] or NA,
            RULED_OUT if one["missed"] else "–",
        )
        for name, block in task["strategies"].items()
        for one in block["cost"]["projections"]
    )
    headers = ("Strategy", "Priced as", "Kind of figure", "Per query", "Per million tokens, in / out")
    return Table((*headers, "One training", "Price of", "Source", "Ruled out"), rows)
