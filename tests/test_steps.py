"""A step that compares again names what the run compared: its models, strategies and terms."""

from __future__ import annotations

import argparse
from pathlib import PurePath

import pytest

from harness.cli import parser
from harness.steps import SWITCHES, Step, compare_again, typed, validate_again

RUN = "harness compare faq other --quick --model small=folder --model=large=http://h:1/v1#a --strategies base,rag"


@pytest.mark.parametrize(
    ("command", "flags", "again"),
    [
        (None, (), "harness compare faq"),
        ("harness compare", ("--seeds 3",), "harness compare faq --seeds 3"),
        (
            RUN,
            (),
            "harness compare faq --model small=folder '--model=large=http://h:1/v1#a' --strategies base,rag",
        ),
        (RUN, ("--model other", "--strategies base"), "harness compare faq --model other --strategies base"),
        (
            "harness compare --quick mine/faq.yaml --seeds 5",
            ("--seeds 3",),
            "harness compare mine/faq.yaml --seeds 3",
        ),
        (
            "harness compare 'what nobody typed",
            (),
            "harness compare faq",
        ),
        ("harness compare 'my tasks/faq/' --limit 9", (), "harness compare 'my tasks/faq/' --limit 9"),
        ("harness compare b.yaml 'my tasks/faq/task.yaml'", (), "harness compare 'my tasks/faq/task.yaml'"),
        (
            "harness compare --ray ray://h:1 --workers 2 faq",
            (),
            "harness compare faq --ray ray://h:1 --workers 2",
        ),
        ("harness compare --ray faq --output reports/x", (), "harness compare faq --ray"),
        ("harness compare 'faq --limit 9", (), "harness compare faq"),
    ],
)
def test_the_command_of_a_run_becomes_that_of_the_next(
    command: str | None, flags: tuple[str, ...], again: str
) -> None:
    assert compare_again(command, "faq", *flags) == again


def test_what_is_copied_into_a_shell_is_quoted_and_named_as_the_run_named_it() -> None:
    assert typed("report", PurePath("my runs/1")) == "harness report 'my runs/1'"
    assert validate_again("harness compare 'my tasks/faq.yaml' b", "faq") == (
        "harness tasks validate 'my tasks/faq.yaml'"
    )
    assert validate_again(None, "faq") == "harness tasks validate faq"


def test_a_terminal_says_which_run() -> None:
    step = Step("Wait", "harness decide RUN --error-price USD")
    assert step.at(PurePath("my runs/1")).line == "harness decide 'my runs/1' --error-price USD"
    assert Step("Reword it").at(PurePath("1")) == Step("Reword it")


def test_a_flag_of_the_run_may_go() -> None:
    assert compare_again("harness compare faq --limit 9 --seed 1", "faq", without="--limit") == (
        "harness compare faq --seed 1"
    )


def test_every_flag_without_a_value_is_known() -> None:
    (commands,) = (one for one in parser()._actions if isinstance(one, argparse._SubParsersAction))
    flags = commands.choices["compare"]._actions
    bare = {flag.option_strings[-1] for flag in flags if flag.option_strings and flag.nargs in (0, "?")}
    assert bare - {"--help"} == SWITCHES
