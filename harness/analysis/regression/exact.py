"""The exact tier: what has to be equal, because nothing about it is random. Replies and their price: `replies.py`.

Three things may differ where two machines compute the last bits of sums otherwise (`changes.other_kernels`): the
weights of an adapter that was trained again, the order of two passages as good as each other, and a few answers, where
two tokens were nearly tied. Answers may also differ where they were computed in another batch, since padding and batch
size move the same bits. Nothing else may, on any machine.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis.regression import inputs
from harness.analysis.regression.changes import other_kernels, prices, settings, shaped, weights
from harness.analysis.regression.differing import Difference, differing, parting, sentences
from harness.analysis.regression.findings import (
    NAMED,
    NamedFigures,
    QuestionFigures,
    Ruling,
    failed,
    not_applicable,
    passed,
)
from harness.analysis.regression.pairing import Rerun, Side
from harness.analysis.retrieval import DEPTHS, recalls
from harness.analysis.statistics.intervals import mean
from harness.corpus.fusion import RRF_K
from harness.quantities import counted, listed, number, percent
from harness.records import AnswerRow, RankedDoc
from harness.spec.system import System

NEAR_TIE = 2e-6
"""Scores of passages are kept to six decimals; those no further apart may swap places."""
NEAR_RANK = NEAR_TIE + 1 / (RRF_K + 1) - 1 / (RRF_K + 2)
"""The same where scores are sums of reciprocal ranks: neighbours of one ranking that swapped move them so far."""


def model(rerun: Rerun) -> Ruling:
    """The base weights and how they are computed with."""
    old, new = rerun.systems
    return _equal(weights(old.model, new.model), "the same weights and dtype")


def adapter(rerun: Rerun) -> Ruling:
    """The adapter that answered: its weights, or, on another machine, all that shaped them."""
    if not rerun.system.adapted:
        return not_applicable("answers with the base weights")
    if any(system.served for system in rerun.systems):
        held = [system.adapter for system in rerun.systems]
        return _equal(
            differing({"adapter": held[0]}, {"adapter": held[1]}), "the server's adapter of the same name"
        )
    old, new = (_adapters(rerun, side) for side in rerun.sides)
    if not rerun.seeds:
        return not_applicable(NO_ANSWERS)
    changed = [seed for seed in sorted(rerun.seeds) if old[seed] != new[seed]]
    if not changed:
        return passed("the same adapter")
    trained = dict.fromkeys(difference for seed in changed for difference in _trained(rerun, seed))
    if trained:
        return failed(f"trained differently: {sentences(trained)}")
    kernels = other_kernels(*rerun.manifests)
    if kernels:
        return passed(f"trained alike; its last bits differ, as they may with {', '.join(kernels)}")
    return failed("the same training on the same machine gave another adapter")


NO_ANSWERS = "no adapter of the same seed answered in both runs"


def _adapters(rerun: Rerun, side: Side) -> dict[int, str | None]:
    answers = side.run.answers[rerun.pair]
    return dict(zip(answers.seed, answers.adapter, strict=True))


def _trained(rerun: Rerun, seed: int) -> list[Difference]:
    """What differs in the training of an adapter, whatever machine it ran on.

    The key names every token that was trained on, but also the kind of device and the dtype of its steps, which the
    processor decides: where these are alike it has to be the same. Not so where passages were trained on, since two as
    good as each other may have swapped places.
    """
    system = rerun.system
    assert system.adapter is not None
    named = (system.adapter.task, system.home_name, seed)
    old, new = (inputs.adapters(manifest).get(named) for manifest in rerun.manifests)
    if old is None or new is None:
        return differing({"recorded": old is not None}, {"recorded": new is not None})
    alike = (old.device, old.precision) == (new.device, new.precision)
    whole = ("key",) if alike and not system.retrieved else ()
    return differing(shaped(old), shaped(new)) or differing(shaped(old, *whole), shaped(new, *whole))


NOTHING_LOOKED_FOR = "retrieves nothing"


def _looks(rerun: Rerun) -> bool:
    """Whether passages or examples are looked for, or right passages given."""
    return rerun.system.passages is not None or rerun.system.nearest is not None


def index(rerun: Rerun) -> Ruling:
    """Embedder, corpus and chunking, by the key that names them all; and the training questions that are searched."""
    if not _looks(rerun):
        return not_applicable(NOTHING_LOOKED_FOR)
    sides = zip(rerun.manifests, rerun.systems, strict=True)
    old, new = (inputs.searched(manifest, rerun.task, system) for manifest, system in sides)
    if old is None or ("key" in old and old["key"] is None):
        return not_applicable("the baseline does not say what its index was made of")
    changed = differing(old, new or {})
    if not changed:
        what = "corpus and passages" if rerun.system.passages else "training questions"
        return passed(f"the same embedder, {what}")
    return failed(f"{sentences(changed)}; {_why_indexed_anew(rerun)}")


CHUNKING = tuple(
    (inputs.RETRIEVAL, name)
    for name in inputs.SECTIONS[inputs.RETRIEVAL]
    if name not in ("k", "max_prompt_tokens")
)
"""What the key of an index names besides: how passages are cut and ranked."""


def _why_indexed_anew(rerun: Rerun) -> str:
    """The key is of embedder, chunking and corpus, and a manifest holds the first two besides."""
    old, new = rerun.manifests
    embedder = [
        f"embedder {difference.sentence}"
        for difference in differing(inputs.embedder(old), inputs.embedder(new))
    ]
    chunking = [row.sentence for row in settings(old, new, rerun.pair) if row.path in CHUNKING]
    unseen = "embedder and chunking are set alike, so the corpus changed, or how it is read"
    if not rerun.system.passages:
        unseen = "the embedder is the same, so the training questions changed"
    return "; ".join([*embedder, *chunking]) or unseen


def task_settings(rerun: Rerun) -> Ruling:
    """What the task file says of decoding, retrieval, examples and training."""
    return _equal(settings(*rerun.manifests, rerun.pair), "the same task settings")


def retrieved(rerun: Rerun) -> Ruling:
    """The passages and examples that were found for each question, in order, and how many of them the prompt showed."""
    if not _looks(rerun):
        return not_applicable(NOTHING_LOOKED_FOR)
    if not rerun.answers:
        return not_applicable(NO_ANSWERS)
    tied = bool(other_kernels(*rerun.manifests)) or _other_batches(rerun)
    near = near_tie(rerun.system)
    changed = [
        new.question_id
        for old, new in rerun.answers
        if not _same_passages(old, new, near if tied else None) or not (tied or old.examples == new.examples)
    ]
    what = "passages" if rerun.system.passages else "examples"
    if not changed:
        return passed(f"the same {what} for all {counted(len(rerun.answers), 'answer')}")
    if not rerun.system.passages:
        return failed(f"other examples for {_of(changed, rerun)}", QuestionFigures(tuple(changed)))
    shown = [mean([row.shown_passages for row in side]) for side in zip(*rerun.answers, strict=True)]
    return failed(
        f"other passages for {_of(changed, rerun)}; shown per question {number(shown[0])} → {number(shown[1])}",
        QuestionFigures(tuple(changed), *shown),
    )


def _other_batches(rerun: Rerun) -> bool:
    """Whether questions were embedded beside others, or in another order, which moves the last bits of scores."""
    old, new = (list(side.run.questions.get(rerun.task, ())) for side in rerun.sides)
    return old != new


def near_tie(system: System) -> float:
    """How far apart the scores of passages may lie that swap places on another machine."""
    found = system.passages
    return NEAR_RANK if found and found.method == "hybrid" and not found.rerank else NEAR_TIE


def _same_passages(old: AnswerRow, new: AnswerRow, near: float | None) -> bool:
    """`near`: how far apart scores may lie for passages to swap places; None: they may not."""
    if (len(old.retrieved), old.shown_passages, old.dropped_passages) != (
        len(new.retrieved), new.shown_passages, new.dropped_passages,
    ):  # fmt: skip
        return False
    places = zip(old.retrieved, new.retrieved, strict=True)
    return all(a.chunk_id == b.chunk_id or _near(a, b, near) for a, b in places)


def _near(a: RankedDoc, b: RankedDoc, near: float | None) -> bool:
    if near is None or a.score is None or b.score is None:
        return False
    return abs(a.score - b.score) <= near


def recall_at_k(rerun: Rerun) -> Ruling:
    """The share of the right documents found, at every depth; more is no regression."""
    if not rerun.system.retrieved:
        return not_applicable("finds no passages itself")
    sides = [recalls(rerun.scored(side), DEPTHS) for side in rerun.sides]
    if not all(any(side.values()) for side in sides):
        return not_applicable("no question names its gold documents")
    old, new = ({depth: mean(values) for depth, values in side.items()} for side in sides)
    fallen = [depth for depth in DEPTHS if (new[depth] or 0.0) < (old[depth] or 0.0) - 1e-12]
    figures = NamedFigures(
        *({f"recall@{depth}": share for depth, share in side.items()} for side in (old, new))
    )
    if not fallen:
        return passed(f"recall@5 {percent(old[5])} → {percent(new[5])}", figures)
    text = ", ".join(f"recall@{depth} {percent(old[depth])} → {percent(new[depth])}" for depth in fallen)
    return failed(f"fewer right documents found: {text}", figures)


def prompts(rerun: Rerun) -> Ruling:
    """The prompt of each question, byte for byte, where it shows the same passages."""
    same = [(old, new) for old, new in rerun.answers if _shows(old) == _shows(new)]
    if not same:
        return not_applicable("no question shows the same passages in both runs")
    changed = [new.question_id for old, new in same if old.prompt_sha256 != new.prompt_sha256]
    tokens = [mean([row.prompt_tokens for row in side]) for side in zip(*same, strict=True)]
    if not changed:
        return passed(f"the same {counted(len(same), 'prompt')}", QuestionFigures((), *tokens))
    return failed(
        f"other prompts for {_of(changed, rerun)}; mean length {number(tokens[0])} → {number(tokens[1])} tokens"
        f"{_first_difference(rerun)}",
        QuestionFigures(tuple(changed), *tokens),
    )


def _shows(row: AnswerRow) -> list[str]:
    return [passage.chunk_id for passage in row.retrieved[: row.shown_passages]]


AROUND = 30


def _first_difference(rerun: Rerun) -> str:
    """A clause: where the sample prompts of the two runs part, if they are of the same question."""
    old, new = (side.run.prompts.get(rerun.pair) for side in rerun.sides)
    if not old or not new or old.question_id != new.question_id or old.text == new.text:
        return ""
    place = parting(old.text, new.text)
    cut = [repr(prompt.text[max(0, place - AROUND) : place + AROUND]) for prompt in (old, new)]
    return f"; they part at character {place + 1}: {cut[0]} → {cut[1]}"


def same_prices(rerun: Rerun) -> Ruling:
    """The price list and the prices of hosted models, as used."""
    return _equal(prices(*rerun.manifests)[:SHOWN_PRICES], "the same prices")


SHOWN_PRICES = 4


def _equal(differences: Sequence[Difference], same: str) -> Ruling:
    return failed(sentences(differences)) if differences else passed(same)


def _of(names: Sequence[str], rerun: Rerun) -> str:
    unique = dict.fromkeys(names)  # with several seeds a question stands there several times
    return f"{len(names)} of {counted(len(rerun.answers), 'answer')} ({listed(unique, NAMED)})"
