"""From what a person calls a served model to an address, a name and a key.

    http://HOST:PORT/v1#NAME   vLLM, SGLang, llama.cpp, `transformers serve`, or any other server (https too)
    openai:NAME                api.openai.com; the key in OPENAI_API_KEY
    azure:DEPLOYMENT           AZURE_OPENAI_ENDPOINT, OPENAI_API_VERSION; the key in AZURE_OPENAI_API_KEY
    ollama:NAME                Ollama on this machine

Keys come from the environment alone, and no text leaves this module with one in it (`Address.hide`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from harness.errors import InputError
from harness.spec.models import ModelEntry, is_local

Kind = Literal["http", "openai", "azure", "ollama"]
OPENAI, OLLAMA = "https://api.openai.com/v1", "http://localhost:11434/v1"
AZURE_VERSION = "2024-10-21"
"""The version of Azure's interface where OPENAI_API_VERSION says nothing: the newest that is no preview."""

_LEAST = 6
"""The fewest characters of a key in a row that are taken out of a text; fewer could be any word's."""
_LIKE_KEYS = re.compile(r"\b(?:sk|pk|gsk|xai|hf|nvapi)[-_][\w*-]{4,}|(?<=Bearer )\S+|(?<=Basic )\S+", re.I)
_USERINFO = re.compile(r"(?<=://)[^/\s@]+@")


@dataclass(frozen=True, slots=True)
class Address:
    """A server and the model that is asked for. `model` None: the only one that the server lists.

    `url`: what stands before `/chat/completions`. `key_env`: the variable that holds the key, None where none is sent.
    """

    kind: Kind
    url: str
    model: str | None
    key_env: str | None = None
    key: str | None = field(default=None, repr=False)
    api_version: str | None = None

    @property
    def local(self) -> bool:
        """Whether the server runs on this machine: no proxy stands between."""
        return is_local(self.url)

    def hide(self, text: str) -> str:
        """A text that a server sent, in one line, without the key, parts of it, or passwords in addresses.

        It can be written down: JSON can spell halves of characters.
        """
        text = " ".join(text.encode("utf-8", "replace").decode("utf-8").split())
        if self.key:
            text = _without(text, self.key)
        return _USERINFO.sub("[hidden]@", _LIKE_KEYS.sub("[hidden]", text))


def _without(text: str, key: str) -> str:
    """A text without the stretches of `key` that stand in it: servers quote keys whole, and their ends."""
    size = min(_LEAST, len(key))
    pieces = {key[at : at + size] for at in range(len(key) - size + 1)}
    hidden = [False] * len(text)
    for at in range(len(text) - size + 1):
        if text[at : at + size] in pieces:
            hidden[at : at + size] = [True] * size
    shown = "".join("\0" if hide else character for character, hide in zip(text, hidden, strict=True))
    return re.sub("\0+", "[hidden]", shown)


def addresses_of(entry: ModelEntry, environment: Mapping[str, str]) -> list[Address]:
    """Every address of a served model, its own first, each once. Raises as `parse_address`."""
    first = parse_address(entry, environment)
    urls = [first.url, *(_url(endpoint) for endpoint in entry.endpoints)]
    return [replace(first, url=url) for url in dict.fromkeys(urls)]


def parse_address(entry: ModelEntry, environment: Mapping[str, str]) -> Address:
    """The address of a served model. Raises InputError for one that cannot be read, or a key that is not there."""
    scheme, _, rest = entry.model.partition(":")
    if scheme in ("http", "https"):
        return _web(entry, environment)
    if not rest.strip():
        raise InputError(f"{scheme}: names no model; write {scheme}:NAME.")
    if scheme == "openai":
        name, key = _key(entry, environment, "OPENAI_API_KEY")
        return Address("openai", OPENAI, rest, name, key)
    if scheme == "azure":
        return _azure(entry, rest, environment)
    name, key = _key(entry, environment, None)
    return Address("ollama", OLLAMA, rest, name, key)


def _web(entry: ModelEntry, environment: Mapping[str, str]) -> Address:
    name, key = _key(entry, environment, None)
    return Address("http", _url(entry.model), urlsplit(entry.model).fragment or None, name, key)


def _url(reference: str) -> str:
    """What stands before `/chat/completions`. Raises InputError for what is no address."""
    try:
        parts = urlsplit(reference)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.query:
        raise InputError(
            "the address of a server is written http://HOST:PORT/v1#NAME, with no question mark and, where a key "
            "is needed, with key_env for the environment variable that holds it."
        )
    # Without a path the server's usual one is meant; with one, that is where its interface lies.
    path = parts.path.rstrip("/").removesuffix("/chat/completions") or "/v1"
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def _azure(entry: ModelEntry, deployment: str, environment: Mapping[str, str]) -> Address:
    endpoint = environment.get("AZURE_OPENAI_ENDPOINT", "").strip().rstrip("/")
    if not endpoint.startswith(("https://", "http://")) or "@" in endpoint or "?" in endpoint:
        raise InputError(
            "azure: needs the address of the resource in the environment variable AZURE_OPENAI_ENDPOINT "
            "(https://RESOURCE.openai.azure.com)."
        )
    name, key = _key(entry, environment, "AZURE_OPENAI_API_KEY")
    version = environment.get("OPENAI_API_VERSION") or environment.get("AZURE_OPENAI_API_VERSION")
    url = f"{endpoint}/openai/deployments/{deployment}"
    return Address("azure", url, deployment, name, key, version or AZURE_VERSION)


def _key(
    entry: ModelEntry, environment: Mapping[str, str], usual: str | None
) -> tuple[str | None, str | None]:
    """The environment variable of the key, and the key. Only a server's own usual variable is read unasked."""
    name = entry.key_env or usual
    if name is None:
        return None, None
    key = environment.get(name, "").strip()
    if key and key.isascii() and key.isprintable():
        return name, key
    if key:
        raise InputError(f"the environment variable {name} holds characters that no key has.")
    if entry.key_env and not _conventional(name):
        # What looks like no variable's name may be the key itself, written in the wrong place.
        raise InputError(
            "key_env: names no environment variable that is set. Write the variable's name there, never the key."
        )
    raise InputError(f"the environment variable {name}, which holds the key of the server, is not set.")


def _conventional(name: str) -> bool:
    return re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", name) is not None and len(name) <= 40
