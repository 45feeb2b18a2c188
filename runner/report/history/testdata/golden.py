"""Writes golden.json: limits, probabilities and corrections as SciPy has them.

    python3 golden.py > golden.json        # python3-scipy of Debian 12: 1.10

and R's p.adjust for the corrections, which SciPy 1.10 lacks:

    Rscript adjust.R > adjust.json
"""
import json

import numpy
import scipy
from scipy import stats

rng = numpy.random.default_rng(7)
series = {
    "steady": list(numpy.round(rng.normal(100, 10, 25), 6)),
    "two": [0.91, 0.93],
    "auc": list(numpy.round(rng.normal(0.914, 0.003, 12), 6)),
    "skewed": list(numpy.round(rng.lognormal(3, 0.4, 30), 6)),
    "jumping": [-6.0, -6.0, 1.0, 1.0, 9.0, 9.0],
    "small": [3e-9, 4e-9, 3.5e-9, 5e-9],
}


def limits(test, xs, b):
    xs = numpy.array(xs)
    n, m = len(xs), xs.mean()
    s = xs.std(ddof=1)
    if test == "percentage":
        return m, m - abs(m) * b, m + abs(m) * b
    if test == "z_score":
        high = stats.norm(m, s).ppf(b)
        return m, 2 * m - high, high
    if test == "t_test":
        high = stats.t(n - 1, m, s * numpy.sqrt(1 + 1 / n)).ppf(b)
        return m, 2 * m - high, high
    if test == "log_normal":
        logs = numpy.log(xs)
        base = numpy.exp(logs.mean())
        high = stats.lognorm(logs.std(ddof=1), scale=base).ppf(b)
        return base, 2 * base - high, high
    if test == "iqr":
        m = numpy.median(xs)
        w = b * stats.iqr(xs)
        return m, m - w, m + w
    m = numpy.median(xs)
    w = abs(m) * b * stats.iqr(numpy.abs(numpy.diff(xs) / xs[:-1]))
    return m, m - w, m + w


def p(test, xs, x):
    xs = numpy.array(xs)
    n = len(xs)
    if test == "log_normal":
        xs, x = numpy.log(xs), numpy.log(x)
    m, s = xs.mean(), xs.std(ddof=1)
    if test == "t_test":
        return 2 * stats.t.sf(abs(x - m) / (s * numpy.sqrt(1 + 1 / n)), n - 1)
    return 2 * stats.norm.sf(abs(x - m) / s)


boundaries = {"percentage": [0, 0.1], "z_score": [0.5, 0.977, 0.9999], "t_test": [0.6, 0.977, 0.995],
              "log_normal": [0.9, 0.977], "iqr": [1, 2.5], "delta_iqr": [1, 2.5]}
cases, ps = [], []
for name, xs in series.items():
    for test, bs in boundaries.items():
        if test == "log_normal" and min(xs) <= 0:
            continue
        for b in bs:
            center, low, high = limits(test, xs, b)
            cases.append({"series": name, "test": test, "boundary": b, "center": center, "low": low, "high": high})
        if test in ("z_score", "t_test", "log_normal"):
            for x in (xs[0], max(xs) * 1.07, abs(min(xs)) * 0.6):
                ps.append({"series": name, "test": test, "x": x, "p": p(test, xs, x)})
print(json.dumps({"scipy": scipy.__version__, "series": series, "limits": cases, "p": ps}, indent=1))
