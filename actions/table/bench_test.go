package table

import (
	"context"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/actions/table/tabletest"
)

const benchRows = 1_000_000

// customers writes benchRows made-up customers into a file.
func customers(b *testing.B, name string, write func(tabletest.Customers, io.Writer) error) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := write(tabletest.Customers{Rows: benchRows, Seed: 1}, f); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return path
}

// cpu runs the benchmark and reports the processor time a row takes: on a busy
// machine the time of day says little.
func cpu(b *testing.B, path string, read func() (rows int, err error)) {
	b.Helper()
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	b.ReportAllocs()
	start := processorTime(b)
	rows := 0
	for b.Loop() {
		n, err := read()
		if err != nil || n != benchRows {
			b.Fatalf("%d rows, %v", n, err)
		}
		rows += n
	}
	b.ReportMetric(float64(processorTime(b)-start)/float64(rows), "cpu-ns/row")
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Skip(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// The floor: a loop over the bytes that notes where each field ends and each row.
func BenchmarkFloor(b *testing.B) {
	path := customers(b, "c.csv", tabletest.Customers.CSV)
	buf := make([]byte, windowSize)
	ends := make([]uint32, 0, windowSize)
	cpu(b, path, func() (rows int, err error) {
		f, err := os.Open(path)
		if err != nil {
			return 0, err
		}
		defer f.Close()
		for {
			n, err := f.Read(buf)
			if err != nil {
				return rows - 1, nil // the header
			}
			ends = ends[:0]
			for i, c := range buf[:n] {
				if c == ',' || c == '\n' {
					ends = append(ends, uint32(i))
					if c == '\n' {
						rows++
					}
				}
			}
		}
	})
}

func BenchmarkCSV(b *testing.B) {
	path := customers(b, "c.csv", tabletest.Customers.CSV)
	b.Run("found", func(b *testing.B) {
		cpu(b, path, func() (int, error) { return count(path, Options{}) })
	})
	b.Run("read", func(b *testing.B) {
		cpu(b, path, func() (rows int, err error) {
			t, err := Open([]string{path}, Options{})
			if err != nil {
				return 0, err
			}
			err = t.Read(b.Context(), func([]Column) func(*Batch) error {
				rows = 0
				return func(b *Batch) error { rows += b.Rows; return nil }
			})
			return rows, err
		})
	})
	first, err := Open([]string{path}, Options{})
	if err != nil {
		b.Fatal(err)
	}
	kinds := map[string]Kind{}
	for _, c := range first.Columns() {
		kinds[c.Name] = c.Kind
	}
	b.Run("known", func(b *testing.B) {
		cpu(b, path, func() (int, error) { return count(path, Options{Kinds: kinds}) })
	})
	b.Run("text", func(b *testing.B) {
		cpu(b, path, func() (int, error) { return count(path, Options{Text: true}) })
	})
	b.Run("two", func(b *testing.B) {
		cpu(b, path, func() (int, error) {
			return count(path, Options{Kinds: kinds, Columns: []string{"score", "churned"}})
		})
	})
}

func BenchmarkJSON(b *testing.B) {
	path := customers(b, "c.jsonl", tabletest.Customers.JSONL)
	b.Run("found", func(b *testing.B) {
		cpu(b, path, func() (int, error) { return count(path, Options{}) })
	})
	b.Run("two", func(b *testing.B) {
		cpu(b, path, func() (int, error) {
			return count(path, Options{Columns: []string{"score", "churned"}, Kinds: map[string]Kind{"score": Float, "churned": Bool}})
		})
	})
}

func count(path string, o Options) (rows int, err error) {
	t, err := Open([]string{path}, o)
	if err != nil {
		return 0, err
	}
	for b, err := range t.Batches(context.Background()) {
		if err != nil {
			return 0, err
		}
		rows += b.Rows
	}
	return rows, nil
}

// The standard library, into the same kinds.
func BenchmarkEncodingCSV(b *testing.B) {
	path := customers(b, "c.csv", tabletest.Customers.CSV)
	cpu(b, path, func() (rows int, err error) {
		f, err := os.Open(path)
		if err != nil {
			return 0, err
		}
		defer f.Close()
		r := csv.NewReader(f)
		r.ReuseRecord = true
		if _, err := r.Read(); err != nil {
			return 0, err
		}
		for {
			row, err := r.Read()
			if err == io.EOF {
				return rows, nil
			}
			if err == nil {
				err = convert(row)
			}
			if err != nil {
				return rows, err
			}
			rows++
		}
	})
}

func convert(row []string) (err error) {
	note := func(e error) {
		if err == nil {
			err = e
		}
	}
	for _, i := range []int{0, 2} {
		_, e := strconv.ParseInt(row[i], 10, 64)
		note(e)
	}
	for _, i := range []int{3, 9, 10} {
		if row[i] != "" {
			_, e := strconv.ParseFloat(row[i], 64)
			note(e)
		}
	}
	_, e := time.Parse(time.DateTime, row[7])
	note(e)
	_, e = time.Parse(time.DateOnly, row[8])
	note(e)
	_, e = strconv.ParseBool(row[11])
	note(e)
	return err
}
