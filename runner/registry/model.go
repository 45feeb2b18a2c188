package registry

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// A Model is what a journal comes to. It does not change; its slices and maps are
// not to be changed.
type Model struct {
	Name    string
	Journal []Entry        // in the order of time
	Aliases map[string]int // version by alias

	journal  *journal
	versions []Entry          // that registered them; version n is at n-1
	stacks   map[string][]int // versions that each alias would roll back to, the present one last
	retired  map[int]bool
}

// settle makes the state of a journal.
func settle(name string, j *journal) *Model {
	m := &Model{Name: name, Journal: j.entries, Aliases: map[string]int{}, journal: j, stacks: map[string][]int{}, retired: map[int]bool{}}
	for _, e := range j.entries {
		switch e.Action {
		case Registered:
			m.versions = append(m.versions, e)
		case Aliased:
			m.stacks[e.Alias] = append(m.stacks[e.Alias], e.Version)
			m.Aliases[e.Alias] = e.Version
		case RolledBack:
			stack := m.stacks[e.Alias]
			if i := lastIndex(stack[:max(0, len(stack)-1)], e.Version); i >= 0 {
				stack = stack[:i+1]
			}
			m.stacks[e.Alias], m.Aliases[e.Alias] = stack, e.Version
		case Removed:
			delete(m.Aliases, e.Alias)
		case Retired:
			m.retired[e.Version] = true
		}
	}
	return m
}

func lastIndex(list []int, n int) int {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] == n {
			return i
		}
	}
	return -1
}

// Versions is how many versions there are; they are numbered from 1.
func (m *Model) Versions() int { return len(m.versions) }

// Line is the digest of the journal's line with a number, from 1.
func (m *Model) Line(seq int) store.Digest { return m.journal.sums[seq-1] }

// IsRetired reports whether a version is not to be used any more.
func (m *Model) IsRetired(version int) bool { return m.retired[version] }

// Retirement returns the line that says that a version is not to be used any more; nil
// if there is none.
func (m *Model) Retirement(version int) *Entry {
	for i := range m.Journal {
		if e := &m.Journal[i]; e.Action == Retired && e.Version == version {
			return e
		}
	}
	return nil
}

// Named returns the aliases of a version, sorted.
func (m *Model) Named(version int) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(m.Aliases)) {
		if m.Aliases[name] == version {
			names = append(names, name)
		}
	}
	return names
}

// Notes returns what was noted of a version, oldest first.
func (m *Model) Notes(version int) (notes []Entry) {
	for _, e := range m.Journal {
		if e.Action == Noted && e.Version == version {
			notes = append(notes, e)
		}
	}
	return notes
}

// Removals returns the lines that removed an alias from a version, which it has not
// got again since; oldest first.
func (m *Model) Removals(version int) (lines []Entry) {
	last := map[string]int{}
	for i, e := range m.Journal {
		if e.Version == version && e.Action.Moves() {
			last[e.Alias] = i
		}
	}
	for i, e := range m.Journal {
		if e.Action == Removed && e.Version == version && last[e.Alias] == i {
			lines = append(lines, e)
		}
	}
	return lines
}

// Resolve returns the version that a number or an alias means. It fails with a
// *NotFoundError.
func (m *Model) Resolve(ref string) (int, error) {
	if n, err := strconv.Atoi(ref); err == nil && n >= 1 && n <= len(m.versions) {
		return n, nil
	}
	if n, ok := m.Aliases[ref]; ok {
		return n, nil
	}
	return 0, &NotFoundError{m.Name + "@" + ref, m.refs()}
}

// refs are all that stands for a version behind an @.
func (m *Model) refs() (names []string) {
	for _, alias := range slices.Sorted(maps.Keys(m.Aliases)) {
		names = append(names, m.Name+"@"+alias)
	}
	switch n := len(m.versions); n {
	case 0:
	case 1:
		names = append(names, m.Name+"@1")
	default:
		names = append(names, fmt.Sprintf("%s@1 to %s@%d", m.Name, m.Name, n))
	}
	return names
}

// Undone returns the newest line by which a person took an alias away from a
// version, a rollback or a removal, if no later one put it there again; nil if there
// is none.
func (m *Model) Undone(alias string, version int) *Entry {
	for i := len(m.Journal) - 1; i >= 0; i-- {
		switch e := &m.Journal[i]; {
		case e.Alias != alias:
		case (e.Action == RolledBack || e.Action == Removed) && e.From == version:
			return e
		case (e.Action == Aliased || e.Action == RolledBack) && e.Version == version:
			return nil
		}
	}
	return nil
}

// mover returns the newest line that moved an alias.
func (m *Model) mover(alias string) Entry {
	for i := len(m.Journal) - 1; i >= 0; i-- {
		if e := m.Journal[i]; e.Alias == alias && e.Action.Moves() {
			return e
		}
	}
	return Entry{}
}

// registered fails with a *NotFoundError for a version that there is not.
func (m *Model) registered(version int) error {
	if version < 1 || version > len(m.versions) {
		return &NotFoundError{fmt.Sprintf("%s@%d", m.Name, version), m.refs()}
	}
	return nil
}

// Split takes MODEL@REF apart; ref is "" if there is no @.
func Split(name string) (model, ref string) {
	model, ref, _ = strings.Cut(name, "@")
	return model, ref
}

// Promotions returns what a run did to the model: versions that it registered, and
// aliases that it moved or left where they were.
func (m *Model) Promotions(run string) (all []record.Promotion) {
	fresh := map[int]bool{}
	add := func(e Entry, outcome record.Promoted) {
		all = append(all, record.Promotion{Model: m.Name, Version: e.Version, New: fresh[e.Version], Alias: e.Alias, Was: e.From, Outcome: outcome, Why: e.Reason})
	}
	for _, e := range m.Journal {
		if run == "" || e.Run != run {
			continue
		}
		switch e.Action {
		case Registered:
			fresh[e.Version] = true
			add(e, record.Registered)
		case Aliased:
			add(e, record.Moved)
		case Rejected:
			add(e, record.Refused)
		}
	}
	named := func(p record.Promotion) bool {
		return p.Alias == "" && slices.ContainsFunc(all, func(q record.Promotion) bool { return q.Alias != "" && q.Version == p.Version })
	}
	return slices.DeleteFunc(slices.Clone(all), named)
}
