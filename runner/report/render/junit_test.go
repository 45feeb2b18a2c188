package render

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// junitSchema is what the elements of the file may hold, in the order of
// Jenkins' junit-10.xsd: attributes, and in what they may stand.
var junitSchema = map[string]struct{ parent, attributes string }{
	"testsuites": {"", "name tests failures errors time"},
	"testsuite":  {"testsuites", "name tests failures errors skipped time timestamp"},
	"testcase":   {"testsuite", "name classname time"},
	"skipped":    {"testcase", "message"},
	"error":      {"testcase", "message type"},
	"failure":    {"testcase", "message type"},
	"system-out": {"testcase", ""},
}

// checkJUnit holds a file to the schema and its counts to its cases.
func checkJUnit(text string) (problems []string) {
	d := xml.NewDecoder(strings.NewReader(text))
	open := []string{""}
	said, found := map[string]int{}, map[string]int{}
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return append(problems, err.Error())
		}
		switch e := tok.(type) {
		case xml.StartElement:
			name := e.Name.Local
			s, ok := junitSchema[name]
			if !ok || s.parent != open[len(open)-1] {
				problems = append(problems, name+" in "+open[len(open)-1])
			}
			found[name]++
			for _, a := range e.Attr {
				if !slices.Contains(strings.Fields(s.attributes), a.Name.Local) {
					problems = append(problems, name+" has "+a.Name.Local)
				}
				if n, err := strconv.Atoi(a.Value); err == nil && name == "testsuite" {
					said[a.Name.Local] += n
				}
				if f, err := strconv.ParseFloat(a.Value, 64); a.Name.Local == "time" && (err != nil || f < 0) {
					problems = append(problems, "time "+a.Value)
				}
			}
			open = append(open, name)
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
	for count, element := range map[string]string{"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"} {
		if said[count] != found[element] {
			problems = append(problems, fmt.Sprintf("%d %s, but %d are said", found[element], element, said[count]))
		}
	}
	return problems
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	for _, name := range cases(t) {
		r := load(t, name)
		text := rendered(t, JUnit, r, options())
		for _, p := range checkJUnit(text) {
			t.Errorf("%s: %s", name, p)
		}
		if n := strings.Count(text, "<testcase "); n != len(r.Gates)+len(r.Jobs) {
			t.Errorf("%s: %d test cases for %d gates and %d jobs", name, n, len(r.Gates), len(r.Jobs))
		}
	}
	for seed := range uint64(80) {
		if problems := checkJUnit(rendered(t, JUnit, newWorld(seed, 6).report(), options())); len(problems) > 0 {
			t.Fatalf("seed %d: %v", seed, problems)
		}
	}
}
