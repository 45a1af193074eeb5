"""Addresses and keys: what a person may write, which key goes where, and that no key comes out anywhere."""

from __future__ import annotations

import base64
import logging
import traceback
from pathlib import Path

import pytest
from pydantic import ValidationError

from harness.engines.endpoint.address import Address, parse_address
from harness.engines.endpoint.open import open_endpoint
from harness.errors import HarnessError, InputError, ModelUnavailable
from harness.spec.models import ModelEntry
from tests.engines.endpoint.world import World
from tests.fakes import Silent
from tests.servers import ScriptedServer, answering, plainly, reply_body, status

KEY = "sk-live-51Hq8vZkTbXw02LmNpRyUcEd"


def parsed(model: str, environment: dict[str, str] | None = None, key_env: str | None = None) -> Address:
    return parse_address(ModelEntry(model=model, key_env=key_env), environment or {})


@pytest.mark.parametrize(
    ("model", "url", "name"),
    [
        ("http://host:8000/v1#a/b", "http://host:8000/v1", "a/b"),
        ("http://host:8000/v1/#base:adapter", "http://host:8000/v1", "base:adapter"),
        ("http://host:8000#a", "http://host:8000/v1", "a"),
        ("http://host:8000/v1/chat/completions#a", "http://host:8000/v1", "a"),
        ("https://host/openai/v1", "https://host/openai/v1", None),
        ("http://[::1]:8000/v1#a#b", "http://[::1]:8000/v1", "a#b"),
        ("ollama:llama3.2:1b", "http://localhost:11434/v1", "llama3.2:1b"),
    ],
)
def test_an_address_is_read(model: str, url: str, name: str | None) -> None:
    address = parsed(model)
    assert (address.url, address.model, address.key) == (url, name, None)


def test_hosted_models_take_their_usual_key() -> None:
    address = parsed("openai:gpt-4o-mini", {"OPENAI_API_KEY": KEY})
    assert (address.url, address.model, address.key) == ("https://api.openai.com/v1", "gpt-4o-mini", KEY)
    azure = {"AZURE_OPENAI_ENDPOINT": "https://res.openai.azure.com/", "AZURE_OPENAI_API_KEY": KEY}
    address = parsed("azure:my-gpt", azure)
    assert address.url == "https://res.openai.azure.com/openai/deployments/my-gpt"
    assert (address.key, address.model) == (KEY, "my-gpt")
    assert parsed("azure:x", azure | {"OPENAI_API_VERSION": "2025-01-01"}).api_version == "2025-01-01"


@pytest.mark.parametrize(
    ("model", "environment", "words"),
    [
        ("openai:gpt-4o", {}, "OPENAI_API_KEY"),
        ("azure:gpt", {"AZURE_OPENAI_API_KEY": KEY}, "AZURE_OPENAI_ENDPOINT"),
        ("azure:gpt", {"AZURE_OPENAI_ENDPOINT": "https://a.example"}, "AZURE_OPENAI_API_KEY"),
        ("openai:", {"OPENAI_API_KEY": KEY}, "openai:NAME"),
        ("http://", {}, "http://HOST:PORT/v1#NAME"),
        ("http://host:port/v1#a", {}, "http://HOST:PORT/v1#NAME"),
        ("openai:x", {"OPENAI_API_KEY": "täst"}, "no key has"),
    ],
)
def test_what_is_missing_is_named(model: str, environment: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        parsed(model, environment)


def test_a_server_of_ones_own_is_sent_no_key_that_it_was_not_meant_to_have(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, KEY)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"Authorization: Bearer {KEY}\nX-Team: {KEY}")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    entry = ModelEntry(model=server.reference)
    engine = open_endpoint(entry, cache=Path("nowhere"), progress=Silent())
    engine.close()
    assert KEY not in str(server.headers)


def test_the_key_that_is_named_is_sent(server: ScriptedServer) -> None:
    World(server, {"MY_KEY": KEY}, key_env="MY_KEY").ask()
    assert {headers["authorization"] for headers in server.headers} == {f"Bearer {KEY}"}


@pytest.mark.parametrize(("key", "said"), [(KEY, "[hidden]"), ("EMPTY", "EMPTY")])
def test_a_key_in_an_answer_is_not_kept(server: ScriptedServer, key: str, said: str) -> None:
    server.always = answering(reply_body(f"Your key is {key}."))
    assert World(server, {"MY_KEY": key}, key_env="MY_KEY").ask().text == f"Your key is {said}."


def test_azure_has_its_key_and_its_version_in_their_places(server: ScriptedServer) -> None:
    environment = {
        "AZURE_OPENAI_ENDPOINT": server.url.removesuffix("/v1"),
        "AZURE_OPENAI_API_KEY": KEY,
        "OPENAI_API_VERSION": "2024-10-21",
    }
    World(server, environment, model="azure:my-gpt").ask()
    assert server.paths == ["/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21"]
    headers = server.headers[-1]
    assert headers["api-key"] == KEY


@pytest.mark.parametrize(
    "said",
    [
        f"Incorrect API key provided: {KEY}. You can find yours at …",
        f"Incorrect API key provided: {KEY[:8]}*****{KEY[-8:]}",
        f"Bearer {KEY}",
        f"http://user:{KEY}@host/v1 is not allowed",
        "http://user:hunter2@host/v1 is not allowed",
        f"{KEY[3:20]} is no key",
    ],
)
@pytest.mark.parametrize("code", [200, 400, 401, 403, 404, 429, 500])
def test_no_key_comes_out_whatever_a_server_says(
    server: ScriptedServer, said: str, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world = World(server, {"MY_KEY": KEY}, key_env="MY_KEY")
    error = {"error": {"message": said, "code": "x", "type": "y"}}
    server.always = answering(error) if code == 200 else status(code, said)
    with pytest.raises(HarnessError) as caught:
        world.ask()
    everything = "\n".join(
        [
            "".join(traceback.format_exception(caught.value)), repr(caught.value), caplog.text,
            *world.progress.notes, repr(world.engine), repr(world.engine.identity), repr(world.engine._asker),
        ]
    )  # fmt: skip
    for start in range(len(KEY) - 7):
        assert KEY[start : start + 8] not in everything
    assert base64.b64encode(KEY.encode()).decode() not in everything
    assert "hunter2" not in everything


def test_a_key_in_a_reply_that_is_no_json_does_not_come_out(server: ScriptedServer) -> None:
    world = World(server, {"MY_KEY": KEY}, key_env="MY_KEY")
    server.always = plainly(f"<p>Authorization: Bearer {KEY}")
    with pytest.raises(HarnessError) as caught:
        world.ask()
    assert KEY[-12:] not in str(caught.value)


@pytest.mark.parametrize("key", [KEY, "abcdEFGH12345678", "ghp_a8f7a8f7"])
def test_a_key_in_the_place_of_its_variables_name_is_not_repeated(server: ScriptedServer, key: str) -> None:
    with pytest.raises((ValidationError, InputError)) as caught:
        World(server, key_env=key)
    if isinstance(caught.value, InputError):
        assert key not in str(caught.value)


def test_a_password_in_an_address_is_refused() -> None:
    with pytest.raises(ValidationError, match="key_env"):
        ModelEntry(model="http://user:secret@host/v1#a")


@pytest.mark.parametrize(
    ("models", "window"),
    [
        ([{"id": "m", "max_model_len": 2048}], 2048),
        ([{"id": "m", "meta": {"n_ctx_train": 8192}}], 8192),
        ([{"id": "m", "context_window": 1000}], 1000),
        ([{"id": "m", "max_model_len": "x"}], 10**9),
        ([{"id": "m", "max_model_len": -1}], 10**9),
        ([{"id": "m"}, {"id": "lora", "parent": "m"}], 10**9),
    ],
)
def test_the_only_model_of_a_server_needs_no_name(models: list[dict[str, object]], window: int) -> None:
    with ScriptedServer(lambda messages: "yes", models=models) as server:
        world = World(server, model=server.url)
        assert (world.engine.identity.name, world.engine.window) == ("m", window)
        assert world.engine.identity.server == server.url


def test_several_models_are_listed(server: ScriptedServer) -> None:
    server.models = [{"id": "one"}, {"id": "two"}]
    with pytest.raises(InputError, match="one, two"):
        World(server, model=server.url)
    server.models = []
    with pytest.raises(InputError, match="#NAME"):
        World(server, model=server.url)


@pytest.mark.parametrize("name", ["", " ", "\ud800", "a\nb", "\x1b[2J", "m" * 1_000_000, 7, None])
def test_what_is_no_name_is_no_model_of_a_list(server: ScriptedServer, name: object) -> None:
    server.models = [{"id": name}, {"id": "one"}]
    assert World(server, model=server.url).engine.identity.name == "one"


def test_a_server_that_keeps_no_list_is_asked_all_the_same(server: ScriptedServer) -> None:
    server.get_faults.append(status(404))
    assert World(server).ask().text == "In Italy."


def test_a_key_that_is_refused_is_known_before_the_first_question(server: ScriptedServer) -> None:
    server.get_faults.append(status(401, "no"))
    with pytest.raises(ModelUnavailable, match="MY_KEY"):
        World(server, {"MY_KEY": KEY}, key_env="MY_KEY")
