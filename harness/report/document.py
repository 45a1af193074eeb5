"""A run's results → the document that every format renders."""

from __future__ import annotations

from typing import Any

from harness.quantities import counted
from harness.report import comparisons, costs, decisions, lights, numbers, prices, tables, words
from harness.report.view import Bullets, Curve, Details, Document, Section, Table, section

Figures = dict[str, Any]


def document(results: Figures, details: dict[str, Details] | None = None) -> Document:
    """The report of `results` (as `derive` makes them); `details` are the replies of each task, for HTML."""
    sections: list[Section | None] = [
        lights.validity(results),
        section("Recommendation", *decisions.overview(results)),
    ]
    for name, task in results["tasks"].items():
        sections += _task(name, task, (details or {}).get(name))
    sections += [
        section("Adapters", _adapters(results), *_curves(results)),
        section("Indexes", _indexes(results)),
        section("Prices", *prices.prices(results)),
        section("What these numbers mean", Bullets(words.MEANING)),
        section("Limits", Bullets(words.LIMITS)),
        section("Versions", _versions(results)),
    ]
    return Document(
        title="Prompting, retrieval and fine-tuning on the same questions",
        verdicts=decisions.lines(results),
        warnings=tuple(_warnings(results)),
        facts=tuple(_facts(results)),
        sections=tuple(found for found in sections if found),
    )


def _task(name: str, task: Figures, details: Details | None) -> list[Section | None]:
    counts = counted(task["n"], "question")
    if task["n_unanswerable"]:
        counts += f", {task['n_unanswerable']} of them unanswerable"
    if task["train_questions"]:
        counts += f"; {counted(task['train_questions'], 'training question')}"
    lead = " ".join(
        part
        for part in (task["description"], f"Probes {task['probes']}." if task["probes"] else "", f"{counts}.")
        if part
    )
    absent = tuple(f"{strategy}: {reason}" for strategy, reason in task["not_applicable"].items())
    return [
        section(f"Task {name}", lead, tables.overview(task)),
        section("Decision", *decisions.task_blocks(task), level=3),
        section("Not applicable", Bullets(absent), level=3),
        section("Comparisons", *_comparisons(task), level=3),
        section("All metrics", tables.metrics(task), level=3),
        section("By kind of question", tables.groups(task), level=3),
        section("Training seeds", comparisons.seeds(task), level=3),
        section("What the fine-tune forgot", comparisons.forgetting(task), level=3),
        section("Retrieval", tables.retrieval(task), level=3),
        section("Where the accuracy goes", lights.steps(task), lights.bins(task), level=3),
        section("Speed", tables.speed(task), level=3),
        section("Cost", *costs.task_blocks(task), level=3),
        section("Answers", tables.defects(task), details, level=3),
    ]


def _comparisons(task: Figures) -> tuple[str | Table | None, ...]:
    table = comparisons.comparisons(task)
    return (comparisons.PAIRS, comparisons.clusters(task), table) if table else ()


def _warnings(results: Figures) -> list[str]:
    warnings = []
    if results["quick"]:
        warnings.append("A quick run: few questions, little training. It is not fit for decisions.")
    if results["incomplete"]:
        missing = results["missing_answers"]
        warnings.append(
            f"This run is not complete (status: {results['status'] or 'unknown'}, {counted(missing, 'answer')} "
            "missing). Figures are of the answers that are there; it is not fit for decisions."
        )
    warnings += prices.warnings(results)
    if results["torn_lines"]:
        warnings.append(
            f"{counted(results['torn_lines'], 'unfinished line')} at the end of the evidence left out."
        )
    return warnings


def _facts(results: Figures) -> list[tuple[str, str]]:
    model, embedder, machine = (results[key] or {} for key in ("model", "embedder", "machine"))
    parameters = model.get("parameters")
    computer = [
        machine.get("cpu"),
        f"{machine['cores']} cores" if machine.get("cores") else None,
        f"{machine['memory_gb']:.3g} GB memory" if machine.get("memory_gb") else None,
        machine.get("accelerator"),
        machine.get("platform"),
    ]
    facts = {
        "Model": _join(
            model.get("name"),
            f"{parameters / 1e6:,.0f} million parameters" if parameters else None,
            model.get("dtype"),
            f"on {model['device']}" if model.get("device") else None,
            model.get("licence"),
        ),
        "Embedder": _join(embedder.get("name")),
        "Machine": _join(*computer),
        "Loading": _join(
            f"model {numbers.seconds(results['load_s'])}" if results["load_s"] is not None else None,
            f"first query {numbers.seconds(results['first_query_s'])}"
            if results["first_query_s"] is not None
            else None,
        ),
        "Created": _join(results["created"]),
        "Run": _join(results["run_id"]),
        "Command": _join(_command(results["command"])),
    }
    return [(name, text) for name, text in facts.items() if text]


def _command(command: Any) -> str | None:
    return " ".join(map(str, command)) if isinstance(command, list | tuple) else command


def _join(*parts: Any) -> str:
    return ", ".join(str(part) for part in parts if part)


def _adapters(results: Figures) -> Table:
    rows = tuple(
        (
            f"{record.get('strategy', '')} for {record.get('task', '')}",
            str(record.get("examples", numbers.NA)),
            f"{numbers.number(record.get('epochs'))} ({record.get('steps', numbers.NA)} steps)",
            numbers.seconds(record.get("seconds")),
            numbers.per_second(record["train_tokens_per_s"]),
            f"{numbers.loss(record['first_train_loss'])} → {numbers.loss(record.get('train_loss'))}",
            numbers.loss(record.get("dev_loss")),
            numbers.percent(record.get("train_fit")),
            str(record.get("stopped", numbers.NA)),
            "taken from the cache" if record.get("reused") else "trained in this run",
            str(record.get("sha256", ""))[:12],
        )
        for record in results["adapters"]
    )
    headers = (
        "Adapter",
        "Examples",
        "Epochs",
        "Training time",
        "Training tok/s",
        "Loss, first → last",
        "Dev loss",
        "Own training answers reproduced",
        "Stopped because",
        "Origin",
        "sha256",
    )
    return Table(headers, rows)


def _curves(results: Figures) -> list[Curve]:
    curves = []
    for record in results["adapters"]:
        lines = []
        for name, key in (("train", "train_loss"), ("dev", "dev_loss")):
            points = tuple(
                (float(point["step"]), float(point[key]))
                for point in record.get("loss_curve") or ()
                if point.get(key) is not None
            )
            if len(points) > 1:
                lines.append((name, points))
        caption = f"Loss by step: {record.get('strategy', '')} for {record.get('task', '')}"
        curves.append(Curve(caption, tuple(lines)))
    return curves


def _indexes(results: Figures) -> Table:
    rows = tuple(
        (
            task,
            str(index.get("documents", numbers.NA)),
            str(index.get("passages", numbers.NA)),
            numbers.seconds(index.get("seconds")),
            numbers.number(index.get("embed_tokens")),
            "taken from the cache" if index.get("reused") else "built in this run",
        )
        for task, index in (results["indexes"] or {}).items()
    )
    return Table(("Task", "Documents", "Passages", "Time to build", "Tokens embedded", "Origin"), rows)


def _versions(results: Figures) -> Table:
    model, embedder = results["model"] or {}, results["embedder"] or {}
    known = {
        "harness": results["harness_version"],
        "git commit": results["git_commit"],
        "results schema": results["schema_version"],
        "model source": model.get("source"),
        "model revision": model.get("revision"),
        "model sha256": model.get("sha256"),
        "embedder source": embedder.get("source"),
        "embedder sha256": embedder.get("sha256"),
        **(results["libraries"] or {}),
    }
    return Table(("What", "Version"), tuple((name, str(value)) for name, value in known.items() if value))
