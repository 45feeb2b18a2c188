package record

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// FuzzMetrics reads foreign bytes in every format. No reader panics, errors
// say where, the same bytes give the same metrics, and what was read can be
// written to a record and read back.
func FuzzMetrics(f *testing.F) {
	for _, seed := range []string{
		`{"auc": 0.91, "val": {"f1": [1, 2]}}`, `[{"step": 1, "loss": NaN}, {"step": 2, "loss": -Infinity}]`,
		`[{"name": "auc", "value": 0.9, "slice": {"region": "EU"}, "history": [[1, 0.5], [2, "NaN"]]}]`,
		"val:\n  auc: .nan\n  n: 1_000\n", "a: &a {b: 1}\nc:\n  <<: *a\n  d: *a\n", "- {step: 1, loss: .inf}\n- {step: 2, loss: 2}\n",
		"auc = 0.9\n[val]\nf1 = 1e-3\nnan = nan\n", "[[h]]\nstep = 1\nloss = 2.0\n",
		"epoch,loss,acc\n1,0.9,0.5\n2,nan,inf\n", "metric,value,unit,better,region\nauc,0.9,,higher,EU\n", "step\tloss\n1\t2\n",
		"auc=0.91\nloss = 0.3, acc=nan step=2\n{\"a\": 1}\n# note\nbad line\n", "\xef\xbb\xbf{\"a\": 1e400}", "\xff\xfe{", "",
	} {
		for i := range len(metricFormats()) + 1 {
			f.Add(uint8(i), seed)
		}
	}
	f.Fuzz(func(t *testing.T, format uint8, text string) {
		ms, err := readAs(format, text)
		checkMetricErrors(t, err)
		again, errAgain := readAs(format, text)
		if (err == nil) != (errAgain == nil) || cmp.Diff(ms, again, cmpopts.EquateNaNs()) != "" {
			t.Errorf("read twice, different: %v, %v", err, errAgain)
		}
		checkMetrics(t, ms)
	})
}

// readAs reads text in one of the file formats, or as metric lines.
func readAs(format uint8, text string) ([]Metric, error) {
	formats := metricFormats()
	if i := int(format) % (len(formats) + 1); i < len(formats) {
		return ReadMetrics("metrics"+formats[i], strings.NewReader(text))
	}
	return MetricReader{}.Lines(text)
}

// checkMetricErrors checks that each of the joined errors says what is wrong where.
func checkMetricErrors(t *testing.T, err error) {
	if err == nil {
		return
	}
	errs := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		errs = joined.Unwrap()
	}
	for _, e := range errs {
		var typed *MetricError
		if !errors.As(e, &typed) || typed.File == "" || typed.Line < 0 || typed.Err.Error() == "" {
			t.Errorf("%T %v, want a MetricError with a place", e, e)
		}
	}
}

// checkMetrics checks what a record relies on.
func checkMetrics(t *testing.T, ms []Metric) {
	seen := map[string]bool{}
	for i := range ms {
		m := &ms[i]
		if err := checkName(*m); err != nil || seen[m.Key()] {
			t.Errorf("%s: %v, twice: %v", m.Key(), err, seen[m.Key()])
		}
		seen[m.Key()] = true
		if len(m.History) == 1 || len(m.History) > MaxPoints+1 {
			t.Errorf("%s has %d points", m.Key(), len(m.History))
		}
		line, err := CanonicalLine(*m)
		if err != nil {
			t.Fatal(err)
		}
		var back Metric
		if err := json.Unmarshal(line, &back); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if d := cmp.Diff(*m, back, cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("written (-) and read (+) differ:\n%s", d)
		}
	}
}
