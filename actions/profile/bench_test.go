package profile

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/actions/table/tabletest"
)

const benchRows = 1_000_000

func customers(b *testing.B, name string, write func(tabletest.Customers, io.Writer) error) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(write(tabletest.Customers{Rows: benchRows, Seed: 1}, f), f.Close()); err != nil {
		b.Fatal(err)
	}
	return path
}

// cpu reports the processor time of a row: on a busy machine the time of day
// says little.
func cpu(b *testing.B, rows int, f func() error) {
	b.Helper()
	start, n := processorTime(b), 0
	for b.Loop() {
		if err := f(); err != nil {
			b.Fatal(err)
		}
		n += rows
	}
	b.ReportMetric(float64(processorTime(b)-start)/float64(n), "cpu-ns/row")
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Skip(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func profileOf(path string) error {
	t, err := table.Open([]string{path}, table.Options{})
	if err == nil {
		_, err = Options{Workers: 1}.Of(context.Background(), t)
	}
	return err
}

func BenchmarkParquet(b *testing.B) {
	path := customers(b, "c.parquet", tabletest.Customers.Parquet)
	b.Run("profile", func(b *testing.B) { cpu(b, benchRows, func() error { return profileOf(path) }) })
	b.Run("read", func(b *testing.B) { cpu(b, benchRows, func() error { return read(path) }) })
}

func BenchmarkCSV(b *testing.B) {
	path := customers(b, "c.csv", tabletest.Customers.CSV)
	b.Run("profile", func(b *testing.B) { cpu(b, benchRows, func() error { return profileOf(path) }) })
	b.Run("read", func(b *testing.B) { cpu(b, benchRows, func() error { return read(path) }) })
}

func BenchmarkFlights(b *testing.B) {
	path := filepath.Join("..", "..", "..", "shared", "data", "flights-3m.parquet")
	if _, err := os.Stat(path); err != nil {
		b.Skip(err)
	}
	cpu(b, 3_000_000, func() error { return profileOf(path) })
}

// read reads all batches and does nothing with them.
func read(path string) error {
	t, err := table.Open([]string{path}, table.Options{})
	if err != nil {
		return err
	}
	for _, err := range t.Batches(context.Background()) {
		if err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkDecode reads the profile of the customers.
func BenchmarkDecode(b *testing.B) {
	t, err := table.Open([]string{customers(b, "c.parquet", tabletest.Customers.Parquet)}, table.Options{})
	if err != nil {
		b.Fatal(err)
	}
	p, err := Of(context.Background(), t)
	if err != nil {
		b.Fatal(err)
	}
	text, err := p.Encode()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	cpu(b, 1, func() error { _, err := Decode(text); return err })
}
