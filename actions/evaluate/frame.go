package evaluate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/actions/metric"
	"github.com/mlops-runner/mlops/actions/slice"
	"github.com/mlops-runner/mlops/actions/table"
	"github.com/mlops-runner/mlops/spec"
)

// A Frame is the predictions of one model in memory.
type Frame struct {
	config *config
	rows   *metric.Rows
	ids    *keys     // nil without an id
	groups []uint64  // nil without a group
	paths  []string  // of the files
	others []*column // what slices may be made of
	notes  []string  // what is not plain to see
}

// read reads the table; all tells whether also the columns that nothing names.
func (c *config) read(ctx context.Context, paths []string, all bool) (*Frame, error) {
	head, err := table.Open(paths, table.Options{})
	if err != nil {
		return nil, err
	}
	names := namesOf(head.Columns())
	if c.lenient {
		c.metrics = slices.DeleteFunc(slices.Clone(c.metrics), func(a asked) bool {
			return slices.ContainsFunc(a.reads(names), func(n string) bool { return !slices.Contains(names, n) })
		})
	}
	wanted, err := c.wanted(names, all)
	if err != nil {
		return nil, err
	}
	read := slices.Clone(wanted)
	for _, extra := range []string{c.columns.id, c.columns.group} {
		if extra != "" && !slices.Contains(read, extra) {
			read = append(read, extra)
		}
	}
	t, err := table.Open(paths, table.Options{Columns: read})
	if err != nil {
		return nil, err
	}
	l, err := load(ctx, t, wanted, c.columns.id, c.columns.group, c.hash)
	if err != nil {
		return nil, err
	}
	f, err := c.frame(l)
	if err == nil {
		f.paths = paths
	}
	return f, err
}

func namesOf(cs []table.Column) []string {
	names := make([]string, len(cs))
	for i, c := range cs {
		names[i] = c.Name
	}
	return names
}

// wanted are the columns to read, in the order in which the inputs name them. All
// that the inputs name has to be there.
func (c *config) wanted(names []string, all bool) ([]string, error) {
	in := &action.Inputs{}
	var out []string
	for _, n := range c.named(in, names) {
		switch {
		case !slices.Contains(names, n.column):
			in.Wrong(n.input, "there is no column %q%s", n.column, didYouMean(n.column, names))
		case n.input != "id" && n.input != "group" && !slices.Contains(out, n.column):
			out = append(out, n.column)
		}
	}
	if err := in.Err(); err != nil {
		return nil, err
	}
	for _, name := range names {
		if all && !slices.Contains(out, name) && name != c.columns.id && name != c.columns.group {
			out = append(out, name)
		}
	}
	return out, nil
}

// A namedColumn is a column that an input names.
type namedColumn struct{ input, column string }

// named are the columns that the inputs name. What cannot be read as names of
// columns is noted as wrong.
func (c *config) named(in *action.Inputs, names []string) (out []namedColumn) {
	add := func(input string, columns ...string) {
		for _, name := range columns {
			if name != "" {
				out = append(out, namedColumn{input, name})
			}
		}
	}
	col := c.columns
	add("label", col.label)
	add("score", col.score)
	add("scores", col.scores...)
	add("prediction", col.prediction)
	add("weight", col.weight)
	add("find", c.find...)
	add("fairness", c.fairness...)
	for i, s := range c.slices {
		parsed, err := slice.Parse(s, names)
		if err != nil {
			in.Wrong("slices["+strconv.Itoa(i)+"]", "%v", err)
		}
		for _, term := range parsed.Terms {
			add("slices", term.Column)
		}
	}
	for _, m := range c.metrics {
		add(m.input, m.reads(names)...)
	}
	add("id", col.id)
	add("group", col.group)
	return out
}

func didYouMean(name string, names []string) string {
	if near := spec.Nearest(name, names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return "; the columns are " + strings.Join(names[:min(len(names), 30)], ", ")
}

// frame makes rows of what was loaded.
func (c *config) frame(l *loader) (*Frame, error) {
	f := &Frame{config: c, ids: l.ids}
	if l.groups != nil {
		f.groups = l.groups.first
	}
	b := &builder{config: c, columns: map[string]*column{}, frame: f}
	for _, col := range l.columns {
		b.columns[col.name] = col
	}
	f.others = b.features(l.columns)
	rows, err := b.rows()
	if err != nil {
		return nil, err
	}
	f.rows = rows
	return f, b.own()
}

// A builder makes the rows of metrics from columns.
type builder struct {
	config  *config
	columns map[string]*column
	frame   *Frame
}

func (b *builder) rows() (*metric.Rows, error) {
	task, err := b.task()
	if err != nil {
		return nil, err
	}
	r := &metric.Rows{Task: task, Group: b.frame.groups, Season: b.config.season}
	if b.config.threshold != "best" {
		r.Threshold, _ = strconv.ParseFloat(b.config.threshold, 64)
	}
	err = errors.Join(b.label(r), b.predicted(r), b.weight(r))
	if err == nil && r.Label == nil {
		err = &action.InputError{Input: "label", What: "it is missing; name the column with the truth"}
	}
	return r, err
}

// task is what was asked, or what the columns tell.
func (b *builder) task() (metric.Task, error) {
	c := b.config
	if t, ok := metric.FindTask(c.task); ok {
		return t, nil
	}
	for _, a := range c.metrics {
		if m, err := metric.Find(a.name); err == nil && a.mean == "" && len(m.Tasks) == 1 {
			return m.Tasks[0], nil
		}
	}
	label := b.columns[c.columns.label]
	switch {
	case len(c.columns.scores) > 0:
		return metric.Multiclass, nil
	case c.columns.score != "":
		return metric.Binary, nil
	case label == nil:
		return metric.Regression, nil // of own metrics alone
	case label.numbers == nil || len(label.distinct(3)) <= 2:
		if len(label.distinct(3)) <= 2 {
			return metric.Binary, nil
		}
		return metric.Multiclass, nil
	}
	return metric.Regression, nil
}

func (b *builder) label(r *metric.Rows) (err error) {
	label := b.columns[b.config.columns.label]
	if label == nil {
		if !b.config.onlyOwn() {
			return &action.InputError{Input: "label", What: "it is missing; name the column with the truth"}
		}
		r.Label = make([]float64, b.anyColumn().rows())
		return nil
	}
	switch r.Task {
	case metric.Binary:
		r.Label, err = label.binary(b.config.positive)
	case metric.Multiclass:
		r.Classes = b.config.columns.classes
		if r.Classes == nil {
			r.Classes = b.bothClasses(label)
		}
		if len(r.Classes) > maxClasses {
			return &ColumnError{Column: label.name, Reason: fmt.Sprintf("holds more than %d classes", maxClasses), Fix: "if it holds numbers to be predicted, say task: regression"}
		}
		r.Label, err = label.classes(r.Classes)
	default:
		r.Label, err = label.asNumbers("labels")
	}
	return err
}

// maxClasses bounds the confusion matrix.
const maxClasses = 1000

// bothClasses are the values of the label and of the prediction, in order.
func (b *builder) bothClasses(label *column) []string {
	names := label.distinct(maxClasses + 1)
	if p := b.columns[b.config.columns.prediction]; p != nil {
		names = append(names, p.distinct(maxClasses+1)...)
	}
	slices.SortFunc(names, func(a, b string) int {
		x, errX := strconv.ParseFloat(a, 64)
		y, errY := strconv.ParseFloat(b, 64)
		if errX == nil && errY == nil {
			return cmp.Compare(x, y)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(names)
}

func (b *builder) anyColumn() *column {
	for _, c := range b.columns {
		return c
	}
	return nil
}

func (b *builder) predicted(r *metric.Rows) (err error) {
	col := b.config.columns
	score, prediction := b.columns[col.score], b.columns[col.prediction]
	if r.Task == metric.Regression || r.Task == metric.Forecast {
		if score == nil {
			score, prediction = prediction, nil
		}
	}
	if score != nil {
		if r.Score, err = score.asNumbers("scores"); err != nil {
			return err
		}
	}
	for _, name := range col.scores {
		s, err := b.columns[name].asNumbers("scores")
		if err != nil {
			return err
		}
		r.Scores = append(r.Scores, s)
	}
	switch {
	case prediction == nil || r.Task == metric.Ranking:
	case r.Task == metric.Binary:
		r.Prediction, err = prediction.binary(cmp.Or(b.config.positive, b.positiveOf(prediction)))
	case r.Task == metric.Multiclass:
		r.Prediction, err = prediction.classes(r.Classes)
	}
	return err
}

// positiveOf is the positive value of the label if the prediction spells it alike.
func (b *builder) positiveOf(prediction *column) string {
	label := b.columns[b.config.columns.label]
	if label == nil {
		return ""
	}
	one, err := label.positive(label.distinct(2), "")
	if err != nil || !slices.Contains(prediction.distinct(3), one) {
		return ""
	}
	return one
}

func (b *builder) weight(r *metric.Rows) error {
	w := b.columns[b.config.columns.weight]
	if w == nil {
		return nil
	}
	weights, err := w.asNumbers("weights")
	if err != nil {
		return err
	}
	for row, x := range weights {
		if x < 0 || math.IsInf(x, 0) {
			return &ColumnError{Column: w.name, Reason: fmt.Sprintf("holds %v, which is no weight", x), Fix: "weights are finite numbers from 0", Count: 1, Row: row + 1}
		}
	}
	r.Weight = weights
	return nil
}

// features are the columns of which slices may be made: all that are nothing else.
func (b *builder) features(all []*column) (out []*column) {
	col := b.config.columns
	roles := append([]string{col.label, col.score, col.prediction, col.weight, col.id, col.group}, col.scores...)
	for _, c := range all {
		if !slices.Contains(roles, c.name) || b.config.slicesBy(c.name) {
			out = append(out, c)
		}
	}
	return out
}

// slicesBy reports whether slices are made of a column by name.
func (c *config) slicesBy(name string) bool {
	if slices.Contains(c.find, name) || slices.Contains(c.fairness, name) {
		return true
	}
	for _, s := range c.slices {
		parsed, err := slice.Parse(s, nil)
		if err == nil && slices.ContainsFunc(parsed.Terms, func(t slice.Term) bool { return t.Column == name }) {
			return true
		}
	}
	return false
}

// sliceColumns are the columns in the form of package slice.
func (f *Frame) sliceColumns() []slice.Column {
	out := make([]slice.Column, len(f.others))
	for i, c := range f.others {
		out[i] = slice.Column{Name: c.name, Codes: c.codes, Names: c.values, Numbers: c.numbers}
		if c.numbers != nil && (c.kind == table.Bool || c.kind == table.Date || c.kind == table.Time) {
			out[i] = c.spelled()
		}
	}
	return out
}

// spelled is a column of booleans, dates or times as categories.
func (c *column) spelled() slice.Column {
	out := slice.Column{Name: c.name, Codes: make([]int32, len(c.numbers))}
	place := map[float64]int32{}
	for row, x := range c.numbers {
		if math.IsNaN(x) {
			out.Codes[row] = -1
			continue
		}
		code, ok := place[x]
		if !ok && len(place) == maxValues {
			c.many = true
			code = -1
		} else if !ok {
			code = int32(len(place))
			place[x] = code
			out.Names = append(out.Names, c.text(row))
		}
		out.Codes[row] = code
	}
	return out
}
