package evaluate

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/actions/metric"
	"github.com/mlops-runner/mlops/spec/expression"
)

// onlyOwn reports whether all metrics that are asked for are averages of the
// person's own.
func (c *config) onlyOwn() bool {
	return len(c.metrics) > 0 && !slices.ContainsFunc(c.metrics, func(a asked) bool { return a.mean == "" })
}

// reads are the columns that an own metric is made of.
func (a asked) reads(names []string) (out []string) {
	if a.mean == "" {
		return nil
	}
	if slices.Contains(names, a.mean) {
		return []string{a.mean}
	}
	x, err := expression.Parse(a.mean)
	if err != nil {
		return nil // told where it is evaluated
	}
	for _, ref := range x.References() {
		name := ref.Path[0]
		if strings.EqualFold(name, "row") && len(ref.Path) > 1 {
			name = ref.Path[1]
		}
		out = append(out, columnNamed(name, names))
	}
	return out
}

// columnNamed is the column that an expression means, which does not tell upper
// from lower case.
func columnNamed(name string, names []string) string {
	if slices.Contains(names, name) {
		return name
	}
	if i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) }); i >= 0 {
		return names[i]
	}
	return name
}

// own computes what the averages of the person's own have for each row.
func (b *builder) own() (err error) {
	r := b.frame.rows
	for _, a := range b.config.metrics {
		if a.mean == "" {
			continue
		}
		values, e := b.ownValues(a)
		if e != nil {
			err = errors.Join(err, &action.InputError{Input: a.input, What: e.Error()})
			continue
		}
		if r.Own == nil {
			r.Own = map[string][]float64{}
		}
		r.Own[a.name] = values
	}
	return err
}

func (b *builder) ownValues(a asked) ([]float64, error) {
	if c := b.columns[a.mean]; c != nil {
		return c.asNumbers("what is averaged")
	}
	x, err := expression.Parse(a.mean)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", a.mean, err)
	}
	names := make([]string, 0, len(b.columns))
	for name := range b.columns {
		names = append(names, name)
	}
	e := &rowExpression{expr: x, scope: expression.Scope{Names: map[string]any{}}}
	for _, name := range a.reads(names) {
		e.columns = append(e.columns, b.columns[name])
	}
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("%q: %w", a.mean, err)
	}
	out := make([]float64, b.anyColumn().rows())
	for row := range out {
		if out[row], err = e.value(row); err != nil {
			return nil, fmt.Errorf("%q: row %d: %w", a.mean, row+1, err)
		}
	}
	return out, nil
}

// A rowExpression is an expression over the columns of a row.
type rowExpression struct {
	expr    *expression.Expr
	columns []*column
	scope   expression.Scope
}

func (e *rowExpression) check() error {
	types := map[string]expression.Type{"row": expression.MapOf(expression.ScalarType())}
	for _, c := range e.columns {
		types[c.name] = expression.ScalarType()
	}
	if _, errs := e.expr.Check(&expression.Env{Names: types}); len(errs) > 0 {
		return errs[0]
	}
	return nil
}

// value evaluates the expression; true counts 1 and false 0.
func (e *rowExpression) value(row int) (float64, error) {
	object := expression.NewObject(len(e.columns))
	e.scope.Names["row"] = object
	for _, c := range e.columns {
		var x any
		switch {
		case c.null(row):
		case c.numbers != nil:
			x = c.numbers[row]
		default:
			x = c.text(row)
		}
		e.scope.Names[c.name] = x
		object.Set(c.name, x)
	}
	v, err := e.expr.Eval(&e.scope)
	if err != nil {
		return 0, err
	}
	return numberOf(v)
}

func numberOf(v any) (float64, error) {
	switch v := v.(type) {
	case float64:
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			return v, nil
		}
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	}
	return 0, fmt.Errorf("it is %s, which is no finite number", strconv.Quote(expression.Format(v)))
}

// find is the metric that was asked for.
func (a asked) find() (metric.Metric, error) {
	if a.mean != "" {
		return metric.Own(a.name, metric.Better(a.better)), nil
	}
	return metric.Find(a.name)
}
