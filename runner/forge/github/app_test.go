package github_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/forge/forgetest"
	"github.com/mlops-runner/mlops/runner/forge/github"
)

// app makes the client of a world an App's.
func (w *world) app() *github.App {
	a := &github.App{
		API: w.URL(), ID: 5, Installation: 77, Key: w.NewApp(5, 77), Base: w.GitHub,
		Permissions: map[string]string{"checks": "write"}, Repositories: []string{"churn"},
	}
	var err error
	w.client, err = github.New(github.Options{API: w.URL(), Repo: "acme/churn", App: a, Base: w.GitHub})
	if err != nil {
		w.Fatal(err)
	}
	return a
}

func TestAppToken(t *testing.T) {
	inWorld(t, func(w *world) {
		a := w.app()
		for _, c := range []struct {
			after time.Duration
			want  int
		}{{0, 1}, {50 * time.Minute, 1}, {6 * time.Minute, 2}, {0, 2}} {
			time.Sleep(c.after)
			if _, err := w.client.Change(w.Context(), forge.Ref{Number: 1}); err != nil {
				w.Fatal(err)
			}
			if n, _ := w.AppTokens(5); n != c.want {
				w.Errorf("%d tokens after %s more, want %d", n, c.after, c.want)
			}
		}
		_, asked := w.AppTokens(5)
		if diff := cmp.Diff(map[string]any{"permissions": map[string]any{"checks": "write"}, "repositories": []any{"churn"}}, asked); diff != "" {
			w.Errorf("asked for (-want +got):\n%s", diff)
		}
		if text := fmt.Sprintf("%v", a.Permissions); strings.Contains(text, "ghs_") {
			w.Error(text)
		}
	})
}

func TestAppErrors(t *testing.T) {
	inWorld(t, func(w *world) {
		a := w.app()
		a.Installation = 78
		_, err := w.client.Change(w.Context(), forge.Ref{Number: 1})
		if !errors.Is(err, forge.ErrNotFound) || !strings.Contains(err.Error(), "token of App 5 for installation 78 at github.test") {
			w.Errorf("another installation: %v", err)
		}
		a.Installation, a.Key = 77, mustKey(w.T)
		if _, err = w.client.Change(w.Context(), forge.Ref{Number: 1}); !errors.Is(err, forge.ErrToken) {
			w.Errorf("another key: %v", err)
		}
	})
}

func mustKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestParseKey(t *testing.T) {
	key := mustKey(t)
	eight, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := x509.MarshalPKCS8PrivateKey(curve)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		kind string
		der  []byte
		ok   bool
	}{
		"PKCS #1":   {"RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), true},
		"PKCS #8":   {"PRIVATE KEY", eight, true},
		"a curve":   {"PRIVATE KEY", other, false},
		"something": {"PRIVATE KEY", []byte("secret"), false},
	} {
		got, err := github.ParseKey(pem.EncodeToMemory(&pem.Block{Type: c.kind, Bytes: c.der}))
		if c.ok != (err == nil) || c.ok && !got.Equal(key) || err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := github.ParseKey([]byte("secret")); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("no PEM: %v", err)
	}
}

func TestCheckRun(t *testing.T) {
	inWorld(t, func(w *world) {
		w.app()
		ck := forge.Check{Name: "mlops / churn", ExternalID: "9f2c", Title: "RUNNING", Summary: "step 2 of 5", URL: "https://ci.test/1", Actions: []forge.Action{{Label: "Re-run", Description: "evaluate again", ID: "rerun"}}}
		first, err := w.client.Check(w.Context(), w.change.Head, ck)
		if err != nil {
			w.Fatal(err)
		}
		ck.Conclusion, ck.Title, ck.Summary, ck.Text = "success", "PROMOTE", "better", strings.Repeat("x", forge.MaxCheckText)
		for i := range 120 {
			ck.Annotations = append(ck.Annotations, forge.Annotation{Path: "mlops.yaml", Line: i + 1, Level: "warning", Message: fmt.Sprint("remark ", i)})
		}
		second, err := w.client.Check(w.Context(), w.change.Head, ck)
		if err != nil || first != second || first == "" {
			w.Fatalf("%q, %q, %v", first, second, err)
		}
		if _, err := w.client.Check(w.Context(), w.change.Head, ck); err != nil { // nothing is added twice
			w.Fatal(err)
		}
		w.wantRun("PROMOTE", 120)
		ck.ExternalID = "another run"
		if _, err := w.client.Check(w.Context(), w.change.Head, ck); err != nil {
			w.Fatal(err)
		}
		if n := len(w.Runs()); n != 2 {
			w.Errorf("%d check runs, want one for each run", n)
		}
	})
}

// wantRun wants the first check run to be complete.
func (w *world) wantRun(title string, annotations int) {
	w.Helper()
	r := w.Runs()[0]
	list := r["annotations"].([]any)
	if r["name"] != "mlops / churn" || r["status"] != "completed" || r["conclusion"] != "success" || r["output"].(map[string]any)["title"] != title || len(list) != annotations {
		w.Errorf("%v with %d annotations", r["output"], len(list))
	}
	for i, a := range list {
		if a.(map[string]any)["message"] != fmt.Sprint("remark ", i) {
			w.Fatalf("annotation %d is %v", i, a)
		}
	}
}

// A check run whose answer was lost is not made twice.
func TestCheckRunIsMadeOnce(t *testing.T) {
	for _, method := range []string{"POST", "PATCH"} {
		inWorld(t, func(w *world) {
			w.app()
			ck := forge.Check{Name: "mlops / churn", ExternalID: "9f2c", Title: "t", Summary: "s", Conclusion: "success"}
			for i := range 60 {
				ck.Annotations = append(ck.Annotations, forge.Annotation{Path: "a", Line: 1, Level: "notice", Message: fmt.Sprint("remark ", i)})
			}
			w.Break(forgetest.Fault{Method: method, Path: "check-runs", After: true})
			if _, err := w.client.Check(w.Context(), w.change.Head, ck); err != nil {
				w.Fatal(err)
			}
			if n := len(w.Runs()); n != 1 {
				w.Errorf("%d check runs", n)
			}
			w.wantRun("t", 60)
		})
	}
}

func TestCheckRunErrors(t *testing.T) {
	inWorld(t, func(w *world) {
		ck := forge.Check{Name: "mlops / churn", Title: "t", Summary: "s"}
		if _, err := w.client.Check(w.Context(), w.change.Head, ck); !errors.Is(err, forge.ErrUnsupported) {
			w.Errorf("without an App: %v", err)
		}
		w.app()
		for name, f := range map[string]func(*forge.Check){
			"summary": func(c *forge.Check) { c.Summary = strings.Repeat("x", forge.MaxCheckText+1) },
			"text":    func(c *forge.Check) { c.Text = strings.Repeat("x", forge.MaxCheckText+1) },
			"actions": func(c *forge.Check) { c.Actions = make([]forge.Action, 4) },
			"label":   func(c *forge.Check) { c.Actions = []forge.Action{{Label: strings.Repeat("x", 21)}} },
		} {
			long := ck
			f(&long)
			if _, err := w.client.Check(w.Context(), w.change.Head, long); !errors.Is(err, forge.ErrTooLong) {
				w.Errorf("%s: %v", name, err)
			}
		}
	})
}
