"""The table of checks, a row each with its remedy, and the judgement of a task by all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from harness.analysis.accuracy import ScoredAnswers
from harness.analysis.evidence import Evidence, Pair
from harness.analysis.results.checks import Check, FigureKind
from harness.analysis.validity import (
    adapters,
    answers,
    context,
    form,
    hits,
    leaks,
    parity,
    questions,
    remedies,
    settings,
    template,
    timings,
    trained,
)
from harness.analysis.validity.check import Case, Limits, Rule
from harness.steps import Step

SHARE, DIFFERENCE, COUNT = FigureKind.SHARE, FigureKind.DIFFERENCE, FigureKind.COUNT

CHECKS: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        # Share of the answers that the adapter changed.
        Rule(
            "adapter_changes_logits",
            "effect of the adapter",
            SHARE,
            Limits(warn=0.0, fail=-1.0),
            adapters.changes_logits,
            remedies.harder_training,
            "its adapter changes nothing",
        ),
        # Share of its own training answers that a fine-tune reproduces.
        Rule(
            "adapter_fits_training",
            "fit to its training answers",
            SHARE,
            Limits(warn=0.8, fail=0.1),
            trained.fits_training,
            remedies.harder_training,
            "it did not learn its own training answers",
        ),
        # Share of the prompts that differ.
        Rule(
            "same_prompts",
            "prompts of base and fine-tune",
            SHARE,
            Limits(warn=0.0, fail=0.0),
            adapters.same_prompts,
            lambda case: remedies.again(case, "Ask base and the fine-tune again, in one run"),
            "its prompts are not those of the bare model",
        ),
        # Share of the test questions with a near copy: what a leak could add to the accuracy at most.
        Rule(
            "no_test_question_in_training",
            "leak into training",
            SHARE,
            Limits(warn=0.0, fail=0.02),
            leaks.no_leak,
            remedies.no_copies,
            "test questions stand in its training set",
        ),
        # Share of the test questions that the embedder does not read to their end.
        Rule(
            "questions_read_whole",
            "length of the questions",
            SHARE,
            Limits(warn=0.0, fail=0.25),
            questions.read_whole,
            lambda _: Step(
                "Begin with what is asked, shorten the questions, or name an embedder that reads more",
                "--embedder NAME",
            ),
        ),
        # Share of the answers that stand in no parsed gold document. A warning that excludes nobody: the answer may
        # be worded otherwise there, and all strategies have the same documents.
        Rule(
            "answers_in_documents",
            "answers in the documents",
            SHARE,
            Limits(warn=0.02, fail=1.0),
            questions.answers_in_documents,
            lambda case: remedies.validate(
                case, "See whether these answers are worded otherwise in the documents"
            ),
        ),
        # recall@k, at the k of the prompt.
        Rule(
            "retrieval_floor",
            "retrieval",
            SHARE,
            Limits(warn=0.5, fail=0.2),
            context.finds_passages,
            lambda case: remedies.again(
                case, "Let other settings of retrieval be tried on dev questions", f"--tune {remedies.TRIES}"
            ),
            "its retrieval finds next to nothing",
        ),
        # The figure is the control's lead over rag; the limits are of −p of the control being below what it
        # controls: two tasks in a hundred may fail by bad luck, not ten.
        Rule(
            "oracle_not_below_rag",
            "oracle against rag",
            DIFFERENCE,
            Limits(warn=-0.05, fail=-0.01),
            context.oracle_not_below,
            lambda case: remedies.validate(case, "Read gold_docs and the wording of the questions again"),
        ),
        # Share of the prompts that lost passages to their budget.
        Rule(
            "truncated_prompts",
            "dropped passages",
            SHARE,
            Limits(warn=0.05, fail=0.25),
            context.keeps_passages,
            remedies.longer_prompts,
            "its prompts lost their passages",
        ),
        # Share of the answers that could not be had. They may be those of the hard questions.
        Rule(
            "missing_answers",
            "missing answers",
            SHARE,
            Limits(warn=0.0, fail=0.1),
            answers.not_missing,
            remedies.have_the_rest,
            "too many of its answers are missing",
        ),
        # Share of the written answers that the token limit cut and that are not right. Small models ramble, and
        # are cut often; one that had given the right answer by then lost nothing.
        Rule(
            "cut_answers",
            "cut answers",
            SHARE,
            Limits(warn=0.1, fail=0.5),
            answers.not_cut,
            remedies.longer_answers,
            "the token limit cut its answers",
        ),
        # Share of the written answers without a word.
        Rule(
            "empty_answers",
            "empty answers",
            SHARE,
            Limits(warn=0.05, fail=0.2),
            answers.not_empty,
            remedies.words_in_answers,
            "its answers are empty",
        ),
        # Share of the answers that a line of code would make right.
        Rule(
            form.WRAPPED,
            "answers in a wrapping",
            SHARE,
            Limits(warn=0.05, fail=math.inf),
            form.not_wrapped,
            remedies.held_to_form,
        ),
        # Of the right replies by `contains`, the share in which the hit may say nothing. Of 167 honest ones of a small
        # model none is any of the three; of passages that hold an answer 2 to 7 % are lists.
        Rule(
            "long_right_replies",
            "right replies far longer than the answer",
            SHARE,
            Limits(warn=0.2, fail=0.5),
            hits.not_long,
            remedies.shorter_replies,
            "its right replies are far longer than the answer",
        ),
        Rule(
            "listed_candidates",
            "lists of candidates",
            SHARE,
            Limits(warn=0.1, fail=0.3),
            hits.no_lists,
            remedies.shorter_replies,
            "its replies list several candidates",
        ),
        Rule(
            "denied_answers",
            "answers behind a negation",
            SHARE,
            Limits(warn=0.05, fail=0.3),
            hits.not_denied,
            remedies.shorter_replies,
            "its replies deny the answer",
        ),
        # By which share one slow answer raises the mean of the others: a warning, since a mean is what is paid for.
        Rule(
            "timings",
            "timed answers",
            SHARE,
            Limits(warn=0.1, fail=math.inf),
            timings.steady,
            lambda case: remedies.again(
                case, "Time more answers, while nothing else runs on the machine", "--latency-queries 50"
            ),
        ),
        # How many systems have a fault in their prompt.
        Rule(
            "chat_template",
            "chat template",
            COUNT,
            Limits(warn=0.0, fail=0.0),
            template.applied_once,
            lambda _: Step(
                "Look at prompts.jsonl of the run, and at chat_template in the model's tokenizer_config.json"
            ),
            "its chat template is not applied as it should be",
        ),
        # Share of a served model's answers that are those of the local model with the same weights.
        Rule(
            "served_as_local",
            "served and local model",
            SHARE,
            Limits(warn=0.98, fail=0.9),
            parity.same_answers,
            lambda _: Step(
                "Start the server with the same weights, in float32, and with the model's own chat template"
            ),
            "its answers are not those of the model that it is said to be",
        ),
        # How many systems are set up as nobody would who wants them to win, and were not held against other settings.
        Rule(
            "settings",
            "settings and the effort behind them",
            COUNT,
            Limits(warn=0.0, fail=0.0),
            settings.strong_enough,
            lambda case: remedies.again(
                case, "Let settings be chosen on dev questions", f"--tune {remedies.TRIES}"
            ),
            "it was set up too weakly to be beaten",
        ),
        # Accuracy on another task's questions, adapter − base. Some forgetting is what fine-tuning costs, and an
        # adapter serves its own task: it warns, and no loss fails.
        Rule(
            "forgetting",
            "forgetting",
            DIFFERENCE,
            Limits(warn=-0.05, fail=-1.0),
            adapters.forgetting,
            remedies.softer_training,
        ),
    )
}


def judge(run: Evidence, task: str, scores: Mapping[Pair, ScoredAnswers]) -> list[Check]:
    """Every check of a task, in the table's order. `scores` are those of the whole run."""
    case = Case(run, task, scores)
    return [check for rule in CHECKS.values() for check in rule.judge(case)]
