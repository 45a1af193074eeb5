"""`models`: those of the catalogue."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from harness.commands.flags import add_json_flag, name, place, whole
from harness.errors import InputError


def add_models(commands: Any) -> None:
    models = commands.add_parser("models", help="list or fetch the default models")
    verbs = models.add_subparsers(required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="name, licence, size, source, present or not")
    add_json_flag(listing)
    listing.set_defaults(run=_list)
    pull = verbs.add_parser("pull", help="fetch models (default: the default ones)")
    pull.add_argument("names", nargs="*", metavar="NAME")
    pull.set_defaults(run=_pull)
    export = verbs.add_parser("export", help="write a trained adapter for peft, vLLM and other servers")
    export.add_argument(
        "adapter",
        type=name,
        metavar="ADAPTER",
        help="run folder, adapter's folder, or digits of its key or SHA-256",
    )
    export.add_argument("--task", metavar="TASK", help="of a run: the task that it was trained on")
    export.add_argument(
        "--system", metavar="NAME", help="of a run: the system that it answers in, such as lora+rag"
    )
    export.add_argument(
        "--seed", type=whole(0), metavar="N", help="of a run: the seed that it was trained with"
    )
    export.add_argument(
        "--output", type=place, metavar="DIR", help="new folder (default: TASK-STRATEGY here)"
    )
    export.add_argument("--merged", action="store_true", help="the whole model, adapter merged, in float32")
    export.add_argument(
        "--model", type=name, metavar="NAME", help="with --merged: the model that it was trained on"
    )
    export.set_defaults(run=_export)


def _list(options: argparse.Namespace) -> None:
    from harness.engines.store import listing
    from harness.files import cache_root, to_json

    rows = listing(cache_root())
    if options.json:
        described = [
            {
                "name": model.name,
                "kind": model.kind,
                "licence": model.licence,
                "size_bytes": model.download_bytes,
                "source": model.source,
                "present": path is not None,
                "default": model.default,
            }
            for model, path in rows
        ]
        print(to_json({"models": described}))
        return
    width = max(len(model.name) for model, _ in rows)
    for model, path in rows:
        state = "present" if path else "not fetched"
        size = f"{model.download_bytes / 1e6:.0f} MB"
        print(
            f"{model.name:<{width}}  {model.kind:<8}  {size:>6}  {state:<11}  {model.source}; {model.licence}"
        )


def _export(options: argparse.Namespace) -> None:
    from harness.export.adapter import Chosen, export_adapter, export_merged, find_adapter
    from harness.files import cache_root
    from harness.progress import Terminal

    if options.model and not options.merged:
        raise InputError("--model names what an adapter is merged into; add --merged, or leave it out.")
    cache = cache_root()
    found = find_adapter(options.adapter, Chosen(options.task, options.system, options.seed), cache)
    output = options.output or Path(f"{found.name}-merged" if options.merged else found.name)
    if options.merged:
        export_merged(found, output, options.model, cache, Terminal())
    else:
        export_adapter(found, output)
    print(output)


def _pull(options: argparse.Namespace) -> None:
    from harness.engines.store import pull
    from harness.files import cache_root
    from harness.progress import Terminal

    for folder in pull(options.names or None, cache_root(), Terminal()):
        print(f"{folder.name}: {folder.path}")
