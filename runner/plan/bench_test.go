package plan

import (
	"bytes"
	"fmt"
	"strconv"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/mlops-runner/mlops/spec"
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

func sizes(b *testing.B, each func(b *testing.B, n int)) {
	for _, n := range []int{1000, 10000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			each(b, n)
		})
	}
}

func BenchmarkNew(b *testing.B) {
	sizes(b, func(b *testing.B, n int) {
		f := parse(b, string(largeFile(n)))
		for b.Loop() {
			if _, err := New(f, Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkNewGlobs is the same for jobs of which each reads by a glob what all
// others might write.
func BenchmarkNewGlobs(b *testing.B) {
	sizes(b, func(b *testing.B, n int) {
		var s bytes.Buffer
		s.WriteString("jobs:\n")
		for i := range n {
			fmt.Fprintf(&s, "  j%[1]d: {inputs: ['src/**/*.py', 'in%[1]d/*.csv'], outputs: ['out%[1]d/*.csv', 'm%[1]d.json'], run: x}\n", i)
		}
		f := parse(b, s.String())
		for b.Loop() {
			if _, err := New(f, Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	sizes(b, func(b *testing.B, n int) {
		p := planOf(b, string(largeFile(n)))
		for b.Loop() {
			p.Encode()
		}
	})
}

// BenchmarkDecode is what the plan cache costs; it should stay within a tenth of
// BenchmarkYAMLNode, which is the least that reading the file would.
func BenchmarkDecode(b *testing.B) {
	sizes(b, func(b *testing.B, n int) {
		data := planOf(b, string(largeFile(n))).Encode()
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if _, err := Decode(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkYAMLNode(b *testing.B) {
	sizes(b, func(b *testing.B, n int) {
		src := largeFile(n)
		b.SetBytes(int64(len(src)))
		for b.Loop() {
			var doc yaml.Node
			if err := yaml.Unmarshal(src, &doc); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	sizes(b, func(b *testing.B, n int) {
		src := largeFile(n)
		for b.Loop() {
			if _, ds := spec.Parse(spec.FileName, src, spec.Options{}); len(ds) > 0 {
				b.Fatal(ds)
			}
		}
	})
}
