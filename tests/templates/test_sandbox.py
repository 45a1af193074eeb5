"""A template from outside reaches no code, ends soon and fills no memory; an honest one is filled as ever."""

from __future__ import annotations

import tracemalloc
from typing import Any

import jinja2
import pytest
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.ext import loopcontrols

from harness.templates import TemplateTooLarge, chat_sandbox, explained, meter, sandbox

NEVER_ENDS = [
    "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
    "{% for a in range(100000) %}{% for b in range(100000) if false %}{% endfor %}{% endfor %}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "{% macro m() %}{{ caller() }}{{ caller() }}{% endmacro %}"
    + "{% call m() %}" * 40
    + "x"
    + "{% endcall %}" * 40,
    "{% for i in [1] recursive %}{{ loop([1, 1]) }}{% endfor %}",
    "{% block a %}{{ self.a() }}{% endblock %}",
    "{% for i in range(100000) %}" + "{% set y = x.a %}" * 1000 + "{% endfor %}",
    "{% for i in range(100000) %}{{ range(100000)|list|length }}{% endfor %}",
    "{% set l = range(90000)|list %}{% for i in range(100000) %}{{ 'x' in l }}{% endfor %}",
    "{{ range(90000)|sort(attribute='a,' * 100) }}",
    "{{ ('a' * 40)|regex_replace('(a+)+b', '') }}",
    "{{ ('a' * 40)|regex_replace('(?:a|a)*b', '') }}",
    "{{ ('a' * 40)|regex_replace('" + "a?" * 40 + "b', '') }}",
    "{{ ('a' * 90000)|regex_replace('a*a*a*b', '') }}",
    "{% set t = 'a' * 900000 %}{{ t.rfind('b' ~ t[:400000]) }}",
    "{{ ('äöü' * 300000).encode('punycode') }}",
]
GROWS = [
    "{{ 'a' * 10**9 }}", "{{ [1] * 10**9 }}", "{% set x = 10**9 * 'a' %}", "{{ 7 ** 99999999 }}",
    "{{ '%999999999d' % 1 }}", "{{ '%*d' % (999999999, 1) }}", "{{ '%(a)999999999d' % {'a': 1} }}",
    "{{ '%.999999999f'|format(1) }}", "{{ '{:>999999999}'.format(1) }}", "{{ '{:>{w}}'.format(1, w=999999999) }}",
    "{{ '{a:>999999999}'.format_map({'a': 1}) }}", "{{ ('{:>999999999}'|attr('format'))(1) }}",
    "{{ 'a'.center(999999999) }}", "{{ 'a'.ljust(999999999) }}", "{{ 'a'|center(width=999999999) }}",
    "{{ 'a\nb'|indent(first=true, width=999999999) }}", "{{ '\t'.expandtabs(tabsize=999999999) }}",
    "{{ range(100000)|join('a' * 100000) }}", "{{ ('a' * 100000).join(range(100000)|map('string')) }}",
    "{% set b = 'a' * 100000 %}{{ range(100000)|map(attribute='x', default=b)|join }}",
    "{% set n = namespace(x='aa') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
    "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}{{ n.x }}",
    "{% set n = namespace(x=[1]) %}{% for i in range(9999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }}",
    "{% set n = namespace(x='aa') %}{% for i in range(99) %}{% set t %}{{ n.x }}{{ n.x }}{% endset %}"
    "{% set n.x = t %}{% endfor %}",
    "{% for i in range(100000) %}" + "x" * 100_000 + "{% endfor %}",
    "{{ ('a' * 10000).replace('a', 'a' * 100000) }}", "{{ ('a' * 10000)|replace(new='a' * 100000, old='a') }}",
    "{{ ('a' * 10000).translate({97: 'a' * 100000}) }}", "{{ (1).to_bytes(10**9, 'big') }}",
    "{{ 'a'|slice(10**9)|list }}", "{{ [1]|batch(10**9, 0)|list }}", "{{ 3|round(10**9, 'ceil') }}",
    "{{ [[[1]]]|tojson(indent=10**9) }}", "{{ ('a' * 90000)|regex_replace('a', 'a' * 90000) }}",
    "{% set c = cycler('a' * 9999) %}{% for i in range(100000) %}{{ c.next() }}{% endfor %}",
]  # fmt: skip
CODE = [
    "{{ ''.__class__.__mro__ }}", "{{ '{0.__class__}'.format(1) }}{{ 1/0 }}", "{{ namespace(__class__=1) }}",
    "{% include '/etc/passwd' %}", "{{ lipsum.__globals__ }}", "{{ cycler.__init__.__globals__ }}",
    "{{ [].append(1) }}", "{{ ('__cl' ~ 'ass__')|attr('x')() }}",
]  # fmt: skip


def filled(template: str, **values: Any) -> str:
    return sandbox(undefined=StrictUndefined).from_string(template).render(values or {"x": {}})


@pytest.mark.parametrize("template", NEVER_ENDS, ids=lambda text: text[:60])
def test_what_never_ends_is_refused(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "UNITS", 50_000)
    with pytest.raises(TemplateTooLarge):
        filled(template)


@pytest.mark.parametrize("template", GROWS, ids=lambda text: text[:60])
def test_what_grows_is_refused_before_it_is_made(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "UNITS", 100_000)
    environment = chat_sandbox(lambda form: form)
    tracemalloc.start()
    with pytest.raises(TemplateTooLarge):
        environment.from_string(template).render(x={})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50_000_000


@pytest.mark.parametrize("template", CODE)
def test_no_template_reaches_code(template: str) -> None:
    with pytest.raises(TemplateError):
        filled(template)


@pytest.mark.parametrize(
    "template",
    [
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{{ " + "+".join("1" * 5000) + " }}",
        "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
        "{{ [" + "1," * 60_000 + "] }}",
        "{{ a }}" * 300_000,
        "{{" * 100_000,
        "{{ 'a'|urlize }}",
        "{% if %}",
    ],
    ids=lambda text: text[:20],
)
def test_what_cannot_be_compiled_is_a_mistake_of_the_template(template: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        sandbox().from_string(template)


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("a\n\n{{ raise_exception('No system role') }}", "line 3: No system role"),
        ("a\n{{ 1 + 'a' }}", "line 2: TypeError: unsupported operand type(s) for +: 'int' and 'str'"),
        ("{{ x.y.z }}", "line 1: 'dict object' has no attribute 'y'"),
        ("a\n{% if %}", "line 2: Expected an expression, got 'end of statement block'"),
        ("{{ 'a'|regex_replace('a', '(', 'x') }}",
         "line 1: TypeError: 'str' object cannot be interpreted as an integer"),
        ("\n{{ 'a' * 10**9 }}", "line 2: The template takes too many steps or makes too large a value."),
    ],
)  # fmt: skip
def test_a_failure_names_the_line(template: str, sentence: str) -> None:
    with pytest.raises(TemplateError) as caught:
        chat_sandbox(lambda form: form).from_string(template).render(x={})
    assert explained(caught.value) == sentence


HONEST = [
    "{{question.strip()}}\nA. {{choices[0]}}\n",
    "{% for c in choices %}{{ loop.index }}/{{ loop.length }} {{ c }}\n{% endfor %}",
    "{% for c in choices|map('upper') %}{% if not loop.first %}, {% endif %}{{ c }}{% endfor %}",
    "{{ choices|join(', ') }}{{ choices|tojson }}{{ choices|length }}{{ choices[::-1]|first }}{{ choices|sort|last }}",
    "{{ ['A', 'B'].index('B') }}{{ '%d %s'|format(3, question) }}{{ '{:>9}|{q!r}'.format(1, q=question) }}",
    "{% macro m(a, b='x') %}[{{ a }}{{ b }}]{% endmacro %}{{ m(1) }}{{ m(2, b=question) }}",
    "{% set n = namespace(found=false) %}{% for c in choices %}"
    "{% set n.found = n.found or c == 'b' %}{% endfor %}{{ n.found }}",
    "{{ question|replace('?', '!')|title|trim }}{{ question.split(' ')[-1] }}",
    "{{ 'x' ~ 1 ~ none }}{{ -3 // 2 }}{{ 2 ** 10 }}",
    "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }};{% endfor %}{{ {'a': 1}|tojson }}{{ 'a' in choices }}",
    "{% filter upper %}{{ question }}{% endfilter %}",
    "{% set t %}{{ question }}{% endset %}{{ t|length }}{{ [1, 2]|sum }}",
    "{% for c in choices if c != 'a' %}{{ loop.cycle('x', 'y') }}{{ c }}{% else %}none{% endfor %}",
]  # fmt: skip


@pytest.mark.parametrize("template", HONEST, ids=lambda text: text[:40])
def test_an_honest_template_is_filled_as_jinja_fills_it(template: str) -> None:
    values = {"question": "Which is it?\n", "choices": ["a", "b", "c"]}
    alone = jinja2.Environment(undefined=StrictUndefined)
    assert filled(template, **values) == alone.from_string(template).render(values)


def test_a_long_document_is_no_large_template() -> None:
    """Values add to the budget what they are worth: a corpus in a prompt is not the template's fault."""
    text = "word " * 400_000
    template = (
        "{% for p in passages %}{{ p.strip() }}\n{% endfor %}{{ text|replace('word', 'w')|trim }}{{ text }}"
    )
    assert len(filled(template, text=text, passages=[text] * 3)) > 7_000_000


CHAT = """{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(last=messages|length - 1) %}
{%- for message in messages %}
    {%- if message.role == 'system' %}{%- continue %}{%- endif %}
    {{- '<|im_start|>' + message.role + '\\n' }}
    {%- if message.role == 'assistant' %}
        {%- generation %}{{ message.content.split('</think>')[-1].lstrip('\\n') }}{% endgeneration %}
    {%- else %}{{- message.content | trim }}{%- endif %}
    {{- '<|im_end|>\\n' }}
{%- endfor %}
{%- if tools %}{{ tools | tojson(indent=2) }}{% endif %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}"""


def test_a_chat_template_is_filled_as_transformers_fills_it() -> None:
    from transformers.utils.chat_template_utils import render_jinja_template

    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": " Größe <b>? "},
        {"role": "assistant", "content": "<think>x</think>\n42"},
        {"role": "user", "content": "Sure?"},
    ]
    tools = [{"name": "f", "about": "<é>"}]
    (theirs,), _ = render_jinja_template(
        [turns], tools=tools, chat_template=CHAT, add_generation_prompt=True, bos_token="<s>"
    )
    ours = chat_sandbox(lambda form: form).from_string(CHAT)
    assert ours.render(messages=turns, tools=tools, add_generation_prompt=True, bos_token="<s>") == theirs


def test_loop_controls_are_those_of_jinja() -> None:
    template = "{% for i in range(9) %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}"
    alone = jinja2.Environment(extensions=[loopcontrols])
    ours = chat_sandbox(lambda form: form).from_string(template).render()
    assert ours == alone.from_string(template).render() == "012"
