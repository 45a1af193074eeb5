"""Built-in tasks of lm-eval's over made-up rows in the schema of their data sets on the hub, so that no hub is needed.

A task is pointed at rows of one's own by a YAML file that includes the built-in and replaces where its data lie.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.lmeval.worlds import ROOMS, TOOLS, write_jsonl

Row = dict[str, Any]
ADJECTIVES = ("rusty", "new", "small", "loud", "old")


@dataclass(frozen=True)
class BuiltIn:
    """`file`: below lm-eval's folder of tasks. `row`: number → a row. `splits`: those that its file names."""

    file: str
    row: Callable[[int], Row]
    splits: tuple[str, ...] = ("train", "validation")
    says: Row = field(default_factory=dict)
    """What the YAML file says besides."""
    ours: str = ""
    """Lines of our task file."""


def tool(n: int) -> str:
    return f"{ADJECTIVES[n % len(ADJECTIVES)]} {TOOLS[n % len(TOOLS)]} no. {n}"


def room(n: int) -> str:
    return ROOMS[(3 * n + n // 4) % len(ROOMS)]


def place(n: int) -> int:
    return ROOMS.index(room(n))


def asks(n: int) -> str:
    return f"In which room is the {tool(n)}"


def arc(n: int) -> Row:
    labels = ["A", "B", "C", "D"] if n % 3 else ["1", "2", "3", "4"]
    return {"id": f"Q{n}", "question": f"{asks(n)}?", "answerKey": labels[place(n)],
            "choices": {"text": [f"the {name} room" for name in ROOMS], "label": labels}}  # fmt: skip


def hellaswag(n: int) -> Row:
    return {"ind": n, "activity_label": "Carrying tools", "label": str(place(n)), "split": "train",
            "ctx_a": f"A man lifts the {tool(n)}. [title] He looks around.", "ctx_b": "he",
            "ctx": f"A man lifts the {tool(n)}. He looks around. he", "source_id": f"s~{n}", "split_type": "indomain",
            "endings": [f"carries it [step] to the {name} room." for name in ROOMS]}  # fmt: skip


def piqa(n: int) -> Row:
    right, wrong = f"Carry it to the {room(n)} room.", f"Carry it to the {room(n + 1)} or {room(n)} lake."
    return {"goal": f"Put the {tool(n)} away", "sol1": (right, wrong)[n % 2], "sol2": (wrong, right)[n % 2],
            "label": n % 2}  # fmt: skip


def boolq(n: int) -> Row:
    return {"passage": f"The {tool(n)} is in the {room(n)} room, as it has been for {n} years.", "idx": n,
            "question": f"is the {tool(n)} in the {room(n + n % 2)} room", "label": 1 - n % 2}  # fmt: skip


def winogrande(n: int) -> Row:
    size = "big" if n % 2 else "small"
    return {"sentence": f"The {tool(n)} does not fit the box because the _ is too {size} for it.",
            "option1": tool(n), "option2": "box", "answer": "1" if n % 2 else "2"}  # fmt: skip


def mmlu(n: int) -> Row:
    return {"question": f" {asks(n)}? ", "subject": "anatomy", "choices": list(ROOMS), "answer": place(n)}


def gsm8k(n: int) -> Row:
    return {"question": f"There are {n + 2} drills and {3 * n} saws. How many tools are there?",
            "answer": f"{n + 2} + {3 * n} = <<{n + 2}+{3 * n}={4 * n + 2}>>{4 * n + 2}\n#### {4 * n + 2}"}  # fmt: skip


def triviaqa(n: int) -> Row:
    return {"question": asks(n), "question_id": f"tc_{n}", "answer": {
        "value": room(n), "aliases": [room(n), f"The {room(n)} room", room(n).title()],
        "normalized_aliases": [room(n)]}}  # fmt: skip


def nq_open(n: int) -> Row:
    return {"question": asks(n).lower(), "answer": [room(n), f"{room(n)} room"][: 1 + n % 2]}


def drop(n: int) -> Row:
    spans = {"number": "" if n % 2 else str(n), "spans": [room(n)] if n % 2 else [], "worker_id": "", "hit_id": "",
             "date": {"day": "", "month": "", "year": ""}}  # fmt: skip
    other = {"number": ["5"], "spans": [[room(n + 1), "the lake"]], "worker_id": ["W"], "hit_id": ["H"],
             "date": [{"day": "3", "month": "May", "year": "2020"}]}  # fmt: skip
    return {"section_id": f"s{n}", "query_id": f"q{n}", "passage": f"The {tool(n)} is in the {room(n)} room.",
            "question": f"{asks(n)}?", "answer": spans, "validated_answers": other}  # fmt: skip


def lambada(n: int) -> Row:
    return {"text": f"He took the {tool(n)}, which had been there for {n} years, and left the {room(n)} room"}


def wikitext(n: int) -> Row:
    return {
        "page": f" = The {tool(n)} = \n The {tool(n)} , which weighs 3 @.@ {n} kg , is in the {room(n)} room . \n"
    }


def truthfulqa(n: int) -> Row:
    choices = [f"The {room(n)} room.", *(f"The {name} room." for name in ROOMS if name != room(n))]
    several = {"choices": ["It depends.", *choices], "labels": [1, 1, 0, 0, 0]}
    return {"question": f"{asks(n)}?", "mc1_targets": {"choices": choices, "labels": [1, 0, 0, 0]},
            "mc2_targets": several}  # fmt: skip


def bbh(n: int) -> Row:
    return {"input": f"not ( {n % 2 == 0} ) and {n % 3 == 0} is", "target": str(n % 2 == 1 and n % 3 == 0)}


def squad_completion(n: int) -> Row:
    return {"doc_id": str(n), "title": "Rooms", "text": f"The tool is {tool(n)}. The room in which it is, is",
            "question": f"{asks(n)}?", "value": room(n), "context": ""}  # fmt: skip


LOCAL_CLASS = """\
from lm_eval.api.task import ConfigurableTask
from lm_eval.tasks.squad_completion.task import SQUADCompletion


class Local(SQUADCompletion):
    DATASET_PATH, DATASET_NAME = "json", None

    def __init__(self, config=None, **kwargs):
        kept = {key: value for key, value in config.items() if key in ("task", "dataset_kwargs")}
        ConfigurableTask.__init__(self, config=kept | {"metadata": {"version": 1}})
"""

BUILT_IN = {
    "arc_easy": BuiltIn("arc/arc_easy.yaml", arc, ("train", "validation", "test")),
    "hellaswag": BuiltIn("hellaswag/hellaswag.yaml", hellaswag),
    "piqa": BuiltIn("piqa/piqa.yaml", piqa),
    "boolq": BuiltIn("super_glue/boolq/default.yaml", boolq),
    "winogrande": BuiltIn("winogrande/default.yaml", winogrande),
    "mmlu_anatomy": BuiltIn("mmlu/default/mmlu_anatomy.yaml", mmlu, ("dev", "test"), ours="train: dev\n"),
    "truthfulqa_mc2": BuiltIn("truthfulqa/truthfulqa_mc2.yaml", truthfulqa, ("validation",)),
    "gsm8k": BuiltIn("gsm8k/gsm8k.yaml", gsm8k, ("train", "test")),
    "triviaqa": BuiltIn("triviaqa/default.yaml", triviaqa),
    "nq_open": BuiltIn("nq_open/nq_open.yaml", nq_open),
    "drop": BuiltIn("drop/default.yaml", drop),
    "bbh_fewshot_boolean_expressions": BuiltIn("bbh/fewshot/boolean_expressions.yaml", bbh, ("test",)),
    "lambada_openai": BuiltIn("lambada/lambada_openai.yaml", lambada, ("test",)),
    "wikitext": BuiltIn("wikitext/wikitext.yaml", wikitext, ("train", "validation", "test")),
    "squad_completion": BuiltIn("", squad_completion, ("validation",), {"class": "!function local.Local"}),
}


@cache
def folder_of_tasks() -> Path:
    found = find_spec("lm_eval")
    assert found
    assert found.origin
    return Path(found.origin).parent / "tasks"


def write(folder: Path, name: str, documents: int, training: int, **says: Any) -> Path:
    """lm-eval's file over rows of our own, under the built-in's name; returns its path. `says`: further keys."""
    built_in = BUILT_IN[name]
    tested = "test" if "test" in built_in.splits else "validation"
    data = {}
    for number, split in enumerate(sorted(built_in.splits, key=lambda split: split != tested)):
        count = training if number else documents
        rows = [built_in.row(100 * number + n) for n in range(count)]
        data[split] = str(write_jsonl(folder / "data" / name / f"{split}.jsonl", rows))
    keys: Row = {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": data},
        **built_in.says,
        **says,
    }
    path = folder / f"{name}.yaml"
    if not built_in.file:
        (folder / "local.py").write_text(LOCAL_CLASS, encoding="utf-8")
        text = "".join(
            f"{key}: {value if key == 'class' else json.dumps(value)}\n" for key, value in keys.items()
        )
        path.write_text(text, encoding="utf-8")
        return path
    # `dataset_name: null` stands in the file: without it the built-in's own counts.
    text = json.dumps(
        {"include": str(folder_of_tasks() / built_in.file), **keys, "dataset_name": None}, indent=1
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
