package datacheck

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/actions/action"
)

// BenchmarkWide checks a table with a line for each of very many columns.
func BenchmarkWide(b *testing.B) {
	const columns, rows = 3000, 1500
	dir := b.TempDir()
	lines, err := writeWide(filepath.Join(dir, "wide.csv"), columns, rows)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		checked, _, err := Table(b.Context(), action.Call{Inputs: map[string]any{"data": "wide.csv", "columns": lines}, Root: dir, Temp: dir, Log: io.Discard, Now: time.Now()})
		if err != nil || checked.Failed > 0 {
			b.Fatalf("%v, %d failed", err, checked.Failed)
		}
	}
}

// writeWide writes columns of numbers, whole numbers and words in turn, and returns
// lines that they keep.
func writeWide(path string, columns, rows int) (lines map[string]any, err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	r := rand.New(rand.NewPCG(1, 2))
	lines = map[string]any{}
	for i := range columns {
		fmt.Fprintf(w, "c%d%c", i, end(i, columns))
		lines[fmt.Sprintf("c%d", i)] = []string{"float", "int 0..1000", "[a, b, c]"}[i%3]
	}
	for range rows {
		for i := range columns {
			fmt.Fprintf(w, "%s%c", []string{fmt.Sprint(r.NormFloat64()), fmt.Sprint(r.IntN(1000)), string(rune('a' + r.IntN(3)))}[i%3], end(i, columns))
		}
	}
	return lines, w.Flush()
}

// end is what stands behind the field of a column.
func end(i, columns int) rune {
	if i == columns-1 {
		return '\n'
	}
	return ','
}

// Of very many columns each is judged by its own line, and of those that are
// missing the first alone are told what may be meant.
func TestManyColumns(t *testing.T) {
	t.Parallel()
	const columns, gone = 2000, 100
	dir := t.TempDir()
	lines, err := writeWide(filepath.Join(dir, "wide.csv"), columns, 60)
	if err != nil {
		t.Fatal(err)
	}
	for i := range gone {
		lines[fmt.Sprintf("c%dx", i)] = "int"
	}
	checked, _, err := Table(t.Context(), action.Call{Inputs: map[string]any{"data": "wide.csv", "columns": lines}, Root: dir, Temp: dir, Log: io.Discard, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	meant := 0
	for _, r := range checked.Results {
		if r.Check == "missing" && strings.Contains(r.Measured, "did you mean") {
			meant++
		} else if r.Check != "missing" && !r.Passed {
			t.Errorf("%s %s: %s", r.Column, r.Check, r.Measured)
		}
	}
	if checked.Failed != gone || meant != mostNearest || len(checked.Accept) != gone {
		t.Errorf("%d failed, %d are told what may be meant, %d lines change; want %d, %d, %d", checked.Failed, meant, len(checked.Accept), gone, mostNearest, gone)
	}
}
