package plan

import "strings"

// Reads reports whether there can be a file that an input names and an output
// holds. It is exact: it says no only where no such file can be, and yes only
// where one can.
//
// An input names a file or all files of a folder; as a glob it names the files
// that it matches, and with a slash at its end the files of the folders that it
// matches. An output holds a file or, with a slash at its end, the files of a
// folder; as a glob what it matches and all below that. An output without a
// slash counts as a folder only for inputs that name a path below it: model
// holds model/a.pt and model/*.pt, but **/*.csv is not taken to mean
// metrics.json/x.csv.
func Reads(input, output string) bool {
	if !Glob(input) && !Glob(output) {
		in, out := prefix(input), prefix(output)
		return within(in, out) || within(out, in)
	}
	return meet(inputFiles(input), outputFiles(output, prefix(input)))
}

// clash reports whether two outputs can hold the same file.
func clash(a, b string) bool {
	x, y := prefix(a), prefix(b)
	if !Glob(a) && !Glob(b) {
		return within(x, y) || within(y, x)
	}
	return meet(outputFiles(a, y), outputFiles(b, x))
}

// readsItself is Reads for the outputs of the same job. There an input without
// a slash is a folder only if the output names a path below it, so that a job
// may read train.py and write **/*.csv.
func readsItself(input, output string) bool {
	if Glob(input) || !Glob(output) || strings.HasSuffix(input, "/") || input == "." || within(Fixed(output), input) {
		return Reads(input, output)
	}
	return meet(files{path: input}, outputFiles(output, input))
}

// excluded reports whether a pattern behind ! leaves all of an output out.
func excluded(pattern, output string) bool {
	out, base := strings.TrimSuffix(output, "/"), prefix(pattern)
	switch {
	case pattern == output, pattern == ".":
		return true
	case !Glob(pattern):
		return within(prefix(output), base)
	}
	dir, all := strings.CutSuffix(strings.TrimSuffix(pattern, "/"), "/**")
	if all && !Glob(dir) {
		return within(prefix(output), dir)
	}
	plain := !Glob(output) && out == output && !strings.HasSuffix(pattern, "/")
	return plain && meet(files{path: pattern}, files{path: output})
}

// files are what a path names: what its pattern matches, and what lies at least
// so many folders below that.
type files struct {
	path string
	tail tail
}

type tail uint8

const (
	itself     tail = iota
	andBelow        // itself, or anything below
	belowAlone      // anything below, but not itself
)

func inputFiles(p string) files {
	switch {
	case p == ".":
		return files{"**", itself}
	case strings.HasSuffix(p, "/"):
		return files{strings.TrimSuffix(p, "/"), belowAlone}
	case Glob(p):
		return files{p, itself}
	}
	return files{p, andBelow}
}

// outputFiles is what an output holds, seen by one who names paths below other.
func outputFiles(p, other string) files {
	switch {
	case strings.HasSuffix(p, "/"):
		return files{strings.TrimSuffix(p, "/"), belowAlone}
	case Glob(p), within(other, p):
		return files{p, andBelow}
	}
	return files{p, itself}
}
