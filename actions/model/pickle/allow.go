package pickle

import (
	"regexp"
	"strings"
	"sync"
)

// Allowed reports whether a name is on the list of those that do no harm
// whatever they are called with, also by one another: they run no code of the
// pickle's, import nothing by name, and touch neither files nor the network.
//
// Names with dots are never on it, since Python would look each part up in the
// one before: sklearn.base "np.load". Nor is scipy.stats, whose distributions
// compile the text that their state holds, nor what returns attributes by name
// (getattr, operator.attrgetter, numpy.core._ufunc_reconstruct), reads files
// (numpy.load, numpy.memmap, pandas.read_pickle), or makes classes
// (builtins.type, abc.ABCMeta).
func Allowed(module, name string) bool {
	if strings.ContainsAny(name, " .") || strings.Contains(module, ".tests") {
		return false
	}
	if to, ok := python2[module]; ok {
		if renamed, ok := python2Names[name]; ok {
			name = renamed
		}
		module = to
	}
	if names, ok := exact[module]; ok && has(names, name) {
		return true
	}
	for _, f := range families() {
		if f.module.MatchString(module) && f.name.MatchString(name) && !has(neverClasses, name) {
			return true
		}
	}
	return false
}

// has reports whether a list of words, one space between them, has one.
func has(words, word string) bool {
	return word != "" && strings.Contains(" "+words+" ", " "+word+" ")
}

// Never reports whether a name runs whatever it is given, so that allowing it
// would allow everything.
func Never(full string) bool {
	module, name, _ := strings.Cut(full, ".")
	if to, ok := python2[module]; ok {
		module = to
	}
	if module == "builtins" {
		return has(neverBuiltins, name)
	}
	return has(neverModules, module) || has(neverNames, full)
}

const (
	neverBuiltins = "eval exec compile getattr setattr delattr __import__ open input breakpoint type vars globals locals map filter apply execfile memoryview print help exit quit"
	neverModules  = "os posix nt posixpath ntpath subprocess sys importlib imp runpy pty socket ctypes _ctypes shutil pickle _pickle cPickle marshal code codeop pdb bdb cProfile profile timeit trace " +
		"multiprocessing threading _thread asyncio webbrowser urllib http ftplib smtplib tempfile pathlib io _io builtins commands inspect types gc signal platform pip setuptools distutils site zipimport pkgutil dill cloudpickle"
	neverNames = "operator.attrgetter operator.methodcaller operator.itemgetter _operator.attrgetter _operator.methodcaller numpy.load numpy.lib.npyio.load torch.load torch.storage._load_from_bytes torch.serialization.load " +
		"joblib.load pandas.read_pickle pandas.io.pickle.read_pickle numpy.core._ufunc_reconstruct numpy.testing._private.utils.runstring copyreg.add_extension"
	// Classes that modules of the families import from elsewhere and that are more than data.
	neverClasses = "ABC ABCMeta EnumMeta EnumType Parallel Memory StringIO BytesIO Path TemporaryFile NamedTemporaryFile Popen"
)

// python2 are modules that Python 3 renames in pickles of protocols below 3.
var python2 = map[string]string{"__builtin__": "builtins", "copy_reg": "copyreg"}

var python2Names = map[string]string{"xrange": "range", "long": "int", "unicode": "str"}

// python3 is module.name of a global, as Python 3 calls it.
func python3(g *global) string {
	if to, ok := python2[g.module]; ok {
		return to + "." + g.name
	}
	return g.module + "." + g.name
}

const (
	numpyTypes = "ndarray dtype matrix bool_ bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 intc uintc intp uintp longlong ulonglong float16 float32 float64 float128 longdouble " +
		"complex64 complex128 complex256 str_ bytes_ object_ void datetime64 timedelta64 number integer floating signedinteger unsignedinteger generic"
	// Functions of arrays that transformers are built with.
	numpyFunctions = "log log2 log10 log1p exp exp2 expm1 sqrt cbrt square abs absolute sign sin cos tan arcsin arccos arctan sinh cosh tanh floor ceil rint trunc reciprocal negative positive " +
		"add subtract multiply divide true_divide power maximum minimum fmax fmin isnan isfinite isinf logical_not identity mean median std var sum amax amin max min nanmean nanmedian argmax argmin ravel asarray"
	rebuilders = "_reconstruct scalar _frombuffer"
	ufuncs     = "expit logit log_expit gammaln xlogy xlog1py erf erfinv boxcox inv_boxcox"
)

// exact lists names by their module.
var exact = map[string]string{
	"builtins":    "set frozenset dict list tuple bytearray bytes slice complex range object int float bool str len abs min max sum sorted Ellipsis NotImplemented",
	"collections": "OrderedDict defaultdict Counter deque ChainMap",
	"copyreg":     "_reconstructor __newobj__ __newobj_ex__",
	"_codecs":     "encode",
	"functools":   "partial",
	"datetime":    "date time datetime timedelta timezone tzinfo",
	"zoneinfo":    "ZoneInfo",
	"decimal":     "Decimal",
	"fractions":   "Fraction",
	"uuid":        "UUID",
	"array":       "_array_reconstructor",
	"pytz":        "_UTC _p",

	"numpy":                         numpyTypes + " " + numpyFunctions,
	"numpy.core.multiarray":         rebuilders,
	"numpy._core.multiarray":        rebuilders,
	"numpy.core.numeric":            "_frombuffer",
	"numpy._core.numeric":           "_frombuffer",
	"numpy.core._multiarray_umath":  numpyFunctions,
	"numpy._core._multiarray_umath": numpyFunctions,
	"numpy.core.umath":              numpyFunctions,
	"numpy.core.fromnumeric":        numpyFunctions,
	"numpy._core.fromnumeric":       numpyFunctions,
	"numpy.ma.core":                 "_mareconstruct MaskedArray MaskedConstant",
	"numpy.random":                  "RandomState Generator",
	"numpy.random.mtrand":           "RandomState",
	"numpy.random._generator":       "Generator",
	"numpy.random._pickle":          "__randomstate_ctor __bit_generator_ctor __generator_ctor",
	"numpy.random._mt19937":         "MT19937",
	"numpy.random._pcg64":           "PCG64 PCG64DXSM",
	"numpy.random._philox":          "Philox",
	"numpy.random._sfc64":           "SFC64",
	"numpy.random.bit_generator":    "SeedSequence __pyx_unpickle_SeedSequence",
	"numpy.matrixlib.defmatrix":     "matrix",
	"numpy.rec":                     "recarray record",
	"numpy.dtypes":                  "StringDType",

	"joblib.numpy_pickle":                             "NumpyArrayWrapper",
	"scipy.special":                                   ufuncs,
	"scipy.special._ufuncs":                           ufuncs,
	"scipy.interpolate":                               "interp1d BSpline",
	"scipy.interpolate.interpolate":                   "interp1d",
	"scipy.interpolate._interpolate":                  "interp1d",
	"scipy.interpolate._bsplines":                     "BSpline",
	"sklearn.utils":                                   "Bunch",
	"sklearn.utils._bunch":                            "Bunch",
	"sklearn.utils._metadata_requests":                "MetadataRequest MethodMetadataRequest MetadataRouter",
	"sklearn.metrics._scorer":                         "_passthrough_scorer",
	"sklearn.feature_selection._univariate_selection": "f_classif f_regression chi2 r_regression",
	"sklearn.feature_selection._mutual_info":          "mutual_info_classif mutual_info_regression",
	"sklearn.compose._column_transformer":             "make_column_selector",
	"sklearn.frozen._frozen":                          "FrozenEstimator",

	"pandas":                         "DataFrame Series Index RangeIndex MultiIndex DatetimeIndex TimedeltaIndex PeriodIndex IntervalIndex CategoricalIndex Int64Index Float64Index Timestamp Timedelta Period Interval Categorical",
	"pandas.core.frame":              "DataFrame",
	"pandas.core.series":             "Series",
	"pandas.core.flags":              "Flags",
	"pandas._libs.internals":         "_unpickle_block BlockPlacement",
	"pandas.core.internals.managers": "BlockManager SingleBlockManager",
	"pandas.core.internals.blocks":   "new_block",
	"pandas.core.indexes.base":       "_new_Index Index",
	"pandas.core.indexes.datetimes":  "_new_DatetimeIndex DatetimeIndex",
	"pandas.core.indexes.period":     "_new_PeriodIndex PeriodIndex",
	"pandas.core.indexes.interval":   "_new_IntervalIndex IntervalIndex",
	"pandas.core.indexes.frozen":     "FrozenList",
	"pandas._libs.missing":           "NA NAType",
	"pandas._libs.arrays":            "__pyx_unpickle_NDArrayBacked",
	"pandas._libs.interval":          "Interval __pyx_unpickle_Interval",

	"pandas._libs.tslibs.timestamps": "Timestamp _unpickle_timestamp",
	"pandas._libs.tslibs.timedeltas": "Timedelta _timedelta_unpickle",
	"pandas._libs.tslibs.period":     "Period _unpickle_period",
	"pandas._libs.tslibs.nattype":    "NaT _nat_unpickle __nat_unpickle NaTType",

	"xgboost.core":     "Booster",
	"lightgbm.basic":   "Booster",
	"lightgbm.compat":  "_LGBMLabelEncoder LGBMLabelEncoder",
	"lightgbm.sklearn": "LGBMModel LGBMClassifier LGBMRegressor LGBMRanker",
	"xgboost.sklearn":  "XGBModel XGBClassifier XGBRegressor XGBRanker XGBRFClassifier XGBRFRegressor XGBoostLabelEncoder",
	"xgboost.compat":   "XGBoostLabelEncoder",
}

// A family allows the classes of modules whose names change between versions.
type family struct{ module, name *regexp.Regexp }

// families are compiled when a pickle is first looked at: most commands look at none.
var families = sync.OnceValue(func() []family {
	return []family{
		{ // estimators, trees, losses: what these modules import beside them is data and abstract classes
			regexp.MustCompile(`^sklearn\.(base|calibration|cluster|compose|covariance|cross_decomposition|decomposition|discriminant_analysis|dummy|ensemble|feature_extraction|feature_selection|gaussian_process|impute|isotonic|kernel_approximation|kernel_ridge|linear_model|manifold|metrics|mixture|model_selection|multiclass|multioutput|naive_bayes|neighbors|neural_network|pipeline|preprocessing|random_projection|semi_supervised|svm|tree|_loss)(\._?[a-z0-9_]+)*$`),
			regexp.MustCompile(`^(_*[A-Z][A-Za-z0-9]*|newObj|__pyx_unpickle_[A-Z][A-Za-z0-9]*)$`),
		},
		{ // scores that searches are judged by
			regexp.MustCompile(`^sklearn\.metrics(\._(classification|regression|ranking))?$`),
			regexp.MustCompile(`^[a-z0-9_]+(_score|_loss|_error|_deviance|_coef)$`),
		},
		{
			regexp.MustCompile(`^scipy\.sparse(\._?(csr|csc|coo|bsr|dia|dok|lil|base|compressed|data))?$`),
			regexp.MustCompile(`^(cs[rc]|coo|bsr|dia|dok|lil)_(matrix|array)$`),
		},
		{
			regexp.MustCompile(`^pandas\.core\.(indexes\.(base|range|multi|datetimes|timedeltas|period|interval|category|numeric)|dtypes\.dtypes|arrays\.[a-z0-9_]+)$`),
			regexp.MustCompile(`^[A-Z][A-Za-z0-9]*(Index|Dtype|DType|Array|Categorical)$|^Categorical$`),
		},
		{
			regexp.MustCompile(`^pandas\._libs\.tslibs\.offsets$`),
			regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`),
		},
	}
})
