package plan

import (
	"fmt"
	"strings"
	"testing"
)

// One job writes outputs, the other reads inputs; want is what it reads.
func TestEdges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, outputs, inputs string
		want                  string // paths of the edge; "" for none
	}{
		{"the same file", "a.csv", "a.csv", "a.csv"},
		{"however it is written", "./x/../a.csv", ".//a.csv", "a.csv"},
		{"another file", "a.csv", "b.csv", ""},
		{"a name that goes on", "data", "database", ""},
		{"a name that goes on, in a folder", "data/", "data-old/x", ""},
		{"a name that sorts between a folder and its files", "a/x a-b", "a", "a/x"},
		{"a file in a folder", "model/", "model/w.bin", "model/"},
		{"a file in a folder without a slash", "model", "model/w.bin", "model"},
		{"a folder with a file", "model/w.bin", "model/", "model/w.bin"},
		{"a folder without a slash", "model/w.bin", "model", "model/w.bin"},
		{"a folder and a folder", "model/", "model", "model/"},
		{"a folder far above", "a/b/c/d.txt", "a", "a/b/c/d.txt"},
		{"a file far below", "a", "a/b/c/d.txt", "a"},
		{"everything", "a.csv b/", ".", "a.csv b/"},
		{"a glob over files", "a.csv b.json", "*.csv", "a.csv"},
		{"a glob does not cross a slash", "x/a.csv", "*.csv", ""},
		{"a deep glob does", "x/y/a.csv", "**/*.csv", "x/y/a.csv"},
		{"a deep glob starts at the top", "a.csv", "**/*.csv", "a.csv"},
		{"a glob may reach into a folder", "out/", "out/*.csv", "out/"},
		{"a glob may reach into a folder without a slash", "out", "out/*.csv", "out"},
		{"a glob names files, not the folder itself", "out/", "o*", ""},
		{"a glob with a slash names folders", "out/", "o*/", "out/"},
		{"any file may lie in a folder", "out/", "**/*.csv", "out/"},
		{"a file is no folder to a glob", "metrics.json", "**/*.csv", ""},
		{"a glob that everything below matches", "a/b.txt", "a/**", "a/b.txt"},
		{"a class", "a1.csv ab.csv", "a[0-9].csv", "a1.csv"},
		{"a class turned round", "a1.csv ab.csv", "a[!0-9].csv", "ab.csv"},
		{"braces", "a.csv a.json a.txt", "a.{csv,json}", "a.csv a.json"},
		{"braces with a slash", "x/a.csv b.csv", "{x/a,c}.csv", "x/a.csv"},
		{"one character", "a1.csv a12.csv", "a?.csv", "a1.csv"},
		{"an output that is a glob", "part-*.csv", "part-1.csv", "part-*.csv"},
		{"an output that is a glob, not that one", "part-*.csv", "whole.csv", ""},
		{"the folder of a glob", "out/*.csv", "out/", "out/*.csv"},
		{"the folder of a glob without a slash", "out/*.csv", "out", "out/*.csv"},
		{"below what a glob writes", "out-*", "out-1/x.csv", "out-*"},
		{"two globs that meet", "a*.csv", "*b.csv", "a*.csv"},
		{"two globs that do not", "*.json", "*.csv", ""},
		{"two globs of other folders", "a/*.csv", "b/*.csv", ""},
		{"two globs one below the other", "out/**", "out/a/*.csv", "out/**"},
		{"an excluded file", "a.csv b.csv", "*.csv !b.csv", "a.csv"},
		{"an excluded folder", "out/ b.csv", ". !out", "b.csv"},
		{"an excluded folder's content", "out/ b.csv", ". !out/**", "b.csv"},
		{"excluded by a glob", "a.csv b.csv", "*.csv !b*", "a.csv"},
		{"excluded as it stands there", "a-*.csv b.csv", "*.csv !a-*.csv", "b.csv"},
		{"a glob of files does not exclude a folder", "out/", ". !o*", "out/"},
		{"all is excluded", "out/", "out/x !.", ""},
		{"only a part of it is excluded", "out/", ". !out/tmp/", "out/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := planOf(t, fmt.Sprintf("jobs:\n  w: {inputs: [], outputs: %s, run: x}\n  r: {inputs: %s, run: x}\n",
				yamlList(strings.Fields(c.outputs)), yamlList(strings.Fields(c.inputs))))
			var want []Need
			if c.want != "" {
				want = []Need{{Node: 0, Paths: strings.Fields(c.want)}}
			}
			same(t, "needs", want, p.Node("r").Needs)
		})
	}
}

func TestEdgeKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, src, want string }{
		{"needs and data are one edge", `
  a: {inputs: [], outputs: [a.csv], run: x}
  b: {inputs: [a.csv], needs: a, run: x}`, "a\nb  ← a (a.csv)\n"},
		{"a metrics file is an output", `
  a: {inputs: [], metrics: [m.json], run: x}
  b: {inputs: [m.json], run: x}`, "a\nb  ← a (m.json)\n"},
		{"an output that is also read for metrics counts once", `
  a: {inputs: [], outputs: [m.json], metrics: [m.json], run: x}
  b: {inputs: ["*.json"], run: x}`, "a\nb  ← a (m.json)\n"},
		{"all that git tracks is no edge", `
  a: {inputs: [], outputs: [a.csv], run: x}
  b: {run: x}`, "a\nb\n"},
		{"a dataset that another job writes", `
  b: {inputs: [data.set], run: x}
  a: {inputs: [], outputs: [made/], run: x}
data: {set: made/set.csv}`, "a\nb  ← a (made/)\n"},
		{"a dataset that only an expression names", `
  b: {inputs: [], run: "cat ${{ data.SET }}"}
  a: {inputs: [], outputs: [made/], run: x}
data: {set: made/set.csv}`, "a\nb  ← a (made/)\n"},
		{"a dataset whose path is an expression", `
  b: {inputs: [data.set], run: x}
  a: {inputs: [], outputs: [v2/], run: x}
params: {v: v2}
data: {set: "${{ params.v }}/set.csv"}`, "a\nb  ← a (v2/)\n"},
		{"an address is no path", `
  a: {inputs: [], outputs: ["s3:/", "*/x"], run: x}
  b: {inputs: [data.set], run: x}
data: {set: {path: "s3://b/x", digest: "sha256:` + strings.Repeat("0", 64) + `"}}`, "a\nb\n"},
		{"needs of a matrix job are its legs", `
  a: {inputs: [], strategy: {matrix: {k: [1, 2]}}, run: x}
  b: {inputs: [], needs: a, run: x}`, "a@k=1\na@k=2\nb      ← a@k=1, a@k=2\n"},
		{"of select, the choice", `
  a: {inputs: [], outputs: [m/], strategy: {matrix: {k: [1, 2]}}, select: first, run: x}
  b: {inputs: [m/w], needs: a, run: x}`, "a@k=1\na@k=2\na      ← a@k=1, a@k=2\nb      ← a (m/)\n"},
		{"a choice may have the outputs of any leg", `
  a: {inputs: [], outputs: ["m${{ matrix.k }}"], strategy: {matrix: {k: [1, 2]}}, select: first, run: x}
  b: {inputs: [m2], run: x}`, "a@k=1\na@k=2\na      ← a@k=1, a@k=2\nb      ← a (m2)\n"},
		{"a leg reads what that leg writes", `
  a: {inputs: [], outputs: ["m${{ matrix.k }}"], strategy: {matrix: {k: [1, 2]}}, run: x}
  b: {inputs: ["m${{ matrix.k }}"], strategy: {matrix: {k: [1, 2]}}, run: x}`,
			"a@k=1\na@k=2\nb@k=1  ← a@k=1 (m1)\nb@k=2  ← a@k=2 (m2)\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			same(t, "graph", c.want, text(t, planOf(t, "jobs:"+c.src+"\n")))
		})
	}
}
