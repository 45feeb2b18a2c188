package bitbucket_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/forge/bitbucket"
	"github.com/mlops-runner/mlops/runner/forge/forgetest"
)

func client(t testing.TB, b *forgetest.Bitbucket, token string) *bitbucket.Client {
	t.Helper()
	c, err := bitbucket.New(bitbucket.Options{API: b.URL(), Repo: "acme/churn", Token: forge.Token(token), Base: b})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConformance(t *testing.T) {
	forgetest.Run(t, func(t *testing.T) forgetest.World {
		b := forgetest.NewBitbucket(t)
		b.Latency = func() time.Duration { return rand.N(100 * time.Millisecond) }
		return b.World(func(t testing.TB, token string) forge.Forge { return client(t, b, token) })
	}, forgetest.Options{Bubble: true, Rounds: 20})
}

// HTML is text on Bitbucket, so the marker is none.
func TestMarkerIsNoHTML(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := forgetest.NewBitbucket(t)
		w := b.World(func(t testing.TB, token string) forge.Forge { return client(t, b, token) })
		c := w.Open(t)
		p := forge.Post{Number: c.Number, Text: "x", Marker: forge.Marker{Key: "churn", Run: "1", Attempt: 1, Head: c.Head, Verdict: "promote"}}
		if _, err := w.Forge(t, forgetest.Write).Upsert(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if body := w.Comments(t, c.Number)[0].Body; !strings.HasPrefix(body, "x\n\n[//]: # (mlops:report v=1 key=churn ") || strings.Contains(body, "<") {
			t.Errorf("%q", body)
		}
	})
}

// A key has 40 characters at most, and an address is a must.
func TestStatusThatIsLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := forgetest.NewBitbucket(t)
		w := b.World(func(t testing.TB, token string) forge.Forge { return client(t, b, token) })
		c := w.Open(t)
		for _, tail := range []string{"a", "b"} {
			s := forge.Status{Context: "mlops/" + strings.Repeat("größe", 10) + tail, State: forge.Success, Description: tail}
			if err := w.Forge(t, forgetest.Write).Status(t.Context(), c.Head, s); err != nil {
				t.Fatal(err)
			}
			if got := w.Status(t, c.Head, s.Context); got.Description != tail || got.URL != "https://bitbucket.org/acme/churn/commits/"+c.Head {
				t.Errorf("%+v", got)
			}
		}
	})
}

func TestNew(t *testing.T) {
	for name, c := range map[string]struct {
		o    bitbucket.Options
		kind error
	}{
		"no token": {bitbucket.Options{Repo: "a/b"}, forge.ErrNoToken},
		"no name":  {bitbucket.Options{Repo: "a", Token: "x"}, forge.ErrInvalid},
	} {
		var e *forge.Error
		if _, err := bitbucket.New(c.o); !errors.Is(err, c.kind) || !errors.As(err, &e) || e.Fix == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
