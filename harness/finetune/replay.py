"""Replay against forgetting: the base model's own answers to general prompts, mixed into what an adapter learns.

An adapter that learns nothing but one narrow task loses what the model could do besides. Examples of the model's own
earlier behaviour hold it (arXiv 2403.08763); what came of it is measured by the tasks that show forgetting.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from harness.engines.engine import Decoding, Message, Request
from harness.engines.local import LocalModel
from harness.engines.transformers_engine import TransformersEngine
from harness.finetune.encoding import encode_example
from harness.finetune.packing import TokenExample
from harness.finetune.trainer import Example

FILE = Path(__file__).parent / "general_prompts.txt"
"""One prompt a line; none of them is a question of a shipped task."""
DECODING = Decoding(48)
BATCH = 16


@cache
def general_prompts() -> tuple[str, ...]:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line.strip())


def replay_requests(share: float | None, examples: int, seed: int) -> tuple[Request, ...]:
    """A seeded choice of general prompts, `share` as many as there are `examples`, or all of them."""
    prompts = general_prompts()
    count = min(len(prompts), round((share or 0.0) * examples))
    chosen = random.Random(f"replay:{seed}").sample(prompts, count)
    return tuple(Request((Message("user", prompt),), DECODING) for prompt in chosen)


def replayed(model: LocalModel, requests: Sequence[Request]) -> tuple[TokenExample, ...]:
    """What the model answers without an adapter, to be learnt as far as it was written."""
    engine = TransformersEngine(model)
    batches = (requests[at : at + BATCH] for at in range(0, len(requests), BATCH))
    answers = [answer for batch in batches for answer in engine.complete(batch, None, job=requests)]
    examples = []
    for request, answer in zip(requests, answers, strict=True):
        tokens = encode_example(model.chat, Example(request, answer.text))
        cut = answer.finish_reason == "length"
        target = tokens.target[:-1] if cut else tokens.target
        if target:
            examples.append(TokenExample(tokens.prompt, target))
    return tuple(examples)
