package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// All problems of a file are told at once, sorted by place; each line of want
// is one of them.
func TestProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, src, want string }{
		{"own input, at the input", `jobs:
  a:
    inputs: [x, "o/*.csv"]
    outputs: [o/]
    run: x`, `mlops.yaml:3:17: job "a" reads o/, which it writes itself [own-input]`},
		{"own input that is a dataset", `data: {set: o/x}
jobs:
  a: {inputs: [data.set], outputs: [o/], run: x}`, `mlops.yaml:3:16: job "a" reads o/, which it writes itself [own-input]`},
		{"own input of every leg, once", `jobs:
  a: {inputs: [o/], outputs: [o/], strategy: {matrix: {k: [1, 2]}}, select: first, run: x}`,
			`mlops.yaml:2:16: job "a" reads o/, which it writes itself [own-input]`},
		{"two jobs, one file, at the second", `jobs:
  b: {inputs: [], outputs: [x, y], run: x}
  a: {inputs: [], outputs: [y, z], run: x}`, `mlops.yaml:3:29: jobs "b" and "a" both write y [output-twice]`},
		{"a folder over a file", `jobs:
  a: {inputs: [], outputs: [o/], run: x}
  b: {inputs: [], outputs: [o/x/y], run: x}`, `mlops.yaml:3:29: jobs "a" and "b" both write o/x/y [output-twice]`},
		{"a file under a later folder", `jobs:
  a: {inputs: [], outputs: [o/x], run: x}
  b: {inputs: [], outputs: [o], run: x}`, `mlops.yaml:3:29: jobs "a" and "b" both write o/x [output-twice]`},
		{"a glob over a file", `jobs:
  a: {inputs: [], outputs: ["*.csv"], run: x}
  b: {inputs: [], outputs: [a.csv, b.json], run: x}`, `mlops.yaml:3:29: jobs "a" and "b" both write a.csv (*.csv) [output-twice]`},
		{"a glob over a glob", `jobs:
  a: {inputs: [], outputs: ["o/*.csv"], run: x}
  b: {inputs: [], outputs: ["o/a*", "o/*.json"], run: x}`, `mlops.yaml:3:29: jobs "a" and "b" both write o/a* (o/*.csv) [output-twice]`},
		{"a folder over a glob", `jobs:
  a: {inputs: [], outputs: [o/], run: x}
  b: {inputs: [], outputs: ["o/*.csv"], run: x}`, `mlops.yaml:3:29: jobs "a" and "b" both write o/ (o/*.csv) [output-twice]`},
		{"a metrics file that another job writes", `jobs:
  a: {inputs: [], outputs: [m.json], run: x}
  b: {inputs: [], metrics: [m.json], run: x}`, `mlops.yaml:3:29: jobs "a" and "b" both write m.json [output-twice]`},
		{"three jobs", `jobs:
  a: {inputs: [], outputs: [x], run: x}
  b: {inputs: [], outputs: [x], run: x}
  c: {inputs: [], outputs: [x], run: x}`, `mlops.yaml:3:29: jobs "a" and "b" both write x [output-twice]
mlops.yaml:4:29: jobs "b" and "c" both write x [output-twice]`},
		{"all legs write one path, said once", `jobs:
  a: {inputs: [], outputs: ["x${{ matrix.k }}", y], strategy: {matrix: {k: [1, 2, 3]}}, run: x}`,
			`mlops.yaml:2:49: every leg of job "a" writes y [matrix-output]`},
		{"too many seeds", `jobs:
  a: {inputs: [], seeds: {n: 2, max: 700}, strategy: {matrix: {k: [1, 2]}}, run: x}`,
			`mlops.yaml:2:3: the seeds of job "a" make 1400 legs; at most 1024 are allowed [matrix]`},
		{"a path that is empty only when evaluated", `params: {p: ""}
jobs:
  a: {inputs: [], outputs: [ok, "${{ params.p }}"], run: x}`, `mlops.yaml:3:33: the path "" is empty [bad-path]`},
		{"paths that lead out only when evaluated", `params: {up: .., root: /etc, git: .git, win: 'a\b', web: "http://x", bell: "a\ab", open: "[a"}
jobs:
  a:
    inputs:
      - ${{ params.up }}/x
      - "!${{ params.root }}/passwd"
      - ${{ params.web }}
      - ${{ params.open }}
    outputs:
      - ${{ params.git }}/config
      - ${{ params.win }}
      - ${{ params.bell }}
      - x/${{ params.up }}
    run: x`, `mlops.yaml:5:9: the path "../x" leaves the repository [bad-path]
mlops.yaml:6:9: the path "!/etc/passwd" is absolute [bad-path]
mlops.yaml:7:9: the path "http://x" is an address [bad-path]
mlops.yaml:8:9: the path "[a" is no valid pattern: a bracket is not closed [bad-path]
mlops.yaml:10:9: the path ".git/config" lies in .git, which jobs cannot write [bad-path]
mlops.yaml:11:9: the path "a\\b" holds a backslash [bad-path]
mlops.yaml:12:9: the path "a\ab" holds a control character [bad-path]
mlops.yaml:13:9: the path "x/.." is the whole repository [bad-path]`},
		{"expressions without a value", `params: {n: "[1"}
jobs:
  b: {inputs: [], image: "${{ fromJSON(params.n) }}", run: x}
  a: {inputs: [], strategy: {matrix: {k: "${{ fromJSON(params.n) }}"}}, run: x}`,
			`mlops.yaml:3:26: Error parsing JSON when evaluating fromJson. Located within expression: fromJSON(params.n) [expression]
mlops.yaml:4:42: matrix key "k" of job "a" is not a list: Error parsing JSON when evaluating fromJson. Located within expression: fromJSON(params.n) [matrix-expression]`},
		{"an empty matrix", `jobs:
  a:
    inputs: []
    strategy:
      matrix:
        k: [1]
        exclude: [{k: 1}]
    run: x`, `mlops.yaml:6:9: the matrix of job "a" has no leg left [matrix-empty]`},
		{"sorts of problems together, in order", `jobs:
  a: {inputs: [y], outputs: [x], run: x}
  b: {inputs: [x], outputs: [y], run: x}
  c: {inputs: [c], outputs: [c], run: x}
  d: {inputs: [], outputs: [x], run: x}`,
			`mlops.yaml:2:3: jobs wait for each other: a reads y of b, b reads x of a [cycle]
mlops.yaml:4:16: job "c" reads c, which it writes itself [own-input]
mlops.yaml:5:29: jobs "a" and "d" both write x [output-twice]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(problems(t, c.src, Options{}), "\n")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What looks like a problem and is none.
func TestNoProblems(t *testing.T) {
	t.Parallel()
	for name, src := range map[string]string{
		"metrics inside the job's own folder":      `{inputs: [], outputs: [o/], metrics: [o/m.json], run: x}`,
		"a script and the tables it writes":        `{inputs: [src/a.py], outputs: ["**/*.csv"], run: x}`,
		"all but what it writes":                   `{inputs: [., "!o"], outputs: [o/], run: x}`,
		"other ends":                               `{inputs: ["*.csv"], outputs: ["*.json"], run: x}`,
		"legs with paths of their own":             `{inputs: [], outputs: ["o-${{ matrix.k }}/"], strategy: {matrix: {k: [1, 2]}}, run: x}`,
		"a leg may read another leg's name":        `{inputs: ["o-1"], outputs: ["p-${{ matrix.k }}"], strategy: {matrix: {k: [1, 2]}}, run: x}`,
		"one path for all legs, of which one wins": `{inputs: [], outputs: [o/], strategy: {matrix: {k: [1, 2]}}, select: first, run: x}`,
	} {
		if _, err := New(parse(t, "jobs:\n  a: "+src+"\n"), Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	planOf(t, "jobs:\n  a: {inputs: [], outputs: ['*.csv'], run: x}\n  b: {inputs: [], outputs: ['*.json'], run: x}\n")
}

func TestCycles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, src, want string }{
		{"two jobs", `
  a: {needs: b, run: x}
  b: {needs: a, run: x}`, `mlops.yaml:2:3: jobs wait for each other: a needs b, b needs a [cycle]`},
		{"three, with every reason, from the first in the file", `
  b: {inputs: [c.txt], outputs: [b.txt, b2.txt], run: x}
  c: {needs: a, inputs: [], outputs: [c.txt], run: x}
  a: {inputs: ["b*.txt"], run: x}`,
			`mlops.yaml:2:3: jobs wait for each other: b reads c.txt of c, c needs a, a reads b.txt and b2.txt of b [cycle]`},
		{"two circles", `
  a: {needs: b, run: x}
  b: {needs: a, run: x}
  c: {needs: d, run: x}
  d: {needs: c, run: x}`, `mlops.yaml:2:3: jobs wait for each other: a needs b, b needs a [cycle]
mlops.yaml:4:3: jobs wait for each other: c needs d, d needs c [cycle]`},
		{"two circles that share a job", `
  c: {needs: a, run: x}
  a: {needs: [b, c], run: x}
  b: {needs: a, run: x}`, `mlops.yaml:2:3: jobs wait for each other: c needs a, a needs c [cycle]
mlops.yaml:3:3: jobs wait for each other: a needs b, b needs a [cycle]`},
		{"what only waits for a circle is not on it", `
  x: {needs: a, run: x}
  a: {needs: b, run: x}
  b: {needs: [a, y], run: x}
  y: {run: x}`, `mlops.yaml:3:3: jobs wait for each other: a needs b, b needs a [cycle]`},
		{"the legs of a matrix go round once", `
  a: {needs: b, strategy: {matrix: {k: [1, 2, 3]}}, run: x}
  b: {needs: a, run: x}`, `mlops.yaml:2:3: jobs wait for each other: a@k=1 needs b, b needs a@k=1 [cycle]`},
		{"through a choice", `
  a: {inputs: [r], outputs: [m], strategy: {matrix: {k: [1, 2]}}, select: first, run: x}
  b: {inputs: [m], outputs: [r], run: x}`,
			`mlops.yaml:2:3: jobs wait for each other: a@k=1 reads r of b, b reads m of a, a needs a@k=1 [cycle]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(problems(t, "jobs:"+c.src+"\n", Options{}), "\n")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
