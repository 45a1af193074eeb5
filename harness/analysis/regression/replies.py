"""The rest of the exact tier: the same weights that read the same prompt say the same, at the same price in tokens."""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis.money.projection import projections
from harness.analysis.regression.changes import other_kernels, weights
from harness.analysis.regression.findings import (
    NAMED,
    NamedFigures,
    Outcome,
    QuestionFigures,
    Ruling,
    failed,
    not_applicable,
    passed,
)
from harness.analysis.regression.pairing import Rerun, Side
from harness.quantities import counted, dollars, listed, percent
from harness.records import AnswerRow

MAY_DIFFER, MAY_DIFFER_HALF = 0.05, 0.25
"""The share of answers (or one, if that is more) that other kernels or other batches may change: more is not rounding.
In half precision ties between tokens are far more frequent; but a tie hardly ever empties an answer."""
NEAR, NEAR_HALF = 1e-3, 0.1
"""How far apart, in nats, the log-likelihoods of one option may be and count as the same."""


def answers(rerun: Rerun) -> Ruling:
    """The same model that read the same prompt has to say the same."""
    if weights(*(system.model for system in rerun.systems)):
        return not_applicable("another model answered")
    half, near = _half(rerun), nearness(rerun)
    same = [
        (old, new) for old, new in rerun.answers
        if (old.prompt_sha256, old.adapter) == (new.prompt_sha256, new.adapter)
    ]  # fmt: skip
    if not same:
        return not_applicable("no prompt was read by the same weights in both runs")
    changed = [(old, new) for old, new in same if not _same_reply(old, new, near)]
    if not changed:
        return passed(f"the same {counted(len(same), 'answer')}")
    emptied = [pair for pair in changed if pair[0].prediction.strip() and not pair[1].prediction.strip()]
    names = tuple(new.question_id for _, new in changed)
    shown = listed(dict.fromkeys(names), NAMED)
    detail = f"{len(changed)} of {counted(len(same), 'answer')} to the same prompts differ ({shown})"
    if emptied:
        detail += f", {len(emptied)} of them empty now"
    excuse, most = _excuse(rerun, changed), MAY_DIFFER_HALF if half else MAY_DIFFER
    few = [
        len(pairs) <= max(1, share * len(same)) for pairs, share in ((changed, most), (emptied, MAY_DIFFER))
    ]
    if excuse and all(few):
        return passed(f"{detail}, as a few may: {excuse}", QuestionFigures(names))
    if excuse:
        detail += f", more than the {percent(MAY_DIFFER if few[0] else most)} that may ({excuse})"
    return failed(detail, QuestionFigures(names))


def _half(rerun: Rerun) -> bool:
    return rerun.system.model.dtype != "float32"


def nearness(rerun: Rerun) -> float:
    """How far apart the log-likelihoods of one option may be and count as the same: see NEAR."""
    return NEAR_HALF if _half(rerun) else NEAR


def same_likelihoods(old: AnswerRow, new: AnswerRow, near: float) -> bool:
    """Whether the same options were as likely, up to `near`: what is beyond is not the kernels'."""
    likely = [row.choice_logprobs or () for row in (old, new)]
    return len(likely[0]) == len(likely[1]) and all(abs(a - b) <= near for a, b in zip(*likely, strict=True))


def _excuse(rerun: Rerun, changed: Sequence[tuple[AnswerRow, AnswerRow]]) -> str:
    """Why these answers may differ in a near-tie, or nothing."""
    kernels = other_kernels(*rerun.manifests)
    if kernels:
        return ", ".join(kernels)
    old, new = (_batches(rerun, side) for side in rerun.sides)
    if all(a.cached or b.cached or old[_key(a)] != new[_key(b)] for a, b in changed):
        return "they were computed beside other questions, or taken from the cache"
    return ""


def _key(row: AnswerRow) -> tuple[str, int]:
    return (row.question_id, row.seed)


def _batches(rerun: Rerun, side: Side) -> dict[tuple[str, int], frozenset[str]]:
    """Answer → the questions that were computed with it; of an answer from the cache, those planned with it."""
    batches: dict[tuple[int, int], set[str]] = {}
    answers = side.run.answers[rerun.pair]
    rows = [*zip(answers.question_id, answers.seed, answers.batch, strict=True)]
    for name, seed, batch in rows:
        batches.setdefault((batch, seed), set()).add(name)
    return {(name, seed): frozenset(batches[batch, seed]) for name, seed, batch in rows}


def _same_reply(old: AnswerRow, new: AnswerRow, near: float) -> bool:
    """Whether both replies are the same."""
    replies = [(row.prediction, row.finish_reason, row.completion_tokens) for row in (old, new)]
    return replies[0] == replies[1] and same_likelihoods(old, new, near)


def token_cost(rerun: Rerun) -> Ruling:
    """What the counted tokens of both runs cost on hosted models at the prices of the later one."""
    old, new = (_projected(rerun, side) for side in rerun.sides)
    models = [model for model in old if model in new]
    if not models:
        return not_applicable("not priced as any hosted model (--price-as)")
    dearer = [
        f"{name} {dollars(old[name])} → {dollars(new[name])}"
        for name in models
        if new[name] > old[name] * (1 + 1e-9)
    ]
    figures = NamedFigures({**old}, {**new})
    if dearer and not _only_excused(rerun):
        return failed(f"costs more for its tokens: {'; '.join(dearer)} a query", figures)
    return passed(
        "costs more only for the few answers that may differ" if dearer else "costs no more for its tokens",
        figures,
    )


def _only_excused(rerun: Rerun) -> bool:
    """Whether all prompts are as long as they were, and no reply differs but those that `answers` lets pass."""
    lengths = all(old.prompt_tokens == new.prompt_tokens for old, new in rerun.answers)
    return lengths and answers(rerun).outcome is Outcome.PASS


def _projected(rerun: Rerun, side: Side) -> dict[str, float]:
    prices = rerun.after.run.manifest.api_prices
    projected = projections(prices, rerun.scored(side).answers, adapted=rerun.system.adapted)
    return {row.model: row.per_query_usd for row in projected if row.per_query_usd is not None}
