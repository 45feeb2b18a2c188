package report

// A Look is one of several times at which a verdict is given on growing numbers
// of seeds, until it is decided.
type Look struct {
	Seeds int
	Level float64 // of confidence of the interval over them
}

// Looks returns when verdicts are given on n seeds and, while they are undecided,
// on twice as many each time, up to most. Who looks several times and stops at
// the first difference finds one by chance more often than the level says. So
// each look may err with the share of 1-level that its new seeds are of most:
// the shares add up to 1, and the probability of any false difference is at most
// their sum (Bonferroni; the shares are the linear spending function of K. K. G.
// Lan and D. L. DeMets, Discrete sequential boundaries for clinical trials,
// Biometrika 70, 1983). n and most are positive, n at most most.
func Looks(n, most int, level float64) []Look {
	var out []Look
	for had := 0; ; {
		out = append(out, Look{n, 1 - (1-level)*float64(n-had)/float64(most)})
		if n >= most {
			return out
		}
		had, n = n, min(2*n, most)
	}
}
