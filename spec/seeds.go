package spec

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// SeedKey is the matrix key that tells the repetitions of a job with seeds apart.
const SeedKey = "seed"

// moreSeeds is how many seeds a job has at most that repeats while gates are
// undecided and does not say how often.
const moreSeeds = 10

// seeds reads a number or {n, max, when}.
func (w *walker) seeds(j *Job, n *yaml.Node) {
	s := &Seeds{}
	j.Seeds = s
	if v, ok := number(n); ok {
		s.N = int(v)
	} else {
		walk(w, n, &seedsTable, s, place{kind: "seeds", job: j.ID.Value, node: n})
	}
	switch {
	case s.When == "" && s.Max > s.N:
		s.When = "undecided"
	case s.When == "":
		s.When = "always"
	}
	switch {
	case s.Max > 0:
	case s.When == "undecided":
		s.Max = max(s.N, moreSeeds)
	default:
		s.Max = s.N
	}
	w.checkSeeds(j, n)
}

// checkSeeds checks how the parts of seeds stand together.
func (w *walker) checkSeeds(j *Job, n *yaml.Node) {
	switch s := j.Seeds; {
	case s.N == 0: // reported already
	case s.Max < s.N:
		w.at(n, CodeBadValue, "raise max, or lower n", "seeds of job %q: max %d is less than n %d", j.ID.Value, s.Max, s.N)
	case s.When == "always" && s.Max > s.N:
		w.at(n, CodeConflict, "write when: undecided, or remove max", "seeds of job %q: with when: always no more than n are run, so max has no meaning", j.ID.Value)
	case s.When == "undecided" && s.N < 2:
		w.at(n, CodeBadValue, "write n: 2 or more", "seeds of job %q: one seed tells nothing of the noise, so no verdict on it would be undecided", j.ID.Value)
	}
}

// checkSeedKey refuses a matrix that has a key seed of its own beside seeds.
func (w *walker) checkSeedKey(j *Job) {
	if j.Seeds == nil {
		return
	}
	m := &j.Strategy.Matrix
	for _, a := range m.Axes {
		w.seedKey(j, a.Name.Value)
	}
	for _, leg := range m.Include {
		for _, v := range leg {
			w.seedKey(j, v.Name)
		}
	}
}

func (w *walker) seedKey(j *Job, name string) {
	if strings.EqualFold(name, SeedKey) {
		at := Str{Value: name, Pos: j.Strategy.Matrix.Pos}
		w.str(at, CodeConflict, "remove it, or remove seeds", "the matrix key %s of job %q is what seeds: makes", name, j.ID.Value)
	}
}
