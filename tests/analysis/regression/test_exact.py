"""What has to be equal is compared exactly, and what may differ on another machine is let pass by its reason."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from harness.analysis.regression import exact
from harness.analysis.regression.findings import NamedFigures, Outcome, QuestionFigures, Ruling
from harness.analysis.regression.pairing import Rerun
from harness.spec.settings import Retrieval
from harness.spec.strategy import retrieved
from harness.spec.system import ModelRef, System
from tests.analysis.regression.reruns import edit_manifest, made_up, other_model, pair_of

FOUND = [
    {"doc_id": name, "chunk_id": f"{name}#0", "score": score} for name, score in (("a", 0.9), ("b", 0.5))
]
ELSEWHERE = {"machine": {"cpu": "another"}}
INDEX = {"indexes": {"t": {"key": "k" * 64, "documents": 2, "passages": 2}}}
ADAPTER = {
    "task": "t",
    "strategy": "lora",
    "recipe": {"rank": 8},
    "examples": 9,
    "key": "k1",
    "device": "cpu",
}


def ranked(*passages: dict[str, Any], shown: int = 2, **more: Any) -> Any:
    return lambda *_: {"retrieved": list(passages), "shown_passages": shown, **more}


def rag(
    tmp_path: Path, before: Any, after: Any, about: dict[str, Any] | None = None, **options: Any
) -> Rerun:
    replies = {"rag": ["yes", "no"]}
    baseline = made_up(tmp_path / "a", replies, more=before, about=INDEX, **options)
    run = made_up(tmp_path / "b", replies, more=after, about={**INDEX, **(about or {})}, **options)
    return pair_of(run, baseline, "rag")


def lora(tmp_path: Path, old: str | None, new: str | None, about: dict[str, Any], **record: Any) -> Rerun:
    """Adapters of these hashes; `record`: what the second one's says otherwise."""
    replies = {"lora": ["yes", "no"]}
    baseline = made_up(
        tmp_path / "a", replies, more=lambda *_: {"adapter": old}, about={"adapters": [ADAPTER]}
    )
    more = {"adapters": [{**ADAPTER, **record}], **about}
    run = made_up(tmp_path / "b", replies, more=lambda *_: {"adapter": new}, about=more)
    return pair_of(run, baseline, "lora")


def changed(said: Ruling) -> str:
    """What a sentence says differs."""
    return said.detail.partition(": ")[2]


def test_another_model_or_dtype_fails_and_another_name_for_the_same_weights_passes(tmp_path: Path) -> None:
    baseline, run = (made_up(tmp_path / name, {"base": ["yes"]}) for name in "ab")
    other_model(run, name="./local", revision="main")
    assert exact.model(pair_of(run, baseline)).outcome is Outcome.PASS
    other_model(run, dtype="bfloat16")
    said = exact.model(pair_of(run, baseline))
    assert (said.outcome, said.detail) == (Outcome.FAIL, "dtype: float32 → bfloat16")


def test_the_same_adapter_passes_and_base_weights_have_none(tmp_path: Path) -> None:
    assert exact.adapter(lora(tmp_path, "x", "x", {})).outcome is Outcome.PASS
    base = made_up(tmp_path / "c", {"base": ["yes"]})
    assert exact.adapter(pair_of(base, base)).outcome is Outcome.NOT_APPLICABLE


def test_an_adapter_that_is_another_on_the_same_machine_fails(tmp_path: Path) -> None:
    said = exact.adapter(lora(tmp_path, "x", "y", {}))
    assert said.outcome is Outcome.FAIL


def test_an_adapter_trained_alike_elsewhere_passes_with_its_reason(tmp_path: Path) -> None:
    said = exact.adapter(lora(tmp_path, "x", "y", ELSEWHERE))
    assert said.outcome is Outcome.PASS
    assert said.detail.endswith("machine cpu null → another")


def test_an_adapter_of_other_data_fails_on_any_machine(tmp_path: Path) -> None:
    said = exact.adapter(lora(tmp_path, "x", "y", ELSEWHERE, recipe={"rank": 16}))
    assert (said.outcome, changed(said)) == (Outcome.FAIL, "recipe.rank: 8 → 16")


def test_other_words_of_the_same_number_show_in_the_key(tmp_path: Path) -> None:
    said = exact.adapter(lora(tmp_path, "x", "y", ELSEWHERE, key="k2"))
    assert (said.outcome, changed(said)) == (Outcome.FAIL, "key: k1 → k2")


def test_the_key_names_the_device_too_so_that_another_kind_of_it_is_no_fault(tmp_path: Path) -> None:
    assert exact.adapter(lora(tmp_path, "x", "y", ELSEWHERE, key="k2", device="cuda")).outcome is Outcome.PASS


def test_an_adapter_of_another_task_is_held_against_its_own_record(tmp_path: Path) -> None:
    replies = {"lora@home": ["yes"]}
    home = {**ADAPTER, "task": "home"}
    runs = [
        made_up(
            tmp_path / key, replies, more=lambda *_, key=key: {"adapter": key}, about={"adapters": [record]}
        )
        for key, record in (("a", home), ("b", {**home, "examples": 8}))
    ]
    assert changed(exact.adapter(pair_of(runs[1], runs[0], "lora@home"))) == "examples: 9 → 8"


def test_an_index_is_what_its_key_says(tmp_path: Path) -> None:
    plain = ranked(*FOUND)
    assert exact.index(rag(tmp_path / "x", plain, plain)).outcome is Outcome.PASS
    grown = {"indexes": {"t": {"key": "l" * 64, "documents": 3, "passages": 2}}}
    said = exact.index(rag(tmp_path / "y", plain, plain, grown))
    assert (said.outcome, said.detail.split("; ")[1]) == (Outcome.FAIL, "documents: 2 → 3")
    said = exact.index(rag(tmp_path / "w", plain, plain, {**grown, "embedder": {"name": "other"}}))
    assert said.detail.split("; ")[2] == "embedder name: (absent) → other"
    unknown = rag(tmp_path / "z", plain, plain)
    edit_manifest(unknown.before.run.folder, lambda about: about.pop("indexes"))
    again = pair_of(unknown.after.run.folder, unknown.before.run.folder, "rag")
    assert exact.index(again).outcome is Outcome.NOT_APPLICABLE


def test_a_passage_less_or_in_another_place_fails(tmp_path: Path) -> None:
    same = rag(tmp_path / "x", ranked(*FOUND), ranked(*FOUND))
    assert exact.retrieved(same).outcome is Outcome.PASS
    fewer = exact.retrieved(rag(tmp_path / "y", ranked(*FOUND), ranked(*FOUND, shown=1)))
    assert (fewer.outcome, fewer.figures) == (Outcome.FAIL, QuestionFigures(("q0", "q1"), 2.0, 1.0))
    assert exact.retrieved(rag(tmp_path / "z", ranked(*FOUND), ranked(*FOUND[::-1]))).outcome is Outcome.FAIL


def test_passages_as_good_as_each_other_may_swap_places_elsewhere_and_not_here(tmp_path: Path) -> None:
    tied = [{**FOUND[0], "score": 0.5}, FOUND[1]]
    before, after = ranked(*tied), ranked(*tied[::-1])
    assert exact.retrieved(rag(tmp_path / "x", before, after)).outcome is Outcome.FAIL
    assert exact.retrieved(rag(tmp_path / "y", before, after, ELSEWHERE)).outcome is Outcome.PASS
    far = ranked(*FOUND[::-1])
    assert exact.retrieved(rag(tmp_path / "z", ranked(*FOUND), far, ELSEWHERE)).outcome is Outcome.FAIL


def test_neighbours_of_one_ranking_may_swap_places_where_two_are_fused() -> None:
    """Two passages that one ranking puts at places 1 and 2 in either order, and the other at 4 and 3."""
    near = exact.near_tie(hybrid())
    before = sorted((1 / 61 + 1 / 64, 1 / 62 + 1 / 63), reverse=True)
    after = sorted((1 / 62 + 1 / 64, 1 / 61 + 1 / 63), reverse=True)
    assert all(abs(old - new) <= near for old, new in zip(before, after, strict=True))
    assert near < 1 / 61 - 1 / 63, "not so passages that lie two places apart"
    assert exact.near_tie(hybrid(rerank="cross")) == exact.near_tie(hybrid(method="dense")) == exact.NEAR_TIE


def hybrid(**settings: Any) -> System:
    way = retrieved(Retrieval(**{"method": "hybrid", **settings}), "e")
    return System("rag", "rag", ModelRef("m"), context=(way,))


def test_recall_may_rise_and_not_fall(tmp_path: Path) -> None:
    gold = {"question": lambda at: {"gold_docs": ["b"]}}
    first, second = ranked(FOUND[1], FOUND[0]), ranked(*FOUND)
    assert exact.recall_at_k(rag(tmp_path / "x", second, first, **gold)).outcome is Outcome.PASS
    said = exact.recall_at_k(rag(tmp_path / "y", first, second, **gold))
    assert said.outcome is Outcome.FAIL
    assert isinstance(said.figures, NamedFigures)
    assert (said.figures.before["recall@1"], said.figures.after["recall@1"]) == (1.0, 0.0)
    assert exact.recall_at_k(rag(tmp_path / "z", first, second)).outcome is Outcome.NOT_APPLICABLE


def test_prompts_are_compared_where_they_show_the_same_passages(tmp_path: Path) -> None:
    other = ranked(*FOUND, prompt_sha256="1" * 64, prompt_tokens=80)
    said = exact.prompts(rag(tmp_path / "x", ranked(*FOUND), other))
    assert (said.outcome, said.figures) == (Outcome.FAIL, QuestionFigures(("q0", "q1"), 100, 80))
    fewer = ranked(*FOUND, shown=1, prompt_sha256="1" * 64)
    assert exact.prompts(rag(tmp_path / "y", ranked(*FOUND), fewer)).outcome is Outcome.NOT_APPLICABLE


def test_settings_of_what_a_strategy_does_not_read_are_not_its_own(tmp_path: Path) -> None:
    baseline = made_up(tmp_path / "a", {"base": ["yes"], "rag": ["yes"]})
    run = made_up(tmp_path / "b", {"base": ["yes"], "rag": ["yes"]}, k=2)
    assert exact.task_settings(pair_of(run, baseline)).outcome is Outcome.PASS
    assert exact.task_settings(pair_of(run, baseline, "rag")).detail == "retrieval.k: 3 → 2"


def test_prices_fail_by_name(tmp_path: Path) -> None:
    sheet = {"utilisation": 0.5, "machine": {"name": "box", "usd_per_hour": 1.0}}
    dearer = copy.deepcopy(sheet) | {"utilisation": 0.25}
    baseline = made_up(tmp_path / "a", {"base": ["yes"]}, about={"price_sheet": sheet})
    run = made_up(tmp_path / "b", {"base": ["yes"]}, about={"price_sheet": dearer})
    said = exact.same_prices(pair_of(run, baseline))
    assert (said.outcome, said.detail) == (Outcome.FAIL, "price list utilisation: 0.5 → 0.25")


def test_another_tariff_is_another_price(tmp_path: Path) -> None:
    shared = {"settings": {"requirements": {"tariff": "shared"}}}
    baseline = made_up(tmp_path / "a", {"base": ["yes"]})
    run = made_up(tmp_path / "b", {"base": ["yes"]}, about=shared)
    said = exact.same_prices(pair_of(run, baseline))
    assert (said.outcome, said.detail) == (Outcome.FAIL, "--tariff: kept-up → shared")
