package render

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/report"
)

func blockOf(t *testing.T, key string, d report.Decision) Block {
	r := load(t, "promote")
	r.Pipeline, r.Decision = key, d
	return Block{Key: key, Decision: d, Text: rendered(t, Markdown, r, Options{}), Trailer: "<!-- marker " + key + " -->"}
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	blocks := []Block{blockOf(t, "b", report.Promote), blockOf(t, "a", report.Promote), blockOf(t, "c", report.Blocked), blockOf(t, "d", report.Broken), blockOf(t, "e", report.Inconclusive)}
	o := Options{Trailer: "<!-- whole -->", Links: Links{Report: "https://ci.test/r"}}
	all, err := Blocks(blocks, o)
	if err != nil {
		t.Fatal(err)
	}
	order := func(text string) (keys string) {
		for line := range strings.Lines(text) {
			if _, marker, ok := strings.Cut(line, "<!-- marker "); ok {
				keys += marker[:1]
			}
		}
		return keys
	}
	if order(all) != "dceab" || !strings.HasSuffix(all, "\n<!-- whole -->\n") {
		t.Errorf("order %s in\n%s", order(all), all)
	}
	for _, c := range []struct {
		budget           int
		keys             string
		whole, headlines int
		dropped          string
	}{
		{len(all), "dceab", 5, 5, ""},
		{len(all) - 1, "dceab", 4, 5, ""},
		{len(all) / 2, "dceab", 2, 5, ""},
		{1500, "dceab", 0, 5, ""},
		{700, "dce", 0, 3, "2 more pipelines: [full report](https://ci.test/r)"},
		{200, "", 0, 0, "5 more pipelines: [full report](https://ci.test/r)"},
	} {
		o.Budget = c.budget
		got, err := Blocks(blocks, o)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) > c.budget || order(got) != c.keys || strings.Count(got, "| metric |") != c.whole || strings.Count(got, "### ") != c.headlines || !strings.Contains(got, c.dropped) || !strings.HasSuffix(got, "<!-- whole -->\n") {
			t.Errorf("budget %d: %d bytes, order %s\n%s", c.budget, len(got), order(got), got)
		}
	}
	o.Budget = 40
	if _, err := Blocks(blocks, o); !errors.Is(err, ErrBudget) {
		t.Errorf("a budget of 40 bytes: %v", err)
	}
}

// TestFormsInOrder squeezes a report and looks which section gets shorter next.
func TestFormsInOrder(t *testing.T) {
	t.Parallel()
	r := load(t, "promote")
	failed := load(t, "error")
	r.Jobs = append(r.Jobs, failed.Jobs[1])
	for i := range 40 {
		r.Sections[0].Rows = append(r.Sections[0].Rows, []string{fmt.Sprint("more=", i), "1", "0.5", "0.5", "0", "", "same"})
	}
	s := newShrinker(newPage(r, options(), topRows, false), true)
	var order []string
	for budget := s.size - 1; budget >= 1300; budget = s.size - 1 {
		before := s.texts
		s = newShrinker(newPage(r, options(), topRows, false), true)
		s.fit(budget)
		for _, i := range s.page.byRank() {
			if id := s.page.sections[i].id; len(s.texts[i]) < len(before[i]) && (len(order) == 0 || order[len(order)-1] != id) {
				order = append(order, id)
			}
		}
	}
	want := "curves jobs job-6 reproduce code params inputs section-1 section-2 promotions metrics curves jobs job-6 reproduce"
	if got := strings.Join(order, " "); !strings.HasPrefix(got, want) {
		t.Errorf("shortened in the order\n%s\nwant\n%s", got, want)
	}
}

// Each step says what it leaves out.
func TestFormsSayWhatIsLeft(t *testing.T) {
	t.Parallel()
	r := load(t, "many")
	o := options()
	for budget, want := range map[int][]string{
		30_000: {"<details><summary><b>Other metrics</b>", "more metrics: [full report](https://ci.test/r/9f2c)"},
		8_000:  {"465 more metrics: [full report]", "60 of 400 parameters changed: [full report]", "| **`auc`** |"},
		4_000:  {"20 more", "[full report]"},
	} {
		o.Budget = budget
		md := rendered(t, Markdown, r, o)
		for _, w := range want {
			if !strings.Contains(md, w) && budget > MinBudget {
				t.Errorf("no %q within %d bytes:\n%s", w, budget, md)
			}
		}
		if len(md) > budget || len(md) < budget/4 {
			t.Errorf("%d bytes of %d are used", len(md), budget)
		}
	}
}

// The smallest budget is enough for whatever the report and the links are.
func TestSmallestBudget(t *testing.T) {
	t.Parallel()
	long := func(prefix string) string { return prefix + strings.Repeat("x", maxAddress-len(prefix)) }
	for _, s := range append(hostile(), strings.Repeat("` b ", 100), strings.Repeat("* < ", 100), strings.Repeat("&lt; ", 100), strings.Repeat("`a` |", 100)) {
		w := newWorld(1, 8)
		w.texts = []string{s, s, s, s + s}
		r := w.report()
		r.Base, r.Baseline.Behind = &r.Head, 5
		o := Options{
			Budget: MinBudget, Trailer: "<!--" + strings.Repeat("x", 992) + "-->", Version: s,
			Links: Links{Report: long("https://ci.test/"), Run: long("https://ci.test/run/"), Commit: "https://ci.test/" + strings.Repeat("y", 300)},
		}
		for _, f := range []Func{Markdown, Plain} {
			if md := rendered(t, f, r, o); len(md) > MinBudget || !strings.HasSuffix(md, o.Trailer+"\n") {
				t.Errorf("%.50q: %d bytes", s, len(md))
			}
		}
	}
}

func TestBudgetIsRefused(t *testing.T) {
	t.Parallel()
	r := load(t, "promote")
	for _, o := range []Options{{Budget: MinBudget - 1}, {Budget: MinBudget, Trailer: strings.Repeat("x", MinBudget)}} {
		if err := Markdown(&strings.Builder{}, r, o); !errors.Is(err, ErrBudget) {
			t.Errorf("%d bytes: %v", o.Budget, err)
		}
	}
	if err := Plain(&strings.Builder{}, r, Options{Trailer: "a\nb"}); err == nil {
		t.Error("a trailer of two lines is taken")
	}
}
