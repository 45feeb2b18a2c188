package render

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
)

// hostile are texts that a careless rendering would let become something else.
func hostile() []string {
	return []string{
		"@everyone", "@org/team", "a@b.test", "#123", "GH-1", "octo/repo#5", "octo/repo@8c1d2e7f", "8c1d2e7f0a4be6a1c7d3e5f8091a2b3c4d5e6f70", "!12 %3 ~bug $7 &4",
		"https://evil.test/x", "HTTP://evil.test", "www.evil.test", "ftp://evil.test", "mailto:a", "<https://evil.test>", "[x](https://evil.test)", "![x](https://evil.test)", "[x]: https://evil.test", "[^1]",
		"|", "||", `\|`, `a\\|b`, `\`, "`", "``", "`x` ``y``", "```", "```` x", "~~~", "\n```\n", "\n\n# heading\n\n", "# heading", "heading\n===", "- item", "1. item", "10) item", "+ item", "* item", "> quote", "---", "***", "- [ ] task",
		"-->", "<!--", "<!-- mlops:report v=1 -->", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<b", "</details>", "</summary>", "<details>", "</code>", "]]>", "&lt;b&gt;", "&#64;evil", "**b** _i_ ~~s~~", "*", "_", "__init__", "$x$", ":tada:", "\\@evil",
		"\x00", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\u202eevil\u202c", "\u2066x\u2069", "\u200b\u200d\ufeff", "\u00ad", "\u2028x\u2029", "\xff\xfe", "\r\n", "\t", "::error::x", "##[group]x", "%%{init: {}}%%", `"`, "'", "\"]; x", "line[1,2]",
		"[Month-to-month,", "170000000", "-1.5e-07", "[-1, 1]", "{+x+}", "[-x-]", "[[page]]", "[x](y)", "![x](y)", "(1234567)", "1234567.", "{x}",
		"", " ", strings.Repeat("x", 10_000), strings.Repeat("`", 500), strings.Repeat("|", 500), strings.Repeat("é", 3000), strings.Repeat("</details>", 300), strings.Repeat("\n", 300), strings.Repeat("Z\u0301", 400), "名前", "👩‍💻 ok", "ok", "auc", "region=EU",
	}
}

// A world makes random values of any type from hostile texts.
type world struct {
	rng   *rand.Rand
	texts []string
	most  int // elements of a list
}

func newWorld(seed uint64, most int) *world {
	return &world{rand.New(rand.NewPCG(seed, 1)), hostile(), most}
}

func (w *world) text() string {
	s := w.texts[w.rng.IntN(len(w.texts))]
	for w.rng.IntN(3) == 0 {
		s += []string{"", " ", "-", "\n"}[w.rng.IntN(4)] + w.texts[w.rng.IntN(len(w.texts))]
	}
	return s
}

func (w *world) number() float64 {
	all := []float64{0, math.Copysign(0, -1), 1, -1, 0.1, 0.30000000000000004, 1e-300, -1e-7, 1e300, math.MaxFloat64, -math.MaxFloat64, math.NaN(), math.Inf(1), math.Inf(-1), 41203, 5e-324}
	if w.rng.IntN(2) == 0 {
		return w.rng.NormFloat64() * math.Pow(10, float64(w.rng.IntN(12)-6))
	}
	return all[w.rng.IntN(len(all))]
}

// report makes a report in which every field may hold anything.
func (w *world) report() *report.Report {
	var r report.Report
	w.fill(reflect.ValueOf(&r).Elem())
	for i := range r.Gates {
		r.Gates[i].Outcome = pickFrom(w, report.Passed, report.Failed, report.NoBaseline, report.Undecided, r.Gates[i].Outcome)
	}
	for i := range r.Metrics {
		r.Metrics[i].Verdict = pickFrom(w, report.Better, report.Worse, report.Same, report.CantTell, "", report.Gone, r.Metrics[i].Verdict)
	}
	for i := range r.Promotions {
		r.Promotions[i].Outcome = pickFrom(w, record.Moved, record.Registered, record.Unchanged, record.Refused, record.Undecided, r.Promotions[i].Outcome)
	}
	for i := range r.Jobs {
		r.Jobs[i].Status = pickFrom(w, record.Success, record.Failure, record.Cancelled, r.Jobs[i].Status)
	}
	for _, s := range r.Sections {
		for i := range s.Plots {
			s.Plots[i].Kind = pickFrom(w, report.Lines, report.Bars, report.Points, report.Grid, s.Plots[i].Kind)
			for k := range s.Plots[i].Series {
				s.Plots[i].Series[k].Role = pickFrom(w, "", report.RoleBaseline, report.RoleReference, s.Plots[i].Series[k].Role)
			}
		}
	}
	r.Decision = pickFrom(w, report.Promote, report.Blocked, report.Broken, r.Decision)
	return &r
}

func pickFrom[T any](w *world, all ...T) T { return all[w.rng.IntN(len(all))] }

func (w *world) fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(w.text())
	case reflect.Bool:
		v.SetBool(w.rng.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(w.rng.Int64N(1<<40) - 1000)
	case reflect.Float64:
		v.SetFloat(w.number())
	case reflect.Uint8:
		v.SetUint(w.rng.Uint64N(256))
	case reflect.Pointer:
		if w.rng.IntN(4) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			w.fill(v.Elem())
		}
	case reflect.Slice:
		w.slice(v)
	case reflect.Array:
		for i := range v.Len() {
			w.fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range w.rng.IntN(3) {
			v.SetMapIndex(reflect.ValueOf(w.text()), reflect.ValueOf(w.text()))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(w.rng.Int64N(1<<32), 0)))
			return
		}
		for i := range v.NumField() {
			w.fill(v.Field(i))
		}
	}
}

func (w *world) slice(v reflect.Value) {
	n := w.rng.IntN(w.most + 1)
	v.Set(reflect.MakeSlice(v.Type(), n, n))
	for i := range n {
		w.fill(v.Index(i))
	}
}
