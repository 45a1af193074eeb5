"""What the user needs: as a run stores it, and as part of what costs are computed from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from harness.analysis.decision.requirements.reading import requirements_of
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.evidence import Evidence
from harness.analysis.money.economics import CostInputs
from harness.errors import InputError, InputErrors
from harness.run.manifest_file import MANIFEST


def stored_requirements(run: Evidence) -> dict[str, Any]:
    """What the user required when the run was made; nothing for a run that was asked for nothing."""
    settings = run.manifest.settings
    volume = {} if settings.monthly_queries is None else {"monthly_queries": settings.monthly_queries}
    return {**volume, **(settings.requirements or {})}


def needs_of(run: Evidence) -> Requirements:
    """Raises InputErrors where a run stores requirements that this version does not know, or out of their range."""
    try:
        return requirements_of(stored_requirements(run))
    except InputError as error:
        path = run.folder / MANIFEST
        raise InputErrors(
            [InputError(f"settings.requirements: {one}", path=path) for one in error.errors]
        ) from None


def with_needs(inputs: CostInputs, needs: Requirements) -> CostInputs:
    """Cost inputs in the setting that the requirements name; what they leave out stays as it is."""
    shared = ("horizon_months", "monthly_queries", "refresh_days", "error_price_usd", "in_house", "tariff")
    named: dict[str, Any] = {field: getattr(needs, field) for field in shared if field in needs.asked}
    return replace(inputs, **named)
