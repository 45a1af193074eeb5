"""The documents of tasks, looked at before anything long begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.errors import InputError


def check_corpora(tasks: Sequence[Any]) -> None:
    """Read every corpus once, cheaply, so that its mistakes show before any model loads.

    Raises InputErrors with the mistakes of all tasks, the first 20 spelled out.
    """
    from harness.corpus.documents import document_ids
    from harness.errors import InputErrors, raise_all
    from harness.run.compare import check_gold

    errors: list[InputError] = []
    for task in tasks:
        try:
            if task.corpus is not None:
                check_gold(task, document_ids(task.corpus))
        except InputErrors as several:
            errors += several.errors
        except InputError as error:
            errors.append(error)
    raise_all(errors)
