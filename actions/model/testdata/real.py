#!/usr/bin/python3
"""Writes small models and data as Debian's libraries save them, as JSON: name to
bytes in base64 and the names that loading them imported. Names differ between
versions; Debian 12 has scikit-learn 1.2.1, NumPy 1.24, pandas 1.5, xgboost 1.7.

    /usr/bin/python3 real.py >real.json
"""

import base64, collections, datetime, decimal, functools, io, json, os, pickle, sys, tempfile, warnings

warnings.simplefilter("ignore")
import joblib, numpy as np, pandas as pd, scipy.sparse as sp
import joblib.numpy_pickle as jnp
from sklearn import (calibration, cluster, compose, decomposition, dummy, ensemble, feature_extraction, gaussian_process, impute,
                     isotonic, kernel_ridge, linear_model, mixture, model_selection, naive_bayes, neighbors, neural_network, pipeline,
                     preprocessing, svm, tree)

rng = np.random.RandomState(0)
x = np.round(rng.normal(size=(24, 3)), 2)
y = (x[:, 0] + x[:, 1] > 0).astype(int)
frame = pd.DataFrame(x, columns=list("abc"))
frame["plan"] = np.where(x[:, 2] > 0, "free", "pro")

files = {}


def names(load):
    """Names that a load imports."""
    found = set()
    plain = pickle._Unpickler.find_class

    def noting(self, module, name):
        found.add(f"{module}.{name}")
        return plain(self, module, name)

    pickle._Unpickler.find_class = noting
    try:
        load()
    finally:
        pickle._Unpickler.find_class = plain
    return sorted(found)


def add(label, data, load):
    files[label] = {"data": base64.b64encode(data).decode(), "names": names(lambda: load(io.BytesIO(data)))}


def plain(label, thing, protocols=(2, 4)):
    for p in protocols:
        add(f"pickle {p} {label}", pickle.dumps(thing, p), lambda f: pickle._Unpickler(f).load())


def dumped(label, thing, **how):
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "m")
        joblib.dump(thing, path, **how)
        data = open(path, "rb").read()
    add(f"joblib {label}", data, joblib.load)


models = {
    "logistic": linear_model.LogisticRegression(),
    "ridge": linear_model.RidgeCV(),
    "sgd": linear_model.SGDClassifier(),
    "poisson": linear_model.PoissonRegressor(),
    "tree": tree.DecisionTreeClassifier(max_depth=2),
    "forest": ensemble.RandomForestClassifier(n_estimators=2, max_depth=2, random_state=0),
    "boosting": ensemble.GradientBoostingClassifier(n_estimators=2, max_depth=2, random_state=0),
    "histogram boosting": ensemble.HistGradientBoostingClassifier(max_iter=2, max_depth=2),
    "isolation forest": ensemble.IsolationForest(n_estimators=2, random_state=0),
    "stacking": ensemble.StackingClassifier([("a", dummy.DummyClassifier()), ("b", naive_bayes.GaussianNB())], cv=2),
    "svc": svm.SVC(probability=True),
    "kd tree": neighbors.KNeighborsClassifier(algorithm="kd_tree"),
    "ball tree": neighbors.KNeighborsRegressor(algorithm="ball_tree"),
    "kde": neighbors.KernelDensity(),
    "mlp": neural_network.MLPClassifier((2,), max_iter=3, random_state=0),
    "gp": gaussian_process.GaussianProcessRegressor(gaussian_process.kernels.RBF() + gaussian_process.kernels.WhiteKernel()),
    "kmeans": cluster.KMeans(2, n_init=1, random_state=0),
    "mixture": mixture.GaussianMixture(random_state=0),
    "pca": decomposition.PCA(2),
    "kernel ridge": kernel_ridge.KernelRidge(),
    "calibrated": calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), cv=2, method="isotonic"),
    "isotonic": pipeline.make_pipeline(preprocessing.FunctionTransformer(np.log1p), linear_model.Ridge()),
    "search": model_selection.GridSearchCV(tree.DecisionTreeClassifier(), {"max_depth": [1, 2]}, cv=2),
    "impute": pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.StandardScaler(), preprocessing.KBinsDiscretizer(n_bins=2), linear_model.LinearRegression()),
}
with np.errstate(all="ignore"):
    for label, m in models.items():
        m.fit(x if label != "isotonic" else np.abs(x), y)
        plain(label, m, (4,))
    plain("logistic by the first protocols", models["logistic"], (0, 1, 2, 3, 5))
    plain("forest by the first protocols", models["forest"], (0, 1, 2, 5))
    columns = pipeline.make_pipeline(
        compose.make_column_transformer((preprocessing.OneHotEncoder(), ["plan"]), (preprocessing.QuantileTransformer(n_quantiles=4), ["a", "b"]),
                                        (preprocessing.OrdinalEncoder(), compose.make_column_selector(dtype_include=object))),
        ensemble.HistGradientBoostingClassifier(max_iter=2, max_depth=2),
    ).fit(frame, y)
plain("isotonic alone", isotonic.IsotonicRegression().fit(x[:, 0], y))
plain("words", feature_extraction.text.TfidfVectorizer().fit(["a red fox", "a blue one"]))
plain("columns", columns)

plain("arrays", {"f8": x, "F": np.asfortranarray(x), "int": y, "text": np.array(["a", "bcd"]), "bytes": np.array([b"a"]),
                 "record": np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), "objects": np.array([1, "a", None], dtype=object),
                 "date": np.array(["2020-01-01"], dtype="M8[D]"), "scalar": np.float32(1), "masked": np.ma.masked_array([1, 2], [0, 1]),
                 "empty": np.zeros((0, 3)), "big": np.array([1], dtype=">f8"), "bool": np.array(True), "complex": np.array([1j])}, range(6))
plain("sparse", [f(sp.eye(3)) for f in (sp.csr_matrix, sp.csc_matrix, sp.coo_matrix, sp.lil_matrix, sp.dok_matrix, sp.bsr_matrix, sp.dia_matrix)])
plain("random", [np.random.RandomState(0), np.random.default_rng(0)])
plain("python", [1, 2**80, -1, 1.5, "é", b"\xff", None, True, (), (1, 2, 3, 4), {1, 2}, frozenset([3]), {"a": [1]}, collections.OrderedDict(a=1),
                 collections.defaultdict(list, a=[1]), collections.deque([1]), collections.Counter("aab"), datetime.datetime(2020, 1, 1),
                 datetime.timedelta(1), datetime.timezone.utc, decimal.Decimal("1.5"), slice(1, 2), complex(1, 2), bytearray(b"abc"),
                 range(3), functools.partial(np.mean, axis=0), np.log1p], range(6))
frame["when"] = pd.date_range("2020-01-01", periods=len(frame))
frame["kind"] = pd.Categorical(frame["plan"])
frame["whole"] = pd.array([1, None] * 12, dtype="Int64")
frame["text"] = pd.array(["a", None] * 12, dtype="string")
frame["span"] = pd.to_timedelta(range(24), unit="s")
frame["month"] = frame["when"].dt.to_period("M")
frame["range"] = pd.cut(frame["a"], 3)
plain("frame", frame, (2, 4, 5))
plain("series", frame.set_index(["plan", "when"])["a"])
plain("frame by month", frame.set_index("month")[["a"]])
plain("frame in a zone", frame.set_index(frame["when"].dt.tz_localize("UTC"))[["a"]])
plain("times", [pd.Timestamp("2020-01-01"), pd.Timedelta(1), pd.Period("2020-01"), pd.NaT, pd.NA, pd.Interval(0, 1)])

for label, how in {"plain": {}, "zlib": {"compress": 3}, "gzip": {"compress": ("gzip", 3)}, "bz2": {"compress": ("bz2", 3)},
                   "lzma": {"compress": ("lzma", 3)}, "xz": {"compress": ("xz", 3)}, "lz4": {"compress": "lz4"},
                   "protocol 2": {"protocol": 2}, "protocol 5": {"protocol": 5}}.items():
    dumped(label, {"model": models["forest"], "x": x, "objects": np.array([1, "a", None], dtype=object)}, **how)
dumped("columns", columns)
dumped("histogram boosting", models["histogram boosting"])
dumped("arrays", {"F": np.asfortranarray(x), "text": np.array(["a", "bcd"]), "record": np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
                  "empty": np.zeros((0, 3)), "date": np.array(["2020-01-01"], dtype="M8[D]"), "matrix": np.matrix([[1.0]]), "scalar": np.array(1.0)})
dumped("frame", frame)


def saved(label, save):
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, label)
        save(path)
        files[label] = {"data": base64.b64encode(open(path, "rb").read()).decode(), "names": []}


saved("a.npy", lambda p: np.save(p, x))
saved("record.npy", lambda p: np.save(p, np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8", (2,))])))
saved("objects.npy", lambda p: np.save(p, np.array([1, "a"], dtype=object)))
saved("a.npz", lambda p: np.savez(p, x=x, y=y))
saved("compressed.npz", lambda p: np.savez_compressed(p, x=x, y=y))
saved("sparse.npz", lambda p: sp.save_npz(p, sp.eye(3).tocsr()))

import xgboost as xgb

booster = xgb.XGBClassifier(n_estimators=2, max_depth=2).fit(x, y)
plain("xgboost", booster)
plain("xgboost booster", booster.get_booster())
dumped("xgboost", booster)
saved("xgboost.json", booster.save_model)
saved("xgboost.ubj", booster.save_model)

import h5py, onnx
from onnx import TensorProto, helper, numpy_helper

with tempfile.TemporaryDirectory() as d:
    path = os.path.join(d, "a.h5")
    with h5py.File(path, "w") as f:
        f["x"] = x
    files["a.h5"] = {"data": base64.b64encode(open(path, "rb").read()).decode(), "names": []}
graph = helper.make_graph(
    [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Relu", ["h"], ["y"])], "g",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])], [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])],
    [numpy_helper.from_array(np.ones((3, 2), np.float32), "w")])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="real.py")
onnx.checker.check_model(model)
files["a.onnx"] = {"data": base64.b64encode(model.SerializeToString()).decode(), "names": []}

json.dump(files, sys.stdout, indent=0, sort_keys=True)
print()
