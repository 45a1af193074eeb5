"""Jobs of `lm_eval --model harness`: what was read is logged, and no number is another strategy's."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from harness.engines.store import ModelFolder
from harness.errors import InputError
from harness.lmeval import library
from tests.lmeval.peer import peer
from tests.lmeval.worlds import CHOICE, SHORT, Job, config, write_config, write_data, write_jsonl, write_task


def logged(folder: Path) -> list[dict[str, Any]]:
    (file,) = folder.rglob("samples_*.jsonl")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def adapters(folder: Path) -> list[Path]:
    return [record.parent for record in (folder / "cache").glob("adapters/*/training.json")]


# Caches that would give one strategy another's answers


@pytest.mark.parametrize("by", ["flag", "file"])
def test_cached_responses_are_refused_and_no_cache_is_begun(
    by: str, job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "job.yaml").write_text("use_cache: kept\n", encoding="utf-8")
    flags = {"flag": ["--use_cache", "kept"], "file": ["--config", "job.yaml"]}
    for strategy in ("base", "rag"):
        assert job(strategy, *flags[by]) == 2
        assert "one strategy would be given another's answers" in capsys.readouterr().err
    assert not list(tmp_path.glob("kept*"))


def test_cached_responses_are_refused_in_python_too(tiny_model: ModelFolder, tmp_path: Path) -> None:
    library.import_lm_eval()
    from lm_eval.api.model import CachingLM

    from harness.lmeval.registered import HarnessLM

    model = HarnessLM(model=str(tiny_model.path))
    with pytest.raises(InputError, match="one strategy would be given another's answers"):
        CachingLM(model, str(tmp_path / "kept.db"))


@pytest.mark.parametrize("value", ["true", "refresh"])
def test_cached_prompts_are_refused(value: str, job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    assert job("base", "--cache_requests", value) == 2
    assert "a changed task would be asked as it was" in capsys.readouterr().err


# What was read


def test_the_log_of_samples_has_the_prompts_that_were_read(
    job: Job, tiny_model: ModelFolder, tmp_path: Path
) -> None:
    """lm-eval's own model, asked what the log says was read, gives what the log says was answered."""
    assert job("rag", "--log_samples", "--output_path", "log", "--limit", "3") == 0
    from lm_eval.api.instance import Instance

    own = peer(tiny_model.path, None)
    for sample in logged(tmp_path / "log"):
        asked = sample["arguments"].values()
        first = next(iter(asked))
        names = [passage["document"] for passage in first["arg_2"]["passages"]]
        assert sample["doc"]["doc"] in names
        assert all(f"# The {name}\n" in first["arg_0"] for name in names)
        requests = [
            Instance("loglikelihood", {}, (one["arg_0"], one["arg_1"]), at, ("rooms", 0, 1))
            for at, one in enumerate(asked)
        ]
        answers = [float(answer[0][0]) for answer in sample["resps"]]
        assert answers == pytest.approx([logprob for logprob, _ in own.loglikelihood(requests)], abs=1e-3)


def test_replies_and_repeats_are_logged_with_what_was_read(job: Job, tmp_path: Path) -> None:
    write_config(tmp_path / "rooms.yaml", config(write_data(tmp_path), repeats=2))
    assert job("oracle", "--log_samples", "--output_path", "log", "--limit", "2") == 0
    for sample in logged(tmp_path / "log"):
        (asked,) = sample["arguments"].values()
        (passage,) = asked["arg_2"]["passages"]
        assert passage == {"document": sample["doc"]["doc"], "passage": f"{sample['doc']['doc']}#0"}
        assert asked["arg_0"].startswith(f"Documents:\n\nThe {passage['document']}\n")
        assert asked["arg_1"]["max_gen_toks"] == 4
        first, second = sample["resps"][0]
        assert first == second


def test_results_name_what_answered(job: Job, tmp_path: Path) -> None:
    assert job("lora+rag", "--output_path", "job", "--limit", "1") == 0
    (file,) = (tmp_path / "job").rglob("results_*.json")
    about = json.loads(file.read_text(encoding="utf-8"))["config"]["harness"]
    (folder,) = adapters(tmp_path)
    record = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    assert about["adapters"] == {"rooms": record["sha256"]}
    assert about["tasks"] == ["rooms"]
    assert len(about["passages"]["rooms"]) == len(about["weights_sha256"]) == 64


def test_prompts_are_shown_with_a_task_of_ours_too(job: Job, caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("lm_eval")
    log.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.INFO, "lm_eval"):
            assert job("rag", "--write_out", "--limit", "1") == 0
    finally:
        log.removeHandler(caplog.handler)
    assert "context prompt (starting on next line)" in caplog.text
    assert "document 0 is read as:\nDocuments:\n" in caplog.text


# A fine-tune answers its own task, asked as it was taught


@pytest.mark.parametrize(
    ("flags", "parts"),
    [
        (["--apply_chat_template"], "at its start the job's has '<|user|>Q: In which"),
        (["--system_instruction", "Be short."], "at its start the job's has 'Be short."),
        (["--num_fewshot", "2"], "A fine-tune is asked with --num_fewshot 0."),
    ],
)
def test_a_fine_tune_is_not_asked_otherwise_than_it_was_taught(
    flags: list[str], parts: str, job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert job("lora", *flags) == 2
    assert parts in capsys.readouterr().err
    assert not adapters(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"target_delimiter": "\n"},
        {"doc_to_text": "Question: {{question}}\nA:"},
        {"doc_to_choice": "{{options + ['none']}}"},
        {"description": "Choose. "},
        {"gen_prefix": "The"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_file_of_the_same_name_that_asks_otherwise_is_refused(
    change: dict[str, Any], job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_config(tmp_path / "other" / "rooms.yaml", config(write_data(tmp_path), **{**CHOICE, **change}))
    assert job("lora", tasks="other/rooms.yaml") == 2
    assert "the job builds its prompts otherwise than the task 'rooms'" in capsys.readouterr().err
    assert not adapters(tmp_path)


def test_examples_as_turns_or_as_one_are_told_apart(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    write_task(Path(), corpus=True, more=SHORT + "examples: {k: 2}\nchat_template: true\n")
    assert job("rag", "--num_fewshot", "2", "--apply_chat_template", "--limit", "1") == 0
    as_one = ["--apply_chat_template", "--fewshot_as_multiturn", "false"]
    assert job("rag", "--num_fewshot", "2", *as_one, "--limit", "1") == 2
    assert "builds its prompts otherwise" in capsys.readouterr().err


@pytest.mark.parametrize("strategy", ["lora", "rag"])
@pytest.mark.parametrize("tasks", ["other.yaml", "rooms.yaml,other.yaml"])
def test_a_strategy_made_for_one_task_answers_no_other(
    strategy: str, tasks: str, job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_config(tmp_path / "other.yaml", config(write_data(tmp_path), name="other", **CHOICE))
    assert job(strategy, tasks=tasks) == 2
    said = capsys.readouterr().err
    assert "the job asks other, and task= serves rooms alone" in said
    assert not adapters(tmp_path)
    assert job("base", "--limit", "1", tasks=tasks) == 0


def test_the_members_of_a_group_have_a_fine_tune_each(job: Job, tmp_path: Path) -> None:
    data = write_data(tmp_path)
    for name in ("left", "right"):
        says = {**CHOICE, "description": f"Look to the {name}. "}
        write_config(tmp_path / "both" / f"{name}.yaml", config(data, name=name, **says))
    write_config(tmp_path / "both" / "both.yaml", {"group": "both", "task": ["left", "right"]})
    write_task(tmp_path, "both/both.yaml", more=SHORT)
    assert job("lora", "--include_path", "both", "--output_path", "job", tasks="both") == 0
    (file,) = (tmp_path / "job").rglob("results_*.json")
    about = json.loads(file.read_text(encoding="utf-8"))["config"]["harness"]
    assert set(about["adapters"]) == {"left", "right"}
    assert len(adapters(tmp_path)) == 2


def test_a_fine_tune_for_a_task_of_ours_answers_it_as_it_is_exported(
    job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from harness.cli import main

    for split, numbers in (("test", range(4)), ("train", range(10, 18))):
        found = [{"id": f"{split}{n}", "question": f"Kite {n}?", "answers": ["up"]} for n in numbers]
        write_jsonl(tmp_path / "kites" / f"{split}.jsonl", found)
    (tmp_path / "kites.yaml").write_text(
        "name: kites\nprobes: knowledge\nquestions: {test: kites/test.jsonl, train: kites/train.jsonl}\n"
        "prompt: {system: Answer with a word.}\nanswer: {type: label, max_tokens: 4, labels: [up, down]}\n"
        f"metrics: [label]\n{SHORT}",
        encoding="utf-8",
    )
    assert main(["tasks", "export", "kites.yaml", "--to", "lm-eval", "out"]) == 0
    flags = ["--include_path", "out"]
    assert job("lora", *flags, tasks="kites", task="kites.yaml") == 2
    assert job("lora", "--apply_chat_template", tasks="rooms.yaml", task="kites.yaml") == 2
    assert "it answers that task alone" in capsys.readouterr().err
    assert not adapters(tmp_path)
    assert job("lora", *flags, "--apply_chat_template", tasks="kites", task="kites.yaml") == 0


def test_examples_that_the_jobs_own_file_asks_for_are_not_shown_to_a_fine_tune(
    job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_config(tmp_path / "rooms.yaml", config(write_data(tmp_path), num_fewshot=2, **CHOICE))
    assert job("lora") == 2
    assert "A fine-tune is asked with --num_fewshot 0." in capsys.readouterr().err
    assert job("lora", "--num_fewshot", "0") == 0


def test_two_documents_that_are_the_same_have_examples_of_their_own(job: Job, tmp_path: Path) -> None:
    data = write_data(tmp_path)
    test = Path(data["test"])
    lines = test.read_text(encoding="utf-8").splitlines()
    test.write_text("\n".join([*lines[:3], lines[0]]) + "\n", encoding="utf-8")
    assert job("rag", "--num_fewshot", "2") == 0


def test_only_what_stands_behind_the_thinking_is_scored(job: Job, tmp_path: Path) -> None:
    """The tiny model writes anything; its own reply is cut at a character of its own."""
    write_config(tmp_path / "rooms.yaml", config(write_data(tmp_path)))
    assert job("base", "--log_samples", "--output_path", "whole", "--limit", "1") == 0
    (whole,) = logged(tmp_path / "whole")[0]["resps"][0]
    arguments = f",think_end_token={whole[0]!r}"
    assert job("base", "--log_samples", "--output_path", "cut", "--limit", "1", more=arguments) == 0
    (cut,) = logged(tmp_path / "cut")[0]["resps"][0]
    assert cut == whole.split(whole[0])[-1].lstrip()
