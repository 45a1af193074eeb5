"""Proofs of fast paths: how near two computations have to be, and where an outcome is kept.

A proof holds for one model's weights, dtype and kind of device under one version of torch, transformers and this
program; it lies in the cache and is made again where it is damaged or of anything else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from harness.engines.engine import EngineIdentity
from harness.errors import HarnessError
from harness.files import read_json, sha256_json, write_json
from harness.records import Proof

VERSION = 3
"""Raise when decoding or packing changes in a way that a proof of before may not hold for."""
LIBRARIES = ("torch", "transformers", "peft")
ALLOWED = {"float32": 1e-3, "float16": 1e-2, "bfloat16": 5e-2}
"""How far logits may lie apart for the order of sums alone, by dtype, in standard deviations of the reference. A mask
that is wrong by one token moves them by 0.1 to 1 or more."""
NOISE, MOST = 4, 0.25
"""So many times what two computations of the library's own lie apart is allowed beyond that (experts that are chosen
by rounding move more), up to so much."""


def allowed(dtype: Any, noise: float = 0.0) -> float:
    """How far logits that are computed in a dtype of torch's may lie apart. `noise`: what two ways of the library's
    own lie apart, where that was measured."""
    return max(ALLOWED.get(str(dtype).removeprefix("torch."), ALLOWED["float32"]), min(NOISE * noise, MOST))


def distance(own: Any, reference: Any) -> float:
    """How far two tensors lie apart: over their last dimension, the root of the mean squared difference in standard
    deviations of the reference; the largest one of all rows. Infinite where one holds anything but numbers."""
    import torch

    own, reference = own.float(), reference.float()
    spread = reference.std(dim=-1).clamp(min=1e-6)
    apart = ((own - reference).square().mean(dim=-1).sqrt() / spread).max()
    return float(torch.nan_to_num(apart, nan=torch.inf))


def apart(what: str, own: Any, reference: Any, most: float) -> str | None:
    """What speaks against `own`, in words; None where it is near enough to the reference."""
    found = distance(own, reference)
    return (
        None if found <= most else f"{what} differ by {found:.3g} standard deviations ({most:.3g} is allowed)"
    )


@dataclass(frozen=True, slots=True)
class ProofStore:
    """Proofs of one model. `cache` None: they are made anew by each process."""

    identity: EngineIdentity
    cache: Path | None

    def get(self, what: Literal["decoding", "training"], prove: Callable[[], str | None]) -> Proof:
        """The kept proof, or a new one. `prove`: what speaks against our own path; None: nothing."""
        key = {
            "what": what,
            "version": VERSION,
            "weights": self.identity.sha256,
            "dtype": self.identity.dtype,
            "device": self.identity.device_kind,
            **{name: metadata.version(name) for name in LIBRARIES},
        }
        path = self.cache / "proofs" / f"{sha256_json(key)[:24]}.json" if self.cache else None
        kept = _kept(path, key) if path else None
        if kept is None:
            why = prove()
            kept = Proof("library", why) if why else Proof("own")
            if path:
                with contextlib.suppress(
                    OSError, HarnessError
                ):  # a cache that is full or closed costs a second a run
                    path.parent.mkdir(parents=True, exist_ok=True)
                    write_json(path, _signed(key, kept))
        return kept


def _signed(key: dict[str, Any], proof: Proof) -> dict[str, Any]:
    row = {"key": key, "proof": asdict(proof)}
    return row | {"sha256": sha256_json(row)}


def _kept(path: Path, key: dict[str, Any]) -> Proof | None:
    try:
        row = read_json(path.read_bytes())
        proof = TypeAdapter(Proof).validate_python(row["proof"])
        return proof if row == _signed(key, proof) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
