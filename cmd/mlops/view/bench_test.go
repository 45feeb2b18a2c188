package view

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner"
)

// samples are kinds of output that jobs print, as chunks of about 64 KiB.
func samples() map[string][]byte {
	chunk := func(line string) []byte { return bytes.Repeat([]byte(line), 64<<10/len(line)) }
	return map[string][]byte{
		"ascii":   chunk("2026-03-02 10:15:00,123 INFO trainer epoch 3 batch 120/4000 loss 0.2134 lr 0.0003 (12.3 it/s)\n"),
		"short":   chunk("loss 0.2134\n"),
		"colored": chunk("\x1b[32mINFO\x1b[0m trainer epoch 3 batch 120/4000 \x1b[1mloss 0.2134\x1b[0m lr 0.0003 (12.3 it/s)\n"),
		"unicode": chunk("Época 3 — Verlust 0,2134 ████████████░░░░ 75% 学習率 0.0003 в процессе обучения модели\n"),
		"bars":    chunk("\r 10%|#         | 1/10\r 20%|##        | 2/10\r100%|##########| 10/10\n"),
	}
}

func BenchmarkOutput(b *testing.B) {
	for _, kind := range []Kind{Plain, JSON, GitHub, TTY, Quiet} {
		for name, data := range samples() {
			b.Run(string(kind)+"/"+name, func(b *testing.B) {
				v := New(kind, Options{Out: io.Discard, Err: io.Discard})
				e := runner.Event{Kind: runner.JobOutput, Job: "train@depth=4", Data: data, Time: time.Now()}
				v.Event(e)
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					v.Event(e)
				}
				if err := v.Close(); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

func BenchmarkClean(b *testing.B) {
	for name, line := range hard() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(line)))
			var dst []byte
			for b.Loop() {
				dst = cleaner{color: true, expand: true}.append(dst[:0], line)
			}
		})
	}
}

// hard are lines that a careless cleaner would need quadratic time for.
func hard() map[string][]byte {
	fill := func(s string) []byte { return []byte(strings.Repeat(s, 64<<10/len(s))) }
	return map[string][]byte{
		"titles": fill("\x1b]"), "tabs": fill("\t"), "parameters": append([]byte("\x1b["), fill("1;")...), "colors": fill("\x1b[31m"),
		"extended": fill("\x1b[38;5;1;38;5;1;38;5;1m"), "designations": fill("\x1b("), "intermediates": fill("\x1b[ "), "bytes": fill("\xff"), "returns": fill("a\r"), "wide tabs": fill("界\t"),
	}
}

// The cleaner needs time in proportion to a line, whatever stands in it.
func TestCleanIsLinear(t *testing.T) {
	for name, line := range hard() {
		start := time.Now()
		cleaner{color: true, expand: true}.append(nil, line)
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%s: 64 KiB took %v", name, took)
		}
	}
}
