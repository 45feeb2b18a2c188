package drift

import "github.com/mlops-runner/mlops/actions/profile"

// Categories are the values of both sides and how many rows have each.
type categories struct {
	names []string // "" is the last one's if values are not told apart
	a, b  []float64
}

// count returns the categories of two columns in the order of their first
// occurrence in the lists of both. Where the counts of a profile are bounds, those
// within them are taken that are nearest to no change, so that a distance between
// them is at most the true one. Values in neither list are one category.
func count(base, now *profile.Column) categories {
	n, m := float64(values(base)), float64(values(now))
	var c categories
	var sumA, sumB float64
	known := bounds(base)
	present := bounds(now)
	for _, name := range union(base.Values, now.Values) {
		a, b := nearest(known.of(name), present.of(name), n, m)
		c.names, c.a, c.b = append(c.names, name), append(c.a, a), append(c.b, b)
		sumA, sumB = sumA+a, sumB+b
	}
	if !base.Exact || !now.Exact {
		c.names, c.a, c.b = append(c.names, ""), append(c.a, max(0, n-sumA)), append(c.b, max(0, m-sumB))
	}
	return c
}

// values returns how many rows have a value.
func values(c *profile.Column) int64 { return c.Rows - c.Nulls - c.NaNs - c.Infinite }

func union(a, b []profile.Value) []string {
	seen := make(map[string]bool, len(a)+len(b))
	var names []string
	for _, list := range [][]profile.Value{a, b} {
		for _, v := range list {
			if !seen[v.Text] {
				seen[v.Text] = true
				names = append(names, v.Text)
			}
		}
	}
	return names
}

// A limits tells between which counts a value lies.
type limits struct{ low, high float64 }

type bounded struct {
	listed map[string]limits
	most   float64 // of a value that is not listed
}

func bounds(c *profile.Column) bounded {
	b := bounded{listed: make(map[string]limits, len(c.Values)), most: float64(c.Most)}
	for _, v := range c.Values {
		b.listed[v.Text] = limits{float64(v.Count - v.Over), float64(v.Count)}
	}
	if c.Exact {
		b.most = 0
	}
	return b
}

func (b bounded) of(name string) limits {
	if l, ok := b.listed[name]; ok {
		return l
	}
	return limits{0, b.most}
}

// nearest returns the counts within limits whose shares of n and m differ least.
func nearest(a, b limits, n, m float64) (x, y float64) {
	low, high := max(a.low/n, b.low/m), min(a.high/n, b.high/m)
	switch {
	case low <= high && a.low == a.high:
		return a.low, a.low / n * m
	case low <= high && b.low == b.high:
		return b.low / m * n, b.low
	case low <= high:
		return (low + high) / 2 * n, (low + high) / 2 * m
	case a.low/n > b.high/m:
		return a.low, b.high
	}
	return a.high, b.low
}

// unseen returns the share of the present's rows whose categories the base lacks,
// and the commonest of those. ok is false where the base's list is not whole.
func unseen(base, now *profile.Column) (rows float64, names []string, ok bool) {
	if !base.Exact {
		return 0, nil, false
	}
	known := bounds(base).listed
	for _, v := range now.Values {
		if _, seen := known[v.Text]; !seen {
			rows += float64(v.Count - v.Over)
			names = append(names, v.Text)
		}
	}
	return rows, names, true
}
