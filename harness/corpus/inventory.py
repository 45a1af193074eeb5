"""What a corpus holds and what was passed over, for people and for a run's manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.corpus.documents import Corpus, read_corpus
from harness.progress import Progress
from harness.quantities import counted, listed
from harness.records import Inventory, NotReadFiles, PassedOver

NAMED = 3
"""The most files that are named of those passed over for one reason; the others are counted."""
REASONS = 12
"""The most reasons that are told, those of most files first."""
OTHER = "other reasons"


class Corpora:
    """Corpora by path, each parsed once, however many tasks name it."""

    def __init__(self) -> None:
        self._read: dict[str, Corpus] = {}

    def read(self, path: str) -> Corpus:
        """Raises InputErrors as `read_corpus`."""
        if path not in self._read:
            self._read[path] = read_corpus(path)
        return self._read[path]

    def forget(self) -> None:
        """Free the texts, once passages are cut from them."""
        self._read.clear()


def grouped(passed_over: Sequence[PassedOver]) -> tuple[NotReadFiles, ...]:
    """Files that were passed over by reason, most files first; from the twelfth reason on in one group."""
    groups: dict[str, list[str]] = {}
    for file in passed_over:
        groups.setdefault(file.reason, []).append(file.path)
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    rest = [path for _, paths in ordered[REASONS - 1 :] for path in paths]
    if len(ordered) > REASONS:
        ordered = [*ordered[: REASONS - 1], (OTHER, rest)]
    return tuple(NotReadFiles(reason, len(paths), tuple(paths[:NAMED])) for reason, paths in ordered)


def not_read_line(group: NotReadFiles) -> str:
    """`a.png, b.png, c.png and 9 more: files of type .png are not read`."""
    reason = group.reason
    if group.files > 1 and reason.startswith("it "):
        reason = f"each {reason.removeprefix('it ')}"
    return f"{_names(group.paths, group.files)}: {reason}"


def guessed_lines(guessed: Mapping[str, Sequence[str]]) -> list[str]:
    """One line per encoding: `Read as Windows-1252, as not UTF-8: a.txt, b.txt, c.csv and 3 more`."""
    return [
        f"Read as {encoding}, as not UTF-8: {_names(files[:NAMED], len(files))}"
        for encoding, files in guessed.items()
    ]


def _names(paths: Sequence[str], files: int) -> str:
    """The first paths of so many files, and how many more there are."""
    more = files - len(paths)
    return f"{', '.join(paths)} and {more:,} more" if more else listed(paths)


def told(inventory: Inventory) -> list[str]:
    """What was read, as a sentence, then a line for each reason for which files were passed over, and for a guess."""
    kinds = ", ".join(f"{files:,} {suffix}" for suffix, files in inventory.formats)
    of = f" ({kinds})" if len(inventory.formats) > 1 else ""
    read = (
        f"the corpus has {counted(inventory.files, 'file')}{of} with {counted(inventory.documents, 'document')}, "
        f"{counted(inventory.characters, 'character')}"
    )
    guessed = guessed_lines(inventory.guessed)
    missed = len(inventory.passed_over)
    if not missed:
        return [f"{read}; nothing was passed over.", *guessed]
    verb = "was" if missed == 1 else "were"
    return [
        f"{read}; {missed:,} {verb} not read:",
        *(f"  {not_read_line(group)}" for group in grouped(inventory.passed_over)),
        *guessed,
    ]


def tell(task: str, inventory: Inventory, progress: Progress) -> None:
    """Say what was read of a task's corpus, before anything long begins."""
    first, *others = told(inventory)
    for line in (f"{task}: {first}", *others):
        progress.note(line)
