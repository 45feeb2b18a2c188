package forgetest

import (
	"fmt"
	"testing"

	"github.com/mlops-runner/mlops/runner/forge"
)

// A fakeWorld is the side of a fake that people see.
type fakeWorld struct {
	*Server
	*repo
	own  User
	make func(t testing.TB, a Access) forge.Forge
}

var _ World = (*fakeWorld)(nil)

// World returns the fake as the suite sees it; client makes one from a token.
func (g *GitHub) World(client func(t testing.TB, token string) forge.Forge) World {
	own := User{Login: "github-actions[bot]", Bot: true}
	return newFakeWorld(g.Server, &g.repo, own, client)
}

func newFakeWorld(s *Server, r *repo, own User, client func(t testing.TB, token string) forge.Forge) World {
	return &fakeWorld{s, r, own, func(t testing.TB, a Access) forge.Forge {
		u := own
		u.ReadOnly = a == ReadOnly
		token := "unknown"
		if a != Unknown {
			token = s.Token(u)
		}
		return client(t, token)
	}}
}

func (w *fakeWorld) Forge(t testing.TB, a Access) forge.Forge { return w.make(t, a) }

func (w *fakeWorld) Open(t testing.TB) forge.Change {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.open("acme/churn", fmt.Sprintf("faster-%d", len(w.pulls)+1))
	c := p.Change
	c.MergeBase = w.mergeBase(c.Base, c.Head)
	return c
}

func (w *fakeWorld) Push(t testing.TB, number int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.push(w.pulls[number])
	return w.pulls[number].Head
}

func (w *fakeWorld) Close(t testing.TB, number int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pulls[number].State = forge.Closed
}

func (w *fakeWorld) Comment(t testing.TB, number int, body string, own bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := User{Login: "eve"}
	if own {
		u = w.own
	}
	w.remark(w.pulls[number], u, body)
}

func (w *fakeWorld) Comments(t testing.TB, number int) (list []Remark) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.pulls[number].comments {
		if !r.gone {
			list = append(list, Remark{Body: r.body, Own: r.user.Login == w.own.Login, Hidden: r.hidden})
		}
	}
	return list
}

func (w *fakeWorld) Delete(t testing.TB, number, i int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.pulls[number]
	for _, r := range p.comments {
		if r.gone {
			continue
		}
		if i == 0 {
			p.remove(r)
			return
		}
		i--
	}
	t.Fatalf("pull request %d has no such comment", number)
}

func (w *fakeWorld) Status(t testing.TB, commit, context string) forge.Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.status(commit, context)
}

// OpenFork opens a pull request of a fork's branch and returns what is true of it.
func (g *GitHub) OpenFork(repository, branch string) forge.Change {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open(repository, branch).Change
}

// Set changes a pull request.
func (g *GitHub) Set(number int, f func(*forge.Change)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.pulls[number]
	f(&p.Change)
	g.commits[p.Head] = true
}

// Write puts a file into every commit.
func (g *GitHub) Write(path, text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.files[path] = text
}
