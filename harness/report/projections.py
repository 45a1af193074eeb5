"""What the measured tokens would cost on hosted models that nobody asked."""

from __future__ import annotations

from harness.analysis.money import breakeven_words
from harness.analysis.results.money import Cost, Projection
from harness.analysis.results.run import TaskResult
from harness.quantities import NA, dollars
from harness.report.per_query import or_why
from harness.report.view import Table, table_of

PROJECTED = (
    "A projection, not a measurement: the token counts of this run, as its own model's tokenizer counts them, at a "
    "hosted model's prices. Nobody asked that model: its answers would be of other lengths, and its accuracy "
    "is not the one above."
)


def _cached(hosted: Projection) -> str:
    """Dollars a query once the front that all prompts share is cached, or why it is not."""
    prefix, usd = hosted.shared_prefix_tokens, hosted.cached_per_query_usd
    if prefix is None or usd is None:
        return NA
    if not hosted.cached_tokens:
        return f"as uncached (about {prefix:,} tokens are too few)"
    return f"{dollars(usd)} ({hosted.cached_tokens:,} of about {prefix:,} tokens)"


def _machines_from(hosted: Projection, cost: Cost) -> str:
    """The volume above which machines of one's own cost less than the tokens."""
    if hosted.per_query_usd is None or cost.per_query_usd is None:
        return NA
    volume = hosted.machine_cheaper_from
    return "from the first" if volume == 0 else breakeven_words.queries(volume)


def projections(task: TaskResult) -> Table:
    """What the measured tokens would cost on hosted models."""
    return table_of(
        [
            (name, hosted, hosted.kind == "fine-tuned")
            for name, row in task.strategies.items()
            for hosted in row.cost.projections
        ],
        ("Strategy", lambda row: row[0]),
        ("Priced as", lambda row: f"{row[1].provider} {row[1].model}{', fine-tuned' if row[2] else ''}"),
        ("Kind of figure", lambda row: row[1].label),
        ("Per query", lambda row: or_why(row[1].per_query_usd, row[1].reason)),
        ("With the shared prefix cached", lambda row: _cached(row[1])),
        (
            "Machines cost less from, a month",
            lambda row: _machines_from(row[1], task.strategies[row[0]].cost),
        ),
        (
            "Per million tokens, in / out",
            lambda row: f"{dollars(row[1].input_usd_per_mtok)} / {dollars(row[1].output_usd_per_mtok)}",
        ),
        ("One training", lambda row: dollars(row[1].training_usd) if row[2] else "–"),
        ("Price of", lambda row: row[1].priced_on or NA),
        ("Source", lambda row: row[1].source or NA),
        ("Ruled out", lambda row: "data may not leave your own machines" if row[1].missed else "–"),
    )
