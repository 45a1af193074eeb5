"""What is said of cold and warm times, and of how much the answers of servers vary by themselves."""

from __future__ import annotations

from harness.analysis.results import comparison
from harness.analysis.results.run import TaskResult
from harness.quantities import listed, percent
from harness.report import numbers
from harness.report.view import Columns


def timed(task: TaskResult) -> str:
    """How servers and whole corpora were timed, and what stands in no time; nothing where there was none."""
    warm = {name: row.warm for name, row in task.strategies.items() if row.warm}
    parts = []
    if warm:
        parts.append(
            "A server keeps what it has read. Cold: each prompt begins with words that no prompt had before; warm: the "
            "same prompt again, at once. Latency, first token and cost elsewhere in this report are cold."
        )
    if told := [
        f"{name} {percent(row.cold_cached_share)} cold, {percent(row.cached_share)} warm"
        for name, row in warm.items()
        if row.cached_share is not None
    ]:
        parts.append(
            f"Of the prompts' tokens the server says it had read before: {listed(told, apart='; ')}."
        )
    if whole := [
        name
        for name, row in task.strategies.items()
        if row.system.whole_corpus and row.latency_s.n and not row.system.model.server
    ]:
        parts.append(
            f"{listed(whole)}: timed cold, the whole corpus read anew for each question. A deployment that keeps its "
            "keys and values reads the question alone; latency, first token and cost would be lower there, and were "
            "not measured."
        )
    if lost := [f"{name} {row.untimed}" for name, row in task.strategies.items() if row.untimed]:
        parts.append(f"Timed requests that failed, and stand in no time: {listed(lost)}.")
    return " ".join(parts)


def asked_again(task: TaskResult) -> str:
    """How much servers' answers vary by themselves, or that nobody looked; nothing where no server answered."""
    served = [row for row in task.strategies.values() if row.system.model.server]
    noisy = [(row, noise) for row in served if (noise := row.repeat_noise)]
    once = [row.system.name for row in served if row.repeat_noise is None]
    parts = []
    if noisy:
        words = [
            f"{row.system.name}: {percent(noise.text_changed)} of {noise.n} replies and "
            f"{percent(noise.score_changed)} of the scores are not the same in all of {noise.times} times, and the "
            f"accuracy has a standard deviation of {numbers.size(noise.sd)}"
            for row, noise in noisy
        ]
        parts.append(
            f"Servers were asked again, as they do not repeat themselves exactly. {'; '.join(words)}. A difference "
            "that is not larger than this may be theirs."
        )
    if once:
        parts.append(
            f"{listed(once)}: asked once, so that how much a server's answers vary by themselves was not measured "
            "(--repeat 2 does)."
        )
    return " ".join(parts)


def variation(task: TaskResult) -> Columns[comparison.Comparison]:
    """The column that says of both systems how many scores change when they are asked again; none where none was."""
    noise = {name: row.repeat_noise for name, row in task.strategies.items()}
    if not any(noise.values()):
        return ()

    def cell(row: comparison.Comparison) -> str:
        shares = ((name, noise.get(name)) for name in (row.a, row.b))
        told = [f"{name} {percent(one.score_changed)}" for name, one in shares if one]
        return ", ".join(told) or "not asked again"

    return (("Scores that change when asked again", cell),)
