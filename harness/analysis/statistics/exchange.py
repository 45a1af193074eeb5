"""The p of a difference, were the two strategies exchanged at random within each cluster of questions.

If the two are alike, each cluster's sum of differences is as likely to have the other sign. With single right or wrong
answers this is McNemar's exact test; clusters keep whatever ties them together. Few clusters are counted out one by
one; of many the distribution is tilted (Esscher 1932) until the observed sum is its mean, where it is known to the
last digits however far out that sum lies, in time that grows with the number of clusters.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from harness.analysis.statistics.clusters import Floats

FLIPS = 9_999
FLIPS_BUDGET = 4_000_000
"""Signs drawn at most for one p, so that thousands of questions take no longer than hundreds."""
EXACT_UP_TO = 12
"""Up to so many clusters that differ, all 2ᵏ signs are tried instead of drawn."""
MANY = 1_000
"""Where as many clusters differ, the p of sums that are no whole numbers comes from a formula instead of draws."""
STEP_BY_STEP = 1_000_000
"""Sums that adding one cluster after another may visit; where it would be more, the distribution is tilted."""
UNITS = range(1, 7)
REACH = 12
"""Standard deviations of the tilted distribution on either side that are worked out: beyond, it is below 1e-31."""

ALMOST = np.nextafter(-1.0, 0.0)
"""Next to −1, of which there is no logarithm of 1 + x."""

Whole = NDArray[np.int_]


def exchange_p(sums: Floats, seed: int = 0) -> float:
    """Two-sided p of the sum of differences, were a and b exchanged at random within each cluster.

    Exact where sums are few, or whole numbers of halves, thirds … (means over seeds). Else drawn, with the observed
    signs among the draws (Phipson, Smyth 2010), and of a thousand clusters or more that differ by a saddlepoint
    approximation (Lugannani, Rice 1980).
    """
    sizes = np.abs(sums[np.abs(sums) > 1e-9])
    if not len(sizes):
        return 1.0
    observed = abs(math.fsum(sums)) - 1e-9
    unit = next((u for u in UNITS if np.abs(sizes * u - np.rint(sizes * u)).max() <= 1e-9), None)
    if unit:
        p = _exact_p(np.rint(sizes * unit).astype(int), observed * unit)
    elif len(sizes) <= EXACT_UP_TO:
        signs = np.array(list(itertools.product((-1.0, 1.0), repeat=len(sizes))))
        p = float((np.abs(signs @ sizes) >= observed).mean())
    else:
        p = _drawn_p(sizes, observed, seed) if len(sizes) < MANY else _saddlepoint_p(sizes, observed)
    return min(1.0, p)


def _exact_p(sizes: Whole, observed: float) -> float:
    if (sizes == 1).all():
        from scipy.special import bdtr

        count = len(sizes)
        return float(2 * bdtr((count - math.ceil(observed)) // 2, count, 0.5))
    if len(sizes) * int(sizes.sum()) > STEP_BY_STEP:
        return _tilted_p(sizes, observed)
    total = int(sizes.sum())
    chance = np.zeros(2 * total + 1)  # of each sum from −total to total
    chance[total] = 1.0
    reach = 0
    for size in sizes:
        middle = chance[total - reach : total + reach + 1] / 2
        reach += int(size)
        chance[total - reach : total + reach + 1] = 0
        chance[total - reach : total + reach + 1 - 2 * size] += middle
        chance[total - reach + 2 * size : total + reach + 1] += middle
    return float(chance[np.abs(np.arange(-total, total + 1)) >= observed].sum())


def _drawn_p(sizes: Floats, observed: float, seed: int) -> float:
    flips = min(FLIPS, max(1_999, FLIPS_BUDGET // len(sizes)))
    generator = np.random.Generator(np.random.PCG64(seed))
    hits = 0
    for start in range(0, flips, 500):
        rows = min(500, flips - start)
        bits = np.frombuffer(generator.bytes(rows * -(-len(sizes) // 8)), dtype=np.uint8)
        signs = np.unpackbits(bits.reshape(rows, -1), axis=1)[:, : len(sizes)]
        hits += int((np.abs(2 * (signs @ sizes) - sizes.sum()) >= observed).sum())
    return (hits + 1) / (flips + 1)


def _tilted_p(sizes: Whole, observed: float) -> float:
    """Of whole numbers, exact but for rounding: their tilted distribution, from its Fourier transform."""
    least = math.ceil(observed)
    least += (int(sizes.sum()) - least) % 2  # sums are as odd as the largest one
    if least <= 0:
        return 1.0
    values, counts = (part.astype(float) for part in np.unique(sizes, return_counts=True))
    if least >= values @ counts:
        return 2.0 ** (1 - len(sizes)) if least == values @ counts else 0.0
    tilt = _tilt(values, counts, least)
    chance = 1 / (1 + np.exp(-2 * tilt * values))  # of the sign that the observed sum has
    spread = math.sqrt(counts @ (values**2 * chance * (1 - chance)))  # of the number Σ size · (positive)
    points = 2 * math.ceil(REACH * spread + float(values.max()))
    turns = np.pi * np.arange(points // 2 + 1) / points
    moduli, angles = np.zeros_like(turns), least * turns
    for value, count, likely in zip(values, counts, chance, strict=True):
        sines = np.sin(value * turns)
        moduli += 0.5 * count * np.log1p(np.maximum(-4 * likely * (1 - likely) * sines**2, ALMOST))
        angles -= count * np.arctan2((2 * likely - 1) * sines, np.cos(value * turns))
    # Counted from the tilted mean, which is the observed sum: at a distance of 2j from it stands place j.
    distribution = np.fft.irfft(np.exp(moduli + 1j * angles), points)[: points // 2]
    beyond = np.exp(-2 * tilt * np.arange(points // 2))
    bound = counts @ _log_cosh(tilt * values) - tilt * least
    return float(2 * math.exp(bound) * max(0.0, distribution @ beyond))


def _saddlepoint_p(sizes: Floats, observed: float) -> float:
    if observed <= 0:
        return 1.0
    if observed >= sizes.sum() - 1e-9:
        return 2.0 ** (1 - len(sizes))
    ones = np.ones(len(sizes))
    tilt = _tilt(sizes, ones, observed)
    bound = float(_log_cosh(tilt * sizes).sum()) - tilt * observed
    root = math.sqrt(-2 * bound)
    slope = tilt * math.sqrt(float((sizes**2 / np.cosh(tilt * sizes) ** 2).sum()))
    if root < 1e-4:  # next to the middle the formula is a difference of two large numbers
        return 1.0
    from scipy.special import ndtr

    density = math.exp(bound) / math.sqrt(2 * math.pi)
    return float(2 * (ndtr(-root) + density * (1 / slope - 1 / root)))


def _tilt(sizes: Floats, counts: Floats, observed: float) -> float:
    """The tilt at which the mean of the sum, Σ count · size · tanh(tilt · size), is the observed one.

    By Newton's steps from no tilt on; the mean grows ever more slowly, so that none goes too far.
    """
    tilt = 0.0
    for _ in range(200):
        bent = np.tanh(tilt * sizes)
        missing = observed - float(counts @ (sizes * bent))
        step = missing / float(counts @ (sizes**2 * (1 - bent**2)))
        tilt += step
        if abs(step) <= 1e-12 * (1 + abs(tilt)):
            break
    return tilt


def _log_cosh(values: Floats) -> Floats:
    values = np.abs(values)
    return np.asarray(values + np.log1p(np.exp(-2 * values)) - math.log(2))
