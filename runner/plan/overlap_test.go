package plan

import (
	"regexp"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
)

// The patterns of the tests, as names of segments and what can be made of them.
var (
	oracleSegments = []string{"a", "b", "ab", "*", "?", "a*", "*b", "[ab]", "[!a]", "{a,bb}", "**"}
	oracleNames    = []string{"a", "b", "ab", "bb"}
)

// oraclePatterns are all paths and patterns of up to three segments.
func oraclePatterns() []string {
	out := []string{".", "{a/b,b}", "{a/,b/}*", "a/{b,*}/**", "[a-c]?", "*?*"}
	for _, x := range oracleSegments {
		out = append(out, x, x+"/")
		for _, y := range oracleSegments {
			out = append(out, x+"/"+y, x+"/"+y+"/")
		}
	}
	return append(out, "a/**/b", "**/a/b", "a/*/b", "a/b/*", "**/a/**", "*/*/*", "a/b/ab")
}

// oracleFiles are all paths of up to depth names.
func oracleFiles(depth int) []string {
	all, last := []string{}, []string{""}
	for range depth {
		var next []string
		for _, dir := range last {
			for _, n := range oracleNames {
				next = append(next, strings.TrimPrefix(dir+"/"+n, "/"))
			}
		}
		all, last = append(all, next...), next
	}
	return all
}

// named reports whether an input names a file, by the rules that the
// repository's files are found by.
func named(input, file string) bool {
	name, folder := strings.CutSuffix(input, "/")
	switch {
	case input == ".":
		return true
	case !Glob(input):
		return strings.HasPrefix(file, name+"/") || file == name && !folder
	case folder:
		return matches1(name+"/**/*", file)
	}
	return matches1(input, file)
}

// held reports whether an output can hold a file, seen by one who names paths
// at or below base.
func held(output, file, base string) bool {
	name, folder := strings.CutSuffix(output, "/")
	switch {
	case !Glob(output):
		folder = folder || base == name || strings.HasPrefix(base, name+"/")
		return file == output || folder && strings.HasPrefix(file, name+"/")
	case folder:
		return matches1(name+"/**/*", file)
	}
	return matches1(name, file) || below(name, file)
}

// below reports whether a folder above the file matches.
func below(pattern, file string) bool {
	for i := range file {
		if file[i] == '/' && matches1(pattern, file[:i]) {
			return true
		}
	}
	return false
}

// matches1 matches by a regular expression, which is another way than Reads'
// own, and than that of the library that finds files: see TestOracle.
func matches1(pattern, file string) bool {
	re, ok := oracleRegexps.Load(pattern)
	if !ok {
		re, _ = oracleRegexps.LoadOrStore(pattern, regexp.MustCompile("^"+oracleRegexp.Replace(pattern)+"$"))
	}
	return re.(*regexp.Regexp).MatchString(file)
}

var (
	oracleRegexps sync.Map
	oracleRegexp  = strings.NewReplacer("/**/", "/(?:[^/]+/)*", "**/", "(?:[^/]+/)*", "/**", "(?:/[^/]+)*", "**", ".*",
		"*", "[^/]*", "?", "[^/]", "[!", "[^", "{", "(?:", ",", "|", "}", ")")
)

// What the library matches, the oracle does. The other way round there is one
// exception: to the library a*/** is not a, though it is ab.
func TestOracle(t *testing.T) {
	t.Parallel()
	for _, p := range oraclePatterns() {
		if strings.HasSuffix(p, "/") {
			continue // nobody gives it those
		}
		for _, f := range oracleFiles(3) {
			ok, err := doublestar.Match(p, f)
			if err != nil || ok && !matches1(p, f) {
				t.Errorf("%q matches %q: %v, but not here (%v)", p, f, ok, err)
			}
			if !ok && Glob(p) && !strings.Contains(p, "**") && matches1(p, f) {
				t.Errorf("%q matches %q only here", p, f)
			}
		}
	}
}

// oracle remembers which files of a universe a path names or holds.
type oracle struct {
	universe []string
	rows     map[[2]string][]bool
}

func newOracle(depth int) *oracle { return &oracle{oracleFiles(depth), map[[2]string][]bool{}} }

func (o *oracle) row(key [2]string, has func(file string) bool) []bool {
	row := o.rows[key]
	if row == nil {
		row = make([]bool, len(o.universe))
		for i, f := range o.universe {
			row[i] = has(f)
		}
		o.rows[key] = row
	}
	return row
}

func (o *oracle) named(input string) []bool {
	return o.row([2]string{input, "named"}, func(f string) bool { return named(input, f) })
}

func (o *oracle) held(output, other string) []bool {
	base := prefix(other)
	if Glob(output) {
		base = "" // makes no difference
	}
	return o.row([2]string{output, "held " + base}, func(f string) bool { return held(output, f, base) })
}

func common(a, b []bool) bool {
	for i := range a {
		if a[i] && b[i] {
			return true
		}
	}
	return false
}

// Reads says yes exactly when a file of the universe is named and held.
func TestReads(t *testing.T) {
	t.Parallel()
	o, wrong := newOracle(4), 0
	for _, out := range oraclePatterns()[1:] { // the whole repository is no output
		for _, in := range oraclePatterns() {
			want := common(o.named(in), o.held(out, in))
			if got := Reads(in, out); got != want && wrong < 20 {
				wrong++
				t.Errorf("Reads(%q, %q) = %v, want %v", in, out, got, want)
			}
		}
	}
}

// Two outputs clash, in whichever order, exactly when both hold a file of the universe.
func TestClash(t *testing.T) {
	t.Parallel()
	patterns, o := oraclePatterns()[1:], newOracle(4)
	for _, a := range patterns {
		for _, b := range patterns {
			want := common(o.held(a, b), o.held(b, a))
			if got, back := clash(a, b), clash(b, a); got != want || back != want {
				t.Fatalf("clash(%q, %q) = %v, the other way round %v, want %v", a, b, got, back, want)
			}
		}
	}
}

func TestReadsOdd(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("{a,b}", 12)
	for _, c := range []struct {
		in, out string
		want    bool
	}{
		{"[", "x", false},           // not valid
		{"{a", "a", false},          // not valid
		{"[a/b]", "a", true},        // a class with a slash in it
		{"x/" + many, "x/a", true},  // too many to look at each
		{"x/" + many, "y/a", false}, // but of another folder
		{"a[!b]c", "axc", true},
		{"[^a]", "b", true},
		{"[^a]", "a", false},
		{"[a-]", "-", true},
		{"[é-ü]", "ö", true},
		{"?", "ö", true},
		{"**a", "xa", true}, // ** inside a name is *
		{"**a", "x/a", false},
		{strings.Repeat("*a", 40), strings.Repeat("a*", 40) + "b", false}, // no exponential time
		{strings.Repeat("**/", 40) + "a", strings.Repeat("*/", 40) + "b", true},
	} {
		if got := Reads(c.in, c.out); got != c.want {
			t.Errorf("Reads(%q, %q) = %v, want %v", c.in, c.out, got, c.want)
		}
	}
}

// Whatever two patterns are, comparing them ends, and a file is among the
// outputs of the pattern that matches it.
func FuzzReads(f *testing.F) {
	for _, p := range []string{"a/*.csv", "{a,b}/**", "[!a-c]?", "**", "x/", "[a/b]*", "{{a,b},c}"} {
		f.Add(p, "a/b.csv")
	}
	f.Fuzz(func(t *testing.T, pattern, file string) {
		if len(pattern) > 200 || len(file) > 200 {
			return
		}
		pattern, file = clean(pattern), strings.TrimSuffix(clean(file), "/")
		if pathProblem(pattern) != "" || pathProblem(file) != "" || Glob(file) || file == "." || strings.HasPrefix(pattern, "!") {
			return
		}
		Reads(pattern, pattern)
		if !utf8.ValidString(pattern) || !utf8.ValidString(file) {
			return // no path of a file; to the library all such bytes are one character
		}
		ok, err := doublestar.Match(pattern, file)
		if ok && err == nil && !strings.Contains(pattern, "[") && !Reads(file, pattern) {
			t.Errorf("%q matches %q, but Reads says that it cannot", pattern, file)
		}
	})
}
