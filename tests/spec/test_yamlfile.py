"""YAML at the border: values as YAML 1.2 means them, mistakes where they stand, nothing but InputError."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from harness.errors import InputError, InputErrors, shown
from harness.files import read_source
from harness.spec.yamlfile import dotted, load_model, load_yaml
from tests.snapshots import Snapshots


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    rate: float = 1.0
    words: tuple[str, ...] = ()


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    title: str
    count: int = 0
    inner: Inner | None = None


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "x.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refused(path: Path, model: type[BaseModel] = Outer) -> list[str]:
    """The messages, without the folder in front."""
    with pytest.raises(InputError) as caught:
        load_model(path, model)
    return str(caught.value).replace(f"{path.parent}/", "").splitlines()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1e-4", 1e-4),
        ("4E-4", 4e-4),
        ("1.5", 1.5),
        ("-3", -3),
        ("0x1F", 31),
        ("0o17", 15),
        ("1_000", 1000),
        (".inf", float("inf")),
        ("true", True),
        ("on", "on"),
        ("yes", "yes"),
        ("2026-01-31", "2026-01-31"),
        ("12:30", "12:30"),
        ("~", None),
        ("'12'", "12"),
        ("[a, 1]", ("a", 1)),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(tmp_path: Path, written: str, meant: object) -> None:
    value = load_yaml(write(tmp_path, f"on: {written}\n")).values["on"]
    assert value == meant
    assert type(value) is type(meant)


def test_a_good_file_becomes_the_model(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufefftitle: t\r\ninner: {rate: 2e-3, words: [a, b]}\r\n")
    assert load_model(path, Outer) == Outer(title="t", inner=Inner(rate=0.002, words=("a", "b")))


WRONG = [
    "titel: t\ncount: many\ninner:\n  rate: fast\n  words:\n    - a\n    - 2\n  k: 1\n",
    "count: 1\n",
    "title: t\nrate: 1.0\n",
    "title: a\ninner:\n  rate: 1.0\n  rate: 2.0\ntitle: b\n",
]


def test_every_mistake_is_shown_at_its_line_and_column(tmp_path: Path, snapshots: Snapshots) -> None:
    texts = ["\n".join([text, *refused(write(tmp_path, text))]) for text in WRONG]
    snapshots.check("spec/yaml_mistakes.txt", "\n\n".join(texts) + "\n")


UNUSABLE = [
    "",
    "# only a comment\n",
    "- a\n",
    "just words\n",
    "title: [a\n",
    "title: a\n\tcount: 1\n",
    "title: a: b\n",
    "title: a\n---\ntitle: b\n",
    "title: *nobody\n",
    "title: a\ncount: \x01\n",
    b"title: a\ninner: \xe9t\xe9\n",
    "title: " + "[" * 600,
    "title: t\ninner: &loop {words: *loop}\n",
    "title: !!python/object:os.system x\n",
    "? [a]\n: 1\ntitle: t\n",
    'title: "\\ud800"\n',
    f"title: t\ncount: {'9' * 5000}\n",
    "title: ~\n",
    "title: t\ninner:\n  - a\n",
]


def test_what_is_no_usable_file_gets_one_clear_message(tmp_path: Path, snapshots: Snapshots) -> None:
    lines = []
    for text in UNUSABLE:
        (message,) = refused(write(tmp_path, text))
        lines.append(f"{shown(text)}\n    {message}\n")
    snapshots.check("spec/yaml.txt", "".join(lines))


def test_aliases_of_aliases_do_not_fill_the_memory(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for n in range(1, 10):
        inside = ", ".join([f"*a{n - 1}"] * 10)
        lines.append(f"a{n}: &a{n} [{inside}]")
    messages = refused(write(tmp_path, "\n".join(lines)))
    assert messages == ["x.yaml: the file holds more than 100,000 values."]


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.yaml: there is no such file\."):
        load_yaml(tmp_path / "nowhere.yaml")
    with pytest.raises(InputError, match="this is a folder"):
        load_yaml(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        read_source(tmp_path / "nul\0.yaml")
    with pytest.raises(InputError, match="cannot be read"):
        read_source(tmp_path / ("x" * 5000))


def test_more_than_twenty_mistakes_are_counted_not_shown(tmp_path: Path) -> None:
    path = write(tmp_path, "title: t\n" + "".join(f"zz{n}: 1\n" for n in range(25)))
    with pytest.raises(InputErrors) as caught:
        load_model(path, Outer)
    assert len(caught.value.errors) == 21
    assert str(caught.value).endswith("… and 5 more.")


def test_a_path_into_the_file_reads_like_a_path() -> None:
    assert dotted(("answer", "stop", 0)) == "answer.stop[0]"
    assert dotted(("a b",)) == "'a b'"
    assert dotted(("few-shot",)) == "few-shot"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(max_size=60), st.text("ab:[]{}-&*!|>'\"#%@ \n\t1.e", max_size=60)))
def test_no_text_raises_anything_but_an_input_error(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError):  # never valid: no such text holds a `title:` key
        load_model(path, Outer)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "".join(f"key{n}: {n}\n" for n in range(10_000)),
            "more than 15,000 lines, commas, brackets and colons",
        ),
        ("[" * 100_000, "more than 15,000 lines, commas, brackets and colons"),
        ("a: '" + "x" * 1_000_000 + "'", "it has more than 1 MB"),
    ],
)
def test_what_no_person_wrote_is_refused_before_it_is_parsed(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        load_yaml(write(tmp_path, text))


def test_a_number_that_python_does_not_write_does_not_break_the_sentence(tmp_path: Path) -> None:
    (sentence,) = refused(write(tmp_path, "title: 0x" + "f" * 5000))
    assert "must be text, but is the number …, of thousands of digits" in sentence
