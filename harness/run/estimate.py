"""What a run will ask, and what that may cost, before the first request."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.engines.engine import is_served
from harness.quantities import counted, dollars, listed, seconds, whole
from harness.records import AnswerRow, ApiPrice, BatchRow
from harness.run.answer import AnswerPass
from harness.run.counts import read_tokens, written_tokens
from harness.run.facts import Obstacle
from harness.run.folder import ANSWERS, BATCHES, RunFolder
from harness.run.prepare import ReadyJob
from harness.run.rows import each_row
from harness.run.settings import Settings, effort
from harness.run.spending import price_of, spent_before, usd
from harness.spec.system import ModelRef


@dataclass(frozen=True, slots=True)
class JobEstimate:
    """What one system is asked on one task. `known`: answers that are there, or in the cache. `longest_prompt`: tokens,
    of all its questions.

    `requests`, tokens and dollars: of what is asked still, with questions asked again and timed. `completion_expected`:
    by answers of this task that are known; None where none is. Dollars None: paid by the hour, or no price is known;
    `usd_least`: of the prompts alone. `seconds`: at the rate of earlier answers of this run; None where there are none.
    """

    task: str
    system: str
    model: str
    served: bool
    seed: int
    questions: int
    known: int
    requests: int
    prompt_tokens: int
    longest_prompt: int
    completion_most: int
    completion_expected: int | None
    usd_least: float | None
    usd_expected: float | None
    usd_most: float | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class TrialsEstimate:
    """What choosing one system's settings on dev takes at most; answers by the length of the default's prompts.

    Dollars None: paid by the hour, or no price is known. `seconds`: here, by what the comparison's own answers and
    training take; None where nobody knows.
    """

    task: str
    system: str
    settings: int
    trainings: int
    questions: int
    requests: int
    prompt_tokens: int
    usd_most: float | None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A whole run. Totals are None where a part of them is not known; `usd_spent`: by this run before.

    `not_applicable`: task → system → why it does not apply. `seconds`: to answer; `training_s`: through all epochs.
    """

    jobs: tuple[JobEstimate, ...]
    not_applicable: Mapping[str, Mapping[str, Obstacle]]
    requests: int
    prompt_tokens: int
    completion_most: int
    usd_least: float | None
    usd_expected: float | None
    usd_most: float | None
    seconds: float | None
    usd_spent: float = 0.0
    tuning: tuple[TrialsEstimate, ...] = ()
    """What is no part of the sums above: choosing settings before anything is compared."""
    learning: tuple[TrialsEstimate, ...] = ()
    """The same systems with fewer examples, on the test questions; no part of those sums either."""
    training_s: float | None = None
    timing_s: float | None = None
    workers: int = 1
    """Among whom answers and trainings are shared out; their seconds are those of one worker."""
    machines: int = 1
    usd_per_hour: float | None = None
    """What a machine costs by the run's price list."""
    longest_s: float = 0.0
    """How long the longest training takes, which is not shared out."""

    @property
    def whole_s(self) -> float | None:
        """Seconds from the first answer to the last time; None where nobody knows."""
        if self.seconds is None or self.training_s is None or self.timing_s is None:
            return None
        return max(self.longest_s, (self.seconds + self.training_s) / self.workers) + self.timing_s

    @property
    def time_in_words(self) -> str | None:
        """How long the run takes on this machine, a clause; None where nobody knows."""
        if (whole_s := self.whole_s) is None:
            return None
        parts = ((self.seconds, "to answer"), (self.training_s, "to train"), (self.timing_s, "to time"))
        told = listed(f"{seconds(took)} {what}" for took, what in parts if took)
        if self.workers > 1:
            told = f"{told}; each as of one worker" if told else ""
        return f"this takes about {seconds(whole_s)} {self._where(whole_s)}" + (f" ({told})" if told else "")

    def _where(self, whole_s: float) -> str:
        """On how many workers, and what their machines cost meanwhile."""
        if self.workers == 1:
            return "here"
        where = f"on {self.workers} workers of {counted(self.machines, 'machine')}"
        if self.usd_per_hour is None:
            return where
        cost = dollars(self.usd_per_hour * self.machines * whole_s / 3600)
        return f"{where}, some {cost} at {dollars(self.usd_per_hour)} an hour and machine"


def in_short(planned: Estimate) -> str:
    """What servers will be asked, a sentence."""
    served = [row for row in planned.jobs if row.served]
    asked = counted(sum(row.requests for row in served), "request")
    read, written = (
        whole(sum(part)) for part in zip(*((r.prompt_tokens, r.completion_most) for r in served), strict=True)
    )
    cost = f"at most {dollars(planned.usd_most)}"
    if planned.usd_expected is not None:
        cost = f"about {dollars(planned.usd_expected)}, {cost}"
    if planned.usd_most is None:
        cost = "by the hour, or at prices that nobody declared"
    return f"servers are sent {asked}: {read} tokens to read, at most {written} to write; {cost}"


Passes = Mapping[ModelRef, AnswerPass]
"""How each model is asked."""
OfTask = tuple[str, str]
"""A task and the id of a system."""


@dataclass(frozen=True, slots=True)
class Past:
    """What a run has answered so far. `tokens`: of completions, and how many there are; `walls`: seconds of each batch,
    and the questions of all of them."""

    tokens: dict[OfTask, tuple[int, int]]
    walls: dict[OfTask, tuple[array[float], int]]

    @classmethod
    def of(cls, folder: RunFolder) -> Past:
        tokens: dict[OfTask, tuple[int, int]] = {}
        for row in each_row(folder.path / ANSWERS, AnswerRow):
            total, count = tokens.get((row.task, row.system), (0, 0))
            tokens[row.task, row.system] = total + row.completion_tokens, count + 1
        walls: dict[OfTask, tuple[array[float], int]] = {}
        for batch in each_row(folder.path / BATCHES, BatchRow):
            took, questions = walls.get((batch.task, batch.system), (array("d"), 0))
            took.append(batch.wall_s)
            walls[batch.task, batch.system] = took, questions + batch.questions
        return cls(tokens, walls)

    def tokens_of_task(self, task: str) -> tuple[int, int]:
        """The tokens of all systems of a task."""
        own = [known for (name, _), known in self.tokens.items() if name == task]
        return sum(total for total, _ in own), sum(count for _, count in own)


def estimate(jobs: Sequence[ReadyJob], passes: Passes, settings: Settings, folder: RunFolder) -> Estimate:
    """What is left to ask of a run, with what it may cost."""
    past = Past.of(folder)
    rows = tuple(_job(job, passes[job.job.system.model], settings, folder, past) for job in jobs)
    served = [row for row in rows if row.served]
    return Estimate(
        rows,
        folder.manifest.not_applicable,
        requests=sum(row.requests for row in rows),
        prompt_tokens=sum(row.prompt_tokens for row in rows),
        completion_most=sum(row.completion_most for row in rows),
        usd_least=_sum(row.usd_least for row in served),
        usd_expected=_sum(row.usd_expected for row in served),
        usd_most=_sum(row.usd_most for row in served),
        seconds=_sum(row.seconds for row in rows),
        usd_spent=spent_before(folder),
    )


def _sum(parts: Iterable[float | None]) -> float | None:
    known = [*parts]
    return None if not known or None in known else math.fsum(part for part in known if part is not None)


def _job(
    ready: ReadyJob,
    answers: AnswerPass,
    settings: Settings,
    folder: RunFolder,
    past: Past,
) -> JobEstimate:
    job, served = ready.job, is_served(answers.engine)
    facts = folder.manifest.model_of(job.system)
    places = _open_places(ready, answers, settings, folder)
    asked = [*places, *_again(ready, settings, folder, served), *_timed(ready, settings, served)]
    prompts = ready.prompts
    read = [
        read_tokens(prompts.wanted[place], prompts.tokens[place], prompts.longest[place]) for place in asked
    ]
    most = [written_tokens(prompts.wanted[place]) for place in asked]
    usual = _usual(ready, answers, past)
    expected = None if usual is None else [min(usual, tokens) for tokens in most]
    price = price_of(facts, adapted=job.system.adapted) if served else None
    return JobEstimate(
        task=job.task,
        system=job.system.name,
        model=facts.label or facts.name,
        served=served,
        seed=job.seed,
        questions=len(ready.questions),
        known=len(ready.questions) - len(places),
        requests=len(asked),
        prompt_tokens=sum(read),
        longest_prompt=max(prompts.tokens, default=0),
        completion_most=sum(most),
        completion_expected=None if expected is None else round(math.fsum(expected)),
        usd_least=_usd(price, read, [0] * len(read)),
        usd_expected=None if expected is None else _usd(price, read, [round(tokens) for tokens in expected]),
        usd_most=_usd(price, read, most),
        seconds=_seconds(ready, len(places), past),
    )


def _usd(price: ApiPrice | None, read: Sequence[int], written: Sequence[int]) -> float | None:
    if price is None:
        return None
    return math.fsum(usd(price, *tokens) for tokens in zip(read, written, strict=True))


def _open_places(ready: ReadyJob, answers: AnswerPass, settings: Settings, folder: RunFolder) -> list[int]:
    """The questions that neither the run nor the cache has an answer to."""
    job = ready.job
    done = folder.settled(job.task, job.system.id, job.seed)
    anew = is_served(answers.engine) and settings.repeat > 1
    cached = {} if anew else answers.known_answers(ready)
    return [
        place
        for place, question in enumerate(ready.questions)
        if question.id not in done and place not in cached
    ]


def _again(ready: ReadyJob, settings: Settings, folder: RunFolder, served: bool) -> list[int]:
    """The questions that are asked again, as often as they are."""
    job = ready.job
    if not served or job.shows_forgetting:
        return []
    places: list[int] = []
    for repeat in range(1, settings.repeat):
        done = folder.settled(job.task, job.system.id, job.seed, repeat)
        places += [place for place, question in enumerate(ready.questions) if question.id not in done]
    return places


def _timed(ready: ReadyJob, settings: Settings, served: bool) -> list[int]:
    """Questions like those that are timed, as often as they are: servers cold and warm, adapters merged and not."""
    if not ready.job.timed or ready.job.seed != settings.seed:
        return []
    count = min(effort(settings).latency_queries, len(ready.questions))
    return [*range(count)] * (2 if served or ready.job.adapter else 1)


def _usual(ready: ReadyJob, answers: AnswerPass, past: Past) -> float | None:
    """Mean tokens of the answers that are known: of this system, else of any on its task."""
    task = ready.job.task
    tokens, count = past.tokens.get((task, ready.job.system.id)) or past.tokens_of_task(task)
    if not count:
        known = [one.completion_tokens for one in answers.known_answers(ready).values()]
        tokens, count = sum(known), len(known)
    return tokens / count if count else None


def _seconds(ready: ReadyJob, count: int, past: Past) -> float | None:
    if not count:
        return 0.0
    known = past.walls.get((ready.job.task, ready.job.system.id))
    return count * math.fsum(known[0]) / known[1] if known else None
