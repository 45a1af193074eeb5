"""What the page and the short form open with: the title, warnings, and what was run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from harness.analysis.evidence import Evidence
from harness.quantities import NA, counted, seconds, whole
from harness.report import prices

Figures = dict[str, Any]
TITLE = "Prompting, retrieval and fine-tuning on the same questions"


def warnings(results: Figures) -> tuple[str, ...]:
    """What a reader must know before any figure."""
    found = []
    if results["quick"]:
        found.append("A quick run: few questions, little training. It is not fit for decisions.")
    if results["incomplete"]:
        missing = results["missing_answers"]
        found.append(
            f"This run is not complete (status: {results['status'] or 'unknown'}, {counted(missing, 'answer')} "
            "missing). Figures are of the answers that are there; it is not fit for decisions."
        )
    found += prices.warnings(results)
    if results["torn_lines"]:
        found.append(
            f"{counted(results['torn_lines'], 'unfinished line')} at the end of the evidence left out."
        )
    return tuple(found)


def command(results: Figures) -> str:
    """The command that made the run, or nothing where it was not recorded."""
    said = results["command"]
    return " ".join(map(str, said)) if isinstance(said, list | tuple) else str(said or "")


def what_was_run(run: Evidence, results: Figures) -> tuple[tuple[str, str], ...]:
    """(name, value): model, corpus, questions, machine, date, prices."""
    model, machine, sheet = (results[key] or {} for key in ("model", "machine", "price_sheet"))
    priced = sheet.get("machine")
    facts = {
        "Model": _join(
            model.get("name"),
            _millions(model.get("parameters")),
            model.get("dtype"),
            model.get("device"),
            model.get("licence"),
        ),
        "Embedder": str((results["embedder"] or {}).get("name") or ""),
        "Corpus": "; ".join(_corpus(task, place, results) for task, place in _corpora(run, results)),
        "Questions": ", ".join(f"{task} {whole(block['n'])}" for task, block in results["tasks"].items()),
        "Machine": _join(
            machine.get("cpu"),
            f"{machine['cores']} cores" if machine.get("cores") else None,
            f"{machine['memory_gb']:.3g} GB" if machine.get("memory_gb") else None,
            machine.get("accelerator"),
            machine.get("platform"),
        ),
        "Loading": _join(*_loading(results)),
        "Date": _minute(str(results["created"] or "")),
        "Prices": _join(
            f"sheet of {sheet['date']}" if sheet.get("date") else None,
            f"as {priced['name']} ({priced.get('provider', NA)})" if isinstance(priced, dict) else None,
        ),
        "Run": str(results["run_id"]),
    }
    return tuple((name, text) for name, text in facts.items() if text)


def _corpora(run: Evidence, results: Figures) -> Iterator[tuple[str, str]]:
    """(task, its corpus as the task file names it) of the tasks that have one."""
    for task in results["tasks"]:
        place = run.spec(task).get("corpus")
        if place:
            yield task, str(place)


def _corpus(task: str, place: str, results: Figures) -> str:
    index = (results["indexes"] or {}).get(task) or {}
    size = _join(
        f"{whole(index['documents'])} documents" if index.get("documents") else None,
        f"{whole(index['passages'])} passages" if index.get("passages") else None,
    )
    return f"{place}, {size} ({task})" if size else f"{place} ({task})"


def _loading(results: Figures) -> Iterator[str]:
    for name, key in (("model", "load_s"), ("first query", "first_query_s")):
        if results[key] is not None:
            yield f"{name} {seconds(results[key])}"


def _millions(parameters: float | None) -> str | None:
    return f"{parameters / 1e6:,.0f} million parameters" if parameters else None


def _minute(created: str) -> str:
    """`2026-01-02 03:04 UTC`; what is no such time in UTC stays as it is."""
    return re.sub(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):[\d.]+(Z|\+00:00)$", r"\1 \2 UTC", created)


def _join(*parts: Any) -> str:
    return ", ".join(str(part) for part in parts if part)
