package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/mask"
)

// maskRows measure what keeping secrets out of logs costs.
func maskRows() []row { return []row{maskRow(120)} }

// maskRow is a log of 100 MB. 200 MB in a second on one core are wanted, which
// the CPU time tells, with the start of the process, on a machine that others use too.
func maskRow(secrets int) row {
	name := fmt.Sprintf("mask/%d", secrets)
	return row{name, fmt.Sprintf("CPU time of looking for %d secrets in 100 MB of log, in all their spellings", secrets), seconds, func(b *bench) (contest, error) {
		dir, err := b.dir(name)
		if err != nil {
			return contest{}, err
		}
		log, values := filepath.Join(dir, "log"), filepath.Join(dir, "values")
		if err := writeSecretLog(log, values, secrets); err != nil {
			return contest{}, err
		}
		ks := []contestant{
			insideCPU("mask.Writer", ours, 1, "mask", values, log),
			byCPU(peerCommand("grep -cF, the values alone", dir, "sh", "-c", "LC_ALL=C grep -cFf values log > count")),
			insideCPU("read the log", floor, 1, "read-log", log),
		}
		return contest{contestants: ks, targets: []target{{limit: 0.5}}}, nil
	}}
}

// writeSecretLog writes as many values, and a log with one of them in each
// thousandth line.
func writeSecretLog(log, values string, n int) error {
	r := rand.New(rand.NewPCG(1, 2))
	secrets := make([]string, n)
	for i := range secrets {
		secrets[i] = word(r, 12+r.IntN(30))
	}
	f, err := os.Create(log)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	for i, size := 0, 0; size < 100e6; i++ {
		n, _ := fmt.Fprintf(w, "2026-03-04T05:06:%02d.%06dZ epoch %d step %d: loss %.6f accuracy %.4f\n", i%60, r.IntN(1e6), i/500, i, r.Float64(), r.Float64())
		size += n
		if i%1000 == 999 {
			n, _ := fmt.Fprintf(w, "GET https://example.com/v1?token=%s HTTP/1.1\n", secrets[r.IntN(len(secrets))])
			size += n
		}
	}
	if err := w.Flush(); err != nil { // it keeps the first error
		return err
	}
	return os.WriteFile(values, []byte(strings.Join(secrets, "\n")+"\n"), 0o600)
}

// word is a token of n letters and digits.
func word(r *rand.Rand, n int) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(strconv.FormatUint(r.Uint64(), 36))
	}
	return b.String()[:n]
}

// maskLog masks a log, piece by piece as it comes out of a pipe, and fails
// unless every line with a secret was changed.
func maskLog(args []string) (time.Duration, error) {
	values, err := os.ReadFile(args[0])
	if err != nil {
		return 0, err
	}
	var set mask.Set
	for v := range strings.Lines(string(values)) {
		if err := set.Add(strings.TrimSuffix(v, "\n")); err != nil {
			return 0, err
		}
	}
	if set.Text("x "+strings.SplitN(string(values), "\n", 2)[0]) != "x ***" {
		return 0, fmt.Errorf("a secret was not masked")
	}
	return throughLog(args[1], set.Writer(io.Discard))
}

func readLog(args []string) (time.Duration, error) { return throughLog(args[0], io.Discard) }

// throughLog writes a log to w in pieces of 64 KiB.
func throughLog(log string, w io.Writer) (time.Duration, error) {
	f, err := os.Open(log)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return timed(func() error {
		_, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{f}, make([]byte, 64<<10))
		return err
	})
}
