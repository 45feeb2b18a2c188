package agent

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// learntOf reads the values that a job left.
func learntOf(b *bench, key []byte) ([]string, []byte, error) {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.Control, LearntFile))
	if err != nil {
		b.t.Fatal(err)
	}
	values, err := ReadLearnt(bytes.NewReader(text), key)
	return values, text, err
}

// What a job masks can be read by who has the key, and by nobody else.
func TestLearnt(t *testing.T) {
	t.Parallel()
	key := NewKey()
	b := newBench(t,
		Step{Name: "a", Shell: "sh", Run: `echo "::add-mask::first value"; printf 'second-value\n' >> $MLOPS_MASK; echo; echo "::add-mask::first value"; echo "::add-mask::abc"`},
		Step{Name: "b", Shell: "sh", Run: `printf 'k<<E\nof several\nlines\nE\n' >> $MLOPS_MASK; echo x >> ` + "$MLOPS_MASK"})
	b.Secrets = &Secrets{Values: map[string]string{"TOKEN": token}, Key: key}
	if r := b.run(t.Context()); r.Status != Success {
		t.Fatalf("%+v", r)
	}
	values, text, err := learntOf(b, key)
	slices.Sort(values) // when the file is looked at and when the output is read is chance
	if d := cmp.Diff([]string{"first value", "of several\nlines", "second-value"}, values); d != "" || err != nil {
		t.Error(d, err)
	}
	for _, part := range []string{"first", "second", "several", "Zmlyc3Q", string(key)} {
		if bytes.Contains(text, []byte(part)) {
			t.Errorf("%q can be read in %q", part, text)
		}
	}
	if _, err := ReadLearnt(bytes.NewReader(text), NewKey()); err == nil {
		t.Error("another key opens it")
	}
	torn := text[:len(text)-3]
	if got, err := ReadLearnt(bytes.NewReader(torn), key); err != nil || len(got) != 2 {
		t.Errorf("a line that was cut off: %q, %v", got, err)
	}
	forged := append(bytes.Clone(text), "aGVsbG8=\n"...)
	if got, err := ReadLearnt(bytes.NewReader(forged), key); err == nil || len(got) != 3 || strings.Contains(err.Error(), "hello") {
		t.Errorf("a forged line: %q, %v", got, err)
	}
}

// Without a key nothing is kept.
func TestLearntWithoutKey(t *testing.T) {
	t.Parallel()
	b := newBench(t, Step{Name: "a", Shell: "sh", Run: `echo "::add-mask::first value"`})
	b.run(t.Context())
	if _, err := os.Stat(filepath.Join(b.Control, LearntFile)); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
}
