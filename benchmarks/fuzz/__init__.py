"""Hostile inputs, made at random from a seed, tried on the real commands: `python -m benchmarks.fuzz KIND --count N`.

A kind is a module here with two or three names:

    make(rng, folder) -> argv         writes one hostile input under the empty `folder`; the arguments of `harness`
    wrong(attempt) -> str | None      optional: what else is wrong with how it ended: "a value was believed"
    PRELOAD: tuple[str, ...]          optional: modules that take long to import, imported once
    DRAWS: bool                       optional: pictures are drawn, for which far more addresses are asked for than used
"""
