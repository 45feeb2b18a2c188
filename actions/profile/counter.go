package profile

import (
	"cmp"
	"slices"
)

// A counter finds out which values there are and how often: each by itself as
// long as they are few, then by a sketch and by those that are common.
type counter struct {
	few    few
	sketch Sketch // nil as long as all are in few
	top    *frequent
	count  int64
}

// add counts a value n times and reports whether the values are still few.
func (c *counter) add(hash, key uint64, text []byte, n int64) bool {
	c.count += n
	if c.sketch == nil {
		if i := c.few.find(hash, key, text); i >= 0 {
			c.few.counts[i] += n
			return true
		}
		c.leave()
	}
	c.sketch.add(hash)
	c.top.add(hash, key, text, n)
	return false
}

// leave gives up counting each value.
func (c *counter) leave() {
	c.sketch, c.top = make(Sketch, registers), newFrequent(c.few.isText)
	for i, key := range c.few.keys {
		var text []byte
		if c.few.isText {
			text = c.few.texts[i]
		}
		c.sketch.add(c.few.hashes[i])
		c.top.sieve.limit(c.few.counts[i])
		c.top.vote(c.few.hashes[i], key, text, c.few.counts[i])
	}
	if c.few.isText {
		c.few = few{isText: true} // numbers are asked for once more
	}
}

// describe fills in what is known of the values; text makes one of a key, nil
// where the values are texts.
func (c *counter) describe(into *Column, text func(key uint64) string) {
	into.Exact = c.sketch == nil
	if !into.Exact {
		into.Sketch = c.sketch
		into.Values, into.Most = c.top.top(text)
		into.Other = otherThan(into.Values, c.count)
		return
	}
	into.Values = make([]Value, 0, len(c.few.keys))
	for i, key := range c.few.keys {
		v := Value{Count: c.few.counts[i]}
		if text == nil {
			v.Text = string(c.few.texts[i])
		} else {
			v.Text = text(key)
		}
		into.Values = append(into.Values, v)
	}
	sortValues(into.Values)
}

// otherThan returns how many of count values are surely in none of vs.
func otherThan(vs []Value, count int64) int64 {
	for _, v := range vs {
		count -= v.Count - v.Over
	}
	return count
}

// sortValues puts the commonest first, then goes by text.
func sortValues(vs []Value) {
	slices.SortFunc(vs, func(a, b Value) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Text, b.Text))
	})
}

// addMany counts values that are not few by their hashes and returns the places
// of those that are to be counted by name too, by [frequent.vote].
func (c *counter) addMany(hashes []uint64, s *scratch) []int32 {
	c.count += int64(len(hashes))
	s.passed = sized(s.passed, len(hashes))
	return c.top.sieve.pass(hashes, c.sketch, s.passed)
}

// addTexts counts texts that have the given hashes.
func (c *counter) addTexts(hashes []uint64, texts [][]byte, s *scratch) {
	i := 0
	for i < len(texts) && c.sketch == nil {
		c.add(hashes[i], hashes[i], texts[i], 1)
		i++
	}
	if i == len(texts) {
		return
	}
	hashes, texts = hashes[i:], texts[i:]
	for _, at := range c.addMany(hashes, s) {
		c.top.vote(hashes[at], hashes[at], texts[at], 1)
	}
}
