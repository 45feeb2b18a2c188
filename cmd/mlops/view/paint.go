package view

import "hash/fnv"

// paint adds colours if it is true, and nothing otherwise. Colour is never the
// only signal: each coloured thing has a word or a sign as well.
type paint bool

const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
	reset  = "\x1b[0m"
)

func (p paint) in(code, s string) string {
	if !p || s == "" || code == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + reset
}

// palette gives jobs colours that differ while there are enough of them and
// stay the same from run to run. Red, green and yellow mean something and are left out.
type palette struct{ used [len(jobColors)]bool }

var jobColors = [...]string{"36", "35", "34", "96", "95", "94", "38;5;208", "38;5;75", "38;5;141", "38;5;79", "38;5;173", "38;5;110"}

func (p *palette) pick(job string) string {
	h := fnv.New32a()
	h.Write([]byte(job))
	first := int(h.Sum32() % uint32(len(jobColors)))
	for i := range jobColors {
		n := (first + i) % len(jobColors)
		if !p.used[n] {
			p.used[n] = true
			return jobColors[n]
		}
	}
	return jobColors[first]
}
