"""The task's own metric on generated answers to dev questions, while the adapter is being trained."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from harness.engines.local import LocalModel
from harness.engines.transformers_engine import TransformersEngine
from harness.finetune.packing import TokenExample
from harness.finetune.trainer import DevMetric, Example
from harness.scoring.citations import without_citations
from harness.scoring.table import METRICS, Scored

LEAST_ROWS, MOST_ROWS, PROMPT_TOKENS = 16, 64, 8192
"""Answers that are decoded together: as many as there are where their prompts are short, since a step of decoding
reads all weights, however many take part."""


@dataclass(frozen=True, slots=True)
class DevScorer:
    """Scores a model in training on its dev questions, as they will be answered in testing.

    An answer that the model reproduces token for token is what greedy decoding writes: it is not generated again.
    """

    model: LocalModel
    metric: DevMetric
    examples: Sequence[Example]
    tokens: Sequence[TokenExample]

    def __call__(self, reproduced: Sequence[bool]) -> float:
        """The mean score. `reproduced`: of each example, whether the model's first choices are its answer."""
        known = [
            example.reply if right and self._is_whole(example, tokens) else None
            for example, tokens, right in zip(self.examples, self.tokens, reproduced, strict=True)
        ]
        written = iter(self._written([at for at, reply in enumerate(known) if reply is None]))
        replies = [next(written) if reply is None else reply for reply in known]
        return statistics.fmean(map(self._score, self.examples, replies))

    def _is_whole(self, example: Example, tokens: TokenExample) -> bool:
        """Whether decoding would end where the answer does."""
        decoding = example.request.decoding
        return len(tokens.target) <= decoding.max_tokens and not any(
            stop in example.reply for stop in decoding.stop
        )

    def _written(self, places: Sequence[int]) -> list[str]:
        """The replies to the questions in these places, by the engine's own decoding."""
        engine = TransformersEngine(self.model)  # a new one: it keeps a prefix, and the weights have changed
        requests = [self.examples[at].request for at in places]
        longest = max((len(self.tokens[at].prompt) for at in places), default=1)
        rows = max(LEAST_ROWS, min(MOST_ROWS, PROMPT_TOKENS // longest))
        batches = (requests[at : at + rows] for at in range(0, len(requests), rows))
        return [
            completion.text for batch in batches for completion in engine.complete(batch, None, job=requests)
        ]

    def _score(self, example: Example, reply: str) -> float:
        assert example.question is not None
        if self.metric.citations:
            reply = without_citations(reply, self.metric.citations)
        return METRICS[self.metric.name].score(Scored(reply, example.question, self.metric.refusal))
