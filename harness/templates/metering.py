"""The syntax tree of a template, with filters put in that pay for what is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from jinja2 import Undefined, nodes, pass_context
from jinja2.environment import Environment
from jinja2.visitor import NodeTransformer

from harness.templates.meter import CHARACTERS, METER

# Names that no template can write.
_GIVEN, _LOOP, _STEPS = "pay for", "loop over", "take steps"
_NODES_PER_UNIT = 4


def _given(value: Any) -> Any:
    return METER.get().given(value)


def _loop(values: Any, units: int) -> Any:
    """What a loop goes through; each pass costs so many units, whether its condition lets it in or not."""
    meter = METER.get()
    if hasattr(values, "__len__") and not isinstance(values, Undefined):
        meter.spend(units * len(values))
    return meter.passing(values, lambda _: meter.spend(units))


@pass_context
def _steps(_: Any, units: int) -> str:
    """Pay, and write nothing. It asks for the context, so that jinja does not call it while it compiles."""
    METER.get().spend(units)
    return ""


FILTERS = {_GIVEN: _given, _LOOP: _loop, _STEPS: _steps}


class Metering(NodeTransformer):
    """Puts filters that pay around the values of operations, and into what is done more than once."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def _filter(self, node: nodes.Expr, name: str, *args: nodes.Expr) -> nodes.Expr:
        return nodes.Filter(
            node, name, list(args), [], None, None, lineno=node.lineno, environment=self._environment
        )

    def _paid(self, node: nodes.Expr) -> nodes.Expr:
        return node if isinstance(node, nodes.Const) else self._filter(node, _GIVEN)

    def _pay(self, units: int, line: int) -> nodes.Expr:
        return self._filter(nodes.Const(units, lineno=line), _STEPS)

    def _body(self, node: Any) -> nodes.Node:
        """A block that may be run again and again pays each time for what stands in it."""
        units = 1 + sum(1 for part in node.body for _ in _inside(part)) // _NODES_PER_UNIT
        self.generic_visit(node)
        node.body.insert(0, nodes.Output([self._pay(units, node.lineno)], lineno=node.lineno))
        return node  # type: ignore[no-any-return]

    visit_Macro = visit_CallBlock = visit_Block = _body  # noqa: N815

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        units = 1 + (sum(1 for _ in _inside(node.test)) // _NODES_PER_UNIT if node.test else 0)
        self._body(node)
        node.iter = self._filter(node.iter, _LOOP, nodes.Const(units, lineno=node.lineno))  # type: ignore[arg-type]
        return node

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        text = sum(len(part.data) for part in node.nodes if isinstance(part, nodes.TemplateData))
        shown = [
            part if isinstance(part, nodes.TemplateData) else self._filter(part, _GIVEN)
            for part in node.nodes
        ]
        node.nodes = [self._pay(text // CHARACTERS, node.lineno), *shown] if text >= CHARACTERS else shown
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.nodes = self._each(node.nodes)
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.expr = self._paid(node.expr)
        for operand in node.ops:
            operand.expr = self._paid(operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = self._paid(node.node)
        else:
            node.arg = self._paid(node.arg)
        return node

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return node if node.ctx == "store" else self._paid(node)

    def _made(self, node: Any) -> nodes.Node:
        self.generic_visit(node)
        return self._paid(node)

    visit_List = visit_Dict = _made  # noqa: N815

    def _each(self, parts: Sequence[nodes.Expr]) -> list[nodes.Expr]:
        return [self._paid(part) for part in parts]


def _inside(node: nodes.Node) -> Iterator[nodes.Node]:
    """A node and what is done with it; the body of a loop or macro pays for itself."""
    yield node
    own = isinstance(node, nodes.For | nodes.Macro | nodes.CallBlock | nodes.Block)
    for name, value in node.iter_fields():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, nodes.Node) and not (own and name == "body"):
                yield from _inside(part)
