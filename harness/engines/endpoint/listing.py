"""What a server lists of its models: their names, how much they read, and whether two servers have the same one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from harness.engines.endpoint.address import Address
from harness.engines.endpoint.client import Client
from harness.engines.endpoint.faults import Fault, Remedy
from harness.engines.engine import UNKNOWN_WINDOW
from harness.errors import InputError
from harness.quantities import whole

_WINDOWS = ("max_model_len", "context_window", "context_length", "max_context_length")
_SIZES = {"n_vocab": "vocabulary", "n_params": "number of parameters", "n_embd": "width"}
"""What llama.cpp says of a model beside its window."""
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Listing:
    """The models of a server, as it lists them; none where it keeps no list."""

    rows: tuple[dict[str, Any], ...] = ()

    @property
    def names(self) -> list[str]:
        return [str(row["id"]) for row in self.rows]

    def only(self, address: Address) -> str:
        """The name of the one model there is. Raises InputError where there are none or several."""
        # An adapter names the model that it belongs to.
        names = [str(row["id"]) for row in self.rows if not row.get("parent")]
        if len(names) == 1:
            return names[0]
        if not names:
            raise InputError(
                f"{address.url} lists no model; name the one to ask behind a #: {address.url}#NAME"
            )
        raise InputError(f"{address.url} has {len(names)} models; name one behind a #: {_some(names)}.")

    def window(self, name: str) -> int | None:
        """How many tokens a model reads: vLLM, llama.cpp and others say it each in their own way."""
        row, meta = self._row(name), self._meta(name)
        candidates = [row.get(key) for key in _WINDOWS] + [meta.get(key) for key in ("n_ctx", "n_ctx_train")]
        return next(
            (value for value in candidates if type(value) is int and 0 < value < UNKNOWN_WINDOW), None
        )

    def unlike(self, other: Listing, names: Iterable[str]) -> str | None:
        """How the models of these names are others than those of another server, a clause; None: nothing says so."""
        for name in names:
            if name in other.names and self.rows and name not in self.names:
                return f"it has no model {name!r}, but {_some(self.names)}"
            if name in other.names and name in self.names and (how := self._unlike(other, name)):
                return how
        return None

    def _unlike(self, other: Listing, name: str) -> str | None:
        mine, theirs = self._sizes(name), other._sizes(name)
        for what in mine:
            a, b = mine[what], theirs[what]
            if a is not None and b is not None and a != b:
                return f"its {what} of {name!r} is {whole(a)}, not {whole(b)}"
        a, b = (one._row(name).get("root") for one in (self, other))
        if _public(a) and _public(b) and a != b:
            return f"its {name!r} is {a}, not {b}"
        return None

    def _sizes(self, name: str) -> dict[str, int | None]:
        meta = self._meta(name)
        told = {what: meta.get(key) for key, what in _SIZES.items()}
        sizes = {what: value if type(value) is int else None for what, value in told.items()}
        return {"window": self.window(name), **sizes}

    def _row(self, name: str) -> dict[str, Any]:
        return next((row for row in self.rows if row["id"] == name), {})

    def _meta(self, name: str) -> dict[str, Any]:
        meta = self._row(name).get("meta")
        return meta if isinstance(meta, dict) else {}


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")


def _public(root: Any) -> bool:
    """Whether what a server loaded has a name that means the same on another machine, and is no path."""
    return isinstance(root, str) and not root.startswith(("/", ".", "~")) and "\\" not in root


def listing_of(client: Client) -> Listing:
    """What a server lists, which costs nothing to ask. Raises Fault where it is not there, or refuses the key."""
    address = client.address
    if address.kind == "azure":  # lists what can be deployed, not what is
        return Listing()
    try:
        return Listing(tuple(client.models()))
    except Fault as fault:
        if address.model and fault.status in (400, 404, 405, 422, 501):
            return Listing()
        if fault.remedy in (Remedy.AGAIN, Remedy.OTHER) and address.model:
            return Listing()  # whether it answers will show at the first question
        raise
