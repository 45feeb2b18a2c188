package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
)

// confidence is that of intervals where a job's seeds are looked at once.
const confidence = 0.95

// A growth is how a job with seeds comes to more of them while a gate can't tell.
type growth struct {
	job    string // key in mlops.yaml
	config string // whose legs are counted: train, train@depth=4
	legs   []*plan.Node
	ran    int // legs with a result, in the order of their seeds
	reused int // of the spare ones
	most   int
	looks  []report.Look
}

// growths are the jobs of a run that may come to more seeds. Of several
// configurations that one grows whose metrics count: the one chosen, else the last.
func growths(p *plan.Plan, run *record.Run) (out []*growth) {
	for _, n := range p.Nodes {
		if !n.Spare || slices.ContainsFunc(out, func(g *growth) bool { return g.job == n.Job }) {
			continue
		}
		g := &growth{job: n.Job, config: configThatCounts(p, run, n.Job), most: n.MaxSeeds, looks: report.Looks(n.Seeds, n.MaxSeeds, confidence)}
		for _, leg := range p.Nodes {
			if leg.Config == g.config {
				g.take(leg, run.Job(leg.ID))
			}
		}
		if g.ran > 0 {
			out = append(out, g)
		}
	}
	return out
}

func (g *growth) take(leg *plan.Node, j *record.Job) {
	g.legs = append(g.legs, leg)
	switch {
	case j == nil:
	case leg.Spare && j.Cached:
		g.reused++
		fallthrough
	default:
		g.ran++
	}
}

// configThatCounts is the configuration of a job whose metrics a report takes.
func configThatCounts(p *plan.Plan, run *record.Run, job string) string {
	if chosen := run.Selected[job]; chosen != "" {
		return chosen
	}
	for _, j := range slices.Backward(run.Jobs) {
		if n := p.Node(j.ID); j.Job == job && n != nil {
			return n.Config
		}
	}
	return ""
}

// level is the confidence of the look that the legs so far make.
func (g *growth) level() float64 {
	for _, l := range g.looks {
		if l.Seeds >= g.ran {
			return l.Level
		}
	}
	return confidence
}

// next are the legs up to the next look; none if there is no more.
func (g *growth) next() []*plan.Node {
	for _, l := range g.looks {
		if l.Seeds > g.ran {
			return g.legs[g.ran:l.Seeds]
		}
	}
	return nil
}

// extra is how many legs ran beyond those that run each time.
func (g *growth) extra() int { return g.ran - g.looks[0].Seeds }

// reports whether the job is the one that a metric is of.
func (g *growth) reports(m report.Metric) bool {
	return m.Job == g.job || strings.HasPrefix(m.Job, g.job+"@")
}

func seedLevels(gs []*growth) map[string]float64 {
	out := map[string]float64{}
	for _, g := range gs {
		out[g.job] = g.level()
	}
	return out
}

// levelsFile is the file of a run's record that says at which level its seeds were
// judged, by job.
const levelsFile = "seeds.json"

// seedLevelsOf are the levels at which the seeds of a run were judged; nil if it
// was not, or all were looked at once.
func seedLevelsOf(run *record.Run) (out map[string]float64) {
	if run == nil || run.Dir == "" {
		return nil
	}
	if text, err := os.ReadFile(filepath.Join(run.Dir, levelsFile)); err == nil {
		_ = json.Unmarshal(text, &out) // a record that was tampered with says nothing
	}
	return out
}

// moreSeeds returns the legs that are to run before the run is decided on, and
// says why: gates that can't tell by the seeds so far.
func (j *judging) moreSeeds(gs []*growth) (ids []string) {
	unsure := j.report.Unsure(j.basis.Contexts)
	for _, g := range gs {
		var names []string
		for _, m := range unsure {
			if g.reports(m) && !slices.Contains(names, m.Name) {
				names = append(names, m.Name)
			}
		}
		next := g.next()
		if len(names) == 0 || len(next) == 0 {
			continue
		}
		legs := j.session.Plan.WithSpares(idsOf(next))
		if j.options.cachedOnly && !j.session.haveCached(legs) {
			continue
		}
		if j.unsure == nil {
			j.unsure = map[string][]string{}
		}
		for _, name := range names {
			if !slices.Contains(j.unsure[g.job], name) {
				j.unsure[g.job] = append(j.unsure[g.job], name)
			}
		}
		j.say("notice", fmt.Sprintf("seeds: %s undecided by %d seeds; running %s", isAre(names), g.ran, spans(j.session.Plan, legs)))
		ids = append(ids, legs...)
	}
	return j.session.Plan.WithSpares(ids)
}

// seedNotes say what extra seeds came to.
func (j *judging) seedNotes(gs []*growth) (notes []string) {
	unsure := j.report.Unsure(j.basis.Contexts)
	for _, g := range gs {
		if g.extra() <= 0 || len(j.unsure[g.job]) == 0 {
			continue
		}
		var words []string
		for _, name := range j.unsure[g.job] {
			words = append(words, outcomeOf(name, j.report, unsure))
		}
		note := fmt.Sprintf("%s: %s", g.came(), strings.Join(words, ", "))
		if g.ran == g.most && strings.Contains(note, "still") {
			note += fmt.Sprintf("; %d seeds are the most that the file allows", g.most)
		}
		notes = append(notes, note)
	}
	return notes
}

// came says how many extra seeds there are, and whether they cost anything.
func (g *growth) came() string {
	text := counted(g.extra(), "extra seed") + " of " + g.config
	switch g.reused {
	case g.extra():
		return text + " ran before"
	case 0:
		return text + " ran"
	}
	return fmt.Sprintf("%s, %d of which ran before", text, g.reused)
}

func outcomeOf(name string, r *report.Report, unsure []report.Metric) string {
	if slices.ContainsFunc(unsure, func(m report.Metric) bool { return m.Name == name }) {
		return name + " was undecided and still is"
	}
	for _, m := range r.Metrics {
		if m.Name == name && len(m.Slice) == 0 {
			return fmt.Sprintf("%s was undecided, now %s", name, m.Verdict)
		}
	}
	return name + " was undecided"
}

func idsOf(legs []*plan.Node) (ids []string) {
	for _, n := range legs {
		ids = append(ids, n.ID)
	}
	return ids
}

func isAre(names []string) string {
	if len(names) == 1 {
		return names[0] + " is"
	}
	return strings.Join(names, ", ") + " are"
}

// spans names legs by job, each by the first and the last.
func spans(p *plan.Plan, ids []string) string {
	var parts []string
	for len(ids) > 0 {
		var legs, rest []*plan.Node
		first := p.Node(ids[0])
		for _, id := range ids {
			if n := p.Node(id); n.Config == first.Config {
				legs = append(legs, n)
			} else {
				rest = append(rest, n)
			}
		}
		parts, ids = append(parts, span(legs)), idsOf(rest)
	}
	return strings.Join(parts, ", ")
}

// span names a row of legs by the first and the last.
func span(legs []*plan.Node) string {
	if len(legs) == 1 {
		return legs[0].ID
	}
	return legs[0].ID + " to " + legs[len(legs)-1].ID
}

// lone are the spare legs of a run whose seeds the run that it is compared with
// lacks, though it has others of that job: they are not in pairs.
func lone(p *plan.Plan, run, base *record.Run) (ids []string) {
	for _, g := range growths(p, run) {
		first := base.Job(g.legs[0].ID)
		for _, leg := range g.legs[:g.ran] {
			if first != nil && leg.Spare && base.Job(leg.ID) == nil {
				ids = append(ids, leg.ID)
			}
		}
	}
	return ids
}
