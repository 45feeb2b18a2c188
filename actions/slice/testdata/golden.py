"""Writes golden.json: tests of slices as SciPy has them, and by their definitions in
NumPy what it lacks.  python3 golden.py > golden.json"""
import itertools
import json
import random

import numpy as np
from scipy import special, stats

random.seed(11)


def quantile(df):
    """The 97.5 % quantile of Student's t, of which stats.t.ppf has eight digits only."""
    x = special.betaincinv(df / 2, 0.5, 0.05)
    return np.sqrt(df * (1 - x) / x)


def welch(inside, rest):
    a, b = np.array(inside, float), np.array(rest, float)
    t, p = stats.ttest_ind(a, b, equal_var=False)
    va, vb = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    df = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1))
    half = quantile(df) * np.sqrt(va + vb)
    effect = a.mean() - b.mean()
    student, student_p = stats.ttest_ind(a, b, equal_var=True)
    return {"mean": a.mean(), "rest": b.mean(), "t": float(t), "p": float(p), "df": df,
            "low": effect - half, "high": effect + half, "student": float(student), "student_p": float(student_p)}


def pair(n, m, draw, shift):
    a, b = [round(draw() + shift, 6) for _ in range(n)], [round(draw(), 6) for _ in range(m)]
    return {"inside": a, "outside": b, **welch(a, b)}


def cells():
    """All cells of one feature and of two, of a table of 500 rows."""
    sizes = [3, 4, 2, 5]
    codes = [[random.randrange(k) for _ in range(500)] for k in sizes]
    values = [round(random.expovariate(1) + (0.8 if codes[0][i] == 1 and codes[3][i] == 2 else 0), 6) for i in range(500)]
    out = []
    for features in [*itertools.combinations(range(4), 1), *itertools.combinations(range(4), 2)]:
        for cell in itertools.product(*[range(sizes[f]) for f in features]):
            inside = [all(codes[f][i] == v for f, v in zip(features, cell)) for i in range(500)]
            a = [v for v, y in zip(values, inside) if y]
            b = [v for v, y in zip(values, inside) if not y]
            out.append({"features": features, "cell": cell, "rows": len(a), **welch(a, b)})
    return {"sizes": sizes, "codes": codes, "values": values, "cells": out}


def clustered(n, users, weighted, seed):
    """Welch's test with sums of clusters, by its definition."""
    rng = np.random.default_rng(seed)
    user = rng.integers(0, users, n)
    inside = rng.random(n) < 0.2 + 0.5 * (user % 3 == 0)
    v = np.round(rng.exponential(1, n) + rng.normal(0, 1, users)[user], 6)
    w = np.round(rng.uniform(0.2, 3, n), 6) if weighted else np.ones(n)

    def side(mask):
        mean = np.average(v[mask], weights=w[mask])
        weights = np.array([w[mask & (user == u)].sum() for u in range(users)])
        residual = np.array([(w * (v - mean))[mask & (user == u)].sum() for u in range(users)])
        k = weights.sum() ** 2 / (weights**2).sum()
        return mean, residual / weights.sum(), k

    (a, ra, ka), (b, rb, kb) = side(inside), side(~inside)
    va, vb = (ra**2).sum() * ka / (ka - 1), (rb**2).sum() * kb / (kb - 1)
    g = len(set(user.tolist()))
    se = np.sqrt(va + vb - 2 * (ra * rb).sum() * g / (g - 1))
    df = min((va + vb) ** 2 / (va**2 / (ka - 1) + vb**2 / (kb - 1)), g - 1)
    t = (a - b) / se
    return {"clusters": user.tolist(), "in": inside.tolist(), "values": v.tolist(), "weights": w.tolist(),
            "mean": a, "rest": b, "se": se, "df": df, "t": t, "p": 2 * stats.t.sf(abs(t), df)}


def wilson(k, n, z):
    """SciPy's interval at the level that belongs to z."""
    ci = stats.binomtest(k, n).proportion_ci(confidence_level=1 - 2 * stats.norm.sf(z), method="wilson")
    return ci.low, ci.high


def fairness(groups, n, seed):
    rng = np.random.default_rng(seed)
    group = rng.integers(0, groups, n)
    truth = rng.random(n) < 0.3 + 0.1 * group
    selected = rng.random(n) < np.where(truth, 0.7 - 0.08 * group, 0.2 + 0.03 * group)
    masks = {"selection": np.ones(n, bool), "tpr": truth, "fpr": ~truth}
    counts = {k: [(int((selected & m & (group == g)).sum()), int((m & (group == g)).sum())) for g in range(groups)] for k, m in masks.items()}
    rate = {k: [a / b for a, b in c] for k, c in counts.items()}
    z = stats.norm.ppf(0.975)

    def difference(*kinds):
        pairs = [(x, y) for k in kinds for x, y in itertools.permutations(counts[k], 2)]
        zs = stats.norm.ppf(1 - 0.025 / (len(pairs) / 2))
        lows, highs = [], []
        for (a, n1), (b, n2) in pairs:
            (al, ah), (bl, bh), p, q = wilson(a, n1, zs), wilson(b, n2, zs), a / n1, b / n2
            lows.append(p - q - np.hypot(p - al, bh - q))
            highs.append(p - q + np.hypot(ah - p, q - bl))
        return {"value": max(max(rate[k]) - min(rate[k]) for k in kinds), "low": max(0, max(lows)), "high": max(highs)}

    def ratio(*kinds):
        pairs = [(x, y) for k in kinds for x, y in itertools.permutations(counts[k], 2)]
        zs = stats.norm.ppf(1 - 0.025 / (len(pairs) / 2))
        lows, highs = [], []
        for (a, n1), (b, n2) in pairs:
            log = np.log((a + 0.5) / (n1 + 0.5)) - np.log((b + 0.5) / (n2 + 0.5))
            half = zs * np.sqrt(1 / (a + 0.5) - 1 / (n1 + 0.5) + 1 / (b + 0.5) - 1 / (n2 + 0.5))
            lows.append(np.exp(log - half))
            highs.append(np.exp(log + half))
        return {"value": min(min(rate[k]) / max(rate[k]) for k in kinds), "low": min(lows), "high": min(min(highs), 1)}

    return {"group": group.tolist(), "truth": truth.astype(int).tolist(), "selected": selected.tolist(), "rates": rate,
            "wilson": {k: [wilson(a, b, z) for a, b in c] for k, c in counts.items()},
            "demographic_parity_difference": difference("selection"), "demographic_parity_ratio": ratio("selection"),
            "equal_opportunity_difference": difference("tpr"), "equalized_odds_difference": difference("tpr", "fpr"),
            "equalized_odds_ratio": ratio("tpr", "fpr")}


tests = [
    pair(2, 2, random.random, 0.1), pair(5, 40, random.random, 0.3), pair(30, 30, lambda: random.gauss(0, 1), 0), pair(40, 7, lambda: random.gauss(5, 2), -3),
    pair(60, 90, lambda: random.lognormvariate(0, 1.5), 0), pair(80, 120, lambda: float(random.random() < 0.2), 0), pair(25, 200, lambda: 1e3 + random.random(), 0.2),
    pair(100, 150, lambda: random.gauss(0, 1), 3),
]
result = {"tests": tests, "table": cells(), "clustered": [clustered(60, 60, True, 1), clustered(300, 40, False, 2), clustered(300, 25, True, 3)],
          "fairness": [fairness(2, 400, 1), fairness(4, 900, 2)]}
print(json.dumps(result, separators=(",", ": ")))
