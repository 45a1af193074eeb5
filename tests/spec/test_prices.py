"""The price list that ships is sound, a wrong one is refused with file and line, and a machine is chosen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.errors import InputError, InputErrors
from harness.spec.prices import ADDED_LATER, SHIPPED, PriceSheet, UsedSheet, load_prices
from tests.snapshots import Snapshots


@pytest.fixture
def sheet() -> PriceSheet:
    return load_prices()


def test_shipped_sheet_is_dated_and_says_where_from(sheet: PriceSheet) -> None:
    kinds = [machine.kind for machine in sheet.machines]
    assert min(kinds.count("cpu"), kinds.count("cuda")) >= 3
    assert all(machine.source and machine.date <= sheet.date for machine in sheet.machines)
    assert all((machine.accelerator is not None) == (machine.kind == "cuda") for machine in sheet.machines)


def test_every_section_is_dated_and_an_assumption_says_so(sheet: PriceSheet) -> None:
    sections = [getattr(sheet, name) for name in ADDED_LATER if name != "api_fine_tuned"]
    assert all(section.source and section.date <= sheet.date for section in sections)
    for section in (sheet.labour, sheet.labels, sheet.evaluation, sheet.refresh):
        assert section is not None
        assert section.source.startswith("assumption of this project")


def test_a_sheet_of_machines_only_still_loads_and_says_what_was_added(tmp_path: Path) -> None:
    kept: list[str] = []
    skipping = False
    for line in SHIPPED.read_text(encoding="utf-8").splitlines():
        if line[:1].isalpha():
            skipping = line.partition(":")[0] in ADDED_LATER
        if not skipping:
            kept.append(line)
    path = tmp_path / "old.yaml"
    path.write_text("\n".join(kept), encoding="utf-8")
    old = load_prices(path)
    assert old.labour is None
    used = old.as_used("cpu")
    assert used.sections_from_shipped == ADDED_LATER
    assert used.labour == load_prices().as_used("cpu").labour
    assert load_prices().as_used("cpu").sections_from_shipped == ()


def test_machine_by_device_or_by_name(sheet: PriceSheet) -> None:
    assert sheet.machine_for("cpu").name == sheet.default.cpu
    assert sheet.machine_for("cuda:0").name == sheet.default.cuda
    assert sheet.machine_for("mps").kind == "cpu"
    assert sheet.machine_for("cpu", "c7i.large").name == "c7i.large"


def test_unknown_machine_names_the_nearest(sheet: PriceSheet) -> None:
    with pytest.raises(InputError, match=re.escape("no machine 'c7i.lage' (did you mean 'c7i.large'?)")):
        sheet.machine_for("cpu", "c7i.lage")


def test_seconds_of_a_cpu_are_not_priced_on_a_gpu(sheet: PriceSheet) -> None:
    with pytest.raises(InputError, match=r"g6\.xlarge is a cuda machine, but .* cpu device"):
        sheet.machine_for("cpu", "g6.xlarge")


def test_the_copy_in_a_manifest_is_the_sheet_with_the_machine_chosen(sheet: PriceSheet) -> None:
    used = UsedSheet.model_validate_json(sheet.as_used("cpu").model_dump_json())
    assert used.machine == sheet.machine_for("cpu")
    assert used == sheet.as_used("cpu") == used.as_used("cpu")
    assert {name: getattr(used, name) for name in PriceSheet.model_fields} == dict(sheet)


WRONG = [
    ("utilisation: 0.5", "utilisation: 1.5"),
    ("utilisation: 0.5", "utilisation: 0"),
    ("utilisation: 0.5", "utilization: 0.5"),
    ("peak_factor: 3 ", "peak_factor: 0.5 "),
    ("hours_per_month: 730.5", "hours_per_month: 800"),
    ("cold_starts_per_day: 24", "cold_starts_per_day: -1"),
    ("examples_engineer_hours: 2", "examples_hours: 2"),
    ("least_tokens: 1024", "least_tokens: 0"),
    ("usd_per_hour: 0.1008", "usd_per_hour: cheap"),
    ("usd_per_hour: 0.1008", "usd_per_hour: -1"),
    ("usd_per_hour: 0.1008", "usd_per_hour: .inf"),
    ("cpu: m7i.large", "cpu: g6.xlarge"),
    ("name: c7i.large", "name: m7i.large"),
    ('date: "2026-06-17"', "date: June"),
    ("currency: USD", "currency: EUR"),
    ("wage_usd_per_hour: 100 ", "wage_usd_per_hour: -1 "),
    ("usd_per_label: 1.0", "usd_per_label: .nan"),
    ("usd_per_gb_month: 0.08", "usd_per_gb: 0.08"),
    ("usd_per_mtok: null", "usd_per_mtok: -0.1"),
    ("changed_share: 0.1", "changed_share: 10"),
    ("training_usd_per_mtok: 3.0", "training_usd_per_mtok: -3"),
]


def test_a_wrong_sheet_is_refused_with_its_line(tmp_path: Path, snapshots: Snapshots) -> None:
    shipped = SHIPPED.read_text(encoding="utf-8")
    path = tmp_path / "prices.yaml"
    lines = []
    for old, new in WRONG:
        assert old in shipped
        path.write_text(shipped.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(InputErrors) as caught:
            load_prices(path)
        lines.append(f"{old} → {new}\n    {str(caught.value).replace(f'{tmp_path}/', '')}\n")
    snapshots.check("spec/prices.txt", "".join(lines))


def test_what_a_machine_lacks_is_told_at_that_machine(tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    lines = [line for line in SHIPPED.read_text(encoding="utf-8").splitlines() if "kind: " not in line]
    path.write_text("\n".join(lines), encoding="utf-8")
    starts = [number for number, line in enumerate(lines, 1) if line.startswith("  - name: ")]
    with pytest.raises(InputErrors) as caught:
        load_prices(path)
    assert [str(error).partition("prices.yaml:")[2] for error in caught.value.errors] == [
        f"{line}:5: machines[{index}].kind: is missing." for index, line in enumerate(starts)
    ]


def test_missing_sheet(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        load_prices(tmp_path / "none.yaml")
