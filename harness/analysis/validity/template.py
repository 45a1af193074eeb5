"""Was the chat template applied, and only once? Judged on one rendered prompt of each strategy.

The evidence holds beside each prompt its skeleton: the same conversation with marks (`%%0%%`, `%%1%%`, …) for
contents. What lies between the marks is what the template itself writes, whatever the model, and the
prompt must hold each such piece as often as its skeleton does. A template applied to a rendered prompt adds
some of them. Questions that hold control tokens of their own are named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from harness.analysis.results.checks import Check, Status
from harness.analysis.validity.check import Case, Rule
from harness.engines.control import MARK
from harness.records import PromptSample
from harness.run.control_tokens import SHOWN, ControlTokens, control_tokens_sentence
from harness.run.conversation import FOLDED

_MARK = re.compile(r"%%(\d+)%%")
_TELLING = 4
"""Shorter pieces than this may stand in any text, and are counted only where the template has no longer ones."""


def applied_once(case: Case, rule: Rule) -> list[Check]:
    kept = {name: case.run.prompts.get((case.task, name)) for name in case.run.systems(case.task)}
    samples = {name: sample for name, sample in kept.items() if sample}
    if not samples:
        return rule.absent("The run kept no rendered prompt.")
    if not any(sample.messages for sample in samples.values()):
        return rule.absent("The task puts its prompts as plain text, without a chat template.")
    faults = {strategy: fault for strategy, sample in samples.items() if (fault := fault_of(sample))}
    if faults:
        detail = " ".join(f"{strategy}: {fault.text}." for strategy, fault in faults.items())
        figures = {
            f"{s}: {key}": value for s, fault in faults.items() for key, value in fault.figures.items()
        }
        return [rule.check(Status.FAIL, detail, float(len(faults)), 0.0, faults, figures)]
    folding = [name for name, sample in samples.items() if sample.system_turn == "user"]
    asked = {name: one for scored in case.answers.values() for name, one in scored.questions.items()}
    held = {name: ControlTokens(a.quoted, a.imitated) for name, a in asked.items() if a.quoted or a.imitated}
    unbegun = {name: sample.added_tokens[0] for name, sample in samples.items() if _begins_bare(sample)}
    if unbegun and not held and not folding:
        token = next(iter(unbegun.values()))
        detail = (
            f"The tokenizer begins every text with its token {token}, and the chat template leaves it out, so it is "
            "left out here, too, as by transformers and servers; a model that was trained with it may answer worse."
        )
        return [rule.check(Status.WARN, detail, float(len(unbegun)), 0.0, unbegun, {"token": float(token)})]
    if folding and not held:
        return [rule.check(Status.WARN, FOLDED, float(len(folding)), 0.0, folding, {})]
    if held:
        figures = {"questions": float(len(asked)), "hold control tokens": float(len(held))}
        figures |= {"not named": float(max(0, len(held) - SHOWN))}
        detail = " ".join([*([FOLDED] if folding else []), control_tokens_sentence(held, len(asked))])
        return [rule.check(Status.WARN, detail, float(len(held)), 0.0, samples, figures)]
    detail = f"The template stands once around the first prompt of {', '.join(samples)}."
    return [rule.check(Status.PASS, detail, 0.0, 0.0, samples, {})]


def _begins_bare(sample: PromptSample) -> bool:
    """Whether a conversation lacks the token that the tokenizer puts before any text."""
    return bool(
        sample.messages and sample.added_tokens and sample.first_tokens[:1] != sample.added_tokens[:1]
    )


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a rendered prompt, as a clause, and the figures in it (those in quotes left out)."""

    text: str
    figures: Mapping[str, float] = field(default_factory=dict)


def fault_of(sample: PromptSample) -> Fault | None:
    """What is wrong with a rendered prompt; None where the template was applied once.

    Control tokens in contents are marked, so those that a question quotes do not count. They do where a whole rendered
    prompt became a content.
    """
    fault = _fault(sample)
    bare = sample.text.replace(MARK, "")
    return (fault and bare != sample.text and _fault(replace(sample, text=bare))) or fault


def _fault(sample: PromptSample) -> Fault | None:
    marks = set(map(int, _MARK.findall(sample.skeleton)))
    missing = sample.messages - len(marks)
    if missing:
        figures = {"left out": float(missing), "messages": float(sample.messages)}
        return Fault(f"the template leaves out {missing} of {sample.messages} messages", figures)
    pieces = [piece.strip() for piece in _MARK.split(sample.skeleton)[::2]]
    written = [piece for piece in dict.fromkeys(pieces) if piece]
    if not written:
        return Fault("no template stands around the messages")
    for piece in [piece for piece in written if len(piece) >= _TELLING] or written:
        wanted, found = sample.skeleton.count(piece), sample.text.count(piece)
        if found != wanted:
            what = "is not applied" if found < wanted else "is applied more than once"
            figures = {"found": float(found), "wanted": float(wanted)}
            return Fault(
                f"the template {what}: {piece!r} stands {found} times in the prompt, not {wanted}", figures
            )
    if _is_double(pieces[-1]):
        return Fault(f"the template is applied more than once: it ends twice, in {pieces[-1]!r}")
    added = sample.added_tokens
    if added and sample.first_tokens[: 2 * len(added)] == added * 2:
        tokens = {f"token {place}": float(token) for place, token in enumerate(added)}
        text = f"the template is applied more than once: the prompt begins twice, with tokens {list(added)}"
        return Fault(text, tokens)
    return None


def _is_double(text: str) -> bool:
    """Whether a text is another one twice over, whatever space lies between: `<|user|>\n<|user|>`."""
    return any(text[:at].strip() == text[at:].strip() for at in range(_TELLING, len(text) + 1 - _TELLING))
