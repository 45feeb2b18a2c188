// Command bench measures mlops beside other programs that do comparable work
// and beside floors, loops that do only what no program can leave out.
//
//	go run ./cmd/bench [-only regexp] [-rounds n] [-json file] [-act] [-list]
//
// It builds what it measures on in a temporary folder, and runs the contestants
// of a row in turn, round after round, so that a slow moment of the machine
// meets all of them. A row's verdict is about ratios of medians in that same
// run, never about figures of another machine or day. A peer that is not there
// is shown as SKIP with the reason, and so are the verdicts that need it.
//
// bin/mlops must have been built (make build). It exits 0 when every row could
// be measured, whatever the verdicts; 1 when one could not; 2 on wrong usage.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// options are what the command line says.
type options struct {
	only   *regexp.Regexp // rows to run; nil means all
	rounds int            // 0 means 15, or 5 for rows of more than a second
	json   string         // file for the samples; "" for none
	act    bool           // whether act may be built when it is not installed
	list   bool
	mlops  string // the binary that is measured
}

// run is the program; it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == insideCommand {
		return runInside(args[1:], stdout, stderr)
	}
	o, err := parseOptions(args, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 2
	}
	if o.list {
		for _, r := range rows() {
			fmt.Fprintf(stdout, "%-24s %s\n", r.name, r.work)
		}
		return 0
	}
	failed, err := measureAll(ctx, o, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	if failed > 0 {
		return 1
	}
	return 0
}

func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	var only string
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&only, "only", "", "run the rows whose name matches this regular expression")
	flags.IntVar(&o.rounds, "rounds", 0, "samples of each contestant (default 15; 5 when one takes more than a second)")
	flags.StringVar(&o.json, "json", "", "write every sample and the machine's facts to this file")
	flags.BoolVar(&o.act, "act", false, "build act "+actVersion+" if it is not installed (takes minutes)")
	flags.BoolVar(&o.list, "list", false, "list the rows and stop")
	flags.StringVar(&o.mlops, "mlops", "bin/mlops", "the binary to measure")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if only != "" {
		re, err := regexp.Compile(only)
		if err != nil {
			return o, fmt.Errorf("-only: %w", err)
		}
		o.only = re
	}
	path, err := filepath.Abs(o.mlops)
	o.mlops = path
	return o, err
}

// measureAll runs the chosen rows, prints each as it is done and a summary, and
// returns how many could not be measured.
func measureAll(ctx context.Context, o options, stdout, stderr io.Writer) (int, error) {
	if _, err := os.Stat(o.mlops); err != nil {
		return 0, fmt.Errorf("%w; build it by: make build", err)
	}
	temp, err := os.MkdirTemp("", "mlops-bench-")
	if err != nil {
		return 0, err
	}
	defer removeAll(temp)
	raisePriority()

	b := &bench{ctx: ctx, temp: temp, mlops: o.mlops, act: o.act, progress: stderr}
	facts := machine(ctx, o.mlops)
	facts.write(stdout)
	var results []result
	for _, r := range rows() {
		if o.only != nil && !o.only.MatchString(r.name) {
			continue
		}
		if ctx.Err() != nil {
			break
		}
		res := b.measure(r, o.rounds)
		res.write(stdout)
		results = append(results, res)
	}
	failed := writeSummary(stdout, results)
	if o.json != "" {
		err = writeJSON(o.json, facts, results)
	}
	return failed, err
}

// raisePriority asks for less disturbance by the machine's other work. Only
// root gets it; without it the rounds still meet all contestants alike.
func raisePriority() {
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, -15)
}

// removeAll removes a tree in which folders may have been made read-only.
func removeAll(dir string) {
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	_ = os.RemoveAll(dir)
}
