package main

import "testing"

func TestModelChangeBrief(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind, from, to   string
		wantFrom, wantTo string
	}{
		"five digits":       {"metric", "0.8431952662721893", "0.8512396694214877", "0.8432", "0.85124"},
		"the ninth differs": {"metric", "0.843195266", "0.843195267", "0.843195266", "0.843195267"},
		"one has it":        {"metric", "", "1234567", "", "1,234,567"},
		"no number":         {"metric", "NaN", "0.5", "NaN", "0.5"},
		"params stay":       {"param", "0.8431952662721893", "0.85", "0.8431952662721893", "0.85"},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := modelChange{c.kind, "m", c.from, c.to}.brief()
			if from != c.wantFrom || to != c.wantTo {
				t.Errorf("%q, %q", from, to)
			}
		})
	}
}
