// Package model says what a model file is and whether it is safe to load.
//
// A file is told by its bytes, never by its name. Formats that are data (ONNX,
// safetensors, NumPy, GGUF, XGBoost's and LightGBM's own) are held to their
// rules: sizes in bounds, no gaps, nothing outside the folder. Pickles, alone
// or in joblib's files, PyTorch's archives and NumPy's object arrays, are walked
// by package pickle without running them. Archives and compressed files are
// looked into, within [Limits]. A file that is no pickle by its first bytes but
// would still import something when unpickled is refused too.
//
// Nothing here loads a model, and nothing says that a model is any good: values
// that are harmful only when it predicts are not looked for. joblib's files are
// safe for joblib.load alone; a plain unpickler would run their arrays.
package model

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/mlops-runner/mlops/actions/model/pickle"
)

// A Format is a kind of file.
type Format string

// The formats that are told.
const (
	Pickle      Format = "pickle"
	Joblib      Format = "joblib" // a pickle with raw arrays in it
	Torch       Format = "torch"  // PyTorch's zip archive, or its older row of pickles
	NPY         Format = "npy"
	NPZ         Format = "npz"
	ONNX        Format = "onnx"
	Safetensors Format = "safetensors"
	HDF5        Format = "hdf5" // also Keras' of that form
	Keras       Format = "keras"
	XGBoost     Format = "xgboost" // JSON or UBJSON
	LightGBM    Format = "lightgbm"
	GGUF        Format = "gguf"
	Zip         Format = "zip" // of files that are each looked at
	Tar         Format = "tar"
	JSON        Format = "json"
	Text        Format = "text"
	Unknown     Format = "unknown" // nothing here can say what loading it does
)

// A Finding is a reason not to load a file.
type Finding struct {
	File   string `json:"file,omitempty"` // within the archive, outer!inner
	Offset int64  `json:"offset"`         // bytes into that file, unpacked
	Opcode string `json:"opcode,omitempty"`
	Reason string `json:"reason"`
	Global string `json:"global,omitempty"` // module.name that a pickle imports
	Within int64  `json:"within,omitempty"` // offset of a string of bytes that Offset counts in
}

// A Tensor is an array of numbers, an input or an output.
type Tensor struct {
	Name  string `json:"name,omitempty"`
	DType string `json:"dtype"`
	Shape string `json:"shape"` // such as 3×2; a free dimension by its name
}

// Holds is what a file says that it holds.
type Holds struct {
	Class    string            `json:"class,omitempty"`    // that a pickle makes: module.name
	Packed   string            `json:"packed,omitempty"`   // how it is compressed
	Versions map[string]string `json:"versions,omitempty"` // of libraries, formats and operator sets
	Globals  []string          `json:"globals,omitempty"`  // that its pickles import
	Tensors  []Tensor          `json:"tensors,omitempty"`  // the first 1,000
	More     int               `json:"more,omitempty"`     // tensors beyond these
	Inputs   []Tensor          `json:"inputs,omitempty"`
	Outputs  []Tensor          `json:"outputs,omitempty"`
	Files    int               `json:"files,omitempty"`    // in an archive
	External []string          `json:"external,omitempty"` // files beside it that belong to it
	Notes    []string          `json:"notes,omitempty"`
}

// A Report is what is known of a file.
type Report struct {
	Path     string    `json:"path"`
	Format   Format    `json:"format"`
	Size     int64     `json:"size"` // bytes
	Holds    Holds     `json:"holds"`
	Findings []Finding `json:"findings"` // empty: safe to load
}

// Refused reports whether the file may not be loaded.
func (r *Report) Refused() bool { return len(r.Findings) > 0 }

// Limits bound what a scan does. A zero field means the default of its comment.
type Limits struct {
	Expanded int64 // bytes that archives and compressed files may unpack to: 64 GiB
	Members  int   // files in all archives: 100,000
	Depth    int   // archives in archives: 3
	Memory   int64 // bytes of a packed file that is unpacked to memory: 256 MiB
	Pickle   pickle.Limits
}

// Options say how files are scanned. The zero value is the strictest.
type Options struct {
	Allow  []string // module.name that pickles may import beside the list of harmless names
	Limits Limits
}

// Scan tells what a file is and looks for reasons not to load it. It fails if
// the file cannot be read; what is wrong with its content is a [Finding].
func Scan(path string, o Options) (*Report, error) {
	for _, name := range o.Allow {
		if pickle.Never(name) {
			return nil, fmt.Errorf("%s cannot be allowed: it runs whatever it is given", name)
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", path)
	}
	s := &scan{path: path, opts: o, report: &Report{Path: path, Size: info.Size(), Findings: []Finding{}}}
	s.opts.Limits = o.Limits.withDefaults()
	disk := &watched{at: f}
	s.file(input{at: disk, size: info.Size()})
	return s.report, disk.err
}

// formats lists what each word for a format takes.
var formats = map[string][]Format{
	"onnx":        {ONNX},
	"safetensors": {Safetensors},
	"sklearn":     {Pickle, Joblib},
	"pickle":      {Pickle, Joblib, Torch, NPY, NPZ},
	"any":         nil,
}

// ErrFormat is what [Check] fails with for a word that is no format.
var ErrFormat = errors.New("format is one of onnx, safetensors, sklearn, pickle, any")

// Check scans a file that must be of a format: onnx, safetensors, sklearn (a
// pickle or joblib file of a scikit-learn object), pickle (whatever holds one)
// or any. Another format, and for any but a known one, is a finding.
func Check(path, format string, o Options) (*Report, error) {
	want, ok := formats[format]
	if !ok {
		return nil, fmt.Errorf("%w: not %q", ErrFormat, format)
	}
	r, err := Scan(path, o)
	if err != nil {
		return nil, err
	}
	if want != nil && !slices.Contains(want, r.Format) {
		r.Findings = append(r.Findings, Finding{Reason: fmt.Sprintf("is %s, not %s", r.Format, format)})
	}
	if format == "sklearn" && r.Holds.Versions["sklearn"] == "" {
		r.Findings = append(r.Findings, Finding{Reason: "holds no scikit-learn estimator"})
	}
	if format == "any" && r.Format == Unknown {
		r.Findings = append(r.Findings, Finding{Reason: unknownReason})
	}
	return r, nil
}

const unknownReason = "is of no format that is known, so nothing says what loading it does"

func (l Limits) withDefaults() Limits {
	if l.Expanded == 0 {
		l.Expanded = 64 << 30
	}
	if l.Members == 0 {
		l.Members = 100_000
	}
	if l.Depth == 0 {
		l.Depth = 3
	}
	if l.Memory == 0 {
		l.Memory = 256 << 20
	}
	return l
}

// watched remembers that the disk failed: that is no fault of the content.
type watched struct {
	at  io.ReaderAt
	err error
}

func (w *watched) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.at.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}
