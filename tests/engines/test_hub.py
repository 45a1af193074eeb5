"""Hub models: what counts as a name, which commit is recorded, and what happens without a network."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.engines import hub
from harness.errors import InputError, ModelUnavailable

COMMIT = "c" * 40


class FakeHub:
    """Stands in for huggingface_hub: one repository, a local cache, and a network that may be down."""

    def __init__(self, cache: Path) -> None:
        from huggingface_hub import errors

        self.errors = errors
        self.cache = cache
        self.files = ["config.json", "model.safetensors"]
        self.fails: Exception | None = None
        self.asked: list[str] = []

    def HfApi(self) -> FakeHub:  # noqa: N802  the name is theirs
        return self

    def model_info(self, name: str, revision: str | None, timeout: float) -> Any:
        self.asked.append("look up")
        if self.fails:
            raise self.fails
        return SimpleNamespace(sha=COMMIT, siblings=[SimpleNamespace(rfilename=file) for file in self.files])

    def snapshot_download(
        self, name: str, *, revision: str | None, local_files_only: bool = False, **patterns: Any
    ) -> str:
        assert not any(like.endswith((".bin", ".pt", ".py")) for like in patterns["allow_patterns"])
        folder = self.cache / COMMIT
        if local_files_only:
            if not folder.is_dir():
                raise FileNotFoundError(name)
        else:
            self.asked.append(f"download {revision}")
            folder.mkdir(parents=True)
        return str(folder)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    made = FakeHub(tmp_path)
    monkeypatch.setattr(hub, "_huggingface", lambda: made)
    return made


def bare(kind: type[Exception]) -> Exception:
    """An error of the hub's without the HTTP response that its constructor wants."""
    return kind.__new__(kind)


@pytest.mark.parametrize(
    ("reference", "revision", "expected"),
    [
        ("org/name", None, ("org/name", None)),
        ("org/name-1.5", "main", ("org/name-1.5", "main")),
        ("org/name@refs/pr/1", None, ("org/name", "refs/pr/1")),
        ("org/name@v1", "v1", ("org/name", "v1")),
        ("name", None, None),
        ("./org/name", None, None),
        ("/org/name", None, None),
        ("a/b/c", None, None),
        ("models/tiny.gguf", None, None),
        ("https://host/org/name", None, None),
    ],
)
def test_what_counts_as_a_hub_name(
    reference: str, revision: str | None, expected: tuple[str, str | None] | None
) -> None:
    assert hub.parse(reference, revision) == expected


def test_two_revisions_are_one_too_many() -> None:
    with pytest.raises(InputError, match="v2"):
        hub.parse("org/name@v1", "v2")


def test_a_branch_is_looked_up_and_its_commit_recorded(fake: FakeHub) -> None:
    path, commit = hub.snapshot("org/name", "main")
    assert (path.name, commit) == (COMMIT, COMMIT)
    assert fake.asked == ["look up", f"download {COMMIT}"]


def test_a_commit_in_the_cache_needs_no_network(fake: FakeHub) -> None:
    (fake.cache / COMMIT).mkdir()
    assert hub.snapshot("org/name", COMMIT) == (fake.cache / COMMIT, COMMIT)
    assert fake.asked == []


def test_without_a_network_the_cache_serves(fake: FakeHub) -> None:
    (fake.cache / COMMIT).mkdir()
    fake.fails = ConnectionError("down")
    assert hub.snapshot("org/name", None)[1] == COMMIT


def test_without_a_network_and_a_copy_the_model_and_the_way_out_are_named(fake: FakeHub) -> None:
    fake.fails = ConnectionError("cannot reach https://me:secret@hub.example/api")
    with pytest.raises(ModelUnavailable, match="org/name could not be fetched") as caught:
        hub.snapshot("org/name", None)
    assert "secret" not in str(caught.value)
    assert "copy the model's folder" in str(caught.value)


def test_the_hub_librarys_own_connection_error_is_caught(fake: FakeHub) -> None:
    fake.fails = bare(fake.errors.HTTPError)
    with pytest.raises(ModelUnavailable, match="could not be fetched"):
        hub.snapshot("org/name", None)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("RepositoryNotFoundError", "there is no model org/name"),
        ("GatedRepoError", "asks for an agreement"),
        ("RevisionNotFoundError", "has no revision v9"),
    ],
)
def test_what_the_hub_does_not_have_is_said_plainly(fake: FakeHub, kind: str, words: str) -> None:
    fake.fails = bare(getattr(fake.errors, kind))
    with pytest.raises(ModelUnavailable, match=words):
        hub.snapshot("org/name", "v9")


def test_a_repository_of_pickles_is_refused_before_anything_is_downloaded(fake: FakeHub) -> None:
    fake.files = ["config.json", "pytorch_model.bin"]
    with pytest.raises(ModelUnavailable, match="no safetensors"):
        hub.snapshot("org/name", None)
    assert fake.asked == ["look up"]
