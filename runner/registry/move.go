package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Any stands for whatever version an alias points to.
const Any = -1

// Move lets an alias point to a version, from the one that the caller saw under it:
// 0 for none, [Any] for whatever it is. from is where it pointed; if that is the
// version already, nothing changes. It fails with a *ConflictError if the alias is
// somewhere else, with a *StateError if the version is retired, and with a
// *NotFoundError.
func (r *Registry) Move(ctx context.Context, model, alias string, seen, version int, by By) (from int, err error) {
	if err := CheckAlias(alias); err != nil {
		return 0, err
	}
	err = r.change(ctx, model, func(m *Model) (*Entry, error) {
		from = m.Aliases[alias]
		if err := m.usable(version); err != nil || from == version {
			return nil, err
		}
		if seen != Any && seen != from {
			w := m.mover(alias)
			return nil, &ConflictError{model, alias, seen, from, w.Actor, w.Run, w.Time}
		}
		return m.entry(Aliased, version, alias, by), nil
	})
	return from, err
}

// Unalias lets an alias point to no version. It fails with a *NotFoundError if there
// is none.
func (r *Registry) Unalias(ctx context.Context, model, alias string, by By) error {
	return r.change(ctx, model, func(m *Model) (*Entry, error) {
		version := m.Aliases[alias]
		if version == 0 {
			return nil, &NotFoundError{model + "@" + alias, m.refs()}
		}
		return m.entry(Unaliased, version, alias, by), nil
	})
}

// usable fails for a version that no alias may point to.
func (m *Model) usable(version int) error {
	if err := m.registered(version); err != nil {
		return err
	}
	if m.retired[version] {
		return &StateError{fmt.Sprintf("%s@%d is retired", m.Name, version), "register another version"}
	}
	return nil
}

// entry is a line about a registered version.
func (m *Model) entry(action Action, version int, alias string, by By) *Entry {
	return &Entry{Action: action, Version: version, Digest: m.versions[version-1].Digest, Alias: alias, From: m.Aliases[alias], By: by}
}

// Reject notes that an alias was not moved to a version, and why. What the
// newest line says already is not said again.
func (r *Registry) Reject(ctx context.Context, model, alias string, version int, by By) error {
	return r.change(ctx, model, func(m *Model) (*Entry, error) {
		if err := m.registered(version); err != nil {
			return nil, err
		}
		last := m.Journal[len(m.Journal)-1]
		if last.Action == Rejected && last.Alias == alias && last.Version == version && last.Reason == by.Reason {
			return nil, nil
		}
		return m.entry(Rejected, version, alias, by), nil
	})
}

// Rollback lets an alias point to the version that it pointed to before, retired
// ones left out, in one step. Again, it goes one further back. It fails with a
// *StateError if there is none.
func (r *Registry) Rollback(ctx context.Context, model, alias string, by By) (from, to int, err error) {
	err = r.change(ctx, model, func(m *Model) (*Entry, error) {
		if from = m.Aliases[alias]; from == 0 {
			return nil, &NotFoundError{model + "@" + alias, m.refs()}
		}
		if to = m.before(alias); to == 0 {
			return nil, &StateError{fmt.Sprintf("%s@%s has pointed to no version before %d that is not retired", model, alias, from),
				fmt.Sprintf("\"mlops model alias %s@N %s\" moves it to another one", model, alias)}
		}
		return m.entry(RolledBack, to, alias, by), nil
	})
	return from, to, err
}

// before is the version that an alias rolls back to; 0 if there is none.
func (m *Model) before(alias string) int {
	stack := m.stacks[alias]
	for _, n := range slices.Backward(stack[:max(0, len(stack)-1)]) {
		if n != m.Aliases[alias] && !m.retired[n] {
			return n
		}
	}
	return 0
}

// Retire says that a version is not to be used any more: no alias may point to it
// from then on. Its files stay. It fails with a *StateError while one does.
func (r *Registry) Retire(ctx context.Context, model string, version int, by By) error {
	return r.change(ctx, model, func(m *Model) (*Entry, error) {
		if err := m.registered(version); err != nil || m.retired[version] {
			return nil, err
		}
		if names := m.Named(version); len(names) > 0 {
			return nil, &StateError{fmt.Sprintf("%s@%d is in use as %s", model, version, strings.Join(names, ", ")),
				fmt.Sprintf("\"mlops model rollback %s@%s\", or move it by \"mlops model alias\"", model, names[0])}
		}
		return m.entry(Retired, version, "", by), nil
	})
}

// Note adds what somebody has to say of a version; the text is by's reason.
func (r *Registry) Note(ctx context.Context, model string, version int, by By) error {
	return r.change(ctx, model, func(m *Model) (*Entry, error) {
		if err := m.registered(version); err != nil {
			return nil, err
		}
		return m.entry(Noted, version, "", by), nil
	})
}
