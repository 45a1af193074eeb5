"""What a person says of a model that takes part: a `--model` flag, or a row of a `--models` file (docs/models.md)."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from harness.spec.bounds import LEAST, MOST_USD_PER_HOUR
from harness.spec.prices import Amount
from harness.spec.settings import Filled, Strict

MOST_AT_ONCE = 256


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
    model: Filled = Field(
        description="Catalogue name, local folder, GGUF file, hub name, or http://HOST:PORT/v1#NAME, openai:NAME, "
        "azure:NAME, ollama:NAME."
    )
    revision: Filled | None = Field(None, description="Revision of a hub model.")
    device: Filled | None = Field(None, description="cpu, cuda, cuda:1 or mps.")
    dtype: Filled | None = Field(None, description="float32, bfloat16, float16 or nf4 (4-bit).")
    key_env: Annotated[str, Field(pattern="^[A-Za-z_][A-Za-z0-9_]*$")] | None = Field(
        None, description="Environment variable that holds the server's key; the key itself stands nowhere."
    )
    concurrency: int | None = Field(
        None, ge=1, le=MOST_AT_ONCE, description="Most requests that are sent to the server at once."
    )
    usd_per_hour: float | None = Field(
        None, ge=LEAST, le=MOST_USD_PER_HOUR, description="Price of the machine that serves the model."
    )
    usd_per_mtok: TokenPrice | None = Field(None, description="Or the price of its tokens.")
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
