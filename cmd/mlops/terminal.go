package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
)

// streams returns the process's standard streams as files, nil where the
// program runs inside another one.
func (a *app) streams() (stdout, stderr *os.File) {
	stdout, _ = a.stdout.(*os.File)
	stderr, _ = a.stderr.(*os.File)
	return stdout, stderr
}

// color reports whether results on standard output may be coloured.
func (a *app) color() bool {
	stdout, _ := a.streams()
	_, on := view.Detect(os.Getenv, stdout)
	return on
}

// errColor is color for standard error.
func (a *app) errColor() bool {
	_, stderr := a.streams()
	_, on := view.Detect(os.Getenv, stderr)
	return on
}

// view makes what shows a run: the kind that --output names, or the one that
// suits the terminal.
func (a *app) view(name string, s *showing) (view.View, error) {
	stdout, stderr := a.streams()
	kind, o := view.Standard(os.Getenv, stdout, stderr)
	o.Out, o.Err, o.Reported, o.Summarized = a.stdout, a.stderr, s.reported, s.summarized
	if name != "auto" {
		kind = view.Kind(name)
		if !slices.Contains(view.Kinds(), kind) {
			return nil, usagef("unknown --output %q; write auto or one of %s", name, kinds())
		}
	}
	return view.New(kind, o), nil
}

func kinds() string {
	text := ""
	for i, k := range view.Kinds() {
		if i > 0 {
			text += ", "
		}
		text += string(k)
	}
	return text
}

// say writes a remark for people to standard error.
func (a *app) say(format string, args ...any) { fmt.Fprintf(a.stderr, "mlops: "+format+"\n", args...) }
