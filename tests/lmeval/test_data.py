"""Data of lm-eval's tasks are read from this machine alone, whatever they name themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.lmeval.data import read_data
from tests.servers import ScriptedServer


def test_a_readme_that_names_an_address_fetches_nothing(tmp_path: Path) -> None:
    with ScriptedServer(lambda _messages: "") as server:
        card = f"---\nconfigs:\n- config_name: default\n  data_files: {server.url}/x.jsonl\n---\n"
        (tmp_path / "README.md").write_text(card)
        with pytest.raises(InputError, match="nothing is fetched during a run"):
            read_data({"dataset_path": str(tmp_path)})
        assert server.got == []


def test_a_picture_that_lies_at_an_address_is_not_opened(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with ScriptedServer(lambda _messages: "") as server:
        features = {"ask": {"dtype": "string", "_type": "Value"}, "seen": {"_type": "Image"}}
        seen = pa.array([{"bytes": None, "path": f"{server.url}/x.png"}])
        stated = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
        file = tmp_path / "test.parquet"
        pq.write_table(pa.table({"ask": ["Who?"], "seen": seen}).replace_schema_metadata(stated), file)
        data = read_data({"dataset_path": "parquet", "dataset_kwargs": {"data_files": {"test": str(file)}}})
        (document,) = data["test"]
        assert (document["ask"], document["seen"]["path"]) == ("Who?", f"{server.url}/x.png")
        assert server.got == []
