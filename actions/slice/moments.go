package slice

import "math"

// moments are sums over the clusters that have some of the rows of a cell, where a
// row by itself is one: of weights N and of weighted values S within the cell, and
// of the same, N' and S', over all the cluster.
type moments struct {
	rows, clusters float64
	n, s           float64 // ΣN, ΣS
	ss, sn, nn     float64 // ΣS², ΣSN, ΣN²
	sS, sN, nS, nN float64 // ΣSS', ΣSN', ΣNS', ΣNN'
	ww, wvv        float64 // Σw², Σwv² of the rows
}

// rest returns the moments of the other rows; m is of all.
func (m moments) rest(c moments) moments {
	return moments{
		rows: m.rows - c.rows, clusters: m.clusters, n: m.n - c.n, s: m.s - c.s,
		ss: m.ss - 2*c.sS + c.ss, sn: m.sn - c.sN - c.nS + c.sn, nn: m.nn - 2*c.nN + c.nn,
		ww: m.ww - c.ww, wvv: m.wvv - c.wvv,
	}
}

// add adds a cluster, or takes it away if sign is -1, of which the cell has the
// weight n and the weighted values s.
func (m *moments) add(sign, n, s, clusterN, clusterS float64) {
	m.clusters += sign
	m.n += sign * n
	m.s += sign * s
	m.ss += sign * s * s
	m.sn += sign * s * n
	m.nn += sign * n * n
	m.sS += sign * s * clusterS
	m.sN += sign * s * clusterN
	m.nS += sign * n * clusterS
	m.nN += sign * n * clusterN
}

// addRow adds what is counted by row, or takes it away.
func (m *moments) addRow(sign, w, v float64) {
	m.rows += sign
	m.ww += sign * w * w
	m.wvv += sign * w * v * v
}

// effective is Kish's number.
func (m moments) effective() float64 {
	if !(m.nn > 0) {
		return 0
	}
	return m.n * m.n / m.nn
}

// variance returns that of the mean.
func (m moments) variance(mean float64) float64 {
	k := m.effective()
	if k <= 1 {
		return math.NaN()
	}
	return max(0, m.ss-2*mean*m.sn+mean*mean*m.nn) / (m.n * m.n) * k / (k - 1)
}

// pooled returns the t of Student's test with one variance for both sides, by which no
// luck of a few rows that are all alike passes for certainty.
func (m moments) pooled(c moments) float64 {
	r := m.rest(c)
	mean, rest := c.s/c.n, r.s/r.n
	within := (c.wvv - c.s*mean) + (r.wvv - r.s*rest)
	variance := max(0, within) / m.n * m.rows / (m.rows - 2) * (c.ww/(c.n*c.n) + r.ww/(r.n*r.n))
	return (mean - rest) / math.Sqrt(variance)
}
