"""Model folders that were changed, cut, put together of two models, or hold no files: `compare` on one question."""

from __future__ import annotations

import atexit
import functools
import json
import os
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.fuzz import _hostile as hostile

os.environ.setdefault("OMP_NUM_THREADS", "1")  # a forked child must not wait for threads of its parent

PRELOAD = (
    "transformers.models.llama.modeling_llama", "peft", "harness.engines.transformers_engine", "harness.finetune.lora",
)  # fmt: skip
MODEL_TYPES = (
    "gpt2",
    "bert",
    "t5",
    "mistral",
    "qwen2",
    "gemma2",
    "whisper",
    "mamba",
    "of_tomorrow",
    "",
    7,
    None,
    [],
)
NUMBERS = (0, -1, 1, 3, 10**5, 10**9, 10**12, 2**63, 0.5, 1e308, True, None, "48", [48], {"a": 1})
TEMPLATES = (
    "{{ raise_exception('Only users may speak.') }}",
    "{% for m in messages %}{{ m['content']['text'] + 1 }}{% endfor %}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{{ a }}{% endfor %}{% endfor %}",
    "{{ 'a' * 10**10 }}",
    "{% set x = namespace(s='ab') %}{% for i in range(99) %}{% set x.s = x.s + x.s %}{% endfor %}{{ x.s }}",
    "{{ ''.__class__.__mro__ }}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% for m in messages %}",
    "{{ messages | tojson }}",
    "{{ '%999999999d' % 1 }}",
    "{{ 1 / 0 }}",
    "",
    " ",
    "nothing of the messages",
    "{% include 'config.json' %}",
    "{{" * 5000,
)


@functools.cache
def whole() -> Path:
    """The folder of a tiny model that answers."""
    from tests.tiny import write_tiny_model

    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return write_tiny_model(folder)


def make(rng: random.Random, folder: Path) -> list[str]:
    (folder / "test.jsonl").write_text(json.dumps({"id": "a", "question": "Which?", "answers": ["b"]}) + "\n")
    (folder / "t.yaml").write_text(
        "name: t\nprobes: knowledge\nquestions: {test: test.jsonl}\nprompt: {system: Answer shortly.}\n"
        "answer: {type: text, max_tokens: 4}\nmetrics: [contains]\n"
    )
    model = shutil.copytree(whole(), folder / "model")
    for _ in range(rng.choice((1, 1, 1, 2))):
        rng.choices((_configure, _retouch, _template, _weights, _lose), (6, 3, 3, 5, 2))[0](rng, model)
    return [
        "compare", "t.yaml", "--model", "model", "--strategies", "base", "--limit", "1", "--latency-queries", "0",
        "--no-cache", "--guard", "none", "--output", "run",
    ]  # fmt: skip


def _configure(rng: random.Random, model: Path) -> None:
    """Another value for a key of config.json that shapes the model."""
    path = model / "config.json"
    if not path.is_file():
        return  # an earlier change took it away
    read = json.loads(path.read_bytes()) if _is_json(path) else None
    config: dict[str, Any] = read if isinstance(read, dict) else {}
    for _ in range(rng.choice((1, 1, 2))):
        kind = rng.random()
        if kind < 0.25:
            config["model_type"] = rng.choice(MODEL_TYPES)
        elif kind < 0.35:
            config["auto_map"] = {"AutoConfig": "code.Mine", "AutoModelForCausalLM": "code.Mine"}
            config["model_type"] = rng.choice(("mine", "llama"))
        elif kind < 0.4:
            config["quantization_config"] = rng.choice(
                ({"quant_method": "gptq", "bits": 4}, {"quant_method": "x"}, 4)
            )
        elif config:
            config[rng.choice(sorted(config))] = rng.choice(NUMBERS)
    path.write_text(json.dumps(config))


def _retouch(rng: random.Random, model: Path) -> None:
    """A JSON file changed in its tree, or damaged in its bytes."""
    path = model / rng.choice(
        ("config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json")
    )
    if not path.is_file():
        return
    if rng.random() < 0.5:
        tree: Any = json.loads(path.read_bytes()) if _is_json(path) else {}
        for _ in range(rng.choice((1, 2, 5))):
            tree = hostile.change(rng, tree)
        path.write_bytes(hostile.encoded(rng, hostile.spelled(tree)))
    else:
        path.write_bytes(hostile.damaged(rng, path.read_bytes()))


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    return True


def _template(rng: random.Random, model: Path) -> None:
    path = model / "chat_template.jinja"
    if not path.is_file():
        return
    if rng.random() < 0.8:
        path.write_text(rng.choice(TEMPLATES))
    else:
        path.write_bytes(hostile.damaged(rng, path.read_bytes()))


def _weights(rng: random.Random, model: Path) -> None:
    """Tensors renamed, lost, of other shapes and types, no numbers; a file that was cut; an index to lost shards."""
    import torch
    from safetensors.torch import load_file, save_file

    path = model / "model.safetensors"
    kind = rng.random()
    if not path.is_file():
        return
    if kind < 0.25:
        path.write_bytes(hostile.damaged(rng, path.read_bytes()))
        return
    if kind < 0.35:
        shards = rng.choice(
            ("gone.safetensors", "model.safetensors", "../model.safetensors", "/etc/passwd", 5)
        )
        (model / "model.safetensors.index.json").write_text(
            json.dumps({"metadata": {}, "weight_map": {"a": shards}})
        )
        if rng.random() < 0.5:
            path.unlink(missing_ok=True)
        return
    try:
        tensors = load_file(path)
    except Exception:  # noqa: BLE001 - an earlier change damaged it
        return
    for name in rng.sample(sorted(tensors), rng.choice((1, 1, 3, len(tensors)))):
        tensor = tensors.pop(name)
        change = rng.randrange(7)
        if change == 0:
            tensors[f"module.{name}"] = tensor
        elif change == 1:
            tensors[name] = tensor[..., :-1].contiguous()
        elif change == 2:
            tensors[name] = torch.full_like(tensor, rng.choice((float("nan"), float("inf"), 3e38)))
        elif change == 3:
            tensors[name] = tensor.to(
                rng.choice((torch.int64, torch.uint8, torch.bool, torch.float16, torch.float64))
            )
        elif change == 4:
            tensors[name] = tensor.reshape(-1)
        elif change == 5:
            tensors[name] = torch.zeros(0)
    save_file(tensors, path, metadata=rng.choice(({"format": "pt"}, {"format": "tf"}, None)))


def _lose(rng: random.Random, model: Path) -> None:
    """A file that is gone, or is a folder, a pipe or a link in a circle."""
    path = model / rng.choice(sorted(file.name for file in model.iterdir() if file.is_file()))
    path.unlink()
    if rng.random() < 0.6:
        hostile.no_file(rng, path)
