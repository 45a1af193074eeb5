"""Addresses of servers, as people write them in files and flags."""

from __future__ import annotations


def without_secrets(reference: str) -> str:
    """A model's name or a server's address as it was given.

    Raises ValueError, with a sentence, for an address with a password in it: it would stand in every manifest.
    """
    if reference.startswith(("http://", "https://")) and "@" in reference.split("#")[0].split("?")[0]:
        raise ValueError(
            "holds a user or a password (what stands before an @). Leave it out: keys come from the environment, by "
            "the name that key_env of a models file gives."
        )
    if reference.startswith(("http://", "https://")) and "?" in reference.split("#")[0]:
        raise ValueError("has a question mark; an address is written http://HOST:PORT/v1#NAME.")
    return reference
