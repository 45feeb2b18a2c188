package profile

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/actions/table/tabletest"
)

// written writes made-up customers into files of a folder.
func written(t *testing.T, write func(tabletest.Customers, io.Writer) error, name string, rows ...int) (paths []string) {
	t.Helper()
	dir := t.TempDir()
	first := int64(0)
	for i, n := range rows {
		path := filepath.Join(dir, string(rune('a'+i))+name)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		c := tabletest.Customers{Rows: n, Seed: uint64(i), First: first}
		if err := errors.Join(write(c, f), f.Close()); err != nil {
			t.Fatal(err)
		}
		paths, first = append(paths, path), first+int64(n)
	}
	return paths
}

func encoded(t *testing.T, paths []string, workers int) string {
	t.Helper()
	tab, err := table.Open(paths, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Options{Workers: workers}.Of(context.Background(), tab)
	if err != nil {
		t.Fatal(err)
	}
	text, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWorkersDoNotShow(t *testing.T) {
	t.Parallel()
	paths := written(t, tabletest.Customers.Parquet, ".parquet", 130000, 40000, 1, 9000)
	want := encoded(t, paths, 1)
	for _, workers := range []int{2, 3, 8} {
		if got := encoded(t, paths, workers); got != want {
			t.Errorf("%d workers make another profile", workers)
		}
	}
}

// TestFormatsAgree describes the same rows in two formats.
func TestFormatsAgree(t *testing.T) {
	t.Parallel()
	var profiles [2]*Profile
	for i, paths := range [][]string{written(t, tabletest.Customers.CSV, ".csv", 20000), written(t, tabletest.Customers.Parquet, ".parquet", 20000)} {
		p, err := Decode([]byte(encoded(t, paths, 2)))
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Files) != 1 || p.Files[0].Rows != 20000 || p.Files[0].Bytes == 0 {
			t.Errorf("files %+v", p.Files)
		}
		profiles[i] = p
	}
	for i := range profiles[0].Columns {
		a, b := &profiles[0].Columns[i], &profiles[1].Columns[i]
		if !a.Exact { // dictionaries are counted last
			a.Values, a.Other, a.Most = b.Values, b.Other, b.Most
		}
		if diff := cmp.Diff(a, b, cmpopts.EquateApprox(1e-9, 0), cmpopts.IgnoreFields(Numbers{}, "Histogram")); diff != "" {
			t.Errorf("%s:\n%s", a.Name, diff)
		}
		if a.Numbers != nil && Distance(a.Numbers, b.Numbers) > .005 {
			t.Errorf("%s: histograms differ by %v", a.Name, Distance(a.Numbers, b.Numbers))
		}
	}
}

func TestOfErrors(t *testing.T) {
	t.Parallel()
	paths := written(t, tabletest.Customers.Parquet, ".parquet", 5000, 5000)
	whole, err := os.ReadFile(paths[1])
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(whole) / 2 {
		whole[i+4] ^= 0x55
	}
	if err := os.WriteFile(paths[1], whole, 0o644); err != nil {
		t.Fatal(err)
	}
	tab, err := table.Open(paths, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var e *table.Error
	if _, err := Of(context.Background(), tab); !errors.As(err, &e) || e.File != paths[1] {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Of(ctx, tab); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// What a worker described before leaves no trace in what it describes next.
func TestScratchLeavesNoTrace(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	v := table.Vector{Kind: table.Float}
	for range 6000 {
		v.Floats = append(v.Floats, r.NormFloat64())
	}
	columns := []table.Column{{Name: "x", Kind: table.Float}}
	s := &scratch{}
	var all []*Profile
	for range 2 {
		b := newBuilder(columns, s)
		for at := 0; at < len(v.Floats); at += 1000 {
			part := table.Vector{Kind: table.Float, Floats: v.Floats[at : at+1000]}
			b.Add(&table.Batch{Rows: 1000, Columns: []table.Vector{part}})
		}
		all = append(all, b.Profile())
	}
	if diff := cmp.Diff(all[0], all[1]); diff != "" {
		t.Error(diff)
	}
}
