package github_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/forge/forgetest"
	"github.com/mlops-runner/mlops/runner/forge/github"
)

// client is a client of the fake, asked in memory.
func client(t testing.TB, g *forgetest.GitHub, token string) *github.Client {
	t.Helper()
	c, err := github.New(github.Options{API: g.URL(), Repo: "acme/churn", Token: forge.Token(token), Base: g})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConformance(t *testing.T) {
	forgetest.Run(t, func(t *testing.T) forgetest.World {
		g := forgetest.NewGitHub(t)
		g.Latency = func() time.Duration { return rand.N(100 * time.Millisecond) }
		return g.World(func(t testing.TB, token string) forge.Forge { return client(t, g, token) })
	}, forgetest.Options{Bubble: true, Rounds: 20})
}
