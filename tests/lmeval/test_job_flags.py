"""Flags and arguments of `lm_eval --model harness`: each works, is refused or is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.engines.store import ModelFolder
from harness.errors import InputError
from harness.lmeval import library
from harness.lmeval.arguments import read_arguments
from tests.lmeval.worlds import Job, config, write_config, write_data


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


def test_what_is_not_said_is_as_it_is_by_default() -> None:
    assert read_arguments({}) == read_arguments({"seed": 0, "model": None, "batch_size": 1})


def test_a_job_says_itself_how_it_is_answered(tiny_model: ModelFolder) -> None:
    library.import_lm_eval()
    from harness.lmeval.registered import HarnessLM

    with pytest.raises(InputError, match="leave the brackets out"):
        HarnessLM(model=str(tiny_model.path), strategy="base[constrained]")
