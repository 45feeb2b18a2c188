package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// writeFiles writes content(i) to n files, a hundred to a folder, and returns
// their paths relative to dir, in order.
func writeFiles(dir string, n int, content func(i int) []byte) ([]string, error) {
	paths := make([]string, n)
	for i := range n {
		folder := fmt.Sprintf("d%04d", i/100)
		if i%100 == 0 {
			if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
				return nil, err
			}
		}
		paths[i] = fmt.Sprintf("%s/f%06d", folder, i)
		if err := os.WriteFile(filepath.Join(dir, paths[i]), content(i), 0o644); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// block returns size bytes that differ for each i, cheap to make and without
// long runs, so that no file system or hash finds them special.
func block(i, size int) []byte {
	out := make([]byte, size)
	state := uint64(i)*0x9E3779B97F4A7C15 + 1
	for at := 0; at < size; at += 8 {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		for k := 0; k < 8 && at+k < size; k++ {
			out[at+k] = byte(state >> (8 * k))
		}
	}
	return out
}

// A graph is n independent jobs, each with one input file and one output file,
// the same for mlops, ninja and make.
type graph struct {
	dir string
	n   int
}

// newGraph writes the graph's inputs and the three programs' files into dir.
func newGraph(dir string, n int) (graph, error) {
	g := graph{dir, n}
	if err := os.MkdirAll(filepath.Join(dir, "in"), 0o755); err != nil {
		return g, err
	}
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, "in", g.id(i)), []byte(g.id(i)+"\n"), 0o644); err != nil {
			return g, err
		}
	}
	for name, text := range map[string]string{"mlops.yaml": g.mlops(), "build.ninja": g.ninja(), "Makefile": g.makefile()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return g, err
		}
	}
	return g, nil
}

func (graph) id(i int) string { return fmt.Sprintf("j%05d", i+1) }

func (g graph) mlops() string {
	var s strings.Builder
	s.WriteString("name: bench\ndefaults: {shell: sh}\njobs:\n")
	for i := range g.n {
		fmt.Fprintf(&s, "  %[1]s: {run: \": > out.%[1]s\", inputs: [in/%[1]s], outputs: [out.%[1]s]}\n", g.id(i))
	}
	return s.String()
}

func (g graph) ninja() string {
	var s strings.Builder
	s.WriteString("rule touch\n  command = : > $out\n")
	for i := range g.n {
		fmt.Fprintf(&s, "build ninja.%[1]s: touch in/%[1]s\n", g.id(i))
	}
	return s.String()
}

func (g graph) makefile() string {
	var all, rules strings.Builder
	all.WriteString("all:")
	for i := range g.n {
		fmt.Fprintf(&all, " make.%s", g.id(i))
		fmt.Fprintf(&rules, "make.%[1]s: in/%[1]s\n\t@: > $@\n", g.id(i))
	}
	return all.String() + "\n" + rules.String()
}

// stepsFile is an mlops.yaml of one job with n steps that do nothing. image is
// "" for the host.
func stepsFile(n int, image string) string {
	var s bytes.Buffer
	s.WriteString("name: steps\njobs:\n  job:\n    cache: false\n    inputs: []\n    network: none\n")
	if image != "" {
		fmt.Fprintf(&s, "    image: %s\n", image)
	}
	s.WriteString("    steps:\n" + strings.Repeat("      - {run: \"true\", shell: sh}\n", n))
	return s.String()
}

// workflowFile is the same for act.
func workflowFile(n int) string {
	return "on: push\njobs:\n  job:\n    runs-on: ubuntu-latest\n    steps:\n" +
		strings.Repeat("      - {run: \"true\", shell: sh}\n", n)
}

// largeFile is a realistic mlops.yaml of n jobs, each with most of the keys that jobs have.
func largeFile(n int) []byte {
	var s bytes.Buffer
	s.WriteString("name: large\nparams: {lr: 0.1, depth: 4}\ndefaults: {image: python:3.12-slim, timeout-minutes: 60}\njobs:\n")
	for i := range n {
		fmt.Fprintf(&s, `  train%05[1]d:
    inputs: [src/train.py, data/part%05[1]d.csv]
    outputs: [model%05[1]d/, metrics%05[1]d.json]
    resources: {cpus: 2, memory: 4GiB}
    env: {STAGE: train, PART: "%05[1]d"}
    steps:
      - name: fit
        run: python src/train.py --lr ${{ params.lr }} --depth ${{ params.depth }} --part %05[1]d
`, i+1)
	}
	return s.Bytes()
}

// gitRepository makes dir a repository with everything in it committed.
func (b *bench) gitRepository(dir string) error {
	for _, argv := range [][]string{
		{"git", "init", "-q"},
		{"git", "add", "-A"},
		{"git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0", "commit", "-q", "-m", "corpus"},
	} {
		if _, err := execute(b.ctx, dir, argv...); err != nil {
			return err
		}
	}
	return nil
}
