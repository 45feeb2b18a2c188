package evaluate

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// labelled is a table of three classes, with so many rows of the third, of which one
// model is wrong in one row in ten.
func labelled(third int, wrong string) string {
	var b strings.Builder
	b.WriteString("id,y,p\n")
	for i := range 400 {
		y, p := "cat", "cat"
		if i%2 == 1 {
			y, p = "dog", "dog"
		}
		if i < third {
			y, p = "owl", wrong
		} else if i%10 == 9 {
			p = "cat"
		}
		fmt.Fprintf(&b, "%d,%s,%s\n", i, y, p)
	}
	return b.String()
}

// A class of one row makes half of a macro average, and says nothing of its noise.
func TestClassOfOneRow(t *testing.T) {
	t.Parallel()
	in := map[string]any{"predictions": "x", "id": "id", "label": "y", "prediction": "p", "metrics": []any{"f1_macro", "balanced_accuracy", "f1_weighted", "accuracy"}}
	for _, c := range []struct {
		third int
		known bool
	}{{1, false}, {40, true}} {
		got := compared(t, in, labelled(c.third, "owl"), labelled(c.third, "cat"))
		for _, name := range []string{"f1_macro", "balanced_accuracy"} {
			m := got.find(t, name, nil)
			if (m.Change != nil) != c.known || (m.Verdict == "better") != c.known || math.IsNaN(float64(m.Candidate)) {
				t.Errorf("%d rows of a class: %s: %+v", c.third, name, m)
			}
			if !c.known && m.Reason != "class owl has one row alone, which says nothing of its noise" {
				t.Errorf("%s: %q", name, m.Reason)
			}
		}
		for _, name := range []string{"f1_weighted", "accuracy"} { // in which a row is a row
			if m := got.find(t, name, nil); m.Change == nil {
				t.Errorf("%s: %+v", name, m)
			}
		}
	}
	one := labelled(1, "owl")
	if m := compared(t, in, one, one).find(t, "f1_macro", nil); m.Verdict != "same" {
		t.Errorf("a model beside itself: %+v", m)
	}
}

// Numbers and the texts that spell them are one id, whatever a file's format makes of them.
func TestNumbersJoinTheirText(t *testing.T) {
	t.Parallel()
	const number, text = "id,y,p\n0.125,1,0.9\n-2.5,0,0.2\n7,1,0.7\n1e-9,0,0.4\n", `{"id":"0.125","y":1,"p":0.8}
{"id":"-2.5","y":0,"p":0.3}
{"id":"7","y":1,"p":0.6}
{"id":"1e-09","y":0,"p":0.4}
`
	dir := folder(t, map[string]string{"a.csv": number, "b.jsonl": text})
	in := map[string]any{"predictions": "x", "id": "id", "label": "y", "score": "p", "metrics": []any{"accuracy"}}
	c, err := Compare(t.Context(), Side{in, []string{dir + "/a.csv"}}, Side{in, []string{dir + "/b.jsonl"}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Why != "" || c.Rows != 4 {
		t.Errorf("%d rows, %v: %s", c.Rows, c.Mismatch, c.Why)
	}
}
