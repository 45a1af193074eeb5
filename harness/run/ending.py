"""How a run ends: complete, stopped or failed, said in its manifest, and how to go on with it."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
from collections.abc import Iterator

from harness.engines.memory import stored_parameters
from harness.errors import HarnessError, InputError, ModelUnavailable, RunInterrupted, SpendingLimit
from harness.run.facts import ModelFacts
from harness.run.folder import RunFolder
from harness.run.tools import Tools
from harness.steps import typed


@contextlib.contextmanager
def ending(folder: RunFolder) -> Iterator[None]:
    """Around a run: where it does not come to its end, the manifest says so, and the error says how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        _note_status(folder, "interrupted")
        raise RunInterrupted(f"stopped. {_go_on(folder)}") from None
    except InputError:  # a person can put it right; the run is as complete as it was
        _note_status(folder, "interrupted")
        raise
    except SpendingLimit as error:
        _note_status(folder, "interrupted")
        raise SpendingLimit(f"{error} {_go_on(folder)} --max-usd USD") from error
    except HarnessError as error:
        _note_status(folder, "failed")
        if isinstance(error, ModelUnavailable):
            raise ModelUnavailable(f"{error} {_go_on(folder)}") from error
        if isinstance(error.__cause__, OSError | sqlite3.Error):  # as a full disk
            raise HarnessError(f"{error} {_go_on(folder)}") from error.__cause__
        raise
    except Exception:
        _note_status(folder, "failed")
        raise


def finish(folder: RunFolder, tools: Tools) -> None:
    """Say in the manifest how the run ended, with what was learnt about the model on the way."""
    known = [_learnt(facts, tools) for facts in folder.manifest.models]
    ended = "interrupted" if folder.missing() else "complete"
    folder.update_models(
        known,
        status="failed" if folder.manifest.set_aside else ended,
        peak_memory_gb=tools.peak_memory_gb(),
        workers=tools.workers(),
        load_s=known[0].load_s,
    )


def _learnt(facts: ModelFacts, tools: Tools) -> ModelFacts:
    """What is known of a model at the end. Weights were loaded where something had to be computed."""
    model = next(model for model in tools.models if model.label == facts.label)
    loaded = model.engine.facts()
    if loaded is None:
        return dataclasses.replace(facts, parameters=facts.parameters or stored_parameters(model.engine))
    return dataclasses.replace(
        facts,
        parameters=loaded.parameters,
        load_s=loaded.load_s,
        decoding=loaded.decoding,
        training=loaded.training,
        merging=loaded.merging,
        unsent=loaded.unsent or facts.unsent,
    )


def _note_status(folder: RunFolder, status: str) -> None:
    """Say in the manifest how a run ended, unless even that cannot be written: `running` is read as stopped, too."""
    with contextlib.suppress(HarnessError):
        folder.update(status=status)


def _go_on(folder: RunFolder) -> str:
    return f"What was answered is kept; go on with: {typed('compare', '--resume', folder.path)}"
