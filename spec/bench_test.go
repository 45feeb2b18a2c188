package spec

import (
	"bytes"
	"fmt"
	"testing"

	"gopkg.in/yaml.v3"
)

// largeFile is a pipeline of n jobs of eight lines each.
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

func BenchmarkParse1000Jobs(b *testing.B)  { benchmarkParse(b, 1000) }
func BenchmarkParse10000Jobs(b *testing.B) { benchmarkParse(b, 10000) }

// BenchmarkYAMLNode1000Jobs and its like are the floor: the same bytes decoded
// to nodes and no further. Parse should stay within 1.3 of it.
func BenchmarkYAMLNode1000Jobs(b *testing.B)  { benchmarkNode(b, 1000) }
func BenchmarkYAMLNode10000Jobs(b *testing.B) { benchmarkNode(b, 10000) }

func benchmarkParse(b *testing.B, jobs int) {
	src := largeFile(jobs)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if f, ds := Parse(FileName, src, Options{}); len(ds) > 0 || len(f.Jobs) != jobs {
			b.Fatal(ds)
		}
	}
}

func benchmarkNode(b *testing.B, jobs int) {
	src := largeFile(jobs)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		var n yaml.Node
		if err := yaml.Unmarshal(src, &n); err != nil {
			b.Fatal(err)
		}
	}
}
