package model

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/actions/model/pickle"
)

// bomb is a zip file of zeros that unpacks to n bytes.
func bomb(t *testing.T, name string, n int64) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, zeros{}, n); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestBounds scans what would take memory or time without limits.
func TestBounds(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte("\x80\x02X\x00\x00\x00\x40")); err != nil { // a text of 1 GiB
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, zeros{}, 8<<20); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	small := Limits{Expanded: 4 << 20, Memory: 1 << 20, Members: 3, Pickle: pickle.Limits{Opcodes: 1000, Memo: 500}}
	for label, c := range map[string]struct {
		data   []byte
		reason string
	}{
		"a zip bomb":              {bomb(t, "a.bin", 64<<20), "unpacks to more than"},
		"a bomb of an npy":        {append([]byte{}, bomb(t, "a.npy", 64<<20)...), "unpacks to more than"},
		"a gzip bomb":             {packed.Bytes(), "limit"},
		"too many opcodes":        {append([]byte("\x80\x02"), bytes.Repeat([]byte("N0"), 600)...), "opcodes"},
		"too deep a stack":        {append([]byte("\x80\x02"), bytes.Repeat([]byte("N"), 600)...), "stack"},
		"too many marks":          {append([]byte("\x80\x02"), bytes.Repeat([]byte("("), 600)...), "marks"},
		"xz of a huge dictionary": {[]byte("\x5d\x00\x00\x00\x70\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00"), "dictionary"},
	} {
		r := scanBytes(t, c.data, Options{Limits: small})
		if !r.Refused() || !strings.Contains(r.Findings[0].Reason, c.reason) {
			t.Errorf("%s: %+v", label, r.Findings)
		}
	}
}

// TestExternalData holds ONNX to files in its own folder.
func TestExternalData(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m.onnx")
	if err := os.WriteFile(path, samples(t, "attacks.json")["onnx with data that is not there"], 0o644); err != nil {
		t.Fatal(err)
	}
	scan := func() *Report {
		r, err := Check(path, "onnx", Options{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := scan(); !r.Refused() {
		t.Error("taken without its data")
	}
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, make([]byte, 8), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "weights.bin")); err != nil {
		t.Fatal(err)
	}
	if r := scan(); !r.Refused() {
		t.Error("taken with a link that leaves the folder")
	}
	if err := os.Remove(filepath.Join(dir, "weights.bin")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "weights.bin"), make([]byte, 8), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := scan(); r.Refused() || len(r.Holds.External) != 1 {
		t.Errorf("refused with its data: %+v", r.Findings)
	}
}

// TestCheck holds files to the format that a person wrote.
func TestCheck(t *testing.T) {
	real := samples(t, "real.json")
	for _, c := range []struct {
		file, format string
		refused      bool
	}{
		{"a.onnx", "onnx", false}, {"a.onnx", "sklearn", true}, {"a.onnx", "any", false},
		{"pickle 4 logistic", "sklearn", false}, {"joblib xz", "sklearn", false}, {"pickle 4 arrays", "sklearn", true},
		{"pickle 4 arrays", "pickle", false}, {"a.npz", "pickle", false}, {"pickle 4 arrays", "safetensors", true},
	} {
		path := filepath.Join(t.TempDir(), "m")
		if err := os.WriteFile(path, real[c.file], 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := Check(path, c.format, Options{})
		if err != nil || r.Refused() != c.refused {
			t.Errorf("%s as %s: %+v %v", c.file, c.format, r.Findings, err)
		}
	}
	if _, err := Check("m", "pkl", Options{}); !errors.Is(err, ErrFormat) {
		t.Errorf("unknown format: %v", err)
	}
}

// TestAllow takes a name that a person allows, and none that runs anything.
func TestAllow(t *testing.T) {
	b := []byte("\x80\x02cshop.features\nEncoder\n)\x81.")
	if !scanBytes(t, b, Options{}).Refused() || scanBytes(t, b, Options{Allow: []string{"shop.features.Encoder"}}).Refused() {
		t.Error("--allow does not decide")
	}
	for _, name := range []string{"os.system", "os.path.join", "builtins.eval", "__builtin__.getattr", "operator.attrgetter", "torch.load", "subprocess.Popen"} {
		if _, err := Scan("m", Options{Allow: []string{name}}); err == nil || os.IsNotExist(err) {
			t.Errorf("%s may be allowed: %v", name, err)
		}
	}
}
