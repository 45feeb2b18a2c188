package render

import (
	"math"
)

func lastOf(vs []float64, n int) []float64 { return vs[max(0, len(vs)-n):] }

// picture is a drawing of characters.
func picture(s string) text { return text{{text: s, style: code}} }

// sparks are the heights of a sparkline.
var sparks = [...]rune{'▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'}

// sparkline draws values between low and high; those that are no finite
// numbers are a dot.
func sparkline(vs []float64, low, high float64) string {
	out := make([]rune, len(vs))
	for i, v := range vs {
		out[i] = '·'
		if finite(v) {
			out[i] = sparks[height(v, low, high, len(sparks)-1)]
		}
	}
	return string(out)
}

// height places v between low and high on a scale from 0 to top; it halves
// before it subtracts, so that the range cannot overflow.
func height(v, low, high float64, top int) int {
	span := high/2 - low/2
	if span <= 0 {
		return top / 2
	}
	share := (v/2 - low/2) / span
	return min(max(int(math.Round(share*float64(top))), 0), top)
}
