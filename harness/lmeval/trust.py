"""Whose code a task names: lm-eval's own, as it was installed, or anybody's, which runs only where the user allows it.

Code is lm-eval's own by where it lies: a file of the installed package names it, and it is defined there. Some of
that code itself runs what it is given (`eval` of a document, a tokenizer's remote code, a metric that is fetched), and
a task file decides what that is; so this counts as anybody's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from harness.errors import InputError
from harness.lmeval.configs import Config
from harness.lmeval.library import built_in_folder
from harness.lmeval.reader import Code, code_in
from harness.spec.yamlfile import dotted

_CALLS = {"eval", "exec", "compile", "__import__"}
_OF_MODULES = {
    ("subprocess", None),
    ("os", "system"),
    ("os", "popen"),
    ("importlib", "import_module"),
    ("importlib.util", None),
    ("pickle", None),
    ("joblib", None),
    ("torch", "load"),
    ("evaluate", "load"),
    ("multiprocessing", None),
    ("unitxt", None),
}
"""Modules, and functions of them, that run what they are given."""


def strange_code(config: Config) -> list[InputError]:
    """Every place of a task or group that names code which is not lm-eval's own, each with what to do about it."""
    errors = []
    for loc, code in code_in(config.values):
        why = _why_strange(code)
        if why is not None:
            errors.append(
                code.error(
                    f"{dotted(loc)}: is code ({code.name}){why}. It would run here with your rights; read it, and "
                    "where you trust it add --allow-task-code."
                )
            )
    return errors


def _why_strange(code: Code) -> str | None:
    """What to add to the sentence about code that only runs where it is allowed; None where it is lm-eval's own."""
    root = built_in_folder().resolve()
    if not code.file.is_relative_to(root):
        return ""
    module = code.name.rpartition(".")[0].replace(".", "/")
    path = Path(code.file.parent, f"{module}.py").resolve()
    if not path.is_file():
        path = Path(root.parent.parent, f"{module}.py").resolve()
    if not (path.is_file() and path.is_relative_to(root)):
        return ""
    runs = _runs(path)
    return f" of lm-eval's, which itself runs other code ({runs})" if runs else None


@cache
def _runs(path: Path) -> str | None:
    """The first call in a module of lm-eval's, or in one that it imports of the tasks', that runs what it is given."""
    found = (call for module in sorted(_imported(path, set())) for call in _calls(module))
    return next(found, None)


def _imported(path: Path, seen: set[Path]) -> set[Path]:
    """A module and those of lm-eval's tasks that it imports."""
    if path in seen:
        return seen
    seen.add(path)
    root = built_in_folder().resolve()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            names = [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = [(node.level, module)] + [(node.level, f"{module}.{alias.name}") for alias in node.names]
        else:
            continue
        for level, name in names:
            places = [path.parents[level - 1]] if level else [path.parent, root.parent.parent]
            for place in places:
                other = Path(place, *filter(None, name.split("."))).with_suffix(".py")
                if other.is_file() and other.is_relative_to(root):
                    _imported(other, seen)
    return seen


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _calls(path: Path) -> Iterator[str]:
    """`FILE:LINE` of every call that runs what it is given."""
    tree = _tree(path)
    modules, functions = _bound(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            risky = _is_risky(node, modules, functions)
        elif isinstance(node, ast.keyword):
            plain = isinstance(node.value, ast.Constant) and not node.value.value
            risky = node.arg in ("trust_remote_code", "allow_pickle") and not plain
        else:
            continue
        if risky:
            yield f"{path.name}:{node.lineno}"


def _bound(tree: ast.Module) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """The names under which a file knows modules, and functions of modules."""
    modules: dict[str, str] = {}
    functions: dict[str, tuple[str, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                modules[alias.asname or alias.name.split(".")[0]] = alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                functions[alias.asname or alias.name] = (node.module, alias.name)
                modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return modules, functions


def _is_risky(
    node: ast.Name | ast.Attribute, modules: dict[str, str], functions: dict[str, tuple[str, str]]
) -> bool:
    if isinstance(node, ast.Name):
        module, name = functions.get(node.id, ("builtins", node.id))
        known = module == "builtins" and name in _CALLS
        return known or (module, name) in _OF_MODULES or (module, None) in _OF_MODULES
    whole = _dotted(node)
    head, _, attribute = whole.rpartition(".")
    first, _, rest = head.partition(".")
    module = ".".join(filter(None, (modules.get(first, first), rest)))
    return (module, attribute) in _OF_MODULES or (module, None) in _OF_MODULES


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""
