package drift

import (
	"slices"

	"github.com/mlops-runner/mlops/actions/profile"
)

// enoughPast is from how many earlier profiles on thresholds are learnt.
const enoughPast = 5

// learnt are the thresholds that earlier profiles teach, by column and effect.
type learnt map[[2]string]float64

// learn measures each column's distances from each profile to the next.
func learn(past []*profile.Profile) learnt {
	if len(past) < enoughPast {
		return nil
	}
	sizes := map[[2]string][]float64{}
	for i := range past[1:] {
		for _, p := range pairs(past[i], past[i+1]) {
			if p.incomparable() != "" {
				continue
			}
			laid := lay(p)
			for _, e := range laid.effects() {
				key := [2]string{p.now.Name, e.What}
				sizes[key] = append(sizes[key], e.Size)
			}
		}
	}
	l := learnt{}
	for key, s := range sizes {
		if len(s) >= enoughPast-1 {
			l[key] = beyond(s)
		}
	}
	return l
}

// beyond returns the median plus three times the median absolute deviation.
func beyond(sizes []float64) float64 {
	mid := median(sizes)
	off := make([]float64, len(sizes))
	for i, s := range sizes {
		off[i] = max(s-mid, mid-s)
	}
	return mid + 3*median(off)
}

func median(xs []float64) float64 {
	s := slices.Sorted(slices.Values(xs))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}
