"""The exact tier: what has to be equal, because nothing about it is random. Replies and their price: `replies.py`.

Three things may differ where two machines compute the last bits of sums otherwise (`changes.other_kernels`): the
weights of an adapter that was trained again, the order of two passages as good as each other, and a few answers, where
two tokens were nearly tied. Answers may also differ where they were computed in other company, since padding and batch
size move the same bits. Nothing else may, on any machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.analysis.means import mean
from harness.analysis.regression.changes import (
    TRAINED_ON,
    adapters_of,
    other_kernels,
    price_changes,
    setting_changes,
    weights_changes,
)
from harness.analysis.regression.differing import differing
from harness.analysis.regression.findings import Outcome, Said, failed, named, not_applicable, passed
from harness.analysis.regression.pairing import Rerun, Side
from harness.analysis.retrieval import DEPTHS, recall
from harness.quantities import counted, number, percent
from harness.records import AnswerRow

NEAR_TIE = 2e-6
"""Scores of passages are kept to six decimals; those no further apart may swap places."""


def model(rerun: Rerun) -> Said:
    """The base weights and how they are computed with."""
    return _equal(weights_changes(*rerun.manifests), "the same weights and dtype")


def adapter(rerun: Rerun) -> Said:
    """The adapter that answered: its weights, or, on another machine, all that shaped them."""
    if not rerun.adapted:
        return not_applicable("answers with the base weights")
    old, new = (_adapters(rerun, side) for side in (rerun.before, rerun.after))
    seeds = sorted(seed for seed in rerun.seeds if old[seed])
    if not rerun.seeds:
        return not_applicable("no adapter of the same seed answered in both runs")
    if not seeds:
        return not_applicable("the baseline does not say which adapter answered")
    unnamed = [seed for seed in seeds if new[seed] is None]
    if unnamed:
        return failed(f"{counted(len(unnamed), 'seed')} answered without any adapter")
    changed = [seed for seed in seeds if old[seed] != new[seed]]
    if not changed:
        return passed("the same adapter")
    shaped = _shaped_otherwise(rerun, changed)
    if shaped:
        return failed("trained otherwise: " + "; ".join(shaped))
    kernels = other_kernels(*rerun.manifests)
    if kernels:
        return passed(f"trained alike, to other last bits, as it may with {', '.join(kernels)}")
    return failed(
        "the same training on the same machine gave another adapter", seeds=changed,
        before=[old[seed] for seed in changed], after=[new[seed] for seed in changed],
    )  # fmt: skip


def _adapters(rerun: Rerun, side: Side) -> dict[int, str | None]:
    return {row.seed: row.adapter for row in side.run.answers.get(rerun.pair, ())}


def _shaped_otherwise(rerun: Rerun, seeds: Sequence[int]) -> list[str]:
    """What differs in the training of adapters, whatever machine it ran on.

    The key names every token that was trained on, but also the kind of device: of one kind it has to be the same. Not
    so where passages were trained on, since two as good as each other may have swapped places.
    """
    strategy, _, task = rerun.strategy.partition("@")
    found: dict[str, None] = {}
    records = [adapters_of(manifest) for manifest in rerun.manifests]
    for seed in seeds:
        old, new = (one.get((task or rerun.task, strategy, seed), {}) for one in records)
        facts = [{key: record.get(key) for key in TRAINED_ON} for record in (old, new)]
        if old.get("device") == new.get("device") and facts[0] == facts[1] and not rerun.retrieves:
            facts = [{"key": record.get("key")} for record in (old, new)]
        found |= {f"{name} {was} → {now}": None for name, was, now in differing(*facts)}
    return list(found)


def index(rerun: Rerun) -> Said:
    """Embedder, corpus and chunking, by the key that names them all."""
    if not rerun.uses_corpus:
        return not_applicable("retrieves nothing")
    facts = [
        {key: ((one.get("indexes") or {}).get(rerun.task) or {}).get(key) for key in ("key", "documents", "passages")}
        for one in rerun.manifests
    ]  # fmt: skip
    if facts[0]["key"] is None:
        return not_applicable("the baseline does not say what its index was made of")
    said = _equal(differing(*facts), "the same embedder, corpus and passages")
    return said if said.outcome is Outcome.PASS else failed(f"{said.detail}; {_why_indexed_anew(rerun)}")


CHUNKING = ("retrieval.chunk_tokens", "retrieval.overlap_tokens")


def _why_indexed_anew(rerun: Rerun) -> str:
    """The key is of embedder, chunking and corpus, and a manifest holds the first two besides."""
    old, new = rerun.manifests
    embedders = ((one.get("embedder") or {}) for one in (old, new))
    made = [(f"embedder {name}", *values) for name, *values in differing(*embedders)]
    made += [change for change in setting_changes(old, new, rerun.task) if change[0] in CHUNKING]
    why = "; ".join(f"{name}: {was} → {now}" for name, was, now in made)
    return why or "embedder and chunking are set alike, so the corpus changed, or how it is read"


def settings(rerun: Rerun) -> Said:
    """What the task file says of decoding, retrieval, examples and training."""
    return _equal(setting_changes(*rerun.manifests, rerun.task, rerun.unused), "the same task settings")


def retrieved(rerun: Rerun) -> Said:
    """The passages of each question, in order, and how many of them the prompt showed."""
    if not rerun.uses_corpus:
        return not_applicable("retrieves nothing")
    if not rerun.answers:
        return not_applicable(NO_ANSWERS)
    tied = bool(other_kernels(*rerun.manifests)) or _other_company(rerun)
    changed = [new.question_id for old, new in rerun.answers if not _same_passages(old, new, tied=tied)]
    if not changed:
        return passed(f"the same passages for all {counted(len(rerun.answers), 'answer')}")
    shown = [mean([row.shown_passages for row in side]) for side in zip(*rerun.answers, strict=True)]
    return failed(
        f"other passages for {_of(changed, rerun)}; shown per question {number(shown[0])} → {number(shown[1])}",
        questions=changed, shown_before=shown[0], shown_after=shown[1],
    )  # fmt: skip


NO_ANSWERS = "no adapter of the same seed answered in both runs"


def _other_company(rerun: Rerun) -> bool:
    """Whether questions were embedded beside others, or in another order, which moves the last bits of scores."""
    old, new = (list(side.run.questions.get(rerun.task, ())) for side in (rerun.before, rerun.after))
    return old != new


def _same_passages(old: AnswerRow, new: AnswerRow, *, tied: bool) -> bool:
    if (len(old.retrieved), old.shown_passages, old.dropped_passages) != (
        len(new.retrieved), new.shown_passages, new.dropped_passages,
    ):  # fmt: skip
        return False
    places = zip(old.retrieved, new.retrieved, strict=True)
    return all(a["chunk_id"] == b["chunk_id"] or (tied and _near(a, b)) for a, b in places)


def _near(a: dict[str, Any], b: dict[str, Any]) -> bool:
    scores = (a.get("score"), b.get("score"))
    return None not in scores and abs(scores[0] - scores[1]) <= NEAR_TIE  # type: ignore[operator]


def recall_at_k(rerun: Rerun) -> Said:
    """The share of the right documents found, at every depth; more is no regression."""
    if not rerun.retrieves:
        return not_applicable("finds no passages itself")
    sides = [
        [one for one in rerun.scored(side) if one.asked.question.gold_docs]
        for side in (rerun.before, rerun.after)
    ]
    if not all(sides):
        return not_applicable("no question names its gold documents")
    old, new = ({depth: mean([recall(one, depth) for one in side]) for depth in DEPTHS} for side in sides)
    fallen = [depth for depth in DEPTHS if (new[depth] or 0.0) < (old[depth] or 0.0) - 1e-12]
    if not fallen:
        return passed(f"recall@5 {percent(old[5])} → {percent(new[5])}", before=old, after=new)
    text = ", ".join(f"recall@{depth} {percent(old[depth])} → {percent(new[depth])}" for depth in fallen)
    return failed(f"fewer right documents found: {text}", before=old, after=new)


def prompts(rerun: Rerun) -> Said:
    """The prompt of each question, byte for byte, where it shows the same passages."""
    same = [(old, new) for old, new in rerun.answers if _shows(old) == _shows(new)]
    if not same:
        return not_applicable("no question shows the same passages in both runs")
    changed = [new.question_id for old, new in same if old.prompt_sha256 != new.prompt_sha256]
    tokens = [mean([row.prompt_tokens for row in side]) for side in zip(*same, strict=True)]
    if not changed:
        return passed(
            f"the same {counted(len(same), 'prompt')}", tokens_before=tokens[0], tokens_after=tokens[1]
        )
    return failed(
        f"other prompts for {_of(changed, rerun)}; mean length {number(tokens[0])} → {number(tokens[1])} tokens"
        f"{_first_difference(rerun)}",
        questions=changed, tokens_before=tokens[0], tokens_after=tokens[1],
    )  # fmt: skip


def _shows(row: AnswerRow) -> list[str]:
    return [passage["chunk_id"] for passage in row.retrieved[: row.shown_passages]]


AROUND = 30


def _first_difference(rerun: Rerun) -> str:
    """Where the sample prompts of the two runs part, if they are of the same question."""
    old, new = (side.run.prompts.get(rerun.pair) for side in (rerun.before, rerun.after))
    if not old or not new or old.question_id != new.question_id or old.text == new.text:
        return ""
    at = next(
        (place for place, (a, b) in enumerate(zip(old.text, new.text, strict=False)) if a != b),
        min(len(old.text), len(new.text)),
    )
    cut = [repr(one.text[max(0, at - AROUND) : at + AROUND]) for one in (old, new)]
    return f"; they part at character {at + 1}: {cut[0]} → {cut[1]}"


def prices(rerun: Rerun) -> Said:
    """The price sheet and the prices of hosted models, as used."""
    changed = list(price_changes(*rerun.manifests))
    if not changed:
        return passed("the same prices")
    return failed("; ".join(change.sentence for change in changed[:4]), changed=[c.name for c in changed])


def _equal(changed: Sequence[tuple[str, str, str]], same: str) -> Said:
    if not changed:
        return passed(same)
    return failed("; ".join(f"{name}: {old} → {new}" for name, old, new in changed))


def _of(names: Sequence[str], rerun: Rerun) -> str:
    return f"{len(names)} of {counted(len(rerun.answers), 'answer')} ({named(names)})"
