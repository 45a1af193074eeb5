"""The cluster files that docs/scale.md shows are such as Ray takes, and bring all that the package is built from."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

pytest.importorskip("ray", reason="the extra `ray` is not installed")

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "docs" / "cluster").glob("*.yaml"))


def read(path: Path) -> dict[str, Any]:
    config: dict[str, Any] = YAML(typ="safe").load(path)
    return config


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_ray_takes_it(path: Path) -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    validate_config(prepare_config(read(path)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_package_can_be_built_from_what_it_brings(path: Path) -> None:
    mounts = read(path)["file_mounts"]
    assert mounts == {f"~/harness/{here}": here for here in mounts.values()}
    assert all((ROOT / here).exists() for here in mounts.values())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = [*wheel["packages"], *wheel["force-include"], "pyproject.toml", project["project"]["readme"]]
    needed += project["project"]["license-files"]
    assert {Path(name).parts[0] for name in needed} == set(mounts.values())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_guide_links_to_it(path: Path) -> None:
    assert f"](cluster/{path.name})" in (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
