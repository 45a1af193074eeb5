"""The environment that compiles and renders templates from outside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from jinja2 import TemplateError, TemplateRuntimeError, TemplateSyntaxError, nodes
from jinja2.environment import Environment, Template
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.lexer import Token, TokenStream
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEscapeFormatter, SandboxedFormatter
from jinja2.utils import Namespace
from markupsafe import Markup

from harness.templates import growth, metering
from harness.templates.meter import METER, TemplateTooLarge, meter_for

LENGTH, TOKENS = 1_000_000, 50_000
"""The longest template, in characters and in tokens of jinja."""
_KEPT = 256
"""The most compiled templates that are kept: lm-eval compiles its templates anew for each document."""
_LEFT_OUT = ("pprint", "striptags", "urlize", "wordwrap", "xmlattr")
"""Filters of jinja's for pages and people, whose time grows with the square of a text or the depth of a list."""


def sandbox(**options: Any) -> Environment:
    """An environment whose templates are limited; `options` are those of jinja's Environment.

    `from_string` raises TemplateSyntaxError and `render` TemplateError, whatever a template fails at.
    """
    return _Limited(**options)


def chat_sandbox(strftime_now: Callable[[str], str]) -> Environment:
    """The environment that chat templates are written for, as transformers documents it."""
    environment = sandbox(trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols])
    environment.filters["tojson"] = growth.paying(growth.chat_tojson)
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = strftime_now
    return environment


def _raise_exception(message: Any) -> None:
    raise TemplateError(str(message))


def explained(error: TemplateError) -> str:
    """What a template failed at, with the line of the template where it is known."""
    line = getattr(error, "lineno", None) or _line(error)
    said = error.message or type(error).__name__
    return f"line {line}: {said}" if line else said


def _line(error: BaseException) -> int | None:
    """The last line of a template that an error passed; jinja puts it into the traceback."""
    line, step = None, error.__traceback__
    while step is not None:
        if "__jinja_exception__" in step.tb_frame.f_globals:
            line = step.tb_lineno
        step = step.tb_next
    return line or (_line(error.__cause__) if error.__cause__ else None)


class _LimitedTemplate(Template):
    def render(self, *args: Any, **kwargs: Any) -> str:
        """The filled template. Raises TemplateError, also for whatever else its expressions raise."""
        values = dict(*args, **kwargs)
        token = METER.set(meter_for(values))
        try:
            return str(super().render(values))
        except RecursionError as error:
            raise TemplateTooLarge("The template calls itself too often.") from error
        except (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError) as error:
            raise TemplateRuntimeError(f"{type(error).__name__}: {error}") from error
        finally:
            METER.reset(token)


class _Limited(ImmutableSandboxedEnvironment):
    template_class = _LimitedTemplate
    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)

    def __init__(self, **options: Any) -> None:
        # Without the optimizer nothing is reckoned out while a template is compiled, where there is no budget.
        extensions = [*options.pop("extensions", ()), _Size]
        super().__init__(optimized=False, extensions=extensions, **options)
        self.filters["regex_replace"] = growth.regex_replace
        self.filters["join"] = growth.joining(self.filters["join"])
        for name in _LEFT_OUT:
            del self.filters[name]
        self.filters = {
            **{name: growth.paying(own, growth.FILTERS.get(name)) for name, own in self.filters.items()},
            **metering.FILTERS,
        }
        self.tests = {name: growth.paying(own) for name, own in self.tests.items()}
        del self.globals["lipsum"]
        self.globals["namespace"] = _Holder
        self._compiled: dict[str, Template] = {}

    def from_string(self, source: Any, *args: Any, **options: Any) -> Template:
        """Compile a template, or take it from those kept. Raises TemplateSyntaxError."""
        if source in self._compiled and not (args or options):
            return self._compiled[source]
        if len(source) > LENGTH:
            raise TemplateSyntaxError(f"The template has more than {LENGTH:,} characters.", 1)
        try:
            made = super().from_string(metering.Metering(self).visit(self.parse(source)), *args, **options)
        except (RecursionError, MemoryError, OverflowError, SyntaxError, ValueError) as error:
            raise TemplateSyntaxError(f"The template cannot be compiled ({error}).", 1) from error
        if not (args or options):
            if len(self._compiled) >= _KEPT:
                self._compiled.clear()
            self._compiled[source] = made
        return made

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        meter = METER.get()
        meter.weigh(left)
        meter.weigh(right)
        growth.operation(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        meter = METER.get()
        meter.spend(1)
        values = [meter.given(value) for value in args]
        named = {key: meter.given(value) for key, value in kwargs.items()}
        owner, name = getattr(__obj, "__self__", None), getattr(__obj, "__name__", "")
        values = growth.call(owner, name, values, named)
        return super().call(__context, __obj, *values, **named)

    def wrap_str_format(self, value: Any) -> Callable[..., Any] | None:
        if super().wrap_str_format(value) is None:
            return None
        text = value.__self__
        form = _EscapeFormatter(self, escape=text.escape) if isinstance(text, Markup) else _Formatter(self)

        def filled(*args: Any, **named: Any) -> Any:
            if value.__name__ == "format_map":
                (named,), args = args, ()
            return type(text)(form.vformat(text, args, named))

        return filled


class _Holder(Namespace):
    """jinja's namespace; its text leaves out what it holds, as it may hold itself, and its names are public."""

    def __init__(*args: Any, **kwargs: Any) -> None:
        self, held = args[0], dict(*args[1:], **kwargs)
        for name in held:
            _public(name)
        Namespace.__init__(self, held)

    def __setitem__(self, name: str, value: Any) -> None:
        _public(name)
        super().__setitem__(name, value)

    def __repr__(self) -> str:
        return "<Namespace>"


def _public(name: Any) -> None:
    if str(name).startswith("_"):
        raise SecurityError(f"The name {name!r} of a namespace begins with an underscore.")


class _Widths:
    """Formatters that pay for the width of a field."""

    def format_field(self, value: Any, format_spec: str) -> Any:
        meter = METER.get()
        meter.weigh(value)
        meter.characters(sum(map(growth.number, re.findall(r"\d+", format_spec))))
        return super().format_field(value, format_spec)  # type: ignore[misc]


class _Formatter(_Widths, SandboxedFormatter):
    pass


class _EscapeFormatter(_Widths, SandboxedEscapeFormatter):
    pass


class _Size(Extension):
    """Refuses a template of too many tokens before it is parsed."""

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        for count, token in enumerate(stream):
            if count > TOKENS:
                raise TemplateSyntaxError(f"The template has more than {TOKENS:,} tokens.", token.lineno)
            yield token


class _Generation(Extension):
    """`{% generation %}` marks what the assistant says; what stands in it is written as it is."""

    tags = {"generation"}  # noqa: RUF012 - jinja's own interface

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)
