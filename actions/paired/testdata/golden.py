"""Writes golden.json: paired tests as SciPy and statsmodels have them, and
variances of clustered rows by their definitions.  python3 golden.py > golden.json"""
import json

import numpy as np
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

rng = np.random.default_rng(11)


def paired_t(n, shift):
    a = rng.normal(0, 1, n)
    b = a + rng.normal(shift, 0.4, n)
    t = stats.ttest_rel(a, b)
    own = stats.t.interval(0.95, n - 1, a.mean(), stats.sem(a))
    d = a - b
    both = stats.t.interval(0.95, n - 1, d.mean(), stats.sem(d))
    return {"a": a.tolist(), "b": b.tolist(), "diff": float(d.mean()), "se": float(stats.sem(d)), "p": float(t.pvalue),
            "low": float(both[0]), "high": float(both[1]), "ownLow": float(own[0]), "ownHigh": float(own[1])}


def discordant(a, b):
    return {"a": a, "b": b, "exact": float(mcnemar([[20, a], [b, 30]], exact=True).pvalue)}


def design(n, clusters, weighted):
    c = rng.integers(0, clusters, n)
    w = rng.choice([0.5, 1, 2, 3], n) if weighted else np.ones(n)
    return c, w, rng.normal(0, 1, clusters)[c]


def sandwich(psi, w, c):
    """The variance of a weighted mean of psi, whose rows are clustered."""
    ids = np.unique(c)
    sums = [np.sum((w * (psi - np.sum(w * psi) / w.sum()))[c == i]) / w.sum() for i in ids]
    return len(ids) / (len(ids) - 1) * float(np.sum(np.square(sums)))


def clustered_mean(n, clusters, weighted):
    c, w, effect = design(n, clusters, weighted)
    a = effect + rng.normal(0, 1, n)
    b = a + 0.5 * effect + rng.normal(0, 0.3, n)
    wc = np.array([w[c == i].sum() for i in np.unique(c)])
    rmse = [np.sqrt(np.sum(w * x * x) / w.sum()) for x in (a, b)]
    return {"cluster": c.tolist(), "weight": w.tolist(), "a": a.tolist(), "b": b.tolist(),
            "meanA": float(np.average(a, weights=w)), "meanB": float(np.average(b, weights=w)),
            "se": sandwich(a - b, w, c) ** 0.5, "seA": sandwich(a, w, c) ** 0.5,
            "rmse": rmse[0], "seRMSE": sandwich(a * a / 2 / rmse[0] - b * b / 2 / rmse[1], w, c) ** 0.5,
            "df": float(wc.sum() ** 2 / np.sum(wc ** 2) - 1)}


def placements(y, x, w):
    """Of positive and negative rows: the share of the other class that they are on the right side of."""
    p, n = x[y == 1], x[y == 0]
    psi = (p[:, None] > n[None, :]) + 0.5 * (p[:, None] == n[None, :])
    wp, wn = w[y == 1], w[y == 0]
    return psi @ wn / wn.sum(), wp @ psi / wp.sum(), float(wp @ psi @ wn / wp.sum() / wn.sum())


def clustered_auc(n, clusters, weighted):
    """Obuchowski 1997, equations for a single and a difference, by clusters."""
    c, w, effect = design(n, clusters, weighted)
    y = (rng.random(n) < 0.4).astype(int)
    z = y + effect + rng.normal(0, 1, n)
    a, b = (np.round(z + rng.normal(0, s, n), 1) for s in (0.5, 0.8))
    parts = []
    for x in (a, b):
        v10, v01, area = placements(y, x, w)
        parts.append((v10 - area, v01 - area, area))
    cp, cn, wp, wn = c[y == 1], c[y == 0], w[y == 1], w[y == 0]
    ids = np.unique(c)

    def variance(p, q):
        sp = np.array([np.sum((wp * p)[cp == i]) / wp.sum() for i in ids])
        sn = np.array([np.sum((wn * q)[cn == i]) / wn.sum() for i in ids])
        i10, i01, i = len(np.unique(cp)), len(np.unique(cn)), len(ids)
        return float(i10 / (i10 - 1) * sp @ sp + i01 / (i01 - 1) * sn @ sn + 2 * i / (i - 1) * sp @ sn)

    (pa, na, aa), (pb, nb, ab) = parts
    return {"cluster": c.tolist(), "weight": w.tolist(), "label": y.tolist(), "a": a.tolist(), "b": b.tolist(), "aucA": aa, "aucB": ab,
            "varA": variance(pa, na), "varDiff": variance(pa - pb, na - nb)}


def f1(y, d, w):
    tp, fp, fn = (w[(y == i) & (d == j)].sum() for i, j in ((1, 1), (0, 1), (1, 0)))
    value = 2 * tp / (2 * tp + fp + fn)
    # d f1 / d(tp, fp, fn), per row
    bottom = 2 * tp + fp + fn
    psi = np.where((y == 1) & (d == 1), 2 * (fp + fn) / bottom ** 2, np.where(y != d, -2 * tp / bottom ** 2, 0)) * w.sum()
    return float(value), psi


def clustered_f1(n, clusters, weighted):
    c, w, effect = design(n, clusters, weighted)
    y = (rng.random(n) < 0.4).astype(int)
    z = y + 0.5 * effect + rng.normal(0, 1, n)
    a, b = ((z + rng.normal(0, s, n) > 0.5).astype(int) for s in (0.5, 0.8))
    (fa, pa), (fb, pb) = f1(y, a, w), f1(y, b, w)
    return {"cluster": c.tolist(), "weight": w.tolist(), "label": y.tolist(), "a": a.tolist(), "b": b.tolist(), "f1A": fa, "f1B": fb,
            "seA": sandwich(pa, w, c) ** 0.5, "se": sandwich(pa - pb, w, c) ** 0.5}


def bootstrap(n):
    """Bias-corrected and accelerated interval of a difference of means of lognormal values."""
    a = np.exp(rng.normal(0, 1, n))
    b = a * np.exp(rng.normal(0.05, 0.3, n))
    r = stats.bootstrap((a, b), lambda x, y, axis: np.mean(x, axis) - np.mean(y, axis), paired=True, vectorized=True,
                        n_resamples=20000, method="BCa", random_state=np.random.default_rng(3))
    return {"a": a.tolist(), "b": b.tolist(), "se": float(r.standard_error),
            "low": float(r.confidence_interval.low), "high": float(r.confidence_interval.high)}


designs = [(60, 20, False), (150, 25, True), (80, 1000, True)]
cases = {
    "t": [paired_t(12, 0.1), paired_t(200, 0.05)],
    "mcnemar": [discordant(0, 6), discordant(3, 9), discordant(40, 61)],
    "means": [clustered_mean(*d) for d in designs],
    "areas": [clustered_auc(*d) for d in designs],
    "f1": [clustered_f1(400, 60, False), clustered_f1(900, 150, True)],
    "bootstrap": [bootstrap(80), bootstrap(200)],
}
lines = (f'"{name}": [\n' + ",\n".join(map(json.dumps, of)) + "\n]" for name, of in cases.items())
print("{" + ",\n".join(lines) + "}")
