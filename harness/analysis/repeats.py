"""How much a server's answers vary by themselves: the same questions, asked again."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from harness.analysis.accuracy import ScoredAnswer, ScoredAnswers, per_question
from harness.analysis.results.figures import RepeatNoise
from harness.analysis.statistics.intervals import mean


def repeat_noise(first: ScoredAnswers, again: ScoredAnswers, metric: str) -> RepeatNoise | None:
    """What changed between the times, on the questions that were answered every time; None where asked once."""
    by_time = _by_time([*first, *again]) if again else {}
    if len(by_time) < 2:
        return None
    shared = set.intersection(*(set(answers) for answers in by_time.values()))
    if not shared:
        return None
    times = [{name: answers[name] for name in sorted(shared)} for _, answers in sorted(by_time.items())]
    replies = [
        [answer.row.prediction for answer in answers]
        for answers in zip(*map(dict.values, times), strict=True)
    ]
    scores = [per_question(ScoredAnswers.of(answers.values()), metric) for answers in times]
    scored = sorted(set.intersection(*(set(one) for one in scores)))
    changed = [len({one[name] for one in scores}) > 1 for name in scored]
    accuracies = [statistics.fmean(one[name] for name in scored) for one in scores] if scored else []
    return RepeatNoise(
        times=len(times),
        n=len(shared),
        text_changed=mean([len({*texts}) > 1 for texts in replies]),
        score_changed=mean(changed),
        sd=statistics.stdev(accuracies) if accuracies else None,
    )


def _by_time(scored: Iterable[ScoredAnswer]) -> dict[int, dict[str, ScoredAnswer]]:
    """Which time → question id → answer; of several seeds the first's."""
    times: dict[int, dict[str, ScoredAnswer]] = {}
    for answer in scored:
        times.setdefault(answer.row.repeat, {}).setdefault(answer.row.question_id, answer)
    return times
