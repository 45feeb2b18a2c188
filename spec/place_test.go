package spec

import "testing"

// Inputs of actions are found where they stand, in jobs of one step and of many.
func TestInputLines(t *testing.T) {
	t.Parallel()
	source := []byte(`name: x
jobs:
  one:
    uses: data-check
    with:
      data: a.csv
      columns: {a.b: int,
        c: float}
  two:
    steps:
      - run: x
      - uses: data-check
        with:
          data: b.csv
          rules:
            - a > 1
            - {check: b > 1,
               allow: 1%}
          disjoint: c.csv
`)
	f, ds := Parse(FileName, source, Options{})
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	for _, tt := range []struct {
		job  int
		path string
		want int
	}{
		{0, "data", 6}, {0, "columns.a.b", 7}, {0, "columns.c", 8}, {0, "rows", 6},
		{1, "rules[0]", 16}, {1, "rules[1]", 17}, {1, "rules[1].allow", 18}, {1, "disjoint[0]", 19},
	} {
		steps := f.Jobs[tt.job].Steps
		if got := FindInputs(source, steps[len(steps)-1].Pos).Line(tt.path); got != tt.want {
			t.Errorf("%s of job %d: line %d, want %d", tt.path, tt.job, got, tt.want)
		}
	}
	if got := FindInputs(source, Pos{1, 1}).Line("data"); got != 0 {
		t.Errorf("a place without a step: line %d", got)
	}
}
