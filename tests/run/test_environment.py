"""What a manifest says of the machine: a processor by its name and by the instructions that torch computes with."""

from __future__ import annotations

import pytest

from harness.run import environment


@pytest.mark.parametrize(
    ("instructions", "bfloat16", "expected"),
    [("AVX512", True, "EPYC (AVX512, bfloat16)"), ("AVX2", False, "EPYC (AVX2)")],
)
def test_processors_of_one_name_are_told_apart_by_their_instructions(
    monkeypatch: pytest.MonkeyPatch, instructions: str, bfloat16: bool, expected: str
) -> None:
    """Their last bits differ, and so do adapters that are trained on them: the gate has to know."""
    monkeypatch.setattr("torch.backends.cpu.get_cpu_capability", lambda: instructions)
    monkeypatch.setattr(environment, "multiplies_bfloat16", lambda: bfloat16)
    monkeypatch.setattr(environment, "_cpu_name", lambda: "EPYC")
    assert environment.machine("cpu").cpu == expected
