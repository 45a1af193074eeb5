"""Systems are told apart by colour together with shape and dash, however many there are."""

from __future__ import annotations

from pathlib import Path

import harness.report
from harness.report.pictures.looks import looks_of
from harness.spec.settings import Examples, Finetune, Retrieval
from harness.spec.strategy import STRATEGIES, TaskSettings, forgetting_system, system_of
from harness.spec.system import ModelRef, System


def system(strategy: str, name: str = "", task: str = "facts") -> System:
    settings = TaskSettings(task, Retrieval(), Examples(), Finetune(), "embedder")
    made = system_of(STRATEGIES[strategy], ModelRef("tiny"), settings)
    return System(name or made.name, made.strategy, made.model, made.adapter, made.context, made.control)


def test_every_strategy_has_a_colour_a_shape_and_a_dash_of_its_own() -> None:
    looks = looks_of({"facts": [system(name) for name in STRATEGIES]})
    for values in ([look.colour for look in looks.values()], [look.shape for look in looks.values()]):
        assert len(set(values)) == len(STRATEGIES)
    assert len({look.dash for look in looks.values()}) == len(STRATEGIES)
    css = (Path(harness.report.__file__).parent / "page/assets/page.css").read_text(encoding="utf-8")
    for look in looks.values():
        assert css.count(f"{look.colour[4:-1]}:") == 3  # light, dark, print


def test_a_system_looks_alike_whatever_else_is_compared() -> None:
    alone = looks_of({"facts": [system("lora")]})
    beside = looks_of(
        {"facts": [system(name) for name in STRATEGIES], "manners": [system("lora", task="manners")]}
    )
    assert alone["lora"] == beside["lora"]


def test_more_systems_than_colours_are_told_apart() -> None:
    several = [system(name) for name in STRATEGIES]
    several += [system("lora", f"lora[n={n}]") for n in (50, 100, 200, 400, 800, 1600, 3200, 6400)]
    looks = looks_of({"facts": several})
    assert len({(look.colour, look.shape) for look in looks.values()}) == len(several)
    assert len({(look.colour, look.dash) for look in looks.values()}) == len(several)


def test_another_tasks_adapter_is_a_variation_of_its_strategy() -> None:
    adapters = [forgetting_system(system("lora", task=task), "general") for task in ("facts", "manners")]
    looks = looks_of({"facts": [system("base"), system("lora")], "general": [system("base"), *adapters]})
    assert {looks[name].colour for name in ("lora", "lora@facts", "lora@manners")} == {looks["lora"].colour}
    assert len({looks[name].shape for name in ("lora", "lora@facts", "lora@manners")}) == 3


def test_a_strategy_that_the_table_does_not_know_has_a_look() -> None:
    base = system("base")
    unknown = System("other", "other", base.model)
    looks = looks_of({"facts": [base, unknown]})
    assert looks["other"] != looks["base"]


def test_a_control_says_that_it_is_one() -> None:
    assert looks_of({"facts": [system("oracle")]})["oracle"].label == "oracle (control)"
