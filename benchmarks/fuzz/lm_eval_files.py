"""Hostile files of lm-eval's own form: code wherever a tag can stand, groups, includes, links, broken values.

`evil.py` lies beside each and leaves a mark when anything of it runs; no command may run it without --allow-task-code.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.fuzz.runner import Attempt

PRELOAD = ("harness.lmeval.build", "harness.lmeval.trust")
MARK = "RAN"
EVIL = """\
import pathlib
MARK = pathlib.Path(__file__).parents[{up}] / "RAN"
MARK.touch()
def f(*args, **options):
    MARK.touch()
    return args[0] if args else []
class C:
    def __init__(self, *args, **options):
        MARK.touch()
"""


def _listed(text: str) -> tuple[str, ...]:
    """The pieces between ` | ` and line ends."""
    return tuple(piece for line in text.strip().splitlines() for piece in line.split(" | "))


KEYS = _listed(
    r"""
task | task_alias | tag | group | group_alias | include | class | task_list | custom_dataset | dataset_path
dataset_name | dataset_kwargs | training_split | validation_split | test_split | fewshot_split | process_docs
doc_to_text | doc_to_target | doc_to_image | doc_to_audio | unsafe_code | doc_to_choice | process_results
use_prompt | description | target_delimiter | fewshot_delimiter | fewshot_config | num_fewshot | metric_list
output_type | generation_kwargs | repeats | filter_list | should_decontaminate | doc_to_decontamination_query
gen_prefix | metadata | aggregate_metric_list | unknown_key | << | on | 1 | !function evil.f
"""
)
CODE = _listed(
    r"""
!function evil.f | !function evil.C | !function os.getcwd | !function evil | !function sub.evil.f
!function lm_eval.tasks._yaml_loader._import_fun_from_str | !function {a: evil.f} | !function [evil.f]
!!python/name:evil.f '' | !!python/object/apply:evil.f [] | !!python/module:evil '' | !import evil
!function '' | !function ../evil.f | !function .evil.f
"""
)
SCALARS = (
    "'{}'".format("y" * 5000),
    *_listed(
        r"""
null | true | on | -1 | 0 | 1e999 | .nan | '' | ' ' | x | question | answer | 2001-99-99 | 2020-01-01
!!binary zzzz | !!binary aGk= | !!set {a} | !!omap [a: 1] | !!int x | !!float x | !!timestamp x | !!bool x
1:30 | 0x | 99999999999999999999999999 | test | train | evil.py | ./evil.py | evil | json | pandas | text
csv | exact_match | acc | bleu | f1 | mean | multiple_choice | loglikelihood | loglikelihood_rolling
generate_until | /dev/zero | /dev/stdin | fifo | . | .. | / | https://example.org/a.jsonl | zip://a::b | *
** | a.jsonl | '{{question}}' | '{{answer}}' | '{{[answer, 1]}}' | '{{missing}}' | '{{unless'
'{% for i in range(1000000000) %}x{% endfor %}' | "{{ 'x' * 100000000000 }}"
"{{ ''.__class__.__mro__[1].__subclasses__() }}" | '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}'
"{{ question|replace('', 'x' * 1000000) }}" | "{{ '%1000000000d' % 1 }}"
'{% set a = [1] %}{% for i in a %}{{ i }}{% endfor %}' | '{{ range(99999999)|list }}'
'{{ question.format.__globals__ }}' | "{% include 'evil.py' %}" | '{{ 9**9**9 }}' | '["a", "b"]'
'[[[[[[1]]]]]]' | "{{ '[' * 100000 }}" | '(a+)+$' | '(x' | "\ud800" | "\0" | '💥' | qa-basic:q-newline-a
promptsource:x | 'evil.yaml:x' | ruler/niah_single_1 | [] | {} | [[]] | [a, b] | {a: b} | [1, {x: y}]
[question] | {test: data.jsonl} | {data_files: {test: data.jsonl}} | &a [*a] | *nowhere | &b {k: *b}
"""
    ),
)
INNER_KEYS = _listed(
    "regex_pattern | filter_fn | samples | sampler | until | max_gen_toks | temperature | k | fallback"
)
FILTERS = _listed("regex | take_first | custom | lowercase | take_first_k | majority_vote | map")
METRICS = _listed(
    r"""
exact_match | acc | bleu | rouge | evil | ./evil.py | evil.py | @HERE@/evil.py | !function evil.f | [] | 1
null
"""
)
OPTIONS = _listed(
    r"""
trust_remote_code: true | cache_dir: @HERE@/x | data_dir: . | split: test | streaming: true | num_proc: 4
token: x | field: a | name: x | path: evil.py | features: {a: b} | storage_options: {a: b}
data_files: /dev/zero | data_files: fifo | data_files: [data.jsonl, evil.py] | data_files: 'evil.py'
script: evil.py | download_mode: x | revision: 1 | data_files: {test: !function evil.f} | 1: 2
verification_mode: x | chunksize: -1 | encoding: x
"""
)


def make(rng: random.Random, folder: Path) -> list[str]:
    """Write a task file of ours, the one of lm-eval's that it names, and what lies around them."""
    _surroundings(rng, folder)
    shape = rng.choice(SHAPES)
    named = shape(rng, folder)
    text = f"name: hostile\nprobes: general\nlm_eval: {named}\n"
    if rng.random() < 0.1:
        more = "train: train | metrics: [acc] | chat_template: true | examples: {k: 3} | query: question"
        text += rng.choice(_listed(more)) + "\n"
    (folder / "task.yaml").write_text(text, encoding="utf-8")
    return ["tasks", "validate", "task.yaml"]


def wrong(attempt: Attempt) -> str | None:
    """What is wrong with an attempt whatever its exit code: code ran that nobody allowed."""
    return "code ran" if any(attempt.folder.rglob(MARK)) else None


def _surroundings(rng: random.Random, folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "evil.py").write_text(EVIL.format(up=0), encoding="utf-8")
    (folder / "sub" / "evil.py").write_text(EVIL.format(up=1), encoding="utf-8")
    (folder / "evil.yaml").write_text("prompts: {x: !function evil.f}\n", encoding="utf-8")
    os.mkfifo(folder / "fifo")
    rows = [_row(rng, place) for place in range(rng.choice((0, 1, 2, 5)))]
    (folder / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _row(rng: random.Random, place: int) -> dict[str, Any]:
    row: dict[str, Any] = {
        "question": f"What is {place}?",
        "answer": str(place),
        "options": ["a", "b"],
        "right": place % 2,
    }
    if rng.random() < 0.2:
        row[rng.choice(list(row))] = rng.choice(
            (None, 1, [], {}, "", "a" * 60 + "!", "{{ 7 }}", [["x"]], {"a": [1]}, "\ud800x", True)
        )
    return row


def _mapping(rng: random.Random, folder: Path, *, hostile: int) -> str:
    """The lines of a task: a sound one, with some keys given something else."""
    keys = {
        "task": "hostile_task",
        "dataset_path": "json",
        "dataset_kwargs": "{data_files: {test: data.jsonl, train: data.jsonl}}",
        "test_split": "test",
        "doc_to_text": "'{{question}}'",
        "doc_to_target": "'{{answer}}'",
        "output_type": "generate_until",
        "generation_kwargs": '{until: ["\\n"], max_gen_toks: 4}',
        "metric_list": "[{metric: exact_match, aggregation: mean, higher_is_better: true}]",
    }
    if rng.random() < 0.3:
        keys |= {
            "output_type": "multiple_choice",
            "doc_to_choice": "'{{options}}'",
            "doc_to_target": "right",
            "metric_list": "[{metric: acc}]",
        }
        del keys["generation_kwargs"]
    for _ in range(hostile):
        keys[rng.choice(KEYS)] = _value(rng, 0)
    if rng.random() < 0.1:
        del keys[rng.choice(list(keys))]
    items = list(keys.items())
    if rng.random() < 0.2:
        items.append((rng.choice(KEYS), _value(rng, 0)))  # perhaps a key that is there already
    if rng.random() < 0.1:
        rng.shuffle(items)
    lines = "".join(_item(key, value) for key, value in items)
    return lines.replace("@HERE@", str(folder))


def _item(key: str, value: str) -> str:
    return f"? {key}\n: {value}\n" if key.startswith("!") else f"{key}: {value}\n"


def _value(rng: random.Random, depth: int) -> str:
    """A value in YAML's flow form; every kind of node may hold a tag, an alias or code."""
    kind = rng.randrange(12 if depth < 3 else 6)
    if kind < 2:
        return rng.choice(CODE)
    if kind < 6:
        return rng.choice(SCALARS)
    if kind == 6:
        return f"[{', '.join(_value(rng, depth + 1) for _ in range(rng.randrange(4)))}]"
    if kind == 7:
        return f"{{{', '.join(_pair(rng, depth) for _ in range(rng.randrange(4)))}}}"
    if kind == 8:
        how = rng.choice((*METRICS, "mean", "perplexity"))
        return f"[{{metric: {rng.choice(METRICS)}, aggregation: {how}, {_pair(rng, depth)}}}]"
    if kind == 9:
        function = rng.choice((*FILTERS, *CODE[:3]))
        return f"[{{name: x, filter: [{{function: {function}, {_pair(rng, depth)}}}]}}]"
    if kind == 10:
        return f"{{{', '.join(rng.sample(OPTIONS, rng.randrange(1, 3)))}}}"
    return f"&k{depth} {rng.choice(('{', '['))}{rng.choice(CODE)}{rng.choice(('}', ']'))}"


def _pair(rng: random.Random, depth: int) -> str:
    key = rng.choice((*KEYS, *INNER_KEYS))
    value = _value(rng, depth + 1)
    return f"? {key} : {value}" if key.startswith("!") or rng.random() < 0.1 else f"{key}: {value}"


def _write(rng: random.Random, path: Path, text: str) -> None:
    """The file as it is, or as an accident leaves it."""
    data = text.encode("utf-8", errors="surrogatepass")
    accident = rng.randrange(30)
    if accident == 0:
        data = data[: rng.randrange(len(data) + 1)]
    elif accident == 1:
        place = rng.randrange(len(data) + 1)
        data = data[:place] + bytes(rng.randrange(256) for _ in range(rng.randrange(1, 5))) + data[place:]
    elif accident == 2:
        data = data.decode("utf-8", errors="replace").encode("utf-16")
    elif accident == 3:
        data += rng.choice(
            (b"---\ntask: other\n", b"\0\0\0", b"%YAML 9.9\n", b"\t- x\n", b"...\n", b"? [a, b]\n: c\n")
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


# What a task file may lead to: each writes its files and returns what `lm_eval:` names


def _plain(rng: random.Random, folder: Path) -> str:
    _write(rng, folder / "inner.yaml", _mapping(rng, folder, hostile=rng.randrange(4)))
    return "inner.yaml"


def _below(rng: random.Random, folder: Path) -> str:
    _write(rng, folder / "sub" / "inner.yaml", _mapping(rng, folder, hostile=rng.randrange(3)))
    return "sub/inner.yaml"


def _include(rng: random.Random, folder: Path) -> str:
    """A chain or a knot of includes; code may stand at any of its ends."""
    count = rng.choice((1, 2, 3, 30))
    for place in range(count):
        others = [f"{rng.randrange(count + 1)}.yaml" for _ in range(rng.choice((0, 1, 1, 2)))]
        more = _item(rng.choice(KEYS), _value(rng, 0)) if rng.random() < 0.3 else ""
        _write(rng, folder / f"{place}.yaml", (f"include: [{', '.join(others)}]\n" if others else "") + more)
    names = _listed("0.yaml | [0.yaml, 1.yaml] | @HERE@/0.yaml | ./sub/../0.yaml | fifo | /dev/zero")
    first = f"include: {rng.choice((*names, _value(rng, 2)))}\n".replace("@HERE@", str(folder))
    _write(rng, folder / "inner.yaml", first + _mapping(rng, folder, hostile=rng.randrange(2)))
    return "inner.yaml"


def _link(rng: random.Random, folder: Path) -> str:
    _write(rng, folder / "sub" / "base.yaml", _item(rng.choice(KEYS), _value(rng, 0)))
    _write(rng, folder / "base.yaml", "repeats: 1\n")
    _write(rng, folder / "sub" / "real.yaml", "include: base.yaml\n" + _mapping(rng, folder, hostile=0))
    target = rng.choice(("sub/real.yaml", "inner.yaml", "fifo", "sub", "nowhere.yaml"))
    (folder / "inner.yaml").symlink_to(target)
    return "inner.yaml"


def _group(rng: random.Random, folder: Path) -> str:
    """Members by name, with keys laid over them, written out, groups within groups, groups of themselves."""
    _write(rng, folder / "inner" / "one.yaml", _mapping(rng, folder, hostile=rng.randrange(2)))
    inner = rng.choice(("hostile_task", "two", "all", "{group: x, task: [two]}"))
    _write(rng, folder / "inner" / "two.yaml", f"group: two\ntask: [{inner}]\n")
    members = [
        rng.choice(
            (
                *_listed("hostile_task | two | all | absent | 1 | null | [] | {}"),
                f"{{task: hostile_task, {_pair(rng, 0)}}}",
                f"{{task: new, dataset_path: json, {_pair(rng, 0)}}}",
                f"{{group: in, task: [hostile_task], {_pair(rng, 0)}}}",
                f"{{group: two, {_pair(rng, 0)}}}",
                f"{{task: new, class: {rng.choice(CODE)}}}",
            )
        )
        for _ in range(rng.randrange(1, 4))
    ]
    more = "".join(_item(rng.choice(KEYS), _value(rng, 0)) for _ in range(rng.randrange(3)))
    text = f"group: all\ntask: [{', '.join(members)}]\n{more}".replace("@HERE@", str(folder))
    _write(rng, folder / "inner" / "all.yaml", text)
    return "inner/all.yaml"


def _doubling(rng: random.Random, folder: Path) -> str:
    """Groups that name the next twice: two to the power of their number."""
    for place in range(30):
        text = f"group: g{place}\ntask: [g{place + 1}, g{place + 1}]\n"
        _write(rng, folder / "inner" / f"{place}.yaml", text)
    _write(rng, folder / "inner" / "30.yaml", "group: g30\ntask: []\n")
    return "inner/0.yaml"


BUILT_IN = _listed(
    """
hellaswag/hellaswag.yaml | gsm8k/gsm8k.yaml | ruler/niah_single_1.yaml | squadv2/squad.yaml
cruxeval/cruxeval_input.yaml | arc/arc_easy.yaml | unitxt/task.py | humaneval/humaneval.yaml
"""
)


def _built_in(rng: random.Random, folder: Path) -> str:
    """A built-in task over data of one's own, or with keys of one's own over it."""
    from harness.lmeval.library import built_in_folder

    include = f"include: {built_in_folder() / rng.choice(BUILT_IN)}\n"
    _write(rng, folder / "inner.yaml", include + _mapping(rng, folder, hostile=rng.randrange(3)))
    return "inner.yaml"


def _bomb(rng: random.Random, folder: Path) -> str:
    """Files that grow while they are read: aliases, merges, nesting, keys."""
    many = rng.choice((10, 1000, 100_000))
    text = rng.choice(
        (
            "a0: &a0 [x, x]\n"
            + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)),
            "a0: &a0 {k: v}\n"
            + "".join(
                f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}, *a{n - 1}], k{n}: v}}\n" for n in range(1, 40)
            ),
            "a: " + "[" * many + "]" * many + "\n",
            "a: " + "{b: " * min(many, 900) + "}" * min(many, 900) + "\n",
            "".join(f"k{n}: {n}\n" for n in range(many)),
            "metadata: [" + "1, " * many + "]\n",
            "metadata: " + "9" * many + "\n",
            "? " * min(many, 900) + "a\n",
            "metadata: {" + "? !function evil.f : 1, " * min(many, 1000) + "}\n",
            "filter_list: [" + "{name: x, filter: [{function: take_first}]}, " * min(many, 10_000) + "]\n",
            "fewshot_config: {samples: [" + "{question: q, answer: a}, " * min(many, 10_000) + "]}\n",
        )
    )
    _write(rng, folder / "inner.yaml", _mapping(rng, folder, hostile=0) + text)
    return "inner.yaml"


NAMES = _listed(
    rf"""
fifo | ./fifo | . | .. | evil.py | sub/ | /dev/zero | /dev/zero.yaml | absent.yaml | ' ' | '*.yaml' | task.yaml | a/b/c
'{"n" * 300}.yaml' | "\0.yaml" | ~/x.yaml | [a] | 1 | null
"""
)


def _name(rng: random.Random, _: Path) -> str:
    return rng.choice(NAMES)


SHAPES: tuple[Callable[[random.Random, Path], str], ...] = (
    *5 * (_plain,), _below, _include, _include, _link, _group, _group, _group, _built_in, _bomb, _doubling, _name,
)  # fmt: skip
