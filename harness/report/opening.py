"""What the page and the short form open with: the title, warnings, and what was run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from harness.analysis.results.run import RunResult, TaskResult
from harness.quantities import counted, listed, plain, seconds, whole
from harness.report import prices
from harness.run.conversation import template_sentences
from harness.run.facts import IndexFacts, ModelFacts, TimingOrder

TITLE = "Prompting, retrieval and fine-tuning on the same questions"


def warnings(results: RunResult) -> tuple[str, ...]:
    """What a reader must know before any figure."""
    texts = []
    if results.quick:
        texts.append("A quick run: few questions, little training. It is not fit for decisions.")
    if results.unfinished:
        texts.append(results.unfinished.in_words)
    elif results.incomplete:
        texts.append(
            f"This run is not complete (status: {results.status or 'unknown'}, "
            f"{counted(results.missing_answers, 'answer')} missing). Figures are of the answers that are there; it "
            "is not fit for decisions."
        )
    if results.settings and results.settings.within:
        texts.append(results.settings.within.in_words)
    texts += [f"{task} is set aside: {reason}" for task, reason in results.set_aside.items()]
    texts += prices.warnings(results)
    if results.torn_lines:
        texts.append(f"{counted(results.torn_lines, 'unfinished line')} at the end of the evidence left out.")
    return tuple(texts)


def what_was_run(results: RunResult) -> tuple[tuple[str, str], ...]:
    """(name, value): models, corpus, questions, machine, date, prices."""
    machine, sheet = results.machine, results.price_sheet
    facts = {
        **_models(results),
        "Chat template": " ".join(_templates(results)),
        "Embedder": results.embedder.name if results.embedder else "",
        "Corpus": "; ".join(_corpora(results)),
        "Questions": ", ".join(f"{name} {whole(task.n)}" for name, task in results.tasks.items()),
        "Machine": _joined(
            machine.cpu,
            f"{machine.cores} cores" if machine.cores else None,
            f"{plain(machine.memory_gb)} GB" if machine.memory_gb else None,
            machine.accelerator,
            machine.platform,
        ),
        "Computed by": _workers(results),
        "Loading": "; ".join(filter(None, map(_loading, results.all_models))) or _loaded(results),
        "Order of timing": _order(results),
        "Date": _minute(results.created or ""),
        "Prices": _joined(
            f"list of {sheet.date}" if sheet.date else None,
            f"as {sheet.machine.name} ({sheet.machine.provider})",
        )
        if sheet
        else "",
        "Run": results.run_id,
    }
    return tuple((name, text) for name, text in facts.items() if text)


def _workers(results: RunResult) -> str:
    """Who computed in a cluster, and what is assumed of them."""
    if not results.workers:
        return ""
    who = "; ".join(group.in_words for group in results.workers)
    return (
        f"{who}. Batched figures take a worker for its share of a machine, as if all of them had been busy throughout; "
        "where some were not, they are too good."
    )


ORDERS = {
    TimingOrder.INTERLEAVED: "interleaved: every system of every model answers each question in turn",
    TimingOrder.ABBA: "A B B A, since the models do not fit into memory together: each answers half of the questions, "
    "then, in the opposite order, the other half",
}


def _models(results: RunResult) -> dict[str, str]:
    """One line per model; where there are several, under what its systems call it."""
    return {f"Model {model.label}" if model.label else "Model": _model(model) for model in results.all_models}


def _model(model: ModelFacts) -> str:
    return _joined(
        model.name,
        model.source if model.label and model.source != model.name else None,
        f"{model.parameters / 1e6:,.0f} million parameters" if model.parameters else None,
        model.dtype,
        model.device,
        model.licence,
        f"also at {listed(model.endpoints)}; timed at one server" if model.endpoints else None,
        f"without {', '.join(model.unsent)}, which its server refuses" if model.unsent else None,
    )


def _templates(results: RunResult) -> Iterator[str]:
    """What is unusual about how each model's conversations are written."""
    for model in results.all_models:
        if model.template and (told := " ".join(template_sentences(model.template))):
            yield f"{model.label}: {told}" if model.label else told


def _loading(model: ModelFacts) -> str:
    """How long a model took to load and to answer first; empty where that is not known of it."""
    told = _joined(
        None if model.load_s is None else f"model {seconds(model.load_s)}",
        None if model.first_query_s is None else f"first query {seconds(model.first_query_s)}",
    )
    return f"{model.label}: {told}" if model.label and told else told


def _loaded(results: RunResult) -> str:
    """The same of a run from before models kept it themselves."""
    known = replace(results.model, load_s=results.load_s, first_query_s=results.first_query_s)
    return _loading(known)


def _order(results: RunResult) -> str:
    several = len(results.all_models) > 1
    return ORDERS[results.timing_order] if several and results.timing_order else ""


def _corpora(results: RunResult) -> Iterator[str]:
    for name, task in results.tasks.items():
        index = results.indexes.get(name, IndexFacts())
        counts = (
            (index.files, "file"),
            (index.documents, "document"),
            (index.characters, "character"),
            (index.passages, "passage"),
        )
        read = (counted(count, unit) for count, unit in counts if count)
        missed = sum(group.files for group in index.passed_over)
        not_read = f"{counted(missed, 'file')} not read" if missed else None
        if task.corpus:
            yield f"{_joined(task.corpus, *read, not_read)} ({name})"


def about(task: TaskResult) -> str:
    """What a task is about, what it probes, and how many questions it asks."""
    counts = counted(task.n, "question")
    if task.n_unanswerable:
        counts += f", {task.n_unanswerable} of them unanswerable"
    if task.train_questions:
        counts += f"; {counted(task.train_questions, 'training question')}"
    probes = f"Probes {task.probes}." if task.probes else ""
    return " ".join(part for part in (task.description, probes, f"{counts}.") if part)


def _minute(created: str) -> str:
    """`2026-01-02 03:04 UTC`; what is no such time in UTC stays as it is."""
    return re.sub(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):[\d.]+(Z|\+00:00)$", r"\1 \2 UTC", created)


def _joined(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)
