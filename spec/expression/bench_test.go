package expression

import (
	"fmt"
	"testing"
)

// benchEnv and benchScope are what a gate may read in a middling file.
func benchEnv() *Env {
	fields := map[string]Type{}
	for i := range 50 {
		fields[fmt.Sprintf("p%d", i)] = NumberType()
	}
	return &Env{Names: map[string]Type{"auc": MetricType(), "baseline": ObjectOf(map[string]Type{"auc": MetricType()}),
		"params": ObjectOf(fields), "github": object(map[string]Type{"ref": StringType()}, Type{}, true)}}
}

func benchScope() *Scope {
	params := map[string]any{}
	for i := range 50 {
		params[fmt.Sprintf("p%d", i)] = float64(i)
	}
	return &Scope{Names: map[string]any{"auc": 0.912, "baseline": FromGo(map[string]any{"auc": 0.915}),
		"params": FromGo(params), "github": FromGo(map[string]any{"ref": "refs/heads/main"})}}
}

const benchGate = "auc >= 0.8 && auc >= baseline.auc - 0.002"

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := Parse(benchGate); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	env := benchEnv()
	x, err := Parse(benchGate)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, errs := x.Check(env); errs != nil {
			b.Fatal(errs)
		}
	}
}

// BenchmarkTemplates is what a file with 10,000 expressions costs to check; the aim is 20 ms.
func BenchmarkTemplates(b *testing.B) {
	env := benchEnv()
	for b.Loop() {
		for i := range 10_000 {
			t, err := ParseTemplate("--lr ${{ params.p7 }}")
			if err != nil {
				b.Fatal(err)
			}
			if _, errs := t.Check(env); errs != nil {
				b.Fatal(i, errs)
			}
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		x, err := Parse(benchGate)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := compile(&lowerer{src: x.src}, x.root); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEval(b *testing.B) {
	for _, src := range []string{"params.p7", "github.ref == 'refs/heads/main'", benchGate, "format('{0}-{1}', params.p1, params.p2)"} {
		b.Run(src, func(b *testing.B) {
			s := benchScope()
			x, err := Parse(src)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := x.Eval(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkTrace(b *testing.B) {
	s := benchScope()
	x, err := Parse(benchGate)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := x.Trace(s); err != nil {
			b.Fatal(err)
		}
	}
}
