#!/usr/bin/python3
"""Writes files that must not be loaded, as JSON: name to bytes in base64 and the
names that Python's own unpickler would import (asked with imports that are only
noted). Nothing here runs what it writes.

    /usr/bin/python3 attacks.py >attacks.json
"""

import base64, bz2, gzip, io, json, lzma, pickle, pickletools, struct, sys, tarfile, zipfile, zlib

files = {}


class Call:
    """Pickles as a call of a name that is only a name here."""

    def __init__(self, module, name, *args):
        self.module, self.name, self.args = module, name, args


def text(s, protocol):
    """Opcodes that push a str."""
    b = s.encode()
    if protocol == 0:
        return b"V" + b + b"\n"
    if protocol < 4:
        return b"X" + struct.pack("<I", len(b)) + b
    return b"\x8c" + bytes([len(b)]) + b


def name(module, name, protocol):
    """Opcodes that push an imported name."""
    if protocol < 4:
        return b"c%s\n%s\n" % (module.encode(), name.encode())
    return text(module, 4) + text(name, 4) + b"\x93"


def call(module, attr, *args, protocol=2):
    """Opcodes that call a name with texts."""
    out = name(module, attr, protocol) + b"("
    for a in args:
        out += a if isinstance(a, bytes) else text(a, protocol)
    return out + b"tR"


def pickled(body, protocol=2):
    return (b"" if protocol < 2 else b"\x80" + bytes([protocol])) + body + b"."


def add(label, data):
    assert label not in files, label
    files[label] = data


system = lambda p=2: call("os", "system", "true", protocol=p)

# Every protocol; Python 2's and 3's names of the same.
for p in range(6):
    add(f"os.system, protocol {p}", pickled(system(p), p))
    add(f"posix.system, protocol {p}", pickled(call("posix", "system", "true", protocol=p), p))
    add(f"eval in a dict, protocol {p}", pickled(b"}" + text("a", p) + call("builtins", "eval", "1", protocol=p) + b"s", p))
add("framed", b"\x80\x04\x95" + struct.pack("<Q", len(system(4)) + 1) + system(4) + b".")
for module, attr in [
    ("__builtin__", "eval"), ("__builtin__", "getattr"), ("builtins", "exec"), ("builtins", "compile"), ("builtins", "__import__"),
    ("builtins", "getattr"), ("builtins", "setattr"), ("builtins", "open"), ("builtins", "type"), ("builtins", "map"), ("nt", "system"),
    ("subprocess", "Popen"), ("commands", "getoutput"), ("importlib", "import_module"), ("runpy", "run_path"), ("sys", "exit"),
    ("operator", "attrgetter"), ("operator", "methodcaller"), ("_operator", "methodcaller"), ("socket", "create_connection"),
    ("webbrowser", "open"), ("shutil", "rmtree"), ("pip", "main"), ("ctypes", "CDLL"), ("marshal", "loads"), ("types", "CodeType"),
    ("types", "FunctionType"), ("pickle", "loads"), ("_pickle", "loads"), ("cPickle", "loads"), ("code", "InteractiveInterpreter"),
    ("pty", "spawn"), ("bdb", "Bdb"), ("timeit", "timeit"), ("cProfile", "run"), ("asyncio.unix_events", "_UnixSubprocessTransport"),
    ("numpy", "load"), ("numpy", "memmap"), ("numpy", "fromfile"), ("numpy.core", "_ufunc_reconstruct"), ("numpy", "__builtins__"),
    ("numpy.testing._private.utils", "runstring"), ("numpy.f2py", "diagnose"), ("pandas", "read_pickle"), ("pandas", "eval"),
    ("pandas.core.computation.eval", "eval"), ("pandas.io.pickle", "read_pickle"), ("torch", "load"), ("torch.storage", "_load_from_bytes"),
    ("torch.hub", "load"), ("joblib", "load"), ("joblib.memory", "Memory"), ("joblib.numpy_pickle_compat", "NDArrayWrapper"),
    ("scipy.stats._distn_infrastructure", "rv_frozen"), ("scipy.stats._continuous_distns", "norm_gen"), ("scipy.io", "loadmat"),
    ("sklearn.datasets", "load_files"), ("sklearn.externals.joblib", "load"), ("sklearn.utils._testing", "TempMemmap"),
    ("sklearn.base", "warnings"), ("sklearn.base", "BaseEstimator.__init__"), ("sklearn.tree.tests.test_tree", "Thing"),
    ("sklearn.base", "re.sys.modules"), ("collections", "namedtuple"), ("collections.OrderedDict", "__init__"), ("copyreg", "add_extension"),
    ("cloudpickle.cloudpickle", "_make_function"), ("dill._dill", "_create_code"), ("functools", "reduce"), ("abc", "ABCMeta"),
    ("sklearn.base", "ABCMeta"), ("xgboost.core", "ctypes"), ("__main__", "Model"), ("", "eval"), ("builtins", ""), ("os", "system "),
]:
    add(f"{module} {attr}", pickled(call(module, attr, "true", protocol=4), 4))

# The ways to call.
add("INST", pickled(b"(" + text("true", 1) + b"ios\nsystem\n", 1))
add("OBJ", pickled(b"(" + name("os", "system", 1) + text("true", 1) + b"o", 1))
add("NEWOBJ", pickled(name("subprocess", "Popen", 2) + b"(" + text("true", 2) + b"t\x81"))
add("NEWOBJ_EX", pickled(name("subprocess", "Popen", 4) + b"(" + text("true", 4) + b"t}\x92", 4))
add("copyreg._reconstructor", pickled(b"ccopy_reg\n_reconstructor\n(cos\n_wrap_close\nc__builtin__\nobject\nNtR", 0))
add("a global alone", pickled(name("os", "system", 2)))
add("popped again", pickled(system() + b"0N"))
add("popped with its mark", pickled(b"(" + system() + b"1N"))
add("before an unknown opcode", b"\x80\x02" + system() + b"\xff.")
add("before the end of the bytes", b"\x80\x02" + system())
add("before a text that ends early", b"\x80\x02" + system() + b"X\xff\xff\x00\x00abc")
add("after a lie about the protocol", b"\x80\x00" + system(4) + b".")

# Names from elsewhere than the text before.
add("STACK_GLOBAL from the memo", pickled(text("os", 4) + b"\x94" + text("system", 4) + b"\x940" + b"0h\x00h\x01\x93" + b"(" + text("true", 4) + b"tR", 4))
add("STACK_GLOBAL from far places of the memo", pickled(text("system", 4) + b"r\x00\x10\x00\x000" + text("os", 4) + b"r\x10\x00\x00\x000j\x10\x00\x00\x00j\x00\x10\x00\x00\x93", 4))
add("STACK_GLOBAL with DUP", pickled(text("code", 4) + b"2\x93", 4))
add("STACK_GLOBAL of old strings", pickled(b"U\x02osU\x06system\x93", 4))
add("STACK_GLOBAL of quoted strings", pickled(b"S'\\x6fs'\nS\"s\\171stem\"\n\x93", 4))
add("STACK_GLOBAL of escaped texts", pickled(b"V\\u006fs\nV\\U00000073ystem\n\x93", 4))
add("STACK_GLOBAL of a computed text", pickled(name("builtins", "str", 4) + text("os", 4) + b"\x85R" + text("system", 4) + b"\x93", 4))
add("STACK_GLOBAL of a number", pickled(text("os", 4) + b"K\x01\x93", 4))
add("STACK_GLOBAL with a long text", pickled(b"X\x00\x02\x00\x00" + b"o" * 512 + text("system", 4) + b"\x93", 4))
add("a far place of the memo written, then reached", pickled(text("collections", 4) + b"r\x00\x00\x02\x00" + text("os", 4) + b"r\x00\x00\x02\x00" + b"N\x94" * 3 + b"j\x00\x00\x02\x00" + text("system", 4) + b"\x93", 4))
add("the memo is written twice", pickled(text("collections", 4) + b"q\x000" + text("os", 4) + b"q\x000h\x00" + text("system", 4) + b"\x93", 4))
add("MEMOIZE counts no gaps", pickled(text("collections", 4) + b"q\x010" + text("os", 4) + b"\x940h\x01" + text("system", 4) + b"\x93", 4))
add("GLOBAL with a dotted name", pickled(b"cnumpy\nos.system\n", 4))
add("GLOBAL ends in a carriage return", pickled(b"cos\r\nsystem\n", 0))
add("EXT1", pickled(b"\x82\x01"))
add("EXT2", pickled(b"\x83\x01\x00"))
add("EXT4", pickled(b"\x84\x01\x00\x00\x00"))
add("PERSID", pickled(b"Pos.system\n", 0))
add("BINPERSID", pickled(text("x", 2) + b"Q"))
add("NEXT_BUFFER", pickled(b"\x97", 5))

# Calls of what is no name, and changes of what all share.
add("calls a text", pickled(text("os.system", 2) + b")R"))
add("calls what a call made", pickled(name("collections", "OrderedDict", 2) + b")R)R"))
add("partial over an object", pickled(name("functools", "partial", 2) + b"(" + name("collections", "OrderedDict", 2) + b")RtR"))
add("partial over os.system", pickled(name("functools", "partial", 2) + b"(" + name("os", "system", 2) + text("true", 2) + b"tR"))
add("BUILD of a class", pickled(name("sklearn.base", "BaseEstimator", 2) + b"}" + text("x", 2) + b"Nsb"))
add("SETITEM of a class", pickled(name("collections", "OrderedDict", 2) + text("x", 2) + b"Ns"))
add("APPEND to a class", pickled(name("collections", "deque", 2) + b"Na"))
add("BUILD sets __class__", pickled(name("sklearn.dummy", "DummyClassifier", 2) + b")\x81N}" + text("__class__", 2) + name("collections", "OrderedDict", 2) + b"s\x86b"))
add("BUILD sets __class__ after many", pickled(name("sklearn.dummy", "DummyClassifier", 2) + b")\x81N}(" + b"".join(text(f"a{i}", 2) + b"N" for i in range(80)) + text("__class__", 2) + name("collections", "OrderedDict", 2) + b"u\x86b"))
add("BUILD sets attributes of an OrderedDict", pickled(name("sklearn.dummy", "DummyClassifier", 2) + b")\x81N" + name("collections", "OrderedDict", 2) + b")R" + text("__class__", 2) + name("collections", "OrderedDict", 2) + b"s\x86b"))
add("Booster is called with a file", pickled(call("xgboost.core", "Booster", b"N", b")", "/etc/passwd")))
add("Booster in a partial", pickled(name("functools", "partial", 2) + b"(" + name("xgboost.core", "Booster", 2) + b"N)" + text("/etc/passwd", 2) + b"tR"))
add("BUILD of a list", pickled(b"]}b"))
add("bytes of a size", pickled(name("builtins", "bytearray", 2) + b"J\xff\xff\xff\x7f\x85R"))
add("_codecs.encode to bz2", pickled(call("_codecs", "encode", "a", "bz2")))

# Pickles after, within and around.
good = pickle.dumps({"a": [1, 2.5, None]}, 4)
add("second pickle", good + pickled(system()))
add("third pickle", good + good + pickled(system(0), 0))
add("bytes after the end", good + b"\x00\x01\x02")
add("zeros after the end", good + b"\x00" * 16)
inner = pickled(system())
add("pickle in bytes", pickle.dumps({"model": inner}, 4))
add("pickle in a pickle in bytes", pickle.dumps(pickle.dumps([inner], 4), 4))
add("pickle in bytes for loads", pickled(name("_pickle", "loads", 4) + b"C" + bytes([len(inner)]) + inner + b"\x85R", 4))
add("pickle in a bytearray", pickle.dumps(bytearray(inner), 5))
add("pickle in a long string of protocol 0", pickle.dumps(inner, 0))
add("a frame that goes on after STOP", b"\x80\x04\x95" + struct.pack("<Q", 40) + b"N." + b"X" + struct.pack("<I", 60) + b"a" * 33 + pickled(system()) + b" " * 8 + b".")
add("a frame in a frame", b"\x80\x04\x95" + struct.pack("<Q", 20) + b"\x95" + struct.pack("<Q", 2) + b"N." + b"N" * 10)
add("an opcode across a frame's end", b"\x80\x04\x95" + struct.pack("<Q", 4) + text("abcdefg", 4) + b".")

# No pickles, or too much of them.
add("protocol 6", b"\x80\x06N.")
add("no STOP", b"\x80\x04N")
add("empty stack", b"\x80\x04.")
add("TUPLE without a mark", b"\x80\x02t.")
add("empty place of the memo", b"\x80\x02h\x05.")
add("a place of the memo too far", b"\x80\x02Nr\xff\xff\xff\x7f.")
add("a text of 2^63 bytes", b"\x80\x04\x8d" + struct.pack("<Q", 2**63) + b"a.")
add("a number of 2^31 bytes", b"\x80\x02\x8b\xff\xff\xff\x7f.")
add("a key without a value", b"\x80\x02}(Nu.")


# joblib: raw arrays between the opcodes.
def array(shape=b"K\x02\x85", code="f8", state=True, extra=b"", raw=b"\0" * 16, pad=b"\x00"):
    dtype = b"cnumpy\ndtype\n" + b"(" + text(code, 2) + b"\x89\x88tR"
    if state:
        dtype += b"(K\x03" + text("<", 2) + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    body = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(" + text("subclass", 2) + b"cnumpy\nndarray\n" + text("shape", 2) + shape
    body += text("order", 2) + text("C", 2) + text("dtype", 2) + dtype + text("allow_mmap", 2) + b"\x88"
    body += text("numpy_array_alignment_bytes", 2) + b"K\x10" + extra + b"ub"
    return body + pad + raw


joblib_good = b"\x80\x02" + array() + b"."
add("joblib, os.system after the array", b"\x80\x02" + array() + b"0" + system() + b".")
add("joblib, the shape is computed", b"\x80\x02" + array(shape=b"c__builtin__\ntuple\n]K\x02a\x85R") + b".")
add("joblib, the shape is negative", b"\x80\x02" + array(shape=b"J\xff\xff\xff\xff\x85") + b".")
add("joblib, the shape overflows", b"\x80\x02" + array(shape=b"\x8a\x08\0\0\0\0\0\0\0\x40\x8a\x08\0\0\0\0\0\0\0\x40\x86") + b".")
add("joblib, a dtype that is none", b"\x80\x02" + array(code="f8,O") + b".")
add("joblib, an unknown attribute", b"\x80\x02" + array(extra=text("read", 2) + b"N") + b".")
add("joblib, objects hide a pickle", b"\x80\x02" + array(code="O8", raw=pickled(system()), pad=b"") + b".")
add("joblib, the array ends early", b"\x80\x02" + array(raw=b"\0" * 8) + b".")
add("joblib, the array class is a value", b"\x80\x02cjoblib.numpy_pickle\nNumpyArrayWrapper\nq\x00}" + text("x", 2) + b"h\x00s.")
add("joblib, the array class is called", b"\x80\x02cjoblib.numpy_pickle\nNumpyArrayWrapper\n(" + b"NNNNtR.")
add("joblib, BUILD twice", b"\x80\x02cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81q\x01" + array()[len(b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81") :] + b"h\x01}b" + b".")
add("joblib, a frame around", b"\x80\x04\x95" + struct.pack("<Q", len(array()) + 1) + array() + b".")
for label, pack in [("zlib", zlib.compress), ("gzip", lambda b: gzip.compress(b, mtime=0)), ("bz2", bz2.compress), ("xz", lzma.compress),
                    ("lzma", lambda b: lzma.compress(b, format=lzma.FORMAT_ALONE))]:
    add(f"os.system in {label}", pack(pickled(system())))
    add(f"os.system in {label} twice", pack(pack(pickled(system()))))
    add(f"second {label} stream", pack(good) + pack(pickled(system())))
    add(f"bytes after {label}", pack(good) + b"garbage")
    add(f"{label} cut", pack(pickled(system()))[:-6])


# Archives.
def zipped(members, method=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for n, data in members:
            z.writestr(zipfile.ZipInfo(n, (2020, 1, 1, 0, 0, 0)), data, compress_type=method)
    return out.getvalue()


def tarred(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as t:
        for n, data in members:
            info = tarfile.TarInfo(n)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


add("torch zip", zipped([("m/data.pkl", pickled(system())), ("m/data/0", b"\0" * 8), ("m/version", b"3\n")]))
add("torch zip, other pickle", zipped([("m/data.pkl", good), ("m/constants.pkl", pickled(system())), ("m/version", b"3\n")]))
add("torch zip, pickle among the tensors", zipped([("m/data.pkl", good), ("m/data/x.pkl", pickled(system())), ("m/version", b"3\n")]))
add("torch zip, its code", zipped([("m/data.pkl", good), ("m/code/__torch__.py", b"def f(): pass\n"), ("m/version", b"3\n")]))
add("torch zip, two of one name", zipped([("m/data.pkl", good), ("m/data.pkl", pickled(system()))]))
add("zip, deflated", zipped([("model.pkl", pickled(system()))], zipfile.ZIP_DEFLATED))
add("zip in a zip", zipped([("a.zip", zipped([("model.pkl", pickled(system()))]))]))
add("zip in zips", zipped([("a.zip", zipped([("b.zip", zipped([("c.zip", zipped([("d.zip", zipped([("e.pkl", good)]))]))]))]))]))
add("zip leaves its folder", zipped([("../../model.pkl", good)]))
add("npz with objects", zipped([("a.npy", b"\x93NUMPY\x01\x00\x46\x00" + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(69) + b"\n" + pickled(system()))]))
add("npy with objects", b"\x93NUMPY\x01\x00\x46\x00" + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(69) + b"\n" + pickled(system()))
add("npy with objects in a record", b"\x93NUMPY\x01\x00\x56\x00" + b"{'descr': [('a', '<f8'), ('b', '|O')], 'fortran_order': False, 'shape': (1,), }".ljust(85) + b"\n" + pickled(system()))
add("npy with code in its header", b"\x93NUMPY\x01\x00\x46\x00" + b"{'descr': __import__('os'), 'fortran_order': False, 'shape': (1,), }".ljust(69) + b"\n" + b"\0" * 8)
add("npy with bytes after", b"\x93NUMPY\x01\x00\x46\x00" + b"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }".ljust(69) + b"\n" + b"\0" * 9)
add("tar", tarred([("pickle", pickled(system())), ("sys_info", good)]))
add("tar whose first name is a pickle", tarred([("cos\nsystem\n(S'true'\ntR.", good)]))
add("tar in gzip", gzip.compress(tarred([("model.pkl", pickled(system()))]), mtime=0))
add("old torch, os.system in the fourth", b"".join(pickle.dumps(x, 2) for x in (0x1950A86A20F9469CFC6C, 1001, {"a": 1})) + pickled(system()) + pickle.dumps([], 2))
layer = lambda name, **more: json.dumps({"class_name": "Sequential", "module": "keras", "config": {"layers": [dict({"class_name": name, "config": {}}, **more)]}}).encode()
keras = lambda config: zipped([("config.json", config), ("metadata.json", b'{"keras_version": "3.0.0"}'), ("model.weights.h5", b"\x89HDF\r\n\x1a\n" + b"\0" * 40)])
add("keras with a Lambda", keras(layer("Lambda", module="keras.layers")))
add("keras with an escaped Lambda", keras(layer("Lambda", module="keras.layers").replace(b"Lambda", b"\\u004cambda")))
add("keras with a function", keras(layer("function", module="builtins", registered_name="function", config="eval")))
add("keras with a module", keras(layer("system", module="os")))
add("keras with __lambda__", keras(layer("__lambda__", module="builtins")))
add("hdf5 with a Lambda", b"\x89HDF\r\n\x1a\n" + b"\0" * 4000 + layer("Lambda") + b"\0" * 100)
add("hdf5 with an escaped Lambda", b"\x89HDF\r\n\x1a\n" + b"\0" * 4000 + layer("Lambda").replace(b"Lambda", b"\\u004cambda") + b"\0" * 100)


# Headers that do not hold.
def tensors(header, data=b"\0" * 16, size=None):
    h = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(h) if size is None else size) + h + data


t = lambda dtype, shape, a, b: {"dtype": dtype, "shape": shape, "data_offsets": [a, b]}
add("safetensors with a gap", tensors({"a": t("F32", [1], 0, 4), "b": t("F32", [2], 8, 16)}))
add("safetensors with an overlap", tensors({"a": t("F32", [2], 0, 8), "b": t("F32", [3], 4, 16)}))
add("safetensors beyond its end", tensors({"a": t("F32", [8], 0, 32)}))
add("safetensors with bytes after", tensors({"a": t("F32", [2], 0, 8)}))
add("safetensors of another size", tensors({"a": t("F32", [3], 0, 16)}))
add("safetensors of an unknown dtype", tensors({"a": t("Q9", [4], 0, 16)}))
add("safetensors with a shape that overflows", tensors({"a": t("F32", [2**62, 4], 0, 16)}))
add("safetensors, a negative size", tensors({"a": t("F32", [-4], 0, 16)}))
add("safetensors with a name twice", tensors(b'{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}'))
add("safetensors with a header of 2^40 bytes", tensors({"a": t("F32", [4], 0, 16)}, size=2**40))
add("gguf of too many tensors", b"GGUF" + struct.pack("<IQQ", 3, 2**40, 0))
add("gguf with a long key", b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**50) + b"a" * 40)


def field(number, payload):
    out = bytearray()
    for n in (number << 3 | 2, len(payload)):
        while n > 127:
            out.append(n & 127 | 128)
            n >>= 7
        out.append(n)
    return bytes(out) + payload


def onnx(location, opset=b"\x10\x0d"):
    tensor = b"\x08\x01\x10\x01" + field(8, b"w") + field(13, field(1, b"location") + field(2, location)) + b"\x70\x01"
    node = field(1, b"w") + field(2, b"y") + field(4, b"Relu")
    return b"\x08\x08" + field(7, field(1, node) + field(2, b"g") + field(5, tensor)) + field(8, opset)


add("onnx with data outside its folder", onnx(b"../../etc/passwd"))
add("onnx with data at the root", onnx(b"/etc/passwd"))
add("onnx with data that is not there", onnx(b"weights.bin"))
add("onnx without opsets", onnx(b"w")[:-4])
add("onnx cut", onnx(b"w")[:-3])


def asked(data):
    """Names that Python's unpicklers ask for; each answer is a class that takes anything."""
    found = set()

    class Anything(dict):
        def __init__(self, *a, **k): pass
        def __new__(cls, *a, **k): return dict.__new__(cls)
        def __call__(self, *a, **k): return Anything()
        def __setstate__(self, state): pass
        def append(self, x): pass
        def extend(self, x): pass

    for base in (pickle.Unpickler, pickle._Unpickler):
        class Noting(base):
            def find_class(self, module, name):
                found.add(f"{module}.{name}")
                return Anything

            def persistent_load(self, pid):
                return Anything()

        stream = io.BytesIO(data)
        while stream.tell() < len(data):
            try:
                Noting(stream, fix_imports=False).load()
            except Exception:
                break
    try:
        for op, arg, _ in pickletools.genops(data):
            if op.name in ("GLOBAL", "INST"):
                found.add(arg.replace(" ", ".", 1))
    except Exception:
        pass
    return sorted(found)


big = {"a text of 2^63 bytes", "a number of 2^31 bytes", "a place of the memo too far"}
out = {k: {"data": base64.b64encode(v).decode(), "names": [] if k in big else asked(v)} for k, v in files.items()}
json.dump(out, sys.stdout, indent=0, sort_keys=True)
print()
