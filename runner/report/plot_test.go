package report

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/record"
)

// What a step wrote as a line comes back as the plot it was, NaN included, and what
// is too much is cut so that Decode takes it.
func TestPlotsAreTidied(t *testing.T) {
	t.Parallel()
	s := Section{ID: "e", Title: "E", Plots: []Plot{
		{Title: "bars", Kind: Bars, Labels: []string{"a", "b"}, Series: []Series{{Name: "s", Values: []Number{Number(math.Inf(1))}}}},
		{Title: "roc", Kind: Lines, Series: []Series{{Name: "s", Role: "loud", Points: make([]Point, MaxPlotPoints+1)}}},
		{Title: "of a later version", Kind: "violin"},
	}}
	line, err := s.Line()
	if err != nil || strings.Contains(string(line), "\n") {
		t.Fatalf("%q: %v", line, err)
	}
	run := record.Run{Jobs: []record.Job{{ID: "j", Status: record.Success, Report: []string{string(line)}}}, Status: record.Success}
	text, err := record.Canonical(Compare(&run, nil, CompareOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	plots := got.Sections[0].Plots
	if len(plots) != 2 || len(plots[1].Series[0].Points) != MaxPlotPoints || plots[1].Series[0].Role != "" {
		t.Errorf("%+v", plots)
	}
	vs := plots[0].Series[0].Values
	if len(vs) != 2 || !math.IsInf(float64(vs[0]), 1) || !math.IsNaN(float64(vs[1])) {
		t.Errorf("values %v", vs)
	}
}

// Bars without a value for each label contradict themselves.
func TestPlotsAreChecked(t *testing.T) {
	t.Parallel()
	r := Compare(&record.Run{Status: record.Success}, nil, CompareOptions{})
	r.Sections = []Section{{ID: "e", Title: "E", Plots: []Plot{{Kind: Grid, Labels: []string{"a", "b"}, Series: []Series{{Values: []Number{1}}}}}}}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Decode(strings.NewReader(string(text)))
	var invalid *InvalidError
	if !errors.As(err, &invalid) || invalid.Path != "sections[0].plots[0]" {
		t.Errorf("%v", err)
	}
}
