package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkNoop is a run with nothing to do, without the start of its process.
func BenchmarkNoop(b *testing.B) {
	for _, jobs := range []int{10, 1000} {
		b.Run(fmt.Sprint(jobs), func(b *testing.B) {
			b.Chdir(graphOf(b, jobs))
			args := []string{"run", "--executor", "host", "--output", "quiet"}
			once := func() {
				var out bytes.Buffer
				if code := run(context.Background(), args, nil, &out, &out); code != 0 {
					b.Fatalf("exit %d: %s", code, out.String())
				}
			}
			once()
			time.Sleep(2100 * time.Millisecond) // until the files' times are trusted
			once()
			b.ReportAllocs()
			for b.Loop() {
				once()
			}
		})
	}
}

// graphOf makes a repository with so many independent jobs.
func graphOf(tb testing.TB, jobs int) string {
	tb.Helper()
	dir := tb.TempDir()
	text := []byte("name: bench\njobs:\n")
	for i := range jobs {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("in%d", i)), []byte{'x'}, 0o644); err != nil {
			tb.Fatal(err)
		}
		text = fmt.Appendf(text, "  j%d: {run: \": > out%d\", inputs: [in%d], outputs: [out%d]}\n", i, i, i, i)
	}
	if err := os.WriteFile(filepath.Join(dir, "mlops.yaml"), text, 0o644); err != nil {
		tb.Fatal(err)
	}
	return dir
}
