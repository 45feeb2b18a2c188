package report

import (
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/spec"
	"github.com/mlops-runner/mlops/spec/expression"
)

// gateChanges lists how a run's own gates differ from those that judge it:
// changed ones as pairs, then those that were removed, then those that were
// added. Spaces and order do not count. own nil means that they are the same.
func gateChanges(judging, own []spec.Str) (cs []GateChange) {
	if own == nil {
		return nil
	}
	old, now := without(judging, own), without(own, judging)
	for len(old) > 0 && len(now) > 0 {
		i, j, alike := nearest(old, now)
		if alike < leastAlike {
			break
		}
		cs = append(cs, GateChange{Old: old[i], New: now[j]})
		old, now = slices.Delete(old, i, i+1), slices.Delete(now, j, j+1)
	}
	for _, g := range old {
		cs = append(cs, GateChange{Old: g})
	}
	for _, g := range now {
		cs = append(cs, GateChange{New: g})
	}
	return cs
}

// leastAlike is how much two gates must have in common to be one that changed.
const leastAlike = 0.5

// without returns the gates that are not among the others, each once.
func without(gates, others []spec.Str) (out []string) {
	there := map[string]bool{}
	for _, g := range others {
		there[strings.Join(tokens(g.Value), " ")] = true
	}
	for _, g := range gates {
		if t := strings.Join(tokens(g.Value), " "); !there[t] {
			there[t] = true
			out = append(out, flat(g.Value))
		}
	}
	return out
}

// nearest returns the two that are most alike, of equal ones the first.
func nearest(old, now []string) (at, to int, alike float64) {
	alike = -1
	for i, a := range old {
		for j, b := range now {
			if s := similarity(a, b); s > alike {
				at, to, alike = i, j, s
			}
		}
	}
	return at, to, alike
}

// similarity is 1 for gates with the same names and words, 0 for none in
// common: the mean of two Dice coefficients, of what they read and of all words.
func similarity(a, b string) float64 {
	return (dice(namesIn(a), namesIn(b)) + dice(tokens(a), tokens(b))) / 2
}

// dice is twice the number of common elements over that of all.
func dice(a, b []string) float64 {
	if len(a)+len(b) == 0 {
		return 0
	}
	common, rest := 0, slices.Clone(b)
	for _, s := range a {
		if i := slices.Index(rest, s); i >= 0 {
			common++
			rest = slices.Delete(rest, i, i+1)
		}
	}
	return 2 * float64(common) / float64(len(a)+len(b))
}

// namesIn returns what a gate reads, the baseline's metrics as the run's.
func namesIn(gate string) (names []string) {
	x, err := expression.Parse(gate)
	if err != nil {
		return nil
	}
	for _, r := range x.References() {
		path := r.Path
		if len(path) > 1 && (ofBaseline(r) || strings.EqualFold(path[0], "metrics")) {
			path = path[1:]
		}
		if name := strings.ToLower(strings.Join(path, ".")); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// tokens splits a gate at spaces, brackets, commas and the operators that need
// no spaces around them; strings in quotes stay whole.
func tokens(gate string) (out []string) {
	const alone, joined = "()[],", "<>=!&|"
	for i := 0; i < len(gate); {
		from := i
		switch c := gate[i]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
			continue
		case c == '\'':
			for i++; i < len(gate) && gate[i] != '\''; i++ {
			}
			i = min(i+1, len(gate))
		case strings.IndexByte(alone, c) >= 0:
			i++
		default:
			operator := strings.IndexByte(joined, c) >= 0
			for i < len(gate) && strings.IndexByte(" \t\r\n'"+alone, gate[i]) < 0 && (strings.IndexByte(joined, gate[i]) >= 0) == operator {
				i++
			}
		}
		out = append(out, gate[from:i])
	}
	return out
}
