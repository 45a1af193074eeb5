"""What a run calls its models: given, or made of what a person named, and always told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import InputError
from harness.spec.labels import LONGEST, entry_of, labelled
from harness.spec.models import ModelEntry


def labels(*models: str) -> list[str | None]:
    return [entry.name for entry in labelled([entry_of(model) for model in models])]


def test_a_label_stands_before_an_equals_sign() -> None:
    assert entry_of("large=org/name") == ModelEntry(name="large", model="org/name")
    assert entry_of("org/name") == ModelEntry(model="org/name")


@pytest.mark.parametrize("model", ["http://localhost:8000/v1#a=b", "a b=c", "/models/x=1", "=x"])
def test_what_cannot_be_a_label_is_part_of_the_name(model: str) -> None:
    assert entry_of(model) == ModelEntry(model=model)


def test_a_folder_whose_name_holds_an_equals_sign_is_that_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rank=16").mkdir()
    assert entry_of("rank=16") == ModelEntry(model="rank=16")


def test_a_label_without_a_model_is_refused() -> None:
    with pytest.raises(InputError, match="behind the equals sign"):
        entry_of("large=")


def test_a_single_model_keeps_its_systems_names() -> None:
    assert labels("org/name") == [None]


def test_labels_are_made_of_the_last_part_of_a_name_and_told_apart() -> None:
    made = labels(
        "org/Small-1B@main", "http://host:1/v1#Small-1B", "dir/other.gguf", "openai:gpt", "large=x/y"
    )
    assert made == ["Small-1B", "Small-1B-2", "other", "gpt", "large"]


def test_a_derived_label_never_takes_a_given_one() -> None:
    assert labels("org/a", "A=org/b") == ["a-2", "A"]


@pytest.mark.parametrize("model", ["org/" + "x" * 90, "…", "a/ /", "x/y.z" * 20])
def test_a_derived_label_is_always_one(model: str) -> None:
    first, second = labels(model, model)
    for label in (first, second):
        assert label
        assert len(label) <= LONGEST
        assert entry_of(f"{label}=x") == ModelEntry(name=label, model="x")
    assert first != second


@pytest.mark.parametrize("name", ["a@b", "a,b", "a b", "", "x" * 33, "-a"])
def test_a_name_that_could_not_stand_behind_an_at_sign_is_refused(name: str) -> None:
    with pytest.raises((InputError, ValueError)):
        labelled([ModelEntry(name=name, model="x"), ModelEntry(model="y")])


def test_two_models_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="two models are called 'a'"):
        labelled([ModelEntry(name="a", model="x"), ModelEntry(name="A", model="y")])


def test_same_as_follows_the_name_that_a_model_gets() -> None:
    here, there = labelled([ModelEntry(model="org/m"), ModelEntry(model="http://h/v1#m", same_as="org/m")])
    assert (here.name, there.same_as) == ("m", "m")
