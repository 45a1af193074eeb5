"""`models`: the default models."""

from __future__ import annotations

import argparse
from typing import Any


def add_models(commands: Any) -> None:
    models = commands.add_parser("models", help="list or fetch the default models")
    verbs = models.add_subparsers(required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="name, licence, size, source, present or not")
    listing.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    listing.set_defaults(run=_list)
    pull = verbs.add_parser("pull", help="fetch models (default: all)")
    pull.add_argument("names", nargs="*", metavar="NAME")
    pull.set_defaults(run=_pull)


def _list(options: argparse.Namespace) -> None:
    from harness.engines.store import listing
    from harness.files import cache_root, to_json

    rows = listing(cache_root())
    if options.json:
        fields = ("name", "kind", "licence", "size_bytes", "source", "present", "default")
        print(to_json({"models": [{name: getattr(row, name) for name in fields} for row in rows]}))
        return
    for row in rows:
        state = "present" if row.present else "not fetched"
        size = f"{row.size_bytes / 1e6:.0f} MB"
        print(f"{row.name:<24} {row.kind:<9} {row.licence:<11} {size:>7}  {state:<12} {row.source}")


def _pull(options: argparse.Namespace) -> None:
    from harness.engines.store import pull
    from harness.files import cache_root
    from harness.progress import Terminal

    for folder in pull(options.names or None, cache_root(), Terminal()):
        print(f"{folder.name}: {folder.path}")
