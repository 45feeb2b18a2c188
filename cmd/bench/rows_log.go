package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// logLines lines of 100 bytes are 100 MB.
const logLines = 1_000_000

// logFile is printed by a container: a loop that makes the lines there would
// take longer than either program.
const logFile = "big.log"

func writeLogFile(dir string, lines int) error {
	line := strings.Repeat("x", 99) + "\n"
	return os.WriteFile(filepath.Join(dir, logFile), bytes.Repeat([]byte(line), lines), 0o644)
}

// loggingRun runs a job that prints the log file of dir, shows and keeps its
// output, and fails unless every byte of it was kept and every line shown.
func (b *bench) loggingRun(dir, executor string, lines int) (contestant, error) {
	text := fmt.Sprintf("name: log\njobs:\n  talk: {image: %q, inputs: [%s], cache: false, network: none, run: cat %[2]s}\n", benchImage, logFile)
	if err := os.WriteFile(filepath.Join(dir, "mlops.yaml"), []byte(text), 0o644); err != nil {
		return contestant{}, err
	}
	k := command("mlops run, with the start of the job", ours, dir, "sh", "-c", quoted(b.mlops)+" run --executor "+executor+" --output plain > shown 2>&1")
	timed := k.sample
	k.sample = func(ctx context.Context) (measurement, error) {
		m, err := timed(ctx)
		if err == nil {
			err = b.wholeLog(ctx, dir, lines)
		}
		return m, err
	}
	return k, nil
}

// wholeLog fails unless the last run kept every byte of its log, and showed
// every line of it.
func (b *bench) wholeLog(ctx context.Context, dir string, lines int) error {
	for _, c := range []struct {
		count, of string
		want      int
	}{
		{quoted(b.mlops) + " logs talk | wc -c", "bytes kept", 100 * lines},
		{"grep -cF " + strings.Repeat("x", 99) + " shown", "lines shown", lines},
	} {
		u, err := execute(ctx, dir, "sh", "-c", c.count)
		if err != nil {
			return err
		}
		if n, err := strconv.Atoi(strings.TrimSpace(string(u.stdout))); err != nil || n < c.want {
			return fmt.Errorf("%d %s of the log, want %d: %w", n, c.of, c.want, err)
		}
	}
	return nil
}

// setupHostLog measures what 100 MB of output add to a job that prints one line.
func setupHostLog(b *bench) (contest, error) {
	var mine, theirs [2]contestant
	for i, lines := range []int{1, logLines} {
		dir, err := b.dir(fmt.Sprintf("host-log-%d", lines))
		if err != nil {
			return contest{}, err
		}
		if err := writeLogFile(dir, lines); err != nil {
			return contest{}, err
		}
		if mine[i], err = b.loggingRun(dir, "host", lines); err != nil {
			return contest{}, err
		}
		theirs[i] = command("", peer, dir, "sh", "-c", "cat "+logFile+" | tee kept > copy")
	}
	ks := []contestant{
		slope("mlops run --output plain", ours, mine[0], mine[1], 1),
		slope("cat | tee", peer, theirs[0], theirs[1], 1),
	}
	return contest{contestants: ks, targets: []target{{"cat | tee", 2}}}, nil
}

// quoted returns s as one word of a POSIX shell.
func quoted(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
