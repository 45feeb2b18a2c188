package report

import (
	"cmp"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// A rule says what a value of a report may be. The tree of them is made from
// the types of the model and the tables below, and is all that [Decode], the
// JSON Schema and the clipping of what [Compare] made know of it, so that these
// agree.
type rule struct {
	kind   kind
	name   string // of the type of an object
	fields []fieldRule
	item   *rule    // of a list or map
	max    int      // items, entries, or bytes of a text
	enum   []string // of a text; nil for any
	form   *form    // of a text; nil for any
	format string   // of a text, for the schema
	least  int64    // of an integer
}

type kind uint8

const (
	object   kind = iota
	list          // of items
	pair          // a point: two numbers
	mapping       // of texts to items
	text          //
	integer       //
	finite        // number
	anyfloat      // number, or the name of one that JSON lacks
	boolean
)

// A form is a regular expression, which is parsed when it is first needed: to
// parse all of them takes as long as to compare hundreds of metrics.
type form struct {
	text string
	once sync.Once
	expr *regexp.Regexp
}

func (f *form) matches(s string) bool {
	f.once.Do(func() { f.expr = regexp.MustCompile(f.text) })
	return f.expr.MatchString(s)
}

// A fieldRule is one field of an object.
type fieldRule struct {
	name     string
	index    int // in the struct
	optional bool
	rule     *rule
}

// The bounds of what has no closer one below.
const (
	maxItems = 10_000
	maxText  = 64 << 10 // bytes
	maxLine  = 4 << 10  // bytes
)

// The forms of texts that end up in addresses and markers, where a forged one
// would do harm.
const (
	commitForm = `^[0-9a-f]{7,64}$`
	digestForm = `^sha256:[0-9a-f]{64}$`
	urlForm    = "^https?://[^\\s<>\"'`\\\\\\x00-\\x1f\\x7f]+$"
	runForm    = `^[A-Za-z0-9][A-Za-z0-9._:-]*$`
	timeForm   = `^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$`
)

// texts are the forms of text fields, by type and name.
func forms() map[string]string {
	return map[string]string{
		"Side.run": runForm, "Side.commit": commitForm, "Side.url": urlForm,
		"Baseline.wanted": commitForm, "Baseline.found": commitForm,
	}
}

// bounds are the bounds of lists and texts, by type and name.
func bounds() map[string]int {
	return map[string]int{
		"Metric.headCurve": MaxCurve, "Metric.baseCurve": MaxCurve, "Metric.past": MaxCurve,
		"Report.sections": 100, "Report.notes": 100, "Report.promotions": 100, "Report.unverified": maxLine,
		"Code.files": MaxFiles, "Job.log": 200, "Job.why": 1000, "Section.columns": 100, "Section.patch": 200,
		"Section.plots": MaxPlots, "Plot.series": MaxSeries, "Plot.labels": MaxLabels, "Plot.labels[]": maxLine, "Series.points": MaxPlotPoints, "Series.values": MaxLabels,
		"Report.why": maxLine, "Promotion.why": maxLine, "Promotion.model": maxLine, "Promotion.alias": maxLine, "Interval.error": maxLine, "Baseline.why": maxLine, "Metric.slice": 16, "Change.old": maxLine, "Change.new": maxLine,
		"Job.error": maxLine, "Job.log[]": maxLine, "Section.patch[]": maxLine, "Job.why[]": maxLine, "Part.text": maxLine, "Part.value": maxLine, "Side.subject": maxLine,
		"Side.run": 128, "Side.url": 2000,
	}
}

// words are the closed sets of words, by type, or by type and name of the field.
func words() map[string][]string {
	return map[string][]string{
		"Decision": {string(Promote), string(Unjudged), string(NoComparison), string(Inconclusive), string(Blocked), string(Broken)},
		"Verdict":  {string(Better), string(Same), string(Worse), string(CantTell), string(Different), string(Added), string(Gone)},
		"Outcome":  {string(Passed), string(Failed), string(NoBaseline), string(Undecided), string(Errored)},
		"Status": {"", string(record.Success), string(record.Failure), string(record.Cancelled), string(record.Skipped),
			string(record.Running), string(record.Interrupted)},
		"PlotKind": {string(Lines), string(Bars), string(Points), string(Grid)}, "Role": {string(RoleBaseline), string(RoleReference)},
		"Promoted":      {string(record.Moved), string(record.Registered), string(record.Unchanged), string(record.Refused), string(record.Undecided), string(record.Unpromoted)},
		"Metric.better": {Higher, Lower}, "Job.only": {"head", "base"},
	}
}

// leasts are the smallest values of integers other than 0.
func leasts() map[string]int64 {
	return map[string]int64{"Report.version": Version, "Baseline.tip": -1, "Baseline.age": math.MinInt64, "Job.exit": math.MinInt64}
}

// rules returns the rule of a report.
func rules() *rule {
	m := ruleMaker{forms(), bounds(), words(), leasts(), map[reflect.Type]*rule{}}
	return m.of(reflect.TypeFor[Report](), "")
}

type ruleMaker struct {
	forms  map[string]string
	bounds map[string]int
	words  map[string][]string
	leasts map[string]int64
	made   map[reflect.Type]*rule
}

// of returns the rule of a type; at is the type and name of the field it is in.
func (m *ruleMaker) of(t reflect.Type, at string) *rule {
	switch t {
	case reflect.TypeFor[Number]():
		return &rule{kind: anyfloat}
	case reflect.TypeFor[Point]():
		return &rule{kind: pair}
	case reflect.TypeFor[store.Digest]():
		return &rule{kind: text, max: 71, form: &form{text: digestForm}}
	case reflect.TypeFor[time.Time]():
		return &rule{kind: text, max: 40, form: &form{text: timeForm}, format: "date-time"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return m.of(t.Elem(), at)
	case reflect.Struct:
		return m.structure(t)
	case reflect.Slice:
		return &rule{kind: list, item: m.of(t.Elem(), at+"[]"), max: cmp.Or(m.bounds[at], maxItems)}
	case reflect.Map:
		return &rule{kind: mapping, item: m.of(t.Elem(), at+"[]"), max: cmp.Or(m.bounds[at], maxItems)}
	case reflect.Bool:
		return &rule{kind: boolean}
	case reflect.Int, reflect.Int64:
		return &rule{kind: integer, least: m.leasts[at]}
	case reflect.Float64:
		return &rule{kind: finite}
	}
	r := &rule{kind: text, max: cmp.Or(m.bounds[at], maxText), enum: m.words[at]}
	if r.enum == nil {
		r.enum = m.words[t.Name()]
	}
	if text := m.forms[at]; text != "" {
		r.form = &form{text: text}
	}
	return r
}

func (m *ruleMaker) structure(t reflect.Type) *rule {
	if r := m.made[t]; r != nil {
		return r
	}
	r := &rule{kind: object, name: t.Name()}
	m.made[t] = r
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		r.fields = append(r.fields, fieldRule{
			name: name, index: i, optional: strings.Contains(options, "omit"), rule: m.of(f.Type, t.Name()+"."+name),
		})
	}
	return r
}

// field returns the rule of a field, or nil.
func (r *rule) field(name string) *fieldRule {
	for i := range r.fields {
		if r.fields[i].name == name {
			return &r.fields[i]
		}
	}
	return nil
}

// takes reports whether a text is as the rule wants it, its length aside.
func (r *rule) takes(s string) bool {
	return (r.enum == nil || slices.Contains(r.enum, s)) && (r.form == nil || r.form.matches(s))
}
