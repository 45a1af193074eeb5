"""Texts as readers give them, and sources that make readers stumble."""

from __future__ import annotations

from hypothesis import strategies as st

from harness.corpus.formats import md, web


def markdown(source: str) -> str:
    return md.markdown(source, "s")[1]


def html(source: str) -> str:
    return web.html(source, "s")[1]


def mixed(signs: list[str]) -> st.SearchStrategy[tuple[list[str], str]]:
    def joined(parts: list[tuple[str, int]]) -> tuple[list[str], str]:
        words = [f"w{number}x{size}" for number, (_, size) in enumerate(parts)]
        return words, "".join(word + sign for word, (sign, _) in zip(words, parts, strict=True))

    return st.lists(st.tuples(st.sampled_from(signs), st.integers(0, 10**6)), max_size=40).map(joined)
