"""The environment of a run: machine, library versions, commit. Facts for the manifest, nothing that is secret."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from harness.finetune.mixed import multiplies_bfloat16
from harness.run.machines import MachineFacts

LIBRARIES = (
    "torch", "transformers", "peft", "safetensors", "sentence-transformers", "faiss-cpu", "numpy", "scipy",
    "lm-eval",
)  # fmt: skip
"""The libraries whose version may show in the figures."""


def machine(device: str) -> MachineFacts:
    """Platform, processor, cores, memory and accelerator."""
    import psutil
    import torch

    instructions = torch.backends.cpu.get_cpu_capability()
    accelerator = torch.cuda.get_device_name(device) if device.startswith("cuda") else None
    return MachineFacts(
        platform=platform.platform(),
        python=platform.python_version(),
        cpu=f"{_cpu_name()} ({instructions}{', bfloat16' if multiplies_bfloat16() else ''})",
        cores=os.cpu_count(),
        threads=torch.get_num_threads(),
        memory_gb=round(psutil.virtual_memory().total / 1e9, 1),
        accelerator=accelerator,
    )


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def libraries() -> dict[str, str]:
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def git_commit() -> str | None:
    """The commit of this program's own checkout, with `+` where it has changes; None outside one."""
    folder = Path(__file__).parent

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(  # noqa: S603  (fixed arguments)
                ["git", *arguments],  # noqa: S607  (whichever git the user has)
                cwd=folder, capture_output=True, text=True, timeout=10, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit = git("rev-parse", "HEAD")
    return commit and commit + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")


def peak_memory_gb() -> float | None:
    """The most memory this process has held so far, GB; None where the platform does not say."""
    try:
        import resource
    except ImportError:
        return None
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(kilobytes * (1 if platform.system() == "Darwin" else 1024) / 1e9, 3)
