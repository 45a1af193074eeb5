"""What a regular expression may cost is read off it: the exponential ones are known, honest ones are cheap."""

from __future__ import annotations

import pytest

from harness.patterns import cost


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+b", "(a|a)*b", "(?:a|aa)+$", "(a*)*", "(?:a?){40}b", "((a)+)+", "(x{1,9}){1,9}y", "([]a]+)+",
        "(?x)( a + ) + b", "(a+)(?#x)+b", "(?P<n>a|b)*", "((?:a?)){30}", r"(\s*,)*x", "(?:(?:a|b){2}){9}",
    ],
)  # fmt: skip
def test_a_repeated_choice_is_named(pattern: str) -> None:
    assert cost(pattern).nested


@pytest.mark.parametrize(
    ("pattern", "steps"),
    [
        ("abc", 1001),
        ("(?:ab)+(?<=x)(?P<n>ab)(?i:c)(?(1)d)", 1001**2),
        (r"\[.*?\]", 1001**2),
        (r"(?i)[\s\*+?]+", 1001**2),
        (r"\(a\)\+\|x", 1001),
        ("cat|dog|cow", 3 * 1001),
        ("(?:yes|no)[.!]?", 2 * 2 * 1001),
        ("a?" * 30 + "a" * 30, 2**30 * 1001),
        ("x{1,9}" * 3, 10**3 * 1001),
        (".*a.*b", 1001**3),
        ("a{2}{", 1001),
        (r"(?:,\d{3})+", 1001**2),
    ],
)
def test_steps_on_a_thousand_characters(pattern: str, steps: int) -> None:
    assert not cost(pattern).nested
    assert cost(pattern).steps(1000) == steps
