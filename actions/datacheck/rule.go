package datacheck

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/spec/expression"
)

// A ruleProbe evaluates a condition for each row.
type ruleProbe struct {
	rule   rule
	result Result
	expr   *expression.Expr
	reads  []read
	row    bool // it reads the context row
	nulls  bool // it names null, so rows with nulls are judged
	scope  expression.Scope

	rows, skipped int64
	bad           offenders
	err           *expression.Error // the first
}

// A read is a column that the rule reads.
type read struct {
	name string
	at   int
	typ  string // of its column line
}

func ruleProbes(s *setup) (out []probe, err error) {
	for i, r := range s.rules {
		p, e := s.rule(fmt.Sprintf("rules[%d]", i), r)
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		if p.result.Level != Off {
			out = append(out, p)
		}
	}
	return out, err
}

func (s *setup) rule(input string, r rule) (*ruleProbe, error) {
	x, err := expression.Parse(r.check)
	if err != nil {
		return nil, wrongInput(input, fmt.Sprintf("%q: %v", r.check, err))
	}
	p := &ruleProbe{rule: r, expr: x, nulls: namesNull(r.check), scope: expression.Scope{Names: map[string]any{}}}
	p.result = Result{Check: "rules", Input: input, Level: s.level("rules"), Wanted: r.check}
	if r.level != "" {
		p.result.Level = r.level
	}
	if r.allow > 0 {
		p.result.Wanted += ", for all but " + percent(r.allow)
	}
	env := &expression.Env{Names: s.types()}
	if _, errs := x.Check(env); len(errs) > 0 {
		return nil, wrongInput(input, fmt.Sprintf("%q: %s%s", r.check, errs[0].Msg, fixText(errs[0].Fix)))
	}
	for _, ref := range x.References() {
		if err := p.read(s, input, ref); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func fixText(fix string) string {
	if fix == "" {
		return ""
	}
	return "; " + fix
}

// read notes the column of a reference.
func (p *ruleProbe) read(s *setup, input string, ref expression.Reference) error {
	name := ref.Path[0]
	at := s.column(name)
	if at < 0 {
		at = slices.IndexFunc(s.columns, func(c table.Column) bool { return strings.EqualFold(c.Name, name) })
	}
	if at < 0 && strings.EqualFold(name, "row") {
		p.row = true
		if len(ref.Path) < 2 {
			return wrongInput(input, "row needs a column, such as row['unit price']")
		}
		name = ref.Path[1]
		at = s.column(name)
	}
	if at < 0 {
		return wrongInput(input, noColumn(name, s.columns))
	}
	if !slices.ContainsFunc(p.reads, func(r read) bool { return r.at == at }) {
		p.reads = append(p.reads, read{s.columns[at].Name, at, s.lineType(at)})
	}
	return nil
}

// lineType is the type that a column's line gives it, or "".
func (s *setup) lineType(at int) string {
	if line := s.lines[s.columns[at].Name]; line != nil {
		return line.Type
	}
	return ""
}

// types are the columns as names of expressions. What a text file holds is known
// only where a line tells.
func (s *setup) types() map[string]expression.Type {
	types := map[string]expression.Type{"row": expression.MapOf(expression.ScalarType())}
	for i, c := range s.columns {
		t := expression.ScalarType()
		switch s.lineType(i) {
		case "int", "float":
			t = expression.NumberType()
		case "bool":
			t = expression.BooleanType()
		case "string", "date", "datetime":
			t = expression.StringType()
		}
		types[c.Name] = t
	}
	return types
}

// namesNull reports whether a rule has null as a word outside of texts.
func namesNull(rule string) bool {
	inText := false
	var words strings.Builder
	for _, c := range rule {
		if c == '\'' {
			inText = !inText
		}
		if inText {
			c = ' '
		}
		words.WriteRune(c)
	}
	return slices.Contains(strings.FieldsFunc(words.String(), func(c rune) bool {
		return !(c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z')
	}), "null")
}

func (p *ruleProbe) see(b *table.Batch, _ uint64) error {
	for i := range b.Rows {
		if !p.fill(b, i) {
			p.skipped++
			continue
		}
		p.rows++
		v, err := p.expr.Eval(&p.scope)
		if err != nil {
			var e *expression.Error
			if p.err == nil && errors.As(err, &e) {
				p.err = e
			}
		}
		if err != nil || !expression.Truthy(v) {
			p.bad.add(b, i, func() string { return p.values(b, i) })
		}
	}
	return nil
}

// fill gives the scope what the rule reads of row i. It is false if that is null
// and the rule does not ask for it.
func (p *ruleProbe) fill(b *table.Batch, i int) bool {
	var row *expression.Object
	if p.row {
		row = expression.NewObject(len(p.reads))
		p.scope.Names["row"] = row
	}
	for _, r := range p.reads {
		v := &b.Columns[r.at]
		null := v.Null(i) || v.Kind == table.Unknown
		if null && !p.nulls {
			return false
		}
		var x any
		if !null {
			x = ruleValue(v, i, r.typ)
		}
		p.scope.Names[r.name] = x
		if row != nil {
			row.Set(r.name, x)
		}
	}
	return true
}

// ruleValue is a value as expressions have it: numbers and booleans as such, dates and
// times as text, which sorts as they do. A text that is all of a number is one,
// unless the column's line says otherwise.
func ruleValue(v *table.Vector, i int, typ string) any {
	switch v.Kind {
	case table.Int, table.Float:
		return v.Float(i)
	case table.Bool:
		return v.Ints[i] != 0
	case table.Date, table.Time:
		return text(v, i)
	}
	s := string(v.Text(i))
	switch typ {
	case "string", "date", "datetime":
		return s
	case "bool":
		if n, ok := parse(s, typ); ok {
			return n == 1
		}
		return s
	}
	if n, ok := parse(s, "float"); ok {
		return n
	}
	switch s {
	case "true", "True", "TRUE":
		return true
	case "false", "False", "FALSE":
		return false
	}
	return s
}

// values are what the rule reads of a row, for people.
func (p *ruleProbe) values(b *table.Batch, i int) string {
	parts := make([]string, len(p.reads))
	for k, r := range p.reads {
		parts[k] = r.name + " " + tuple(b, i, []int{r.at})
	}
	return strings.Join(parts, ", ")
}

func (p *ruleProbe) results() ([]Result, error) {
	r := p.result
	r.fill(&p.bad, p.rows)
	r.Value, r.Passed = value(r.Share), p.bad.count == 0 || r.Share <= p.rule.allow
	r.Measured = fmt.Sprintf("%s of %s (%s) do not meet it", grouped(p.bad.count), count(p.rows, "row"), percent(r.Share))
	if p.skipped > 0 {
		r.Measured += fmt.Sprintf("; %s with nulls not judged", count(p.skipped, "row"))
	}
	if p.err != nil {
		r.Measured += "; " + p.err.Msg
	}
	return []Result{r}, nil
}

func (p *ruleProbe) close() error { return nil }
