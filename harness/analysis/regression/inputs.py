"""What a run was made of: its manifest, and the parts of it that two runs are compared by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from harness.analysis.evidence import Pair
from harness.records import AdapterRecord
from harness.run.manifest import Manifest
from harness.spec.context import Gold, Retrieved
from harness.spec.system import LoRA, System
from harness.spec.tariff import Tariff

Facts = Mapping[str, object]
"""Names as they stand in sentences → values, nested or plain."""

SCORING = ("type", "labels", "refusal", "citations")
"""What a task file says of an answer that decides whether it is right."""
LOCATION = ("name", "description", "corpus")
"""Keys of a task file that say where things lie and what they are called, not what they are."""
PROMPT, RETRIEVAL, FINETUNE = "prompt", "retrieval", "finetune"
"""Sections of a task file that are asked for by name."""
SECTIONS = {
    "chosen prompt": ("system",),
    "examples": ("k",),
    RETRIEVAL: (
        "k",
        "chunk_tokens",
        "overlap_tokens",
        "max_prompt_tokens",
        "query_prefix",
        "passage_prefix",
        "method",
        "candidates",
        "rerank",
        "within",
        "expand",
        "headings",
    ),
    FINETUNE: tuple(field.name for field in fields(LoRA) if field.name not in ("task", "context")),
}
"""Section of a task file → the settings that a system takes from it."""
TEST, DEV = "test", "dev"
QUESTION_FILES = (TEST, "train", DEV)


def systems(manifest: Manifest) -> dict[Pair, System]:
    """(Task, name) → system, in the plan's order."""
    tasks = dict.fromkeys(entry.task for entry in manifest.plan)
    return {(task, name): system for task in tasks for name, system in manifest.systems_of(task).items()}


def sections(system: System) -> Facts:
    """A system's settings, by the section of the task file that they come from; what it does not use has none."""
    parts = {
        "chosen prompt": system.instructions,
        "examples": system.examples,
        RETRIEVAL: system.passages,
        FINETUNE: system.recipe,
    }
    return {
        section: {name: getattr(part, name) for name in SECTIONS[section]}
        for section, part in parts.items()
        if part is not None
    }


def flags(manifest: Manifest, *names: str) -> Facts:
    """Flags of `compare` as they are written, and what they were set to."""
    given = {f"--{name.replace('_', '-')}": getattr(manifest.settings, name) for name in names}
    return {name: "not given" if value is None else value for name, value in given.items()}


def tariff(manifest: Manifest) -> Facts:
    """How machines are paid for: it is asked for among the requirements, and moves costs as a price does."""
    return {"--tariff": str((manifest.settings.requirements or {}).get("tariff", Tariff.KEPT_UP))}


def price_list(manifest: Manifest) -> Facts:
    """The parts of the price list that price this run: of machines the price of its own, whatever its name."""
    sheet = manifest.price_sheet
    if sheet is None:
        return {}
    rest = {key: value for key, value in sheet if key not in ("machine", "machines", "default")}
    return {**rest, "usd_per_hour": sheet.machine.usd_per_hour}


def task_settings(manifest: Manifest, task: str) -> Facts:
    """What the task file says, but for its scoring, where its files lie, and the settings of single systems."""
    facts = manifest.tasks[task]
    own = {key: value for key, value in facts.spec if key not in (*LOCATION, *SECTIONS, "metrics")}
    for part, apart in (("answer", SCORING), ("questions", QUESTION_FILES)):
        own[part] = {key: value for key, value in own.get(part) or () if key not in apart}
    if "lm_eval" in own:  # one hash names lm-eval's own task file, its release and its documents together
        own["lm-eval's task, release or documents"] = facts.files.get(TEST)
    return {key: value for key, value in own.items() if value != {}}


def scoring(manifest: Manifest, task: str) -> Facts:
    """What decides whether an answer is right; metrics after the first decide nothing."""
    if task not in manifest.tasks:
        return {}
    spec = dict(manifest.tasks[task].spec)
    judged = {f"answer.{key}": value for key, value in spec.get("answer") or () if key in SCORING}
    known = {key: value for key, value in judged.items() if value is not None}
    return {"metrics": list(spec["metrics"])[:1], **known}


def training(manifest: Manifest, task: str) -> Facts:
    """Hashes of the questions that may be learnt from: `train`, `dev`."""
    files = manifest.tasks[task].files
    return {role: value for role, value in files.items() if role not in ("spec", TEST)}


def embedder(manifest: Manifest) -> Facts:
    """What names the embedder; nothing where passages were not looked for."""
    facts = manifest.embedder
    return {"name": facts.name, "sha256": facts.sha256} if facts else {}


def index(manifest: Manifest, task: str, passages: Retrieved | Gold) -> Facts | None:
    """Of the index that these passages come from the key, which names embedder, corpus and chunking, and the counts of
    documents and passages; None where it is not known.
    """
    facts = manifest.index_of(task, passages)
    return {"key": facts.key, "documents": facts.documents, "passages": facts.passages} if facts else None


def searched(manifest: Manifest, task: str, system: System) -> Facts | None:
    """What a system looks into: its index of passages, that of its examples, or both; None where one is not known."""
    passages = index(manifest, task, system.passages) if system.passages else {}
    examples = manifest.examples_of(task, system.nearest)
    if passages is None or (system.nearest and examples is None):
        return None
    own = {"key of examples": examples.key, "training questions": examples.documents} if examples else {}
    return {**passages, **own}


def adapters(manifest: Manifest) -> dict[tuple[str, str, int], AdapterRecord]:
    """(Task it was trained for, name of its system there, seed) → its training record."""
    return {
        (trained.record.task, manifest.systems[trained.system].home_name, trained.seed): trained.record
        for trained in manifest.adapters
    }
