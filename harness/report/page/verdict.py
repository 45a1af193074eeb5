"""The top of the page: what is recommended for each task, whether the race was valid, and what was run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.analysis.validity.check import name_of
from harness.quantities import NA, whole
from harness.report import lights
from harness.report.view import Table

Figures = Mapping[str, Any]
MARKS = {"recommended": "✓", "undecided": "?", "none_feasible": "✗", "not_computed": "–"}
ORDER = ("fail", "warn", "pass", "not_applicable")
SHOWN_REASONS = 2


@dataclass(frozen=True, slots=True)
class Light:
    """How many of a task's checks ended so, and the names of those that a reader must know of."""

    status: str
    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """One task's verdict: a headline, two sentences, what else speaks for it, and its lights with all checks."""

    task: str
    about: str
    status: str
    mark: str
    headline: str
    sentences: tuple[str, ...]
    more: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    """(strategy, why it stood for no election)."""
    change: tuple[str, ...]
    assumed: tuple[str, ...]
    lights: tuple[Light, ...]
    checks: Table


def verdicts(results: Figures) -> tuple[Verdict, ...]:
    return tuple(_verdict(name, task) for name, task in results["tasks"].items())


def _verdict(name: str, task: Figures) -> Verdict:
    decision = task["decision"]
    reasons = [one["text"] for one in decision["reasons"]]
    kind = f"{task['probes']} task, " if task["probes"] else ""
    return Verdict(
        task=name,
        about=f"{kind}{whole(task['n'])} questions. {task['description']}".strip(),
        status=decision["status"],
        mark=MARKS[decision["status"]],
        headline=headline(decision),
        sentences=tuple(reasons[:SHOWN_REASONS]),
        more=tuple(reasons[SHOWN_REASONS:]),
        left_out=tuple(decision["excluded"].items()),
        change=tuple(one["text"] for one in decision["would_change"]),
        assumed=tuple(one["text"] for one in decision["assumptions"]),
        lights=_lights(task["validity"]),
        checks=_checks(task["validity"]),
    )


def headline(decision: Figures) -> str:
    """The verdict in a few words: the strategy, or that there is none yet and what is missing."""
    status, best, more = decision["status"], decision["favourite"], decision["questions_more"]
    if status == "recommended":
        return f"Take {decision['recommended']}"
    if status == "undecided":
        missing = f"; about {whole(more)} more questions would decide" if more else ""
        return (f"Undecided, {best} is ahead" if best else "Undecided") + missing
    if status == "none_feasible":
        nearest = f"; nearest is {decision['nearest']}" if decision["nearest"] else ""
        return f"No strategy meets the requirements{nearest}"
    return "Nothing to choose between"


def _lights(checks: list[Figures]) -> tuple[Light, ...]:
    """Failures and warnings by name, what passed as a number; what does not apply stays in the fold."""
    found = Counter(check["status"] for check in checks)
    shown = []
    for status in ORDER[:3]:
        if found[status]:
            mark = lights.STATUSES[status].split(" ")[0]
            names = [name_of(check) for check in checks if check["status"] == status]
            listed = f": {', '.join(names)}" if status != "pass" else ""
            shown.append(Light(status, mark, f"{found[status]} {lights.COUNTS[status]}{listed}"))
    return tuple(shown)


def _checks(checks: list[Figures]) -> Table:
    rows = tuple(
        (
            name_of(check),
            lights.STATUSES[check["status"]],
            check["detail"],
            ", ".join(check["strategies"]) or "–",
        )
        for check in sorted(checks, key=lambda check: ORDER.index(check["status"]))
    )
    return Table(("Check", "Status", "What was found", "Strategies"), rows)


def what_was_run(results: Figures, corpora: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """(name, value): model, corpus, questions, machine, date, prices. `corpora`: task → where its documents lay."""
    model, machine, sheet = (results[key] or {} for key in ("model", "machine", "price_sheet"))
    priced = sheet.get("machine")
    facts = {
        "Model": _join(
            model.get("name"), _millions(model.get("parameters")), model.get("dtype"), model.get("device")
        ),
        "Embedder": str((results["embedder"] or {}).get("name") or ""),
        "Corpus": "; ".join(_corpus(task, place, results) for task, place in corpora.items()),
        "Questions": ", ".join(f"{task} {whole(block['n'])}" for task, block in results["tasks"].items()),
        "Machine": _join(
            machine.get("cpu"),
            f"{machine['cores']} cores" if machine.get("cores") else None,
            f"{machine['memory_gb']:.3g} GB" if machine.get("memory_gb") else None,
            machine.get("accelerator"),
        ),
        "Date": str(results["created"] or ""),
        "Prices": _join(
            f"sheet of {sheet['date']}" if sheet.get("date") else None,
            f"as {priced['name']} ({priced.get('provider', NA)})" if isinstance(priced, dict) else None,
        ),
        "Run": str(results["run_id"]),
    }
    return tuple((name, text) for name, text in facts.items() if text)


def _corpus(task: str, place: str, results: Figures) -> str:
    index = (results["indexes"] or {}).get(task) or {}
    size = _join(
        f"{whole(index['documents'])} documents" if index.get("documents") else None,
        f"{whole(index['passages'])} passages" if index.get("passages") else None,
    )
    return f"{place}, {size} ({task})" if size else f"{place} ({task})"


def _millions(parameters: float | None) -> str | None:
    return f"{parameters / 1e6:,.0f} million parameters" if parameters else None


def _join(*parts: Any) -> str:
    return ", ".join(str(part) for part in parts if part)
