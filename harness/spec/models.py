"""What a person says of a model that takes part: a `--model` flag, or a row of a `--models` file (docs/models.md)."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from harness.errors import InputError, did_you_mean
from harness.spec.addresses import without_secrets
from harness.spec.bounds import LEAST, MOST_USD_PER_HOUR
from harness.spec.mistakes import raise_mistakes
from harness.spec.prices import Amount
from harness.spec.settings import ANY_LIST, Filled, Strict
from harness.spec.yamlfile import load_model

MOST_AT_ONCE = 256
MOST_ENDPOINTS = 63


def is_local(url: str) -> bool:
    """Whether a server's address is on this machine."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


WEB = ("http://", "https://")
SERVED = (*WEB, "openai:", "azure:", "ollama:")
"""How the name of a model begins that a server has."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST_VARIABLE = 64


def _variable(name: str) -> str:
    """Raises ValueError for what is no name of a variable, without repeating it: it may be the key itself."""
    if not _VARIABLE.fullmatch(name) or len(name) > _LONGEST_VARIABLE:
        raise ValueError(
            "is no name of an environment variable. Write the name of the one that holds the key, never the key."
        )
    return name


def _endpoint(address: str) -> str:
    """The address of a further server. Raises ValueError, with a sentence, for what is none."""
    if not address.startswith(WEB):
        raise ValueError("is no address; a further server is written http://HOST:PORT/v1.")
    if "#" in address:
        raise ValueError(
            "names a model behind its #. Leave that out: every server is asked for the model of the row."
        )
    return without_secrets(address)


def is_private(url: str) -> bool:
    """Whether a server's address is on this machine or in a private network, as far as the address tells."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return is_local(url) or "." not in host or host.endswith(_PRIVATE_NAMES)


_PRIVATE_NAMES = (".local", ".localdomain", ".lan", ".internal", ".intranet", ".home.arpa")


class TokenPrice(Strict):
    """Dollars a million tokens. `cached`: of those that the server had read before; null: as `input`."""

    input: Amount
    output: Amount
    cached: Amount | None = None


class ServedEntry(Strict):
    """An adapter that the model's server holds already, made for one task."""

    model: Filled = Field(description="What the server calls it: the model of a request.")
    upfront_usd: Amount | None = Field(None, description="What making it cost, in dollars; null: not known.")


class ModelEntry(Strict):
    """One model of a run."""

    name: Filled | None = Field(None, description="What reports call it; by default the model's own name.")
    model: Annotated[Filled, AfterValidator(without_secrets)] = Field(
        description="Catalogue name, local folder, GGUF file, hub name, or http://HOST:PORT/v1#NAME, openai:NAME, "
        "azure:NAME, ollama:NAME."
    )
    revision: Filled | None = Field(None, description="Revision of a hub model.")
    device: Filled | None = Field(None, description="cpu, cuda, cuda:1 or mps.")
    dtype: Filled | None = Field(None, description="float32, bfloat16, float16 or nf4 (4-bit).")
    key_env: Annotated[str, AfterValidator(_variable)] | None = Field(
        None, description="Environment variable that holds the server's key; the key itself stands nowhere."
    )
    concurrency: int | None = Field(
        None,
        ge=1,
        le=MOST_AT_ONCE,
        description="Most requests that are sent to a server at once; by default 16.",
    )
    timeout_s: float | None = Field(
        None, gt=0, le=86_400, description="Longest that one reply may take, in seconds; by default 600."
    )
    usd_per_hour: float | None = Field(
        None, ge=LEAST, le=MOST_USD_PER_HOUR, description="Price of a machine that serves the model."
    )
    usd_per_mtok: TokenPrice | None = Field(None, description="Or the price of its tokens.")
    endpoints: tuple[Annotated[Filled, AfterValidator(_endpoint)], ...] = Field(
        (),
        strict=False,
        max_length=MOST_ENDPOINTS,
        description="Further servers of the same model, http://HOST:PORT/v1; each is sent as many requests at once.",
    )
    adapters: dict[str, ServedEntry] = Field(
        {}, description="Adapters that the server holds already, by the task that they were made for."
    )
    tokenizer: Filled | None = Field(
        None,
        description="Folder or name of the model whose tokenizer the server uses, to count tokens beforehand.",
    )
    structured: bool = Field(False, description="Have the server hold JSON answers to their form.")
    same_as: Filled | None = Field(
        None, description="Name of another model of the run with the same weights, whose answers must agree."
    )

    @model_validator(mode="after")
    def _one_price(self) -> Self:
        if self.usd_per_hour is not None and self.usd_per_mtok is not None:
            raise ValueError("give usd_per_hour or usd_per_mtok, not both.")
        return self

    @model_validator(mode="after")
    def _spread(self) -> Self:
        if self.endpoints and not self.model.startswith((*WEB, "ollama:")):
            raise ValueError(
                "endpoints are further servers of a model that is named http://HOST:PORT/v1#NAME or ollama:NAME; "
                "leave them out."
            )
        return self

    @property
    def label(self) -> str:
        """What reports call it."""
        return self.name or self.model

    @property
    def served(self) -> bool:
        """Whether a server has it."""
        return self.model.startswith(SERVED)

    @property
    def served_names(self) -> tuple[str, ...]:
        """What its server calls the adapters that it holds."""
        return tuple(adapter.model for adapter in self.adapters.values())

    def refuse_local(self, kind: str) -> None:
        """Raises InputError where something was said that only weights that are read here have a use for."""
        flags = {"--revision": self.revision, "--device": self.device, "--dtype": self.dtype}
        if unused := [flag for flag, value in flags.items() if value]:
            raise InputError(f"{kind} has no use for {', '.join(unused)}; leave it out.")


class ModelsFile(Strict):
    """A `--models` file."""

    models: Annotated[tuple[ModelEntry, ...], Field(min_length=1), ANY_LIST]

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        """Names are what systems are told apart by, and what `same_as` speaks of."""
        names = [entry.label for entry in self.models]
        mistakes = [
            (
                ("models", at, "name" if entry.name else "model"),
                "is the name of another model of the file; give a name.",
            )
            for at, entry in enumerate(self.models)
            if entry.label in names[:at]
        ]
        for at, entry in enumerate(self.models):
            others = [name for name in names if name != entry.label]
            if entry.same_as is not None and entry.same_as not in others:
                near = did_you_mean(entry.same_as, others)
                mistakes.append((("models", at, "same_as"), f"names no other model of the file{near}."))
        raise_mistakes(mistakes)
        return self


def load_models(path: Path) -> tuple[ModelEntry, ...]:
    """The models of a file. Raises InputErrors with every mistake in it, as `path:line:column`."""
    return load_model(path, ModelsFile).models
