"""Writes golden.json: metrics as scikit-learn has them, and by their definitions with
NumPy where it lacks them.

    python3 golden.py > golden.json        # python3-sklearn of Debian 12: 1.2.1

The data is made by a generator of 32 bits that the tests have too, so that only the
figures are kept.
"""
import json
import warnings

import numpy as np
from sklearn import metrics as sk

warnings.simplefilter("error")


class Random:
    """xorshift32, a number at a time."""

    def __init__(self, seed):
        self.state = seed

    def __call__(self, n):
        out = np.empty(n)
        for i in range(n):
            s = self.state
            s ^= (s << 13) & 0xFFFFFFFF
            s ^= s >> 17
            s ^= (s << 5) & 0xFFFFFFFF
            self.state = s
            out[i] = s / 2**32
        return out


def weights(random, n, kind):
    """None is 1 each; a third of them is 0 with zeros."""
    w = random(n)
    if kind == "none":
        return None
    if kind == "zeros":
        return np.where(w < 0.3, 0.0, w)
    return 0.1 + w


# ---- two classes ----

def binary_data(c):
    random = Random(c["seed"])
    n = c["rows"]
    label = (random(n) < c["rate"]).astype(float)
    score = (c["signal"] * label + random(n)) / (1 + c["signal"])
    if c["levels"]:
        score = np.floor(score * c["levels"]) / c["levels"]
    return label, score, weights(random, n, c["weights"])


def calibration_error(y, p, w, bin_of):
    error = 0.0
    for b in np.unique(bin_of):
        k = bin_of == b
        if w[k].sum() > 0:
            error += w[k].sum() * abs(np.average(y[k], weights=w[k]) - np.average(p[k], weights=w[k]))
    return error / w.sum()


def by_weight(p, w, n):
    """The bin of the middle of the weight of each score, from the highest down."""
    middle = np.array([w[p > v].sum() + w[p == v].sum() / 2 for v in np.unique(p)])
    bins = np.minimum(np.floor(n * middle / w.sum()), n - 1)
    return bins[np.searchsorted(np.unique(p), p)]


def lift(y, p, w, share):
    """Expected label among the top rows, in small steps of cumulative weight."""
    total = share * w.sum()
    taken = np.zeros(len(p))
    for v in np.unique(p)[::-1]:
        k = p == v
        part = min(1.0, total / w[k].sum()) if w[k].sum() > 0 else 0.0
        taken[k] = part
        total -= part * w[k].sum()
    return np.average(y, weights=w * taken) / np.average(y, weights=w)


def at(y, p, weight, threshold):
    guess = (p >= threshold).astype(float)
    out = {
        "accuracy": sk.accuracy_score(y, guess, sample_weight=weight),
        "recall": sk.recall_score(y, guess, sample_weight=weight),
        "specificity": sk.recall_score(y, guess, sample_weight=weight, pos_label=0),
        "f1": sk.f1_score(y, guess, sample_weight=weight, zero_division=0),
        "balanced_accuracy": sk.balanced_accuracy_score(y, guess, sample_weight=weight),
        "mcc": sk.matthews_corrcoef(y, guess, sample_weight=weight),
    }
    if guess.any():
        out["precision"] = sk.precision_score(y, guess, sample_weight=weight)
    return out


def binary(c):
    y, p, weight = binary_data(c)
    w = np.ones(len(y)) if weight is None else weight
    fpr, tpr, _ = sk.roc_curve(y, p, sample_weight=weight, drop_intermediate=False)
    want = {
        "auc": sk.roc_auc_score(y, p, sample_weight=weight),
        "gini": 2 * sk.roc_auc_score(y, p, sample_weight=weight) - 1,
        "pr_auc": sk.average_precision_score(y, p, sample_weight=weight),
        "logloss": sk.log_loss(y, p, sample_weight=weight, labels=[0, 1]),
        "brier": sk.brier_score_loss(y, p, sample_weight=weight),
        "ks": float(np.max(np.abs(tpr - fpr))),
    }
    for n in (15, 10):
        of = np.minimum(np.floor(p * n), n - 1)
        want[f"ece_{n}"] = calibration_error(y, p, w, of)
        if c["rows"] <= 10000:
            want[f"ece_adaptive_{n}"] = calibration_error(y, p, w, by_weight(p, w, n))
    for percent in (1, 10, 50, 100):
        want[f"lift_at_{percent}pct"] = lift(y, p, w, percent / 100) if c["rows"] <= 10000 else sorted_lift(y, p, percent)
    want.update(at(y, p, weight, 0.5))
    for t in ("0.3", "0.7"):
        want.update({f"{k}_at_{t.replace('.', '_')}": v for k, v in at(y, p, weight, float(t)).items()})
    if c["rows"] <= 300:
        cuts = [at(y, p, weight, t) for t in np.unique(p)]
        for name in ("accuracy", "f1", "balanced_accuracy", "mcc"):
            want[name + "_at_best"] = max(cut[name] for cut in cuts)
    return want


def sorted_lift(y, p, percent):
    """Without ties or weights: the rows of the highest scores."""
    assert len(np.unique(p)) == len(p) and len(p) % 100 == 0
    return y[np.argsort(-p)][: len(p) * percent // 100].mean() / y.mean()


# ---- several classes ----

def classes_data(c):
    random = Random(c["seed"])
    n, k = c["rows"], c["classes"]
    label = np.floor(random(n) * (k - c["missing"]))
    # Whole numbers, whose sums are the same in any order.
    raw = [1 + np.floor((random(n) + c["signal"] * (label == j)) * c["levels"]) for j in range(k)]
    scores = np.column_stack(raw)
    return label, scores / scores.sum(axis=1, keepdims=True), weights(random, n, c["weights"])


def many(c):
    y, p, weight = classes_data(c)
    k = list(range(c["classes"]))
    guess = np.argmax(p, axis=1)
    w = {"sample_weight": weight}
    want = {
        "accuracy": sk.accuracy_score(y, guess, **w),
        "mcc": sk.matthews_corrcoef(y, guess, **w),
        "logloss": sk.log_loss(y, p, labels=k, **w),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # classes that are only predicted have no recall
        want["balanced_accuracy"] = sk.balanced_accuracy_score(y, guess, **w)
    for average in ("macro", "micro", "weighted"):
        for name, f in (("precision", sk.precision_score), ("recall", sk.recall_score), ("f1", sk.f1_score)):
            want[f"{name}_{average}"] = f(y, guess, average=average, zero_division=0, **w)
    if not c["missing"]:
        want["auc_weighted"] = sk.roc_auc_score(y, p, multi_class="ovr", average="weighted", **w)
        want["auc_macro"] = sk.roc_auc_score(y, p, multi_class="ovr", average="macro", **w)
    if all(len(np.unique(row)) == len(row) for row in p):  # it has its own way with ties
        for top in range(2, min(4, c["classes"])):
            want[f"top{top}_accuracy"] = sk.top_k_accuracy_score(y, p, k=top, labels=k, **w)
    want["matrix"] = sk.confusion_matrix(y, guess, labels=k, **w).tolist()
    return want


# ---- numbers ----

def numbers_data(c):
    random = Random(c["seed"])
    n = c["rows"]
    label = c["offset"] + 1 + 10 * random(n)
    score = label + 4 * (random(n) - 0.4)
    return label, score, weights(random, n, c["weights"])


def numbers(c):
    y, p, weight = numbers_data(c)
    w = {"sample_weight": weight}
    want = {
        "mae": sk.mean_absolute_error(y, p, **w),
        "mse": sk.mean_squared_error(y, p, **w),
        "rmse": sk.mean_squared_error(y, p, squared=False, **w),
        "r2": sk.r2_score(y, p, **w),
        "mape": sk.mean_absolute_percentage_error(y, p, **w),
        "median_absolute_error": sk.median_absolute_error(y, p, **w),
        "quantile_loss_0_9": sk.mean_pinball_loss(y, p, alpha=0.9, **w),
        "quantile_loss_0_25": sk.mean_pinball_loss(y, p, alpha=0.25, **w),
        "bias": float(np.average(p - y, weights=weight)),
        "wape": float(np.average(np.abs(p - y), weights=weight) / np.average(np.abs(y), weights=weight)),
        "smape": float(np.average(200 * np.abs(p - y) / (np.abs(y) + np.abs(p)), weights=weight) / 100),
    }
    # The rows are series of 40, each with its own naive error.
    for m in (1, 7):
        naive = [np.mean(np.abs(one[m:] - one[:-m])) for one in np.split(y, np.arange(40, len(y), 40))]
        want[f"mase season {m}"] = float(np.average(np.abs(p - y) / np.repeat(naive, 40)[: len(y)], weights=weight))
    return want


# ---- rankings ----

def ranking_data(c):
    random = Random(c["seed"])
    n = c["groups"] * c["size"]
    label = np.floor(random(n) ** 2 * (c["grades"] + 1))
    score = 0.5 * label + random(n)
    if c["levels"]:
        score = np.floor(score * c["levels"]) / c["levels"]
    w = weights(random, c["groups"], c["weights"])
    shape = (c["groups"], c["size"])
    return label.reshape(shape), score.reshape(shape), w


def precision_at(rel, k):
    """Average precision of relevances in their order."""
    rel = rel > 0
    if not rel.any():
        return 0.0
    ranks = np.flatnonzero(rel[:k])
    return float(np.sum([rel[: i + 1].mean() for i in ranks]) / min(k, rel.sum()))


def ranking(c):
    y, p, w = ranking_data(c)
    size = c["size"]
    want = {"ndcg": sk.ndcg_score(y, p, sample_weight=w)}
    for k in (1, 3, 10):
        want[f"ndcg_at_{k}"] = sk.ndcg_score(y, p, k=k, sample_weight=w)
    if all(len(np.unique(row)) == size for row in p):
        order = np.argsort(-p, axis=1)
        ordered = np.take_along_axis(y, order, axis=1)
        first = np.array([np.argmax(r > 0) + 1 if (r > 0).any() else np.inf for r in ordered])
        want["mrr"] = float(np.average(1 / first, weights=w))
        want["mrr_at_2"] = float(np.average(np.where(first <= 2, 1 / first, 0), weights=w))
        whole = [sk.average_precision_score(a > 0, b) if (a > 0).any() else 0.0 for a, b in zip(y, p)]
        want["map"] = float(np.average(whole, weights=w))
        for k in (1, 5):
            want[f"map_at_{k}"] = float(np.average([precision_at(r, k) for r in ordered], weights=w))
    return want


def case(name, **c):
    return {"name": name, **c}


BINARY = [case(*args[:1], **dict(zip(("seed", "rows", "rate", "signal", "levels", "weights"), args[1:]))) for args in (
    ("plain", 1, 300, 0.4, 0.5, 0, "none"),
    ("ties", 2, 800, 0.3, 0.4, 16, "none"),
    ("weights", 3, 250, 0.4, 0.5, 0, "some"),
    ("ties and weights", 4, 300, 0.5, 0.3, 8, "some"),
    ("weights of zero", 5, 600, 0.3, 0.6, 32, "zeros"),
    ("imbalanced", 6, 5000, 0.01, 0.5, 0, "none"),
    ("imbalanced, with weights", 7, 5000, 0.01, 0.5, 64, "some"),
    ("constant scores", 8, 300, 0.4, 0.5, 1, "none"),
    ("perfect", 9, 200, 0.5, 2, 0, "some"),
    ("no signal", 10, 200, 0.5, 0, 0, "none"),
    ("few", 11, 7, 0.5, 0.5, 0, "none"),
    ("big", 12, 100000, 0.2, 0.4, 0, "none"),
)]
CLASSES = [case(*args[:1], **dict(zip(("seed", "rows", "classes", "signal", "missing", "levels", "weights"), args[1:]))) for args in (
    ("plain", 21, 600, 4, 0.5, 0, 1000000, "none"),
    ("weights", 22, 600, 3, 0.4, 0, 1000000, "some"),
    ("ties", 23, 500, 5, 0.3, 0, 6, "some"),
    ("a class without labels", 24, 400, 4, 0.2, 1, 1000000, "none"),
    ("weights of zero", 25, 500, 6, 0.3, 0, 1000000, "zeros"),
    ("many classes", 26, 3000, 40, 0.6, 0, 1000000, "some"),
)]
NUMBERS = [case(*args[:1], **dict(zip(("seed", "rows", "offset", "weights"), args[1:]))) for args in (
    ("plain", 31, 400, 0, "none"),
    ("odd", 32, 411, 0, "none"),
    ("weights", 33, 400, 0, "some"),
    ("weights of zero", 34, 440, 0, "zeros"),
    ("far from zero", 35, 400, 1e6, "some"),
    ("below zero", 36, 400, -20, "none"),
)]
RANKING = [case(*args[:1], **dict(zip(("seed", "groups", "size", "grades", "levels", "weights"), args[1:]))) for args in (
    ("plain", 41, 50, 12, 3, 0, "none"),
    ("weights", 42, 40, 8, 4, 0, "some"),
    ("ties", 43, 60, 15, 2, 4, "none"),
    ("ties and weights", 44, 30, 20, 5, 3, "some"),
    ("few relevant", 45, 80, 5, 0.15, 0, "none"),
    ("constant scores", 46, 20, 9, 3, 0.01, "none"),
)]


def run(cases, compute):
    return [{**c, "want": {k: v if k == "matrix" else float(v) for k, v in compute(c).items()}} for c in cases]


print(json.dumps({"binary": run(BINARY, binary), "classes": run(CLASSES, many), "numbers": run(NUMBERS, numbers), "ranking": run(RANKING, ranking)}, indent=1))
