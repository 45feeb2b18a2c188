package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mlops-runner/mlops/actions/promote"
	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/remote"
	"github.com/mlops-runner/mlops/runner/share"
	"github.com/mlops-runner/mlops/runner/store"
)

// overtaken is a shared store in which somebody else is always a moment faster, as often
// as times says.
type overtaken struct {
	remote.Store
	times atomic.Int64
	other func()
}

func (o *overtaken) Replace(ctx context.Context, name string, data []byte, old remote.Tag) (remote.Tag, error) {
	if strings.HasSuffix(name, "/journal.jsonl") && o.times.Add(-1) >= 0 {
		o.other()
	}
	return o.Store.Replace(ctx, name, data, old)
}

// machineOf is a promotion of a machine with a store of its own.
func machineOf(t *testing.T, far remote.Store, actor string) *promotion {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := &promotion{
		app:      &app{stderr: io.Discard},
		session:  &session{Runner: &runner.Runner{Store: s}},
		registry: registry.Open(s, nil),
		outlet:   &outlet{share: &share.Share{Local: s, Remote: far}},
		run:      &record.Run{ID: "01a22201-d7ee-76d7-a66e-0ea42b60fcc6", Trigger: record.Trigger{Actor: actor, Event: "pull_request"}},
		mute:     true,
	}
	return p
}

// offer asks for a text to become a model, as a run that has just begun does.
func (p *promotion) offer(t *testing.T, text, alias string) error {
	t.Helper()
	d, err := p.session.Store.PutBytes(t.Context(), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	v := registry.Version{Model: "churn", Path: "m", Size: int64(len(text)), Files: []registry.File{{Path: "m", Digest: d, Size: int64(len(text))}}}
	return p.published(t.Context(), promote.Request{Model: "churn", Alias: alias}, &v)
}

// begin lets a machine see what is shared, as a run does when it begins.
func (p *promotion) begin(t *testing.T) {
	t.Helper()
	if _, _, err := p.outlet.take(t.Context(), "churn"); err != nil {
		t.Fatal(err)
	}
	if err := p.look(); err != nil {
		t.Fatal(err)
	}
}

// Who is overtaken between looking and writing has done nothing: the same alias is a
// conflict, another one is moved on top of what is there, and the journal is one.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		alias string
		lost  bool
	}{{"production", true}, {"staging", false}} {
		t.Run(test.alias, func(t *testing.T) {
			t.Parallel()
			far := &overtaken{Store: remote.OpenFolder(t.TempDir())}
			bob := machineOf(t, far.Store, "bob")
			bob.begin(t)
			far.other = func() {
				if err := bob.offer(t, "bob's", "production"); err != nil {
					t.Error(err)
				}
			}
			ada := machineOf(t, far, "ada")
			ada.begin(t)
			far.times.Store(1)
			err := ada.offer(t, "ada's", test.alias)
			var conflict *registry.ConflictError
			if errors.As(err, &conflict) != test.lost || test.lost && conflict.Actor != "bob" || err != nil && !test.lost {
				t.Errorf("error is %v", err)
			}
			m, err := ada.registry.Model("churn")
			if err != nil || m.Aliases["production"] != 1 || !test.lost && m.Aliases["staging"] != 2 {
				t.Errorf("%v, %v", m.Aliases, err)
			}
			if n := len(ada.done); test.lost && n != 0 || !test.lost && (n != 1 || ada.done[0].Version != 2) {
				t.Errorf("noted %+v", ada.done)
			}
			text, err := ada.registry.Text("churn")
			shared, _, farErr := far.Read(t.Context(), "models/churn/journal.jsonl")
			if err != nil || farErr != nil || string(text) != string(shared) {
				t.Errorf("the journals differ: %v, %v", err, farErr)
			}
			if ps, err := ada.registry.Verify(t.Context(), "churn"); err != nil || len(ps) != 1 || ps[0].Missing.IsZero() { // Bob's bytes are there alone
				t.Errorf("%v, %v", ps, err)
			}
		})
	}
}

// Who is always too late gives up, and leaves what others did.
func TestOvertakenAlways(t *testing.T) {
	t.Parallel()
	far := &overtaken{Store: remote.OpenFolder(t.TempDir())}
	bob := machineOf(t, far.Store, "bob")
	bob.begin(t)
	n := 0
	far.other = func() {
		n++
		if err := bob.offer(t, strings.Repeat("b", n), ""); err != nil {
			t.Error(err)
		}
	}
	ada := machineOf(t, far, "ada")
	ada.begin(t)
	far.times.Store(1000)
	if err := ada.offer(t, "ada's", "production"); err == nil || n != maxLost || len(ada.done) != 0 {
		t.Errorf("after %d: %v, %+v", n, err, ada.done)
	}
	if m, err := ada.registry.Model("churn"); err != nil || m.Versions() != maxLost || len(m.Aliases) != 0 {
		t.Errorf("%v", err)
	}
}
