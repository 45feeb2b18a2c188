package view

import (
	"io"
	"regexp"
	"strings"
	"sync"
)

// gap separates the columns of a table.
const gap = "  "

// numeric matches cells that are aligned to the right: numbers with or without
// a unit, but no ids and dates, which have a dash further on.
var numeric = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[-+(]?[0-9]([^-]|e-)*$|^(NaN|-?Infinity)$`) })

// Table writes rows under a header, columns aligned by display width. A column
// of numbers (its cells begin with a digit or a sign and have no dash behind) is
// aligned to the right, an empty column is left out, rows may be shorter than
// the header. Cells are cleaned as [Clean] does; colours in them are kept if
// color is true, and the header is then bold. It returns the writer's error.
func Table(w io.Writer, header []string, rows [][]string, color bool) error {
	var b strings.Builder
	for _, line := range layOut(header, rows, paint(color)) {
		b.WriteString(line)
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// layOut returns the lines of a table.
func layOut(header []string, rows [][]string, p paint) []string {
	cells := cleanCells(header, rows, bool(p))
	var columns []column
	for i := range header {
		if c := measure(cells, i); c.filled {
			columns = append(columns, c)
		}
	}
	lines := make([]string, 0, len(cells))
	for n, row := range cells {
		line := join(row, columns)
		if n == 0 {
			line = p.in(bold, line)
		}
		lines = append(lines, line)
	}
	return lines
}

// A column is what the cells below each other have in common.
type column struct {
	index, width int
	right        bool
	filled       bool // any cell but the header
}

func measure(cells [][]string, index int) column {
	c := column{index: index, width: Width(cells[0][index]), right: true}
	for _, row := range cells[1:] {
		cell := row[index]
		if cell == "" {
			continue
		}
		c.filled = true
		c.width = max(c.width, Width(cell))
		c.right = c.right && numeric().MatchString(bare(cell))
	}
	return c
}

func join(row []string, columns []column) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = pad(row[c.index], c.width, c.right)
	}
	return strings.TrimRight(strings.Join(parts, gap), " ")
}

// cleanCells returns header and rows with every row as long as the header.
func cleanCells(header []string, rows [][]string, color bool) [][]string {
	all := append([][]string{header}, rows...)
	out := make([][]string, len(all))
	for i, row := range all {
		out[i] = make([]string, len(header))
		for k, cell := range row[:min(len(row), len(header))] {
			out[i][k] = oneLine(cell, color)
		}
	}
	return out
}

// bare returns s without colours.
func bare(s string) string { return Clean(s, false) }
