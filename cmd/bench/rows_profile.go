package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/actions/table/tabletest"
)

// profileRows measure what describing a table costs beside reading it.
func profileRows() []row {
	return []row{
		{"profile/parquet", "CPU time of the profile of 10M rows × 13 columns in Parquet", seconds, setupProfileParquet},
		{"profile/csv", "CPU time of the profile of 10M rows × 13 columns in CSV", seconds, setupProfileCSV},
		{"footer", "reading schema, rows and bounds of 10M rows from the footer of a Parquet file", seconds, setupFooter},
	}
}

const profiledRows = 10_000_000

// customersFile returns a file of made-up customers, which is kept in the user's
// cache: making it takes minutes.
func (b *bench) customersFile(format string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(cache, "mlops-bench", fmt.Sprintf("customers-%d-1.%s", profiledRows, format))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	fmt.Fprintf(b.progress, "bench: writing %s ...\n", path)
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	_, err = execute(b.ctx, "", self, insideCommand, "write-customers", strconv.Itoa(profiledRows), path)
	return path, err
}

// writeCustomers writes rows into a file, which is there as a whole or not.
func writeCustomers(args []string) (time.Duration, error) {
	rows, err := strconv.Atoi(args[0])
	if err != nil {
		return 0, err
	}
	c := tabletest.Customers{Rows: rows, Seed: 1}
	write := c.CSV
	if filepath.Ext(args[1]) == ".parquet" {
		write = c.Parquet
	}
	return timed(func() error {
		if err := os.MkdirAll(filepath.Dir(args[1]), 0o755); err != nil {
			return err
		}
		f, err := os.CreateTemp(filepath.Dir(args[1]), ".new-*")
		if err != nil {
			return err
		}
		defer os.Remove(f.Name())
		if err := errors.Join(write(f), f.Close()); err != nil {
			return err
		}
		return os.Rename(f.Name(), args[1])
	})
}

// setupProfileParquet compares with decoding all pages by the same library, which
// checks nothing, and with DuckDB's summary, which cannot be merged.
func setupProfileParquet(b *bench) (contest, error) {
	path, err := b.customersFile("parquet")
	if err != nil {
		return contest{}, err
	}
	pages := "parquet-go, pages decoded"
	duckdb := b.duckdb("DuckDB, SUMMARIZE", path)
	ks := []contestant{
		insideCPU("profile.Of", ours, 1, "profile", path),
		duckdb,
		insideCPU("table.Batches", floor, 1, "read-table", path),
		insideCPU(pages, floor, 1, "decode-pages", path),
	}
	targets := []target{{of: pages, limit: 1.5}}
	if duckdb.skip == "" {
		targets = append(targets, target{of: duckdb.name, limit: 0.25})
	}
	return contest{contestants: ks, targets: targets}, nil
}

func setupProfileCSV(b *bench) (contest, error) {
	path, err := b.customersFile("csv")
	if err != nil {
		return contest{}, err
	}
	split := "loop over the bytes"
	ks := []contestant{
		insideCPU("profile.Of", ours, 1, "profile", path),
		b.duckdb("DuckDB, SUMMARIZE", path),
		insideCPU("table.Batches", floor, 1, "read-table", path),
		insideCPU(split, floor, 1, "split-bytes", path),
	}
	return contest{contestants: ks, targets: []target{{of: split, limit: 2}}}, nil
}

func setupFooter(b *bench) (contest, error) {
	path, err := b.customersFile("parquet")
	if err != nil {
		return contest{}, err
	}
	return contest{contestants: []contestant{inside("table.ReadFooter", ours, "footer", path)}, targets: []target{{limit: 0.02}}}, nil
}

// duckdb builds the peer, which is a module of its own.
func (b *bench) duckdb(name, path string) contestant {
	program, err := b.lookups().duckdb()
	if err != nil {
		return skipped(name, peer, err)
	}
	return byCPU(command(name, peer, "", program, path, "1"))
}

func (b *bench) buildDuckDB() (string, error) {
	fmt.Fprintln(b.progress, "bench: building the peer with DuckDB ...")
	program := filepath.Join(b.temp, "duckdb")
	cmd := exec.CommandContext(b.ctx, "go", "build", "-o", program, ".")
	cmd.Dir = filepath.Join("cmd", "bench", "duckdb")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("DuckDB cannot be built: %w%s", err, tail(out))
	}
	return program, nil
}

func profileTable(args []string) (time.Duration, error) {
	return timed(func() error {
		t, err := table.Open(args, table.Options{})
		if err != nil {
			return err
		}
		p, err := profile.Options{Workers: 1}.Of(context.Background(), t)
		if err == nil && p.Rows == 0 {
			err = errors.New("no rows")
		}
		return err
	})
}

func readTable(args []string) (time.Duration, error) {
	return timed(func() error {
		t, err := table.Open(args, table.Options{})
		if err != nil {
			return err
		}
		for _, err := range t.Batches(context.Background()) {
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func readFooter(args []string) (time.Duration, error) {
	return timed(func() error {
		_, err := table.ReadFooter(args[0])
		return err
	})
}

// splitBytes notes where each field ends, and nothing else.
func splitBytes(args []string) (time.Duration, error) {
	f, err := os.Open(args[0])
	if err != nil {
		return 0, err
	}
	defer f.Close()
	buffer, ends := make([]byte, 1<<20), make([]uint32, 0, 1<<20)
	return timed(func() error {
		for {
			n, err := f.Read(buffer)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			ends = ends[:0]
			for i, c := range buffer[:n] {
				if c == ',' || c == '\n' || c == '"' {
					ends = append(ends, uint32(i))
				}
			}
		}
	})
}

func decodePages(args []string) (time.Duration, error) {
	f, err := os.Open(args[0])
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return timed(func() error {
		file, err := parquet.OpenFile(f, info.Size())
		if err != nil {
			return err
		}
		for _, g := range file.RowGroups() {
			for _, c := range g.ColumnChunks() {
				if err := decodeChunk(c); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func decodeChunk(c parquet.ColumnChunk) error {
	pages := c.Pages()
	defer pages.Close()
	for {
		p, err := pages.ReadPage()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		parquet.Release(p)
	}
}
