package slice

// A grid counts the cells of one feature, or of two: of one the other has one value.
type grid struct {
	f, g  int // places in counter.codes
	width int // values of g
	plain []sums
	full  []moments // instead of plain where rows have weights or clusters
}

// sums are the moments of rows of weight 1 that are clusters each: the fewest that
// can be added in the least time.
type sums struct{ n, s, q float64 }

// A counter has the moments of all cells of its grids.
type counter struct {
	p     *portion
	codes [][]uint16 // by feature and place; the last is of no feature and all zero
	grids []grid
	whole []float64 // of clusters: the sums of weights and weighted values, one after the other
	found []int32   // of a cluster: the cells that it is in
	part  []float64 // of a cluster: the same sums by cell
}

// mostCells bounds the memory: 12 MB, or 50 where rows have weights or clusters.
const mostCells = 1 << 19

// newCounter counts all features and as many pairs as there is room for, which it returns.
func newCounter(p *portion, features []Feature, pairs bool) (c *counter, counted int) {
	c = &counter{p: p}
	for _, f := range features {
		codes := f.Codes
		if p.rows != nil {
			codes = gather(codes, p.rows)
		}
		c.codes = append(c.codes, codes)
	}
	none := len(features)
	c.codes = append(c.codes, make([]uint16, len(p.v)))
	room := mostCells
	for f := range features {
		room -= len(features[f].Values)
		c.add(f, none, len(features[f].Values), 1)
	}
	for g := 1; pairs && g < len(features); g++ {
		for f := range g {
			size := len(features[f].Values) * len(features[g].Values)
			if size > room {
				continue
			}
			room -= size
			counted++
			c.add(f, g, len(features[f].Values), len(features[g].Values))
		}
	}
	c.count()
	return c, counted
}

func (c *counter) add(f, g, height, width int) {
	one := grid{f: f, g: g, width: width}
	if c.p.w == nil && c.p.starts == nil {
		one.plain = make([]sums, height*width)
	} else {
		one.full = make([]moments, height*width)
	}
	c.grids = append(c.grids, one)
	c.part = append(c.part, make([]float64, max(0, 2*height*width-len(c.part)))...)
}

// block is how many places are counted by all grids before the next ones, so that
// values and codes stay in the processor's cache.
const block = 2048

// count adds all places.
func (c *counter) count() {
	if c.p.starts != nil {
		c.sum()
		c.clusters(nil, 1)
		return
	}
	for from := 0; from < len(c.p.v); from += block {
		to := min(from+block, len(c.p.v))
		for i := range c.grids {
			g := &c.grids[i]
			f, h := c.codes[g.f][from:to], c.codes[g.g][from:to]
			if g.plain != nil {
				g.addPlain(f, h, c.p.v[from:to], 1)
			} else {
				g.addWeighted(f, h, c.p.v[from:to], c.p.w[from:to], 1)
			}
		}
	}
}

func (g *grid) addPlain(f, h []uint16, v []float64, sign float64) {
	f, h = f[:len(v)], h[:len(v)]
	for i, x := range v {
		c := &g.plain[int(f[i])*g.width+int(h[i])]
		c.n += sign
		c.s += sign * x
		c.q += sign * x * x
	}
}

func (g *grid) addWeighted(f, h []uint16, v, w []float64, sign float64) {
	for i, x := range v {
		c := &g.full[int(f[i])*g.width+int(h[i])]
		n, s := w[i], w[i]*x
		c.add(sign, n, s, n, s)
		c.addRow(sign, n, x)
	}
}

// less takes d off the values at the places, which are ascending.
func (c *counter) less(places []int32, d float64) {
	if c.p.starts != nil {
		touched := c.touched(places)
		c.clusters(touched, -1)
		for _, place := range places {
			c.p.v[place] -= d
		}
		c.sum()
		c.clusters(touched, 1)
		return
	}
	c.again(places, -1)
	for _, place := range places {
		c.p.v[place] -= d
	}
	c.again(places, 1)
}

// again counts places that are no block.
func (c *counter) again(places []int32, sign float64) {
	v, w := gather(c.p.v, places), gather(c.p.w, places)
	codes := make([][]uint16, len(c.codes))
	for i := range codes {
		codes[i] = gather(c.codes[i], places)
	}
	for from := 0; from < len(v); from += block {
		to := min(from+block, len(v))
		for i := range c.grids {
			g := &c.grids[i]
			if g.plain != nil {
				g.addPlain(codes[g.f][from:to], codes[g.g][from:to], v[from:to], sign)
			} else {
				g.addWeighted(codes[g.f][from:to], codes[g.g][from:to], v[from:to], w[from:to], sign)
			}
		}
	}
}

// sum adds up the clusters.
func (c *counter) sum() {
	c.whole = make([]float64, 2*c.p.clusters())
	for cluster := range c.p.clusters() {
		from, to := c.p.places(cluster)
		for place := from; place < to; place++ {
			c.whole[2*cluster] += c.p.weight(place)
			c.whole[2*cluster+1] += c.p.weight(place) * c.p.v[place]
		}
	}
}

// touched returns the clusters of the places.
func (c *counter) touched(places []int32) []int32 {
	out, cluster := []int32{}, 0
	for _, place := range places {
		for int(place) >= int(c.p.starts[cluster+1]) {
			cluster++
		}
		if len(out) == 0 || out[len(out)-1] != int32(cluster) {
			out = append(out, int32(cluster))
		}
	}
	return out
}

// clusters adds clusters to all grids, or takes them away; nil is all of them.
func (c *counter) clusters(which []int32, sign float64) {
	n := len(which)
	if which == nil {
		n = c.p.clusters()
	}
	for from := 0; from < n; from += block / 4 {
		for i := range c.grids {
			for at := from; at < min(from+block/4, n); at++ {
				cluster := at
				if which != nil {
					cluster = int(which[at])
				}
				c.cluster(&c.grids[i], cluster, sign)
			}
		}
	}
}

// cluster adds one to the cells of a grid that it is in.
func (c *counter) cluster(g *grid, cluster int, sign float64) {
	from, to := c.p.places(cluster)
	wholeN, wholeS := c.whole[2*cluster], c.whole[2*cluster+1]
	f, h := c.codes[g.f], c.codes[g.g]
	c.found = c.found[:0]
	for place := from; place < to; place++ {
		at := int(f[place])*g.width + int(h[place])
		w, v := c.p.weight(place), c.p.v[place]
		g.full[at].addRow(sign, w, v)
		if c.part[2*at] == 0 {
			c.found = append(c.found, int32(at))
		}
		c.part[2*at] += w
		c.part[2*at+1] += w * v
	}
	for _, at := range c.found {
		g.full[at].add(sign, c.part[2*at], c.part[2*at+1], wholeN, wholeS)
		c.part[2*at], c.part[2*at+1] = 0, 0
	}
}

// cell returns the moments of a cell.
func (g *grid) cell(at int) moments {
	if g.full != nil {
		return g.full[at]
	}
	c := g.plain[at]
	return moments{
		rows: c.n, clusters: c.n, n: c.n, s: c.s, ss: c.q, sn: c.s, nn: c.n,
		sS: c.q, sN: c.s, nS: c.s, nN: c.n, ww: c.n, wvv: c.q,
	}
}
