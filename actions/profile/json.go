package profile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

// Encode returns the profile's canonical JSON: one line for each column, keys in
// the order of the types' fields.
func (p *Profile) Encode() ([]byte, error) {
	var b bytes.Buffer
	if err := p.EncodeTo(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// EncodeTo writes what Encode returns, column by column: of very many it is more
// than the profile takes itself.
func (p *Profile) EncodeTo(w io.Writer) error {
	head := *p
	head.Columns = nil
	text, err := json.Marshal(head)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	b := bufio.NewWriterSize(w, 1<<16)
	b.Write(bytes.TrimSuffix(text, []byte("null}")))
	b.WriteString("[")
	for i := range p.Columns {
		text, err := json.Marshal(&p.Columns[i])
		if err != nil {
			return fmt.Errorf("profile: column %q: %w", p.Columns[i].Name, err)
		}
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString("\n")
		b.Write(text)
	}
	b.WriteString("\n]}\n")
	return b.Flush() // which tells of what failed before
}

// ErrVersion says that a profile has another version than [Version].
var ErrVersion = errors.New("profile of another version")

// Decode reads what Encode wrote. It fails with [ErrVersion] if another version
// of this package wrote it, and if figures contradict each other.
func Decode(text []byte) (*Profile, error) {
	p, d := &Profile{}, &decoder{text: text}
	d.profile(p)
	if err := d.end(); err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	return p.checked()
}

// DecodeFrom reads what EncodeTo wrote, line by line, and fails as Decode does.
func DecodeFrom(r io.Reader) (*Profile, error) {
	p, b := &Profile{}, bufio.NewReaderSize(r, 1<<16)
	line, err := b.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	d := &decoder{text: append(bytes.TrimSuffix(line, []byte("\n")), "]}"...)}
	for d.profile(p); ; {
		if err := d.end(); err != nil {
			return nil, fmt.Errorf("profile: %w", err)
		}
		if line, err = b.ReadBytes('\n'); err != nil {
			return nil, fmt.Errorf("profile: %w", err)
		}
		if string(line) == "]}\n" {
			return p.checked()
		}
		d = &decoder{text: bytes.TrimSuffix(line, []byte(",\n"))}
		p.Columns = append(p.Columns, Column{})
		d.column(&p.Columns[len(p.Columns)-1])
	}
}

// checked returns p, unless it is what no profile of this version can be.
func (p *Profile) checked() (*Profile, error) {
	if p.Version != Version {
		return nil, fmt.Errorf("%w: %d, want %d", ErrVersion, p.Version, Version)
	}
	names := make(map[string]bool, len(p.Columns))
	for i := range p.Columns {
		c := &p.Columns[i]
		if err := c.check(p.Rows); err != nil {
			return nil, fmt.Errorf("profile: column %q: %w", c.Name, err)
		}
		if names[c.Name] {
			return nil, fmt.Errorf("profile: column %q is there twice", c.Name)
		}
		names[c.Name] = true
	}
	return p, nil
}

// check reports figures that no column can have together.
func (c *Column) check(rows int64) error {
	switch {
	case c.Rows != rows:
		return fmt.Errorf("%d rows of %d", c.Rows, rows)
	case min(c.Nulls, c.NaNs, c.Infinite, c.Other, c.Most, c.Numeric, c.Garbled) < 0, c.values() < 0:
		return fmt.Errorf("counts do not fit %d rows", c.Rows)
	case !c.Exact && len(c.Sketch) != registers:
		return errors.New("neither exact nor with a sketch")
	case c.Exact && len(c.Values) > maxExact:
		return fmt.Errorf("%d exact values, %d at most", len(c.Values), maxExact)
	}
	surely := int64(0)
	for _, v := range c.Values {
		if v.Over < 0 || v.Count < 0 || v.Over > v.Count {
			return fmt.Errorf("value %q: count %d, over %d", v.Text, v.Count, v.Over)
		}
		surely += v.Count - v.Over
	}
	if surely+c.Other != c.values() {
		return fmt.Errorf("%d values, of which %d are counted", c.values(), surely+c.Other)
	}
	for _, n := range []*Numbers{c.Numbers, c.Lengths} {
		if err := n.check(c.values()); err != nil {
			return err
		}
	}
	return nil
}

func (n *Numbers) check(values int64) error {
	if n == nil {
		return nil
	}
	if n.Count != values || n.Count < 1 || n.Min > n.Max || n.M2 < 0 {
		return fmt.Errorf("%d numbers from %v to %v for %d values", n.Count, n.Min, n.Max, values)
	}
	sum, last := int64(0), math.Inf(-1)
	for c := range n.Histogram.All() {
		if c.Low < last || c.High < c.Low || c.Count < 1 {
			return fmt.Errorf("cell [%v, %v, %d] behind %v", c.Low, c.High, c.Count, last)
		}
		last = c.High
		sum += c.Count
	}
	if sum != n.Count {
		return fmt.Errorf("histogram of %d numbers, want %d", sum, n.Count)
	}
	return nil
}

// MarshalJSON writes [low, high, count] or [value, count].
func (c Cell) MarshalJSON() ([]byte, error) {
	if c.Low == c.High {
		return json.Marshal([]any{c.Low, c.Count})
	}
	return json.Marshal([]any{c.Low, c.High, c.Count})
}

// UnmarshalJSON is the inverse of MarshalJSON.
func (c *Cell) UnmarshalJSON(text []byte) error {
	d := &decoder{text: text}
	*c = d.cell()
	return d.end()
}
