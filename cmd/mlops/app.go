package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/spec"
)

// Exit codes of the program.
const (
	exitFine      = 0
	exitFailed    = 1   // a job or gate failed
	exitUsage     = 2   // wrong flags or names on the command line
	exitInvalid   = 3   // mlops.yaml is not valid
	exitStuck     = 4   // mlops itself could not go on
	exitCancelled = 130 // by a signal
)

// app is what every command shares: where to write, what to read, and the
// flags that all commands know.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	log            *slog.Logger
	counters       *store.Counters // of all hashing, writing and statting
	boot           string          // id of the machine's boot; "" means that it is asked for

	file  string // --file: path of the mlops.yaml; "" means the nearest one above the working directory
	debug bool

	shared string // --store: address of the shared store; "" for what the environment and config.yaml say
}

// run is the program: it parses args, does what they say and returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if code, ok := hidden(ctx, args, stdout, stderr); ok {
		return code
	}
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, log: slog.New(slog.DiscardHandler), counters: new(store.Counters)}
	root := newRoot(a, args)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return a.report(root.ExecuteContext(ctx))
}

// newRoot makes the program's commands, or, if the first argument names one of
// them, that one alone: making all of them takes longer than a run that has
// nothing to do.
func newRoot(a *app, args []string) *cobra.Command {
	root := &cobra.Command{
		Use:           "mlops",
		Short:         "Run machine-learning pipelines: cached, in containers, the same everywhere",
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
		PersistentPreRun: func(*cobra.Command, []string) {
			if a.debug || os.Getenv("MLOPS_DEBUG") == "1" {
				a.log = slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
			}
		},
	}
	root.SetVersionTemplate("mlops {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	f := root.PersistentFlags()
	f.StringVarP(&a.file, "file", "f", os.Getenv("MLOPS_FILE"), "path of the mlops.yaml (default: the nearest one at or above this folder)")
	f.BoolVar(&a.debug, "debug", false, "log what mlops itself does")
	for _, c := range wanted(args) {
		root.AddCommand(c.make(a))
	}
	usageArgs(root)
	return root
}

// A command is one that users see, and how it is made.
type command struct {
	name string
	make func(*app) *cobra.Command
}

// commands lists all of them.
func commands() []command {
	return []command{
		{"run", newRun}, {"plan", newPlan}, {"triggers", newTriggers}, {"graph", newGraph}, {"validate", newValidate}, {"eval", newEval}, {"gate", newGate}, {"bisect", newBisect}, {"audit", newAudit},
		{"runs", newRuns}, {"show", newShow}, {"diff", newDiff}, {"evaluate", newEvaluate}, {"metrics", newMetrics}, {"report", newReport}, {"logs", newLogs}, {"cache", newCache}, {"gc", newGC},
		{"init", newInit}, {"import", newImport}, {"export", newExport}, {"lock", newLock}, {"doctor", newDoctor}, {"version", newVersion},
		{"data", newData}, {"model", newModel}, {"config", newConfig}, {"sync", newSync}, {"pull", newPull}, {"push", newPush}, {"key", newKey}, {"index", newIndex}, {"registry", newRegistry}, {"tracking", newTracking}, {"checkout", newCheckout}, {"hooks", newHooks},
	}
}

// wanted returns the commands that arguments may be about.
func wanted(args []string) []command {
	all := commands()
	if len(args) == 0 {
		return all
	}
	if args[0] == "--version" {
		return nil
	}
	if i := slices.IndexFunc(all, func(c command) bool { return c.name == args[0] }); i >= 0 {
		return all[i : i+1]
	}
	return all
}

// usageArgs makes wrong arguments of a command and those below it usage errors.
func usageArgs(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return usagef("%s: %w; see mlops %s --help", c.Name(), err, c.Name())
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		usageArgs(sub)
	}
}

// usageError is a mistake on the command line.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// flagError adds the nearest flag to cobra's complaint about an unknown one.
func flagError(c *cobra.Command, err error) error {
	name, ok := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !ok {
		what, _, _ := strings.Cut(err.Error(), ": strconv.") // the parser's own words help nobody
		return usagef("%s; see mlops %s --help", what, c.Name())
	}
	var known []string
	c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if near := spec.Nearest(name, known); near != "" {
		return usagef("unknown flag --%s; did you mean --%s?", name, near)
	}
	return usagef("unknown flag --%s; see mlops %s --help", name, c.Name())
}

// failedError ends the program with code 1 and no further word: what failed
// has been shown already.
type failedError struct{ code int }

func (e failedError) Error() string { return fmt.Sprintf("exit %d", e.code) }

// fixError is an error with its cure.
type fixError struct {
	err error
	fix string
}

func (e fixError) Error() string { return e.err.Error() }
func (e fixError) Unwrap() error { return e.err }

// report shows an error to the person at the terminal and chooses the exit code.
func (a *app) report(err error) int {
	var (
		failed      failedError
		diagnostics spec.Diagnostics
		usage       usageError
	)
	switch {
	case err == nil:
		return exitFine
	case errors.As(err, &failed):
		return failed.code
	case errors.As(err, &diagnostics):
		_ = diagnostics.WriteText(a.stderr, a.errColor()) // the exit code tells even if nobody listens
		if os.Getenv("GITHUB_ACTIONS") == "true" {
			fmt.Fprintln(a.stderr)
			_ = diagnostics.WriteGitHub(a.stderr) // at their lines of the pull request
		}
		return exitInvalid
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(a.stderr, "mlops: cancelled")
		return exitCancelled
	}
	fmt.Fprintf(a.stderr, "mlops: %v\n", err)
	if fix := cure(err); fix != "" {
		fmt.Fprintf(a.stderr, "  fix: %s\n", fix)
	}
	if errors.As(err, &usage) || strings.HasPrefix(err.Error(), "unknown command") {
		return exitUsage
	}
	return exitStuck
}

func cure(err error) string {
	var fix fixError
	if errors.As(err, &fix) {
		return fix.fix
	}
	var exec *runner.ExecError
	if errors.As(err, &exec) {
		return exec.Fix
	}
	if errors.Is(err, syscall.ENOSPC) {
		return `free some space: "mlops cache gc --max-size 5GiB", "mlops gc --older 30d"`
	}
	return ""
}
