"""The plan of a run, before its first request: what is asked, and what that may cost."""

from __future__ import annotations

from harness.quantities import NA, capitalised, counted, dollars, listed, seconds, whole
from harness.report.view import Block, Columns, Table, table_of
from harness.run.estimate import Estimate, JobEstimate
from harness.run.facts import by_obstacle
from harness.run.tuning.planned import in_words, learning_in_words


def blocks(planned: Estimate) -> tuple[Block, ...]:
    """One row per system and task, and the sum in a sentence."""
    table = table_of(
        planned.jobs,
        ("Task", lambda row: row.task),
        ("Strategy", _named),
        ("Model", lambda row: row.model),
        ("Questions", lambda row: whole(row.questions)),
        ("Known", lambda row: whole(row.known)),
        ("Requests", lambda row: whole(row.requests)),
        ("Prompt tokens", lambda row: whole(row.prompt_tokens)),
        ("Longest", lambda row: whole(row.longest_prompt)),
        ("Answer tokens, at most", lambda row: whole(row.completion_most)),
        *(EXPECTED if any(row.completion_expected is not None for row in planned.jobs) else ()),
        *(DOLLARS if any(row.served for row in planned.jobs) else ()),
        ("Answers in", lambda row: seconds(row.seconds)),
    )
    left_out = [
        f"Not applicable: {task} · {listed(systems)}: {obstacle.in_words}"
        for task, found in planned.not_applicable.items()
        for systems, obstacle in by_obstacle(found)
    ]
    tuning = [
        f"Before that, settings of {row.system} are chosen on dev ({row.task}): {in_words(row)}."
        for row in planned.tuning
    ]
    tuning += [
        f"For the learning curve {row.system} is asked ({row.task}) {learning_in_words(row)}."
        for row in planned.learning
    ]
    time = planned.time_in_words
    times = [f"{capitalised(time)}."] if time else []
    return (table, _sum(planned), *times, *tuning, *left_out, f"{KNOWN}{UNKNOWN if _unknown(table) else ''}")


EXPECTED: Columns[JobEstimate] = (("Answer tokens, expected", lambda row: whole(row.completion_expected)),)
DOLLARS: Columns[JobEstimate] = (
    ("Dollars, at most", lambda row: dollars(row.usd_most) if row.served else "this machine's hours"),
    ("Dollars, expected", lambda row: dollars(row.usd_expected) if row.served else "–"),
)
"""What servers ask for; known of an answer's length before the first one only where others were given before."""
KNOWN = (
    "Known: answered by this run, or in the cache. Requests count questions that are asked again and those that are "
    "timed. Training is no part of the table."
)
UNKNOWN = " n/a: not known before something was answered, or not priced."


def _unknown(table: Table) -> bool:
    return any(cell == NA for row in table.rows for cell in row)


def _named(row: JobEstimate) -> str:
    return f"{row.system}, seed {row.seed}" if row.seed else row.system


def _sum(planned: Estimate) -> str:
    parts = [
        f"In all {counted(planned.requests, 'request')}, {whole(planned.prompt_tokens)} tokens to read and at most "
        f"{whole(planned.completion_most)} to write"
    ]
    if planned.usd_most is not None:
        about = "" if planned.usd_expected is None else f", about {dollars(planned.usd_expected)}"
        parts.append(f"servers cost {dollars(planned.usd_least)} to {dollars(planned.usd_most)}{about}")
    elif any(row.served for row in planned.jobs):
        parts.append("what servers cost is not known: none is paid by the token, or nobody declared a price")
    if planned.usd_spent:
        parts.append(f"{dollars(planned.usd_spent)} are spent already")
    return f"{'; '.join(parts)}."
