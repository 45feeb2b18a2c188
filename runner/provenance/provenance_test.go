package provenance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

func sampleRun() *record.Run {
	return &record.Run{
		ID: "01a2078c-1111-7111-8111-111111111111", File: "mlops.yaml", FileDigest: store.Sum([]byte("file")), Digest: store.Sum([]byte("sums")),
		Params: record.Values{"lr": 0.1, "name": "x<y>", "deep": map[string]any{"a": nil}},
		Source: record.Source{Repository: "https://example.org/o/r", Commit: strings.Repeat("a", 40), Ref: "refs/heads/main", Dirty: true, PatchDigest: store.Sum([]byte("patch"))},
		Gates:  []record.Gate{{Gate: "auc > 0.5", Line: 7, Outcome: "passed", Detail: "0.9 > 0.5"}, {Gate: "f1 > 1", Outcome: "failed"}, {Gate: "better(auc)", Outcome: "can't tell"}},
		Jobs: []record.Job{{
			ID: "train@depth=4", Status: record.Success, Started: time.Unix(1e9, 5), Wall: time.Minute,
			Inputs: []record.Artifact{{Path: "data.csv", Digest: store.Sum([]byte("data")), Source: "s3://b/data.csv"}}, Outputs: []record.Artifact{{Path: "model/w", Digest: store.Sum([]byte("w"))}},
			Image: record.Image{Name: "python:3.12", ID: store.Sum([]byte("image")).String(), Platform: "linux/amd64"}, Steps: []record.Step{{Uses: "evaluate"}},
			LogDigest: store.Sum([]byte("log")),
		}},
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestSignAndVerify(t *testing.T) {
	t.Parallel()
	run := sampleRun()
	for _, kind := range []string{Ed25519, P256} {
		k, other := must(NewKey(kind)), must(NewKey(kind))
		b := must(k.Sign(t.Context(), must(Training(run, &run.Jobs[0]))))
		text := must(b.Text())
		read := must(ParseBundle(text))
		s := must(read.Verify(t.Context(), &k.Public))
		if !s.Subject[0].Is(run.Jobs[0].Outputs[0].Digest) || s.PredicateType != ProvenanceType {
			t.Errorf("%s: %+v", kind, s)
		}
		if _, err := read.Verify(t.Context(), &other.Public); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: another key verifies: %v", kind, err)
		}
		flipEveryByte(t, k, text)
	}
}

// flipEveryByte changes each bit of a bundle's file.
func flipEveryByte(t *testing.T, k *Key, text []byte) {
	for i := range text {
		bad := []byte(string(text))
		bad[i] ^= 1 << (i % 8)
		b, err := ParseBundle(bad)
		if err == nil && b.KeyID() == k.ID() {
			_, err = b.Verify(context.Background(), &k.Public)
		} else if err == nil {
			err = errors.New("another key")
		}
		if err == nil {
			t.Fatalf("byte %d of %d, %q for %q, is not noticed", i, len(text), bad[i], text[i])
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{Ed25519, P256} {
		for _, pass := range []string{"", "correct horse"} {
			k := must(NewKey(kind))
			text := must(k.PrivatePEM(pass))
			if back := must(ParseKey(text, pass)); back.ID() != k.ID() || back.Kind() != kind {
				t.Errorf("%s: read back as %s %s", kind, back.Kind(), back.ID())
			}
			if pass == "" {
				continue
			}
			if _, err := ParseKey(text, "wrong"); !errors.Is(err, ErrPassphrase) {
				t.Errorf("wrong passphrase: %v", err)
			}
			if _, err := ParseKey(text, ""); !errors.Is(err, ErrNoPassphrase) {
				t.Errorf("no passphrase: %v", err)
			}
		}
	}
}

// openssl reads our keys, and we read openssl's.
func TestOpenSSL(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("MLOPS_NEED_OPENSSL") != "" {
			t.Fatal(err)
		}
		t.Skip("no openssl; .ci/install openssl")
	}
	dir := t.TempDir()
	k := must(NewKey(P256))
	ours, theirs := filepath.Join(dir, "ours.pem"), filepath.Join(dir, "theirs.pem")
	if err := os.WriteFile(ours, must(k.PrivatePEM("secret")), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("openssl", "pkey", "-in", ours, "-passin", "pass:secret", "-pubout").CombinedOutput()
	if err != nil || string(out) != must(k.Public.PEM()) {
		t.Fatalf("openssl: %v\n%s", err, out)
	}
	if out, err := exec.Command("openssl", "genpkey", "-algorithm", "ed25519", "-aes-256-cbc", "-pass", "pass:secret", "-out", theirs).CombinedOutput(); err != nil {
		t.Fatalf("openssl: %v\n%s", err, out)
	}
	back, err := ParseKey(must(os.ReadFile(theirs)), "secret")
	if err != nil || back.Kind() != Ed25519 {
		t.Errorf("a key of openssl's: %v", err)
	}
}

func TestTrust(t *testing.T) {
	t.Parallel()
	k, stranger := must(NewKey(Ed25519)), must(NewKey(Ed25519))
	run := sampleRun()
	s := must(Gate(run, 0))
	mine, theirs := must(k.Sign(t.Context(), s)), must(stranger.Sign(t.Context(), s))
	head := fmt.Sprintf("keys:\n  ci:\n    id: %s\n    expires: 2030-01-02\n    public-key: |\n      %s", k.ID(), strings.ReplaceAll(strings.TrimSpace(must(k.Public.PEM())), "\n", "\n      "))
	trust := must(ParseTrust([]byte(head + "\nmodels:\n  churn: {require: signed, keys: [ci]}\n  \"c*\": {}\n")))
	before, after := time.Date(2030, 1, 1, 23, 0, 0, 0, time.UTC), time.Date(2030, 1, 2, 0, 0, 0, 0, time.UTC)
	forged := *mine
	forged.Envelope.Payload = must(stranger.Sign(t.Context(), must(Gate(run, 1)))).Envelope.Payload
	for _, c := range []struct {
		name  string
		b     *Bundle
		model string
		now   time.Time
		want  string
	}{
		{"as it should be", mine, "churn", before, ""},
		{"expired", mine, "churn", after, "signed by key ci, which expired on 2030-01-02"},
		{"a stranger's", theirs, "churn", before, "signed by an unknown key"},
		{"not for this model", mine, "credit", before, "which may not sign credit"},
		{"another statement", &forged, "churn", before, "does not fit"},
	} {
		_, _, err := trust.Check(t.Context(), c.b, c.model, c.now)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	for _, bad := range []string{
		"model: {}", "models: {a: {require: sgined}}", "models: {a: {require: signed}}", "models: {a: {keys: [nobody]}}", "keys: {a: {id: x}}", "keys: {a: }",
		"models: {\"[\": {}}", strings.Replace(head, k.ID(), stranger.ID(), 1), strings.Replace(head, "2030-01-02", "soon", 1),
	} {
		if got, err := ParseTrust([]byte(bad)); err == nil {
			t.Errorf("%s: read as %+v", bad, got)
		}
	}
}

// BenchmarkSignAndVerify is one bundle signed, read back and verified.
func BenchmarkSignAndVerify(b *testing.B) {
	run := sampleRun()
	for _, kind := range []string{Ed25519, P256} {
		b.Run(kind, func(b *testing.B) {
			k := must(NewKey(kind))
			for b.Loop() {
				bundle := must(k.Sign(b.Context(), must(Training(run, &run.Jobs[0]))))
				must(must(ParseBundle(must(bundle.Text()))).Verify(b.Context(), &k.Public))
			}
		})
	}
}

// TestKeyStandings goes through what may be said against a key, on the day before, of and
// after each border.
func TestKeyStandings(t *testing.T) {
	t.Parallel()
	k := must(NewKey(Ed25519))
	b := must(k.Sign(t.Context(), must(Training(sampleRun(), &sampleRun().Jobs[0]))))
	for _, c := range []struct {
		set  func(*TrustedKey)
		day  string
		want KeyError
	}{
		{func(k *TrustedKey) { k.From = "2026-11-28" }, "2026-11-27", KeyError{From: "2026-11-28"}},
		{func(k *TrustedKey) { k.From = "2026-11-28" }, "2026-11-28", KeyError{}},
		{func(k *TrustedKey) { k.Expires = "2026-11-28" }, "2026-11-27", KeyError{}},
		{func(k *TrustedKey) { k.Expires = "2026-11-28" }, "2026-11-28", KeyError{Expired: "2026-11-28"}},
		{func(k *TrustedKey) { k.Revoked = "lost" }, "2026-11-28", KeyError{Revoked: "lost"}},
		{func(k *TrustedKey) { k.Revoked, k.Expires = "lost", "2026-01-01" }, "2026-11-28", KeyError{Revoked: "lost"}},
	} {
		tk := &TrustedKey{ID: k.ID(), PEM: must(k.PEM())}
		c.set(tk)
		if err := tk.read(); err != nil {
			t.Fatal(err)
		}
		trust := &Trust{Keys: map[string]*TrustedKey{"ci": tk}, Models: map[string]Rule{"churn": {Require: "signed", Keys: []string{"ci"}}}}
		s, _, err := trust.Check(t.Context(), b, "churn", must(time.Parse(time.DateOnly, c.day)))
		var got KeyError
		if e := (*KeyError)(nil); errors.As(err, &e) {
			got = KeyError{Expired: e.Expired, From: e.From, Revoked: e.Revoked}
		}
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.day, got, c.want)
		}
		if stated := s != nil; stated != (err == nil || got.Expired != "") {
			t.Errorf("%s, %v: the statement is there: %v", c.day, err, stated)
		}
	}
}
