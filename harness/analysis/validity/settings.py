"""Check of the effort: is any contestant set up so weakly that beating it says nothing?"""

from __future__ import annotations

from harness.analysis.results.checks import Check
from harness.analysis.tuning.effort import effort_of
from harness.analysis.validity.check import Case, Rule
from harness.quantities import capitalised, listed
from harness.spec.space import too_weak, tunable


def strong_enough(case: Case, rule: Rule) -> list[Check]:
    """Where settings were held against others on dev, they stand as they are: whatever was best is compared."""
    systems = [system for system, scored in case.own.items() if scored and tunable(system)]
    if not systems:
        return rule.absent("No strategy has settings that could be chosen.")
    effort = effort_of(case.run, case.task)
    searched = {name: row.tried for name, row in effort.tuning.items() if row.tried > 1}
    weak = {system: too_weak(system) if system.name not in searched else {} for system in systems}
    told = [_effort([system.name for system in systems], searched)]
    figures: dict[str, float] = {}
    for system, settings in weak.items():
        for name, (value, least) in settings.items():
            told.append(
                f"{system.name} has {name} {value:g}, and nobody who wants it to win goes below {least:g}."
            )
            figures |= {f"{system.name}: {name}": float(value), f"least {name}": float(least)}
    figures |= {f"{name}: settings tried": float(tried) for name, tried in searched.items()}
    findings = [rule.finding(system, float(len(weak[system]))) for system in systems]
    return rule.verdict(findings, " ".join(told), figures)


def _effort(systems: list[str], searched: dict[str, int]) -> str:
    """Which were tuned, with how many settings, and which were not."""
    tuned = listed(f"{name} (the best of {tried})" for name, tried in searched.items())
    rest = listed(name for name in systems if name not in searched)
    parts = [f"tuned on dev: {tuned}" if tuned else "", f"not tuned: {rest}" if rest else ""]
    return f"{capitalised('; '.join(filter(None, parts)))}."
