"""Writes golden.json: distances and tests as SciPy and NumPy have them.  python3 golden.py > golden.json"""
import json
import random

import numpy as np
from scipy import stats
from scipy.spatial import distance

random.seed(7)


def counts(k, n, skew):
    w = [1 / (i + 1) ** skew for i in range(k)]
    picked = random.choices(range(k), w, k=n)
    return [picked.count(i) for i in range(k)]


def psi(a, b):
    keep = (a > 0) | (b > 0)
    p = np.where(a == 0, 0.5, a)[keep] / a.sum()
    q = np.where(b == 0, 0.5, b)[keep] / b.sum()
    return float(np.sum((p - q) * np.log(p / q)))


def table(a, b):
    a, b = np.array(a, float), np.array(b, float)
    p, q = a / a.sum(), b / b.sum()
    occur = (a + b) > 0
    if occur.sum() > 1:
        statistic, chi2_p = stats.chi2_contingency([a[occur], b[occur]])[:2]
    else:
        statistic, chi2_p = 0.0, 1.0
    ks = float(np.max(np.abs(np.cumsum(p) - np.cumsum(q))))
    return {
        "a": a.tolist(), "b": b.tolist(), "psi": psi(a, b),
        "js": float(distance.jensenshannon(p, q, base=2)),
        "hellinger": float(np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / np.sqrt(2)),
        "tv": float(distance.cityblock(p, q) / 2), "linf": float(distance.chebyshev(p, q)),
        "ks": ks, "chi2": float(statistic), "chi2_p": float(chi2_p),
    }


def noise(a, b):
    """The total variation that random dealing gives on average, summed over all deals."""
    a, b = np.array(a), np.array(b)
    n, m = int(a.sum()), int(b.sum())
    distance = 0.0
    for c in (a + b).tolist():
        x = np.arange(0, min(n, c) + 1)
        distance += float(np.sum(stats.hypergeom.pmf(x, n + m, c, n) * np.abs(x - c * n / (n + m))))
    return {"a": a.tolist(), "b": b.tolist(), "tv": distance / 2 * (1 / n + 1 / m)}


def samples(n, m, shift):
    rng = np.random.default_rng(n * 1000 + m)
    x, y = rng.normal(0, 1, n), rng.normal(shift, 1.3, m)
    r = stats.ks_2samp(x, y, mode="exact")
    en = n / (n + m) * m
    return {"n": n, "m": m, "d": float(r.statistic), "exact": float(r.pvalue),
            "limit": float(stats.kstwobign.sf(np.sqrt(en) * r.statistic))}


def histograms(k, l):
    low = sorted(random.uniform(-50, 50) for _ in range(k + 1))
    high = sorted(random.uniform(-30, 90) for _ in range(l + 1))
    sides = []
    for edges in (low, high):
        sides.append([[u, v, random.randrange(1, 400)] for u, v in zip(edges, edges[1:])])
    mids = [[u + (v - u) / 2 for u, v, _ in s] for s in sides]
    weights = [[c for _, _, c in s] for s in sides]
    return {"a": sides[0], "b": sides[1],
            "wasserstein": float(stats.wasserstein_distance(mids[0], mids[1], weights[0], weights[1]))}


tables = [table(a, b) for a, b in [
    (counts(2, 50, 0), counts(2, 70, 0.4)), (counts(5, 200, 1), counts(5, 300, 1)), (counts(5, 200, 1), counts(5, 300, 0.5)),
    (counts(50, 1000, 1.1), counts(50, 1000, 1.1)), (counts(50, 1000, 1.1), counts(50, 40, 0.2)), (counts(300, 20000, 1.2), counts(300, 5000, 1.2)),
    ([10, 0, 5], [0, 7, 5]), ([1, 0], [0, 1]), ([3, 0, 0], [0, 0, 9]), ([7, 0], [4, 0]), ([1000000, 2000000], [1000900, 1999100]), ([40, 60], [41, 59]),
]]
ks = [samples(n, m, s) for n, m, s in [
    (1, 1, 0), (2, 3, 1), (7, 7, 0.5), (10, 12, 0.2), (50, 50, 0.1), (50, 50, 1.2), (60, 45, 0.6), (100, 250, 0.3), (500, 500, 0.1), (997, 1000, 0.15),
    (1000, 400, 0.5), (2000, 2000, 0.05),
]]
noises = [noise(counts(k, n, s), counts(k, m, s)) for k, n, m, s in [(2, 9, 11, 0), (7, 100, 100, 1), (40, 300, 50, 1), (300, 900, 700, 0.5)]]
print(json.dumps({"tables": tables, "noise": noises, "ks": ks, "histograms": [histograms(3, 3), histograms(40, 25), histograms(1, 1), histograms(200, 7)]}, indent=1))
