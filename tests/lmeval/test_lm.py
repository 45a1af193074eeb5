"""A strategy as a model in somebody's lm-eval job: the same answers, other weights, passages in the documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.engines.store import ModelFolder
from harness.engines.transformers_engine import TransformersEngine
from harness.errors import InputError
from harness.lmeval import library
from harness.lmeval.load import open_tasks
from harness.run.tools import Tools
from harness.spec.strategy import STRATEGIES
from harness.spec.task import load_task
from tests.fakes import Silent, WordEmbedder
from tests.lmeval.peer import evaluated, peer
from tests.lmeval.test_same_numbers import KINDS
from tests.lmeval.worlds import CHOICE, config, write_config, write_data, write_task
from tests.run.worlds import model_of
from tests.tiny import tiny_engine

SHORT = "finetune: {max_epochs: 1, rank: 2}\n"


@pytest.fixture(scope="module")
def engine(tiny_model: ModelFolder) -> Iterator[TransformersEngine]:
    yield tiny_engine(tiny_model)
    peer.cache_clear()


def model(engine: TransformersEngine, strategy: str, folder: Path, *, more: str = "") -> Any:
    """The model of a job that serves the task in `folder` under a strategy."""
    from harness.lmeval.lm import EngineLM
    from harness.lmeval.strategies import served

    tasks = open_tasks([load_task(write_task(folder, corpus=True, more=SHORT + more))], allow_code=False)
    tools = Tools((model_of(engine),), WordEmbedder, WordEmbedder.name, folder / "cache", Silent())
    return EngineLM(engine, served(STRATEGIES[strategy], tasks, tools, 0))


def write(folder: Path, **says: Any) -> Path:
    return write_config(folder / "rooms.yaml", config(write_data(folder), **says))


@pytest.mark.parametrize(
    "name", ["generation with filters", "multiple choice", "loglikelihood", "whole texts"]
)
def test_the_base_model_answers_requests_as_lm_evals_own(
    name: str, engine: TransformersEngine, tiny_model: ModelFolder, tmp_path: Path
) -> None:
    from harness.lmeval.lm import EngineLM

    file = write(tmp_path, **KINDS[name].says)
    ours = EngineLM(engine)
    mine, theirs = evaluated(ours, file, shots=2), evaluated(peer(tiny_model.path, None), file, shots=2)
    assert mine.keys() == theirs.keys()
    for key, sample in mine.items():
        for metric in sample["metrics"]:
            assert sample[metric] == pytest.approx(theirs[key][metric], abs=1e-3)
    assert {record.document for record in ours.records} == set(range(8))
    assert all(record.prompt_tokens > 0 for record in ours.records)


def test_passages_enter_the_document_and_the_fine_tune_answers(
    engine: TransformersEngine, tmp_path: Path
) -> None:
    file = write(tmp_path, **CHOICE)
    base = evaluated(model(engine, "base", tmp_path), file)
    found = {name: evaluated(model(engine, name, tmp_path), file) for name in ("rag", "lora", "oracle")}

    def said(some: dict[tuple[str, str], dict[str, Any]]) -> list[Any]:
        return [sample["resps"] for sample in some.values()]

    answers = [said(base), *(said(some) for some in found.values())]
    assert all(one != other for at, one in enumerate(answers) for other in answers[:at])


def test_passages_stand_beside_the_examples_of_the_job(engine: TransformersEngine, tmp_path: Path) -> None:
    file = write(tmp_path, **CHOICE)
    rag = model(engine, "rag", tmp_path, more="examples: {k: 2}\n")
    evaluated(rag, file, shots=2)
    (member,) = rag.served.members.values()
    prompt = member._prompts["0", 2].request.prompt
    assert prompt.index("Q: ") < prompt.index("Documents:") < prompt.index("drill number 0")


def test_a_job_that_asks_otherwise_than_the_task_is_refused(
    engine: TransformersEngine, tmp_path: Path
) -> None:
    file = write(tmp_path, **CHOICE)
    with pytest.raises(InputError, match="builds its prompts otherwise than the task 'rooms'"):
        evaluated(model(engine, "rag", tmp_path), file, chat=True)
    with pytest.raises(InputError, match="builds its prompts otherwise"):
        evaluated(model(engine, "rag", tmp_path), file, shots=3)
    with pytest.raises(InputError, match="leave them to --num_fewshot"):
        model(engine, "few-shot", tmp_path)


def test_such_a_job_is_refused_before_an_adapter_is_trained(
    engine: TransformersEngine, tmp_path: Path
) -> None:
    file = write(tmp_path, **CHOICE)
    with pytest.raises(InputError, match="builds its prompts otherwise"):
        evaluated(model(engine, "lora+rag", tmp_path), file, chat=True)
    assert not (tmp_path / "cache" / "adapters").exists()


def test_sampling_is_refused(engine: TransformersEngine, tmp_path: Path) -> None:
    from harness.lmeval.lm import EngineLM

    file = write(tmp_path, generation_kwargs={"until": ["\n"], "do_sample": True, "temperature": 0.7})
    with pytest.raises(InputError, match="every strategy here decodes greedily"):
        evaluated(EngineLM(engine), file)


def test_lm_eval_finds_the_model_by_its_name(
    tiny_model: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the command does it: a name and arguments, looked up in lm-eval's registry."""
    import harness.lmeval.registered  # noqa: F401 - registers the model

    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    file = write(tmp_path, **CHOICE)
    task = write_task(tmp_path, more=SHORT)
    library.import_lm_eval()
    from lm_eval.api.registry import get_model

    found = get_model("harness").create_from_arg_obj(
        {"strategy": "lora", "task": str(task), "model": str(tiny_model.path)},
        {"batch_size": 1, "max_batch_size": None, "device": "cuda:0"},
    )
    samples = evaluated(found, file)
    assert {sample["acc"] for sample in samples.values()} <= {0.0, 1.0}
    assert len(samples) == len(found.records) / 4 == 8


def test_the_command_runs_a_job_and_finds_what_a_run_of_ours_finds(
    tiny_model: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.cli import main as ours
    from harness.lmeval.__main__ import main as theirs

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    file = write(tmp_path, **CHOICE)
    task = write_task(tmp_path, more=SHORT)
    flags = ["--strategies", "lora", "--guard", "none", "--latency-queries", "0", "--output", "run"]
    assert ours(["compare", str(task), "--model", str(tiny_model.path), *flags]) == 0
    arguments = f"strategy=lora,task={task},model={tiny_model.path}"
    job = ["--model", "harness", "--model_args", arguments, "--tasks", str(file), "--device", "cpu"]
    monkeypatch.setattr("sys.argv", ["lm_eval", *job, "--output_path", "job"])
    assert theirs() == 0
    (written,) = (tmp_path / "job").rglob("results_*.json")
    found = json.loads(written.read_text(encoding="utf-8"))["results"]["rooms"]
    block = json.loads((tmp_path / "run" / "results.json").read_text(encoding="utf-8"))["tasks"]["rooms"]
    for metric in ("acc", "acc_norm"):
        assert found[f"{metric},none"] == block["strategies"]["lora"]["metrics"][metric]["mean"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("strategy=lora", "needs task=NAME_OR_PATH"),
        ("strategie=lora", "'strategie', which is no option (did you mean 'strategy'?)"),
        ("strategy=lara", "there is no strategy 'lara'"),
    ],
)
def test_wrong_model_arguments_are_sentences(arguments: str, said: str) -> None:
    from harness.lmeval.registered import HarnessLM

    with pytest.raises(InputError) as caught:
        HarnessLM.create_from_arg_string(arguments)
    assert said in str(caught.value)
