package evaluate

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// A ColumnError reports a column that does not hold what it has to.
type ColumnError struct {
	Column, Reason, Fix string
	Count               int // rows at fault; 0 if it is not about single rows
	Row                 int // the first of them, from 1
}

func (e *ColumnError) Error() string {
	text := fmt.Sprintf("column %s %s", e.Column, e.Reason)
	if e.Count > 0 {
		text += fmt.Sprintf(" in %s, first in row %d", rowsOf(e.Count), e.Row)
	}
	if e.Fix != "" {
		text += "; " + e.Fix
	}
	return text
}

// nulls fails if a column lacks values.
func (c *column) nulls() error {
	count, first := 0, 0
	for row := range c.rows() {
		if c.null(row) {
			if count++; count == 1 {
				first = row + 1
			}
		}
	}
	if count == 0 {
		return nil
	}
	return &ColumnError{Column: c.name, Reason: "has no value", Fix: "predict every row, or leave the row out of the file", Count: count, Row: first}
}

func (c *column) rows() int { return max(len(c.numbers), len(c.codes)) }

// asNumbers returns the values of a column of numbers.
func (c *column) asNumbers(what string) ([]float64, error) {
	if c.numbers == nil {
		return nil, &ColumnError{Column: c.name, Reason: fmt.Sprintf("holds texts such as %q where %s must be numbers", c.example(), what)}
	}
	if err := c.nulls(); err != nil {
		return nil, err
	}
	return c.numbers, nil
}

func (c *column) example() string {
	if len(c.values) == 0 {
		return ""
	}
	return c.values[0]
}

// distinct are the values of a column as texts, in order: numbers by size.
func (c *column) distinct(most int) []string {
	if c.numbers == nil {
		return slices.Sorted(slices.Values(c.values))
	}
	seen := map[float64]int{}
	for row, x := range c.numbers {
		if _, ok := seen[x]; !ok && !math.IsNaN(x) {
			if len(seen) == most {
				break
			}
			seen[x] = row
		}
	}
	numbers := make([]float64, 0, len(seen))
	for x := range seen {
		numbers = append(numbers, x)
	}
	sort.Float64s(numbers)
	out := make([]string, len(numbers))
	for i, x := range numbers {
		out[i] = c.text(seen[x])
	}
	return out
}

// positiveWords are values that count as positive without being told so.
var positiveWords = []string{"1", "true", "yes", "y", "t", "positive", "pos"}

// negativeWords are their opposites.
var negativeWords = []string{"0", "false", "no", "n", "f", "negative", "neg", "-1"}

// binary returns the values of a column of two as 1 where they are positive.
func (c *column) binary(positive string) ([]float64, error) {
	if err := c.nulls(); err != nil {
		return nil, err
	}
	values := c.distinct(3)
	if len(values) > 2 {
		return nil, &ColumnError{Column: c.name, Reason: "holds more than two values, such as " + strings.Join(quoted(values[:3]), ", "), Fix: "name the columns of all classes as scores, or make a column of two"}
	}
	one, err := c.positive(values, positive)
	if err != nil {
		return nil, err
	}
	out := make([]float64, c.rows())
	for row := range out {
		if c.is(row, one) {
			out[row] = 1
		}
	}
	return out, nil
}

// positive picks the value that counts as positive.
func (c *column) positive(values []string, asked string) (string, error) {
	if asked != "" {
		if slices.Contains(values, asked) || len(values) < 2 {
			return asked, nil
		}
		return "", &ColumnError{Column: c.name, Reason: fmt.Sprintf("holds no %q, which positive names, but %s", asked, strings.Join(quoted(values), " and "))}
	}
	for _, v := range values {
		if slices.Contains(positiveWords, strings.ToLower(v)) {
			return v, nil
		}
	}
	if len(values) == 1 && slices.Contains(negativeWords, strings.ToLower(values[0])) {
		return "", nil
	}
	return "", &ColumnError{Column: c.name, Reason: "holds " + strings.Join(quoted(values), " and ") + ", of which none is plainly the positive one", Fix: "say which: positive: " + strconv.Quote(values[len(values)-1])}
}

// is reports whether a row holds a value that is written so.
func (c *column) is(row int, text string) bool {
	if c.numbers == nil {
		return c.values[c.codes[row]] == text
	}
	x, err := strconv.ParseFloat(text, 64)
	if err == nil {
		return c.numbers[row] == x
	}
	return c.text(row) == text
}

func quoted(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = strconv.Quote(t)
	}
	return out
}

// classes returns the places of a column's values among classes.
func (c *column) classes(names []string) ([]float64, error) {
	if err := c.nulls(); err != nil {
		return nil, err
	}
	place := make(map[string]float64, len(names))
	for i, n := range names {
		place[n] = float64(i)
	}
	of := func(row int) (float64, bool) { i, ok := place[c.text(row)]; return i, ok }
	if c.numbers == nil {
		byCode := make([]float64, len(c.values))
		known := make([]bool, len(c.values))
		for code, v := range c.values {
			byCode[code], known[code] = place[v], slices.Contains(names, v)
		}
		of = func(row int) (float64, bool) { return byCode[c.codes[row]], known[c.codes[row]] }
	}
	out := make([]float64, c.rows())
	count, first := 0, 0
	for row := range out {
		i, ok := of(row)
		if !ok {
			if count++; count == 1 {
				first = row
			}
		}
		out[row] = i
	}
	if count > 0 {
		return nil, &ColumnError{Column: c.name, Reason: fmt.Sprintf("holds a class that is none of %s, %q", strings.Join(quoted(names), ", "), c.text(first)), Count: count, Row: first + 1}
	}
	return out, nil
}
