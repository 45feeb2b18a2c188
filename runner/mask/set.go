package mask

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// MinLength is how many bytes a value must have: a shorter one, such as "1" or
// "admin", would take ordinary words out of the log.
const MinLength = 6

// Mark stands for what was masked.
const Mark = "***"

// ErrShort is returned for a value of fewer than [MinLength] bytes, blanks
// around it not counted. It does not hold the value.
var ErrShort = errors.New("the value has fewer than 6 bytes and is not masked: it would take ordinary text out of the log")

// A Set is a set of secret values. The zero value is empty and ready for use.
// Its methods may be called from several goroutines at once.
type Set struct {
	built atomic.Pointer[automaton] // of all forms; nil: none, or forms were added since
	some  atomic.Bool

	mu     sync.Mutex // guards all below
	values map[string]bool
	forms  map[string]bool
}

// Add adds a value; from now on it is masked in all its forms. A value that is
// there already changes nothing. It fails with [ErrShort].
func (s *Set) Add(value string) error {
	if len(strings.TrimSpace(value)) < MinLength {
		return ErrShort
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values[value] {
		return nil
	}
	s.insert(value)
	s.built.Store(nil)
	s.some.Store(true)
	return nil
}

func (s *Set) insert(value string) {
	if s.forms == nil {
		s.values, s.forms = map[string]bool{}, map[string]bool{}
	}
	s.values[value] = true
	eachForm(value, func(form string) { s.forms[form] = true })
}

// Values returns the values that were added, in no order.
func (s *Set) Values() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.values))
}

// Empty reports whether the set has no value.
func (s *Set) Empty() bool { return !s.some.Load() }

// automaton returns the automaton of all forms, nil if there are none.
func (s *Set) automaton() *automaton {
	if !s.some.Load() {
		return nil
	}
	if a := s.built.Load(); a != nil {
		return a
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.built.Load(); a != nil {
		return a
	}
	forms := make([]string, 0, len(s.forms))
	for f := range s.forms {
		forms = append(forms, f)
	}
	a := newAutomaton(forms)
	s.built.Store(a)
	return a
}

// Holds reports whether a text holds a value in any form, be it with escape
// sequences in it.
func (s *Set) Holds(text string) bool {
	a := s.automaton()
	if a == nil {
		return false
	}
	return len(a.find([]byte(text))) > 0
}

// Text returns a text with all that is secret masked.
func (s *Set) Text(text string) string {
	if s.Empty() {
		return text
	}
	return string(s.Bytes([]byte(text)))
}

// Bytes is [Set.Text] for bytes. It does not change text, and returns it itself
// if nothing in it is secret.
func (s *Set) Bytes(text []byte) []byte {
	a := s.automaton()
	if a == nil {
		return text
	}
	hits := a.find(text)
	if len(hits) == 0 {
		return text
	}
	out := make([]byte, 0, len(text))
	at := 0
	for _, h := range hits {
		out = append(append(out, text[at:h.from]...), Mark...)
		at = h.to
	}
	return append(out, text[at:]...)
}
