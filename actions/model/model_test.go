package model

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// samples are the files that a committed script of testdata wrote.
func samples(t testing.TB, file string) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]struct{ Data string }
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for name, s := range all {
		if out[name], err = base64.StdEncoding.DecodeString(s.Data); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func scanBytes(t testing.TB, b []byte, o Options) *Report {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := Scan(path, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRefusesAttacks scans every attack, alone and within archives.
func TestRefusesAttacks(t *testing.T) {
	attacks := samples(t, "attacks.json")
	if len(attacks) < 200 {
		t.Errorf("only %d attacks", len(attacks))
	}
	for label, b := range attacks {
		r := scanBytes(t, b, Options{})
		if !r.Refused() {
			t.Errorf("%s: taken as %s: %+v", label, r.Format, r.Holds)
			continue
		}
		if f := r.Findings[0]; f.Reason == "" || f.Offset < 0 {
			t.Errorf("%s: %+v", label, f)
		}
		if strings.Contains(label, "os.system") && !strings.Contains(label, "partial") && !strings.Contains(label, " cut") && r.Findings[0].Global != "os.system" {
			t.Errorf("%s: not for os.system: %+v", label, r.Findings)
		}
	}
}

// TestTakesRealFiles scans what Debian's libraries write.
func TestTakesRealFiles(t *testing.T) {
	formats := map[string]Format{"a.npy": NPY, "record.npy": NPY, "objects.npy": NPY, "a.npz": NPZ, "compressed.npz": NPZ, "sparse.npz": NPZ,
		"a.h5": HDF5, "a.onnx": ONNX, "xgboost.json": XGBoost, "xgboost.ubj": XGBoost}
	for label, b := range samples(t, "real.json") {
		r := scanBytes(t, b, Options{})
		if r.Refused() {
			t.Errorf("%s (%s): %+v", label, r.Format, r.Findings)
		}
		want := formats[label]
		switch {
		case strings.HasPrefix(label, "pickle "):
			want = Pickle
		case strings.HasPrefix(label, "joblib "):
			want = Joblib
		}
		if r.Format != want {
			t.Errorf("%s: told as %q, is %q", label, r.Format, want)
		}
	}
}

// TestRealTorch scans what PyTorch saves.
func TestRealTorch(t *testing.T) {
	for label, b := range samples(t, "real_torch.json") {
		r := scanBytes(t, b, Options{})
		if refused := strings.HasPrefix(label, "refused"); r.Refused() != refused {
			t.Errorf("%s (%s): %+v", label, r.Format, r.Findings)
		}
		want := Torch
		if strings.HasSuffix(label, "a pickle of a state") {
			want = Pickle
		}
		if r.Format != want {
			t.Errorf("%s: told as %q", label, r.Format)
		}
		if strings.HasPrefix(label, "state") && r.Holds.Class != "collections.OrderedDict" {
			t.Errorf("%s: holds %q", label, r.Holds.Class)
		}
	}
}
