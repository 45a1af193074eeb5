"""Jobs of `lm_eval --model harness`: every flag works, is refused or is named, and no number is another strategy's."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.engines.store import ModelFolder
from harness.errors import InputError
from harness.lmeval import library
from harness.lmeval.arguments import read_arguments
from tests.fakes import WordEmbedder
from tests.lmeval.peer import peer
from tests.lmeval.worlds import CHOICE, config, write_config, write_data, write_jsonl, write_task

SHORT = "finetune: {max_epochs: 1, rank: 2}\n"
Job = Callable[..., int]


@pytest.fixture
def job(tmp_path: Path, tiny_model: ModelFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Job]:
    """The command with a strategy, flags and further model arguments, in a folder with `rooms.yaml` and `ours.yaml`.

    Its list of lm-eval's own tasks, which takes ten seconds to read, is left out; passages are found by words.
    """
    library.import_lm_eval()
    from lm_eval.tasks import TaskManager

    from harness.lmeval import registered
    from harness.lmeval.__main__ import main

    begin, load = TaskManager.__init__, registered.load_tools
    monkeypatch.setattr(
        TaskManager, "__init__", lambda self, **given: begin(self, **{**given, "include_defaults": False})
    )
    monkeypatch.setattr(registered, "load_tools", lambda *given: replace(load(*given), embedder=WordEmbedder))
    monkeypatch.setattr("lm_eval.utils.setup_logging", lambda: None)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    write_config(tmp_path / "rooms.yaml", config(write_data(tmp_path), **CHOICE))
    write_task(tmp_path, corpus=True, more=SHORT + "examples: {k: 2}\n")

    def run(
        strategy: str, *flags: str, tasks: str = "rooms.yaml", task: str = "ours.yaml", more: str = ""
    ) -> int:
        arguments = f"strategy={strategy},model={tiny_model.path},task={task}{more}"
        line = ["lm_eval", "--model", "harness", "--model_args", arguments, "--tasks", tasks, *flags]
        monkeypatch.setattr("sys.argv", line)
        return main()

    yield run
    peer.cache_clear()


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


# Flags and arguments


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--gen_kwargs", "do_sample=True,temperature=0.7"], "every strategy here decodes greedily"),
        (["--gen_kwargs", "num_beams=4"], "num_beams is 4, but every strategy"),
        (["--gen_kwargs", "max_gen_toks=0"], "max_gen_toks is 0; it has to be a whole number from 1 on"),
        (["--gen_kwargs", "max_gen_toks=many"], "max_gen_toks is 'many'; it has to be"),
        (["--gen_kwargs", "until=5"], "until is 5; it has to be a text or a list of texts"),
        (["--gen_kwargs", "max_gen_toks=4090"], "the model reads 6 beside its answer"),
        (["--gen_kwargs", "max_gen_toks=9999"], "asks for replies of 9999 tokens"),
        (["--apply_chat_template", "tools"], "--apply_chat_template tools: the model has one chat template"),
        (["--trust_remote_code"], "--trust_remote_code has no use here"),
        (["--device", "abacus"], "the device 'abacus' cannot be used here"),
        (["--num_fewshot", "-1"], "--num_fewshot is -1; it has to be 0 or more"),
        (["--samples", "[1]"], "--samples has to name tasks"),
        (["--config", "nowhere.yaml"], "--config: Config file not found"),
        (["--fewshot_as_multiturn", "true"], "lm_eval: When `fewshot_as_multiturn` is True"),
        (["--log_samples"], "lm_eval: Specify --output_path"),
        (["--samples", '{"rooms": [99]}'], "lm_eval: Elements of --samples should be"),
        (["--check_integrity"], "lm_eval: Unable to find package root"),
        (["--tasks", "nowhere"], "lm_eval: Tasks not found: nowhere"),
        (["--model", "harnes"], "lm_eval: Attempted to load model 'harnes'"),
        (["--wandb_args", "project=x"], "--wandb_args needs the package wandb"),
    ],
)
def test_a_flag_that_cannot_be_honoured_ends_the_job_in_a_sentence(
    flags: list[str], said: str, job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_config(tmp_path / "rooms.yaml", config(write_data(tmp_path)))
    assert job("base", *flags) == 2
    assert said in capsys.readouterr().err


def test_lm_evals_own_models_stay_known_beside_ours() -> None:
    """In a process of its own, where nobody has asked for one of them before."""
    code = (
        "import harness.lmeval.registered\n"
        "from lm_eval.api.registry import model_registry\n"
        "print({'hf', 'harness'} <= set(model_registry.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_the_table_in_the_docs_names_every_flag() -> None:
    library.import_lm_eval()
    from lm_eval._cli import HarnessCLI

    page = (Path(__file__).parents[2] / "docs" / "lm-eval.md").read_text(encoding="utf-8")
    table = page.partition("| flag of `lm_eval run` |")[2].partition("\n\n")[0]
    flags = {
        name
        for action in HarnessCLI()._subparsers.choices["run"]._actions
        for name in action.option_strings
        if name.startswith("--") and name != "--help"
    }
    assert {flag for flag in flags if f"`{flag}`" not in table} == set()


def test_a_batch_size_is_named(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    assert job("base", "--batch_size", "8", "--limit", "1") == 0
    assert "--batch_size 8 has no effect" in capsys.readouterr().err
    assert job("base", "--limit", "1", more=",batch_size=auto,device=cpu") == 0
    assert "--batch_size auto has no effect" in capsys.readouterr().err


def test_several_processes_are_refused(
    job: Job, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert job("base") == 2
    assert "answers in one process" in capsys.readouterr().err


def test_all_wrong_model_arguments_are_named_at_once() -> None:
    with pytest.raises(InputError) as caught:
        read_arguments(
            {"seed": -1, "allow_task_code": "no", "revision": 12, "task": " ", "modle": "x", "model": None}
        )
    said = str(caught.value)
    assert "seed is -1; it has to be a whole number from 0 on" in said
    assert "allow_task_code is 'no'; it has to be True or False" in said
    assert "revision is 12, which lm-eval has read as no text" in said
    assert "task is ' '; name something" in said
    assert "'modle', which is no option (did you mean 'model'?)" in said


def test_only_what_stands_behind_the_thinking_is_scored(job: Job, tmp_path: Path) -> None:
    """The tiny model writes anything; its own reply is cut at a character of its own."""
    write_config(tmp_path / "rooms.yaml", config(write_data(tmp_path)))
    assert job("base", "--log_samples", "--output_path", "whole", "--limit", "1") == 0
    (whole,) = logged(tmp_path / "whole")[0]["resps"][0]
    arguments = f",think_end_token={whole[0]!r}"
    assert job("base", "--log_samples", "--output_path", "cut", "--limit", "1", more=arguments) == 0
    (cut,) = logged(tmp_path / "cut")[0]["resps"][0]
    assert cut == whole.split(whole[0])[-1].lstrip()


def test_what_is_not_said_is_as_it_is_by_default() -> None:
    assert read_arguments({}) == read_arguments({"seed": 0, "model": None, "batch_size": 1})


def test_a_job_says_itself_how_it_is_answered(tiny_model: ModelFolder) -> None:
    library.import_lm_eval()
    from harness.lmeval.registered import HarnessLM

    with pytest.raises(InputError, match="leave the brackets out"):
        HarnessLM(model=str(tiny_model.path), strategy="base[constrained]")
