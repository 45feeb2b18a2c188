package model

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckFolder(t *testing.T) {
	t.Parallel()
	header := `{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`
	tensors := string(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))) + header + "abcd"
	const evil, harmless = "cos\nsystem\n(S'x'\ntR.", "\x80\x02K\x01."
	for _, c := range []struct {
		name, format string
		files        map[string]string
		want         string // of the error or the refusal; "" for neither
	}{
		{"tensors and their configuration", "safetensors", map[string]string{"w.safetensors": tensors, "config.json": "{}", "deep/readme.md": "words"}, ""},
		{"a harmless pickle beside tensors", "safetensors", map[string]string{"w.safetensors": tensors, "extra": harmless}, "extra (pickle) is refused: at byte 0: is pickle, not safetensors"},
		{"a pickle beside tensors", "safetensors", map[string]string{"w.safetensors": tensors, "deep/x.bin": evil}, "deep/x.bin (pickle) is refused: at byte 0 (GLOBAL): imports os.system"},
		{"a pickle named like tensors", "safetensors", map[string]string{"w.safetensors": evil}, "w.safetensors (pickle) is refused"},
		{"words alone", "safetensors", map[string]string{"config.json": "{}"}, "holds no such file: format safetensors"},
		{"anything", "any", map[string]string{"config.json": "{}", "x": harmless}, ""},
		{"bytes that nobody knows", "any", map[string]string{"config.json": "{}", "x": "\xfe\xed\x00\x01\xff"}, "x (unknown) is refused: at byte 0: is of no format that is known"},
		{"no estimator", "sklearn", map[string]string{"x": harmless}, "holds no scikit-learn estimator"},
		{"a pickle", "pickle", map[string]string{"x": harmless}, ""},
		{"no format", "tensorflow", map[string]string{"x": harmless}, "format is one of"},
		{"nothing", "any", nil, "holds no such file"},
	} {
		dir := t.TempDir()
		for name, text := range c.files {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		reports, err := CheckFolder(dir, c.format, Options{})
		if refused := Refused(reports); refused != nil {
			err = refused
		}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	if _, err := CheckFolder(filepath.Join(t.TempDir(), "none"), "any", Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
