package slice

import (
	"cmp"
	"slices"
)

// A portion is the rows that are looked at, each at its place, and clusters side by side.
type portion struct {
	rows   []int32   // by place; nil if place and row are the same
	v      []float64 // by place: values less center
	w      []float64 // by place; nil for 1
	starts []int32   // of clusters: their first places, and the end; nil if each row is one

	center, scale float64 // weighted mean of the values, and the largest absolute one
}

// newPortion returns the rows that count, with the mean taken off.
func newPortion(r Rows) *portion {
	p := collect(r)
	p.middle()
	return p
}

// collect returns the rows that count, with values as they are.
func collect(r Rows) *portion {
	p := &portion{}
	every := true
	for row := range r.Values {
		every = every && r.counts(row)
	}
	if !every || r.Clusters != nil {
		p.rows = []int32{}
		for row := range r.Values {
			if r.counts(row) {
				p.rows = append(p.rows, int32(row))
			}
		}
	}
	if r.Clusters != nil {
		p.cluster(r.Clusters)
	}
	p.v, p.w = gather(r.Values, p.rows), gather(r.Weights, p.rows)
	return p
}

// gather copies what is at rows, everything if that is nil.
func gather[T any](all []T, rows []int32) []T {
	if rows == nil || all == nil {
		return slices.Clone(all)
	}
	out := make([]T, len(rows))
	for place, row := range rows {
		out[place] = all[row]
	}
	return out
}

// cluster brings the rows of each cluster together.
func (p *portion) cluster(clusters []int32) {
	key := func(row int32) int64 {
		if c := clusters[row]; c >= 0 {
			return int64(c)
		}
		return 1<<32 + int64(row)
	}
	slices.SortFunc(p.rows, func(a, b int32) int { return cmp.Or(cmp.Compare(key(a), key(b)), cmp.Compare(a, b)) })
	for place, row := range p.rows {
		if place == 0 || key(row) != key(p.rows[place-1]) {
			p.starts = append(p.starts, int32(place))
		}
	}
	p.starts = append(p.starts, int32(len(p.rows)))
}

// middle takes the mean off the values, so that squares lose no digits. They are
// brought to a largest one of 1 meanwhile, so that no sum is too large.
func (p *portion) middle() {
	for _, v := range p.v {
		p.scale = max(p.scale, v, -v)
	}
	if p.scale == 0 {
		return
	}
	var n, s float64
	for place, v := range p.v {
		n += p.weight(place)
		s += p.weight(place) * (v / p.scale)
	}
	p.center = s / n * p.scale
	for place := range p.v {
		p.v[place] -= p.center
	}
}

func (p *portion) weight(place int) float64 {
	if p.w == nil {
		return 1
	}
	return p.w[place]
}

func (p *portion) row(place int) int {
	if p.rows == nil {
		return place
	}
	return int(p.rows[place])
}

// clusters returns how many there are, and cluster the places of one.
func (p *portion) clusters() int {
	if p.starts == nil {
		return len(p.v)
	}
	return len(p.starts) - 1
}

func (p *portion) places(cluster int) (from, to int) {
	if p.starts == nil {
		return cluster, cluster + 1
	}
	return int(p.starts[cluster]), int(p.starts[cluster+1])
}

// split returns the moments of the places in scope, and of those of them that are in.
func (p *portion) split(scope, in func(place int) bool) (all, part moments) {
	for cluster := range p.clusters() {
		from, to := p.places(cluster)
		var n, s, partN, partS float64
		some := false
		for place := from; place < to; place++ {
			if !scope(place) {
				continue
			}
			w, v := p.weight(place), p.v[place]
			n, s = n+w, s+w*v
			all.addRow(1, w, v)
			if in(place) {
				partN, partS, some = partN+w, partS+w*v, true
				part.addRow(1, w, v)
			}
		}
		if n > 0 {
			all.add(1, n, s, n, s)
		}
		if some {
			part.add(1, partN, partS, n, s)
		}
	}
	return all, part
}

// sub returns the portion of some places, which are ascending.
func (p *portion) sub(places []int32) *portion {
	out := &portion{rows: places, v: gather(p.v, places), w: gather(p.w, places), center: p.center, scale: p.scale}
	if p.rows != nil {
		out.rows = gather(p.rows, places)
	}
	if p.starts == nil {
		return out
	}
	cluster := 0
	for at, place := range places {
		first := at == 0
		for place >= p.starts[cluster+1] {
			cluster, first = cluster+1, true
		}
		if first {
			out.starts = append(out.starts, int32(at))
		}
	}
	out.starts = append(out.starts, int32(len(places)))
	return out
}

func (p *portion) every(int) bool { return true }

// total returns the moments of all places.
func (p *portion) total() moments {
	all, _ := p.split(p.every, func(int) bool { return false })
	return all
}
