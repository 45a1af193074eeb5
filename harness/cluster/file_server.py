"""Files that workers on other machines lack: read from the driver in pieces, checked by hash, kept in their cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import HarnessError, ModelUnavailable
from harness.files import locked, new_folder, sha256_file

PIECE = 64 * 2**20
"""Bytes that travel at once."""


@dataclass
class FileServer:
    """Hands out files of folders that it was told of, and of folders in them: models and adapters of the run."""

    folders: dict[Path, str] = field(default_factory=dict)
    """Folder → the pattern of its files that belong to the run."""

    def list(self, folder: str) -> dict[str, str]:
        """File, relative to the folder → its SHA-256. Raises HarnessError for a folder that is none of the run's."""
        home, pattern = self._known(folder)
        files = (path for path in sorted(home.glob(pattern)) if path.is_file())
        return {path.relative_to(home).as_posix(): sha256_file(path) for path in files}

    def read(self, folder: str, file: str, start: int) -> bytes:
        """A piece of a file; empty behind its end."""
        home, _ = self._known(folder)
        path = (home / file).resolve()
        if not path.is_relative_to(home.resolve()):
            raise HarnessError(f"{file} is no file of {folder}.")
        with path.open("rb") as stream:
            stream.seek(start)
            return stream.read(PIECE)

    def add(self, folder: str, pattern: str = "**/*") -> None:
        self.folders[Path(folder)] = pattern

    def _known(self, folder: str) -> tuple[Path, str]:
        """A folder, resolved, with the pattern of its files."""
        home = Path(folder).resolve()
        for known, pattern in self.folders.items():
            if home.is_relative_to(known.resolve()):
                return home, pattern
        raise HarnessError(f"{folder} is no folder of this run.")


List = Callable[[str], Mapping[str, str]]
Read = Callable[[str, str, int], bytes]


def fetched(folder: Path, target: Path, listed: List, read: Read, note: Callable[[str], None]) -> Path:
    """Where the files of the driver's `folder` lie on this machine: there, if its files are the same, else `target`.

    They are brought once, by whichever worker of the machine comes first. Raises ModelUnavailable where what
    arrives is not what the driver has.
    """
    wanted = dict(listed(str(folder)))
    if _holds(folder, wanted):
        return folder
    with locked(target):
        if not _holds(target, wanted):
            note(f"fetching {folder.name} from the driver, into {target}")
            with new_folder(target) as unfinished:
                for file in wanted:
                    _bring(folder, file, unfinished / file, read)
                if not _holds(unfinished, wanted):
                    raise ModelUnavailable(f"{folder.name} did not arrive whole from the driver.")
    return target


def _bring(folder: Path, file: str, to: Path, read: Read) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    with to.open("wb") as stream:
        while piece := read(str(folder), file, stream.tell()):
            stream.write(piece)


def _holds(folder: Path, wanted: Mapping[str, str]) -> bool:
    """Whether a folder has these files, each with the right contents."""
    return all(
        (path := folder / file).is_file() and sha256_file(path) == sha256 for file, sha256 in wanted.items()
    )
