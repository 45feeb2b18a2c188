// Package pickle reads Python pickles without running them.
//
// A pickle is a program for a small stack machine that can import any name of
// any module and call it. [Walk] runs that machine on symbols: it keeps the
// stack, the marks and the memo as Python would, but an import only becomes a
// name, and a call only an object that says which name made it. So every name
// that loading would import is known, also those that are put together from the
// memo, and what cannot be known is refused.
//
// What is safe is said by a list of names ([Allowed]) that do no harm whatever
// they are called with, never by a list of bad ones: scanners that look for bad
// names are passed by the next name that nobody thought of. What the names
// build is not judged: a tree with wild node numbers still crashes a process.
//
// joblib's files are pickles that raw arrays stand between. They are followed
// exactly, since a reader that is off by a byte would walk another program than
// Python runs; an array whose size in the file is not certain is refused.
package pickle

import "io"

// A Global is a name that a pickle imports.
type Global struct {
	Module string `json:"module"`
	Name   string `json:"name"`
	Offset int64  `json:"offset"` // of the opcode that imports it first, in bytes
}

// String returns module.name.
func (g Global) String() string { return g.Module + "." + g.Name }

// A Refusal is a place in a pickle that may not be loaded.
type Refusal struct {
	Offset int64  `json:"offset"` // of the opcode, in bytes of the (uncompressed) pickle
	Opcode string `json:"opcode"` // as pickletools names it; "" at the end of the bytes
	Reason string `json:"reason"`
	Global string `json:"global,omitempty"` // module.name, if it is the name that is refused
	Broken bool   `json:"-"`                // Python would stop here with an error
	Runs   bool   `json:"-"`                // what is refused is an import, or may be followed by one that was not seen
	Within int64  `json:"within,omitempty"` // offset of the string of bytes that holds the pickle which Offset counts in; 0 for none
}

// An Array is a NumPy array that a pickle holds.
type Array struct {
	DType string  `json:"dtype"` // NumPy's code, such as f8 or V56
	Shape []int64 `json:"shape"`
}

// Storage is a tensor's memory that a PyTorch pickle names by a persistent id.
type Storage struct {
	Key   string // of the file in the archive
	Type  string // such as FloatStorage
	Count int64  // elements
}

// Limits bound a walk. A zero field means the default that its comment names.
type Limits struct {
	Opcodes int64 // 4e9
	Memo    int   // entries of the memo, and of the stack: 20e6
	Kept    int64 // bytes of strings kept to know names by: 256 MiB
	Depth   int   // pickles within pickles: 8
}

// Options say how a pickle is walked. The zero value is the strictest.
type Options struct {
	Allow  func(module, name string) bool // names allowed beside [Allowed]; nil for none
	Torch  bool                           // persistent ids name tensors' memory, as in PyTorch's files
	Tail   int                            // if positive, bytes after so many pickles are data that no unpickler reads
	Limits Limits
}

// Result is what a walk saw.
type Result struct {
	Pickles  int               // that came one after the other
	Protocol int               // highest that a PROTO opcode names
	Bytes    int64             // walked or skipped
	Globals  []Global          // that would be imported, each once, in order
	Refusals []Refusal         // empty: may be loaded. At most 100
	Class    string            // module.name of what the first pickle makes; a Python type's name for plain values
	Versions map[string]string // of libraries, as the objects say themselves: "sklearn" to "1.2.1"
	Arrays   []Array           // the first 1,000
	More     int               // arrays beyond these
	Storages []Storage         // of Options.Torch
	Joblib   bool              // raw arrays stand between the opcodes: only joblib.load reads it
	Magic    bool              // starts with the number by which PyTorch's old files begin
	Broken   bool              // ended before its STOP opcode, or is no pickle at all
}

// Walk reads pickles from r until its end. It fails only if r does, with r's
// error; whatever is wrong with the pickles is a [Refusal].
func Walk(r io.Reader, o Options) (*Result, error) {
	o.Limits = o.Limits.withDefaults()
	m := &machine{src: newSource(r), opts: o, res: &Result{Versions: map[string]string{}}, seen: map[string]bool{}}
	m.run()
	m.res.Bytes = m.src.offset()
	return m.res, m.src.failure()
}

// Magic reports whether a file that begins with head announces itself as a
// pickle of protocol 2 or later, also one that there is not yet. Older
// protocols have no mark.
func Magic(head []byte) bool { return len(head) >= 2 && head[0] == 0x80 && head[1] < 10 }

// highest protocol that there is.
const highest = 5

func (l Limits) withDefaults() Limits {
	if l.Opcodes == 0 {
		l.Opcodes = 4e9
	}
	if l.Memo == 0 {
		l.Memo = 20e6
	}
	if l.Kept == 0 {
		l.Kept = 256 << 20
	}
	if l.Depth == 0 {
		l.Depth = 8
	}
	return l
}
