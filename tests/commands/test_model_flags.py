"""The models of a run, from its flags and from a file of models."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from harness.commands.run_flags import add_run_flags, settings_of
from harness.engines.catalogue import DEFAULT_BASE
from harness.errors import InputError, InputErrors
from harness.run.settings import Settings
from tests.commands import refused
from tests.run.worlds import write_task


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "tasks"
    write_task(folder, "facts")
    return folder


def asked(folder: Path, *argv: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_run_flags(parser)
    return settings_of(parser.parse_args(argv), folder)


def models(settings: Settings) -> list[tuple[str | None, str, str | None, str | None, str | None]]:
    return [(row.name, row.model, row.revision, row.device, row.dtype) for row in settings.models]


def test_without_a_model_the_default_one_answers(tasks: Path) -> None:
    settings = asked(tasks, "--device", "cpu")
    assert models(settings) == [(None, DEFAULT_BASE, None, "cpu", None)]
    assert settings.labels == (None,)


def test_one_model_needs_no_label_and_may_have_one(tasks: Path) -> None:
    assert asked(tasks, "--model", "org/name").labels == (None,)
    settings = asked(tasks, "--model", "mine=org/name", "--strategies", "base@mine")
    assert (settings.models[0].name, settings.labels) == ("mine", (None,))


def test_flags_hold_for_every_model_that_has_a_use_for_them(tasks: Path) -> None:
    settings = asked(
        tasks, "--model", "org/hub", "--model", "s=scripted:x.jsonl", "--model", "http://h:1/v1#m",
        "--model", f"c={DEFAULT_BASE}", "--revision", "main", "--dtype", "float32",
    )  # fmt: skip
    assert models(settings) == [
        ("hub", "org/hub", "main", None, "float32"),
        ("s", "scripted:x.jsonl", None, None, None),
        ("m", "http://h:1/v1#m", None, None, None),
        ("c", DEFAULT_BASE, None, None, "float32"),
    ]


@pytest.mark.parametrize("flag", ["--revision", "--device", "--dtype"])
def test_a_flag_that_no_model_has_a_use_for_is_refused(tasks: Path, flag: str) -> None:
    with pytest.raises(InputError, match=f"none of the models has a use for {flag}"):
        asked(tasks, "--model", "scripted:a", "--model", "http://h:1/v1#m", flag, "x")


def test_rows_of_a_file_come_behind_the_flags_and_say_things_themselves(tasks: Path) -> None:
    Path("models.yaml").write_text(
        "models:\n  - name: large\n    model: http://h:1/v1#m\n    usd_per_hour: 2.5\n  - model: org/other\n",
        encoding="utf-8",
    )
    settings = asked(tasks, "--model", "org/small", "--models", "models.yaml", "--dtype", "float32")
    assert [(row.name, row.dtype) for row in settings.models] == [
        ("small", "float32"), ("large", None), ("other", None),
    ]  # fmt: skip
    assert settings.models[1].usd_per_hour == 2.5
    with pytest.raises(InputError, match="--dtype is for models named by --model; write it into the rows"):
        asked(tasks, "--models", "models.yaml", "--dtype", "float32")


def test_what_fits_no_model_is_refused_before_anything_is_loaded(tasks: Path) -> None:
    two = ("--model", "a=org/x", "--model", "b=org/y")
    with pytest.raises(InputErrors, match="no model called 'c'"):
        asked(tasks, *two, "--strategies", "base,rag@c")
    with pytest.raises(InputErrors, match="asks nothing of the model b"):
        asked(tasks, *two, "--strategies", "rag@a")
    with pytest.raises(InputErrors, match="two models are called 'a'"):
        asked(tasks, "--model", "a=org/x", "--model", "a=org/y")


def test_a_command_line_that_is_wrong_ends_in_one_sentence(
    tasks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused(capsys, "compare", "--model", "x=", "--model", "y=z")
    assert "--model x=: name a model behind the equals sign." in message


def test_a_label_in_strategies_asks_for_fine_tunes_like_the_bare_name(tasks: Path) -> None:
    """What shows forgetting by default depends on whether anything is fine-tuned."""
    write_task(tasks, "general", probes="general", with_train=False, with_corpus=False)
    two = ("facts", "--model", "a=org/x", "--model", "b=org/y")
    assert asked(tasks, *two, "--strategies", "lora@a,base").forgetting
    assert not asked(tasks, *two, "--strategies", "rag@a,base").forgetting
