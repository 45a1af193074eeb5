"""A run becomes the baseline that later runs are held against: its evidence is copied; what is derived is not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from harness.analysis.regression.pairing import Side
from harness.errors import InputError
from harness.files import new_folder
from harness.run.manifest_file import MANIFEST, write_manifest


def accept(run: Path, baseline: Path) -> Side:
    """Replace the folder `baseline` in one step by the evidence of `run`, which stays as it is; return the run.

    Raises InputError where `run` is no run, or `baseline` is that very folder or holds something else than a run;
    HarnessError where the run is incomplete.
    """
    side = Side.read(run)
    if baseline.exists():
        if baseline.samefile(run):
            raise InputError("is the run itself; name another folder with --baseline.", path=baseline)
        if not baseline.is_dir() or (any(baseline.iterdir()) and not (baseline / MANIFEST).is_file()):
            raise InputError("is not a run, so it is not replaced; name another folder.", path=baseline)
    settings = side.manifest.settings.found_from(run).stored_in(baseline)
    with new_folder(baseline) as made:
        for file in sorted(run.glob("*.jsonl")):
            shutil.copyfile(file, made / file.name)
        write_manifest(made, replace(side.manifest, settings=settings))
    return side
