"""What a search will ask, before it begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.engines.engine import is_served
from harness.quantities import counted, dollars, seconds, whole
from harness.records import Question
from harness.run.counts import written_tokens
from harness.run.devsplit import LEAST_DEV
from harness.run.estimate import Estimate, TrialsEstimate
from harness.run.expected import step_of
from harness.run.pace import Kind, Step
from harness.run.plan import Plan
from harness.run.spending import price_of, usd
from harness.run.tuning.search import EXAMPLES_SHARE, Space, going_on
from harness.run.tuning.trial import Asker, Stage
from harness.spec.context import cut_id
from harness.spec.system import System


@dataclass(frozen=True, slots=True)
class Work:
    """What a search does at most. `whole_trainings`: those on few examples count as a part of one;
    `cuts`: settings that cut passages otherwise than the default.
    """

    answers: int = 0
    trainings: int = 0
    whole_trainings: float = 0.0
    cuts: int = 0


NOTHING = Work()
Searches = Mapping[tuple[str, str], Work]
"""Task and id of a system as it was planned → its search."""


def work_of(space: Space) -> Work:
    """The work of a search; none where dev questions are too few, or there is no other setting."""
    system = space.default.system
    questions = len({question.id for stage in space.stages for question in stage.questions})
    if questions < LEAST_DEV or not space.others:
        return NOTHING
    asked = [*zip(_alive(space), space.stages, strict=True)]
    answers = sum(count * len(stage.questions) for count, stage in asked) + space.together * questions
    cuts = [one.system.passages and cut_id(one.system.passages) for one in (space.default, *space.others)]
    trained = bool(system.recipe)
    return Work(
        answers,
        trained * (sum(count for count, _ in asked) + space.together),
        trained * (sum(count * _share(stage) for count, stage in asked) + space.together),
        sum(cut != cuts[0] for cut in cuts),
    )


def _share(stage: Stage) -> float:
    """The share of a whole training that a stage trains."""
    return 1.0 if stage.examples is None else 1 / EXAMPLES_SHARE


def trials_estimate(asker: Asker, space: Space) -> TrialsEstimate:
    system, dev = space.default.system, [one for stage in space.stages for one in stage.questions]
    dev, work = list(dict.fromkeys(dev)), work_of(space)
    if not work.answers:
        return TrialsEstimate(asker.context.task.name, system.name, 0, 0, len(dev), 0, 0, None)
    return asked_estimate(asker, system, dev, space.settings, work.trainings, work.answers)


def asked_estimate(
    asker: Asker, system: System, questions: Sequence[Question], settings: int, trainings: int, requests: int
) -> TrialsEstimate:
    """What so many requests take, by the length of a system's own prompts for the questions."""
    prompts, times = asker.context.prompts(system, questions), requests / len(questions)
    read = round(times * sum(prompts.tokens))
    most = round(times * sum(map(written_tokens, prompts.wanted)))
    price = price_of(asker.facts, adapted=system.adapted) if is_served(asker.model.engine) else None
    return TrialsEstimate(
        task=asker.context.task.name,
        system=system.name,
        settings=settings,
        trainings=trainings,
        questions=len(questions),
        requests=requests,
        prompt_tokens=read,
        usd_most=None if price is None else usd(price, read, most),
    )


def _alive(space: Space) -> list[int]:
    """How many candidates each stage asks."""
    counts = [1 + len(space.others)]
    for stage in space.stages[:-1]:
        counts.append(1 + going_on(counts[-1] - 1, stage))
    return counts


def learning_in_words(planned: TrialsEstimate) -> str:
    """`with 4 parts of its examples, 4 trainings and 480 answers`."""
    trained = f"{counted(planned.trainings, 'training')} and " if planned.trainings else ""
    cost = f", at most {dollars(planned.usd_most)}" if planned.usd_most is not None else ""
    cost += _time(planned)
    parts = counted(planned.settings, "part")
    return f"again with {parts} of its examples: {trained}{counted(planned.requests, 'answer')}{cost}"


def in_words(planned: TrialsEstimate) -> str:
    """`6 settings on 64 dev questions: 320 answers at most`."""
    if not planned.settings:
        return f"nothing is tried: {counted(planned.questions, 'dev question')}, of {LEAST_DEV} that it takes"
    trained = f", {counted(planned.trainings, 'training')}" if planned.trainings else ""
    cost = f", {dollars(planned.usd_most)}" if planned.usd_most is not None else ""
    cost += _time(planned)
    return (
        f"{counted(planned.settings, 'setting')} on {counted(planned.questions, 'dev question')}: at most "
        f"{counted(planned.requests, 'answer')} that read {whole(planned.prompt_tokens)} tokens{trained}{cost}"
    )


def _time(planned: TrialsEstimate) -> str:
    return "" if planned.seconds is None else f", some {seconds(planned.seconds)} here"


def with_seconds(
    trials: Iterable[TrialsEstimate], run: Estimate, steps: Mapping[Step, float], plan: Plan
) -> tuple[TrialsEstimate, ...]:
    """Trials with the time that they take, by the comparison's own `steps`; a training of a trial is a whole one."""
    jobs = {(job.task, job.system.name): job for job in plan.jobs}
    rows = {(row.task, row.system): row for row in run.jobs}

    def took(trial: TrialsEstimate) -> float | None:
        of = (trial.task, trial.system)
        if run.training_s is None or of not in jobs or of not in rows or not trial.requests:
            return None
        answered = rows[of].questions - rows[of].known
        training = steps.get(step_of(Kind.TRAINING, jobs[of]))
        if not answered or (trial.trainings and training is None):
            return None
        answer = steps[step_of(Kind.ANSWERS, jobs[of])] / answered
        return answer * trial.requests + (training or 0.0) * trial.trainings

    return tuple(replace(trial, seconds=took(trial)) for trial in trials)
