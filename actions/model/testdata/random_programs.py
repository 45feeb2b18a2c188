#!/usr/bin/python3
"""Writes random pickle programs of stack, mark, memo and import opcodes, each with
the names that Python's two unpicklers ask for, as JSON: [[base64, [name...]]...].

    /usr/bin/python3 random_programs.py SEED COUNT
"""

import base64, io, json, pickle, random, struct, sys

rng = random.Random(int(sys.argv[1]))
words = [b"os", b"system", b"a", b"bb", b"code"]


def word():
    w = rng.choice(words)
    return rng.choice([
        lambda: b"\x8c" + bytes([len(w)]) + w, lambda: b"X" + struct.pack("<I", len(w)) + w, lambda: b"V" + w + b"\n",
        lambda: b"U" + bytes([len(w)]) + w, lambda: b"S'" + w + b"'\n", lambda: b"T" + struct.pack("<i", len(w)) + w,
        lambda: b"V\\u%04x" % w[0] + w[1:] + b"\n", lambda: b"S\"\\x%02x" % w[0] + w[1:] + b"\"\n",
    ])()


class Program:
    """Opcodes that mostly fit the stack, so that programs go on for a while."""

    def __init__(self):
        self.out, self.stack, self.memo = b"\x80\x04", [], {}  # of "s" for a str, "(" for a mark, "x" for all else

    def height(self):
        return len(self.stack) - 1 - max((i for i, v in enumerate(self.stack) if v == "("), default=-1)

    def push(self, code, kind="x"):
        self.out += code
        self.stack.append(kind)

    def put(self):
        i = rng.choice([None, None, 0, 1, 2, 3, 5, 200, 300])
        if i is None:
            self.out += b"\x94"
            i = len(self.memo)
        else:
            self.out += rng.choice([b"p%d\n" % i, b"r" + struct.pack("<I", i)] + ([b"q" + bytes([i])] if i < 256 else []))
        self.memo[i] = self.stack[-1]

    def get(self):
        i = rng.choice(sorted(self.memo))
        self.push(rng.choice([b"g%d\n" % i, b"j" + struct.pack("<I", i)] + ([b"h" + bytes([i])] if i < 256 else [])), self.memo[i])

    def collect(self):
        n = self.height()
        del self.stack[len(self.stack) - n - 1 :]
        self.push(rng.choice([b"t", b"l", b"t"]))

    def pop(self):
        self.stack.pop()
        self.out += b"0"

    def pop_mark(self):
        del self.stack[len(self.stack) - self.height() - 1 :]
        self.out += b"1"

    def tuple(self):
        n = rng.randrange(1, min(3, self.height()) + 1)
        del self.stack[-n:]
        self.push(bytes([0x84 + n]))

    def imports(self):
        del self.stack[-2:]
        self.push(b"\x93")

    def step(self):
        h, marks = self.height(), "(" in self.stack
        can = [(4, lambda: self.push(word(), "s")), (1, lambda: self.push(rng.choice(plain))), (1, lambda: self.push(b"(", "("))]
        if h > 0:
            can += [(4, self.put), (1, lambda: self.push(b"2", self.stack[-1])), (1, self.tuple)]
        if h > 0 or marks:
            can += [(3, self.pop)]
        if self.memo:
            can += [(5, self.get)]
        if marks:
            can += [(1, self.collect), (1, self.pop_mark)]
        if h > 1 and self.stack[-2:] == ["s", "s"]:
            can += [(8, self.imports)]
        can += [(0.2, lambda: self.push(rng.choice([b"0", b"1", b"2", b"t", b"\x85", b"R", b"b", b"a", b"s", b"\x93", b"u", b"\x94"])))]
        rng.choices([c for _, c in can], [w for w, _ in can])[0]()


plain = [b"N", b"K\x01", b")", b"]", b"}", b"\x8f", b"C\x01a", b"G" + b"\0" * 8, b"\x88", b"I01\n", b"F1\n", b"L5L\n", b"ca\nbb\n"]


def program():
    p = Program()
    for _ in range(rng.randrange(10, 60)):
        p.step()
    return p.out + b"."


def asked(data):
    found = set()

    class Anything(dict):
        def __init__(self, *a, **k): pass
        def __new__(cls, *a, **k): return dict.__new__(cls)
        def __setstate__(self, state): pass
        def __hash__(self): return 1
        def append(self, x): pass
        def extend(self, x): pass
        def add(self, x): pass

    for base in (pickle.Unpickler, pickle._Unpickler):
        class Noting(base):
            def find_class(self, module, name):
                found.add(f"{module}.{name}")
                return Anything
        try:
            Noting(io.BytesIO(data), fix_imports=False).load()
        except Exception:
            pass
    return sorted(found)


out = []
while len(out) < int(sys.argv[2]):
    p = program()
    names = asked(p)
    if names:  # programs that stop before they import anything show nothing
        out.append([base64.b64encode(p).decode(), names])
json.dump(out, sys.stdout)
