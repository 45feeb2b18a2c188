package drift

import "github.com/mlops-runner/mlops/actions/profile"

// Categories are the values of both sides and how many rows have each.
type categories struct {
	names []string // "" is the last one's if values are not told apart
	a, b  []float64

	unseen     []string // those of them that the base does not list, the commonest first
	unseenRows float64
}

// count returns the categories of two columns in the order of their first
// occurrence in the lists of both. Where the counts of a profile are bounds, those
// within them are taken that are nearest to no change, so that a distance between
// them is at most the true one. Values in neither list are one category.
func count(base, now *profile.Column) categories {
	n, m := float64(values(base)), float64(values(now))
	size := len(base.Values) + len(now.Values) + 1
	c := categories{names: make([]string, 0, size), a: make([]float64, 0, size), b: make([]float64, 0, size)}
	add := func(name string, a, b limits) {
		x, y := nearest(a, b, n, m)
		c.names, c.a, c.b = append(c.names, name), append(c.a, x), append(c.b, y)
	}
	unlisted := limits{0, most(now)}
	present := make(map[string]limits, len(now.Values))
	for _, v := range now.Values {
		present[v.Text] = limitsOf(v)
	}
	for _, v := range base.Values {
		b, listed := present[v.Text]
		if !listed {
			b = unlisted
		}
		delete(present, v.Text)
		add(v.Text, limitsOf(v), b)
	}
	for _, v := range now.Values {
		if b, left := present[v.Text]; left {
			c.unseen = append(c.unseen, v.Text)
			c.unseenRows += b.low
			add(v.Text, limits{0, most(base)}, b)
		}
	}
	if !base.Exact || !now.Exact {
		add("", rest(n, c.a), rest(m, c.b))
	}
	return c
}

// rest is how many of n rows are in none of the categories.
func rest(n float64, counts []float64) limits {
	for _, c := range counts {
		n -= c
	}
	return limits{max(0, n), max(0, n)}
}

// values returns how many rows have a value.
func values(c *profile.Column) int64 { return c.Rows - c.Nulls - c.NaNs - c.Infinite }

// A limits tells between which counts a value lies.
type limits struct{ low, high float64 }

func limitsOf(v profile.Value) limits { return limits{float64(v.Count - v.Over), float64(v.Count)} }

// most returns how often a value occurs at most that is not listed.
func most(c *profile.Column) float64 {
	if c.Exact {
		return 0
	}
	return float64(c.Most)
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
