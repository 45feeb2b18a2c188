// Package sigstoretest holds what package provenance writes against the programs
// that others read it with: sigstore-go verifies the bundles, and in-toto's own
// types take the statements. It is a module of its own, so that mlops does not carry
// their 400 dependencies.
package sigstoretest

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	provenancev1 "github.com/in-toto/attestation/go/predicates/provenance/v1"
	testresult "github.com/in-toto/attestation/go/predicates/test_result/v0"
	vsa "github.com/in-toto/attestation/go/predicates/vsa/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

// statements are one of each kind.
func statements(t *testing.T) map[string]*provenance.Statement {
	t.Helper()
	run := &record.Run{
		ID: "01a2078c-1111-7111-8111-111111111111", File: "mlops.yaml", FileDigest: store.Sum([]byte("file")), Digest: store.Sum([]byte("sums")),
		Params:  record.Values{"lr": 0.1, "n": 3.0, "name": "x<y>", "deep": map[string]any{"a": nil, "b": []any{true}}},
		Source:  record.Source{Repository: "https://example.org/o/r", Commit: strings.Repeat("a", 40), Ref: "refs/heads/main", Dirty: true},
		Gates:   []record.Gate{{Gate: "auc > 0.5", Line: 7, Outcome: "passed", Detail: "0.9 > 0.5"}, {Gate: "better(auc)", Outcome: "no baseline"}},
		Trigger: record.Trigger{Event: "push"}, Environment: record.Environment{Mlops: "0.4.0", Executor: "docker"},
		Jobs: []record.Job{{
			ID: "train@depth=4", Matrix: record.Values{"depth": 4.0}, Status: record.Success, Started: time.Unix(1e9, 5), Wall: time.Minute,
			Inputs: []record.Artifact{{Path: "data.csv", Digest: store.Sum([]byte("data")), Source: "s3://b/data.csv"}}, Outputs: []record.Artifact{{Path: "model/w", Digest: store.Sum([]byte("w"))}},
			Image: record.Image{Name: "python:3.12", ID: store.Sum([]byte("image")).String(), Platform: "linux/amd64"}, Steps: []record.Step{{Uses: "evaluate"}}, LogDigest: store.Sum([]byte("log")),
		}},
	}
	v := &registry.Version{Model: "churn", Version: 2, Digest: store.Sum([]byte("tree"))}
	all := map[string]*provenance.Statement{}
	add := func(name string, s *provenance.Statement, err error) {
		if err != nil {
			t.Fatal(err)
		}
		all[name] = s
	}
	s, err := provenance.Training(run, &run.Jobs[0])
	add("training", s, err)
	s, err = provenance.Gate(run, 0)
	add("gate", s, err)
	s, err = provenance.Gate(run, 1)
	add("undecided gate", s, err)
	policy := provenance.Resource{URI: "mlops:file/mlops.yaml", Digest: map[string]string{"sha256": run.FileDigest.Hex()}}
	s, err = provenance.Promotion(v, provenance.Move{Entry: registry.Entry{Seq: 3, Alias: "production", By: registry.By{Run: run.ID}}, Line: store.Sum([]byte("line"))}, policy, time.Unix(1e9, 0),
		[]provenance.Resource{{URI: "mlops:runs/x/attest/y.json", Digest: policy.Digest}})
	add("promotion", s, err)
	return all
}

// Every bundle is verified by sigstore-go with the public key alone, offline, for the
// digest that it is about; not for another digest, not with another key, and not changed.
func TestSigstore(t *testing.T) {
	for _, kind := range []string{provenance.Ed25519, provenance.P256} {
		k, err := provenance.NewKey(kind)
		if err != nil {
			t.Fatal(err)
		}
		other, err := provenance.NewKey(kind)
		if err != nil {
			t.Fatal(err)
		}
		for name, s := range statements(t) {
			b, err := k.Sign(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			text, err := b.Text()
			if err != nil {
				t.Fatal(err)
			}
			digest := s.Subject[0].Digest["sha256"]
			if err := check(t, k, k.ID(), text, digest); err != nil {
				t.Errorf("%s, %s: %v\n%s", kind, name, err, text)
			}
			if check(t, k, k.ID(), text, strings.Repeat("0", 64)) == nil {
				t.Errorf("%s, %s: verified for another digest", kind, name)
			}
			if check(t, other, k.ID(), text, digest) == nil {
				t.Errorf("%s, %s: verified with another key", kind, name)
			}
			at := bytes.Index(text, []byte(`"payload"`)) + 40
			text[at] ^= 3
			if check(t, k, k.ID(), text, digest) == nil {
				t.Errorf("%s, %s: verified although changed", kind, name)
			}
		}
	}
}

func check(t *testing.T, k *provenance.Key, hint string, text []byte, digest string) error {
	t.Helper()
	public, err := k.PEM()
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(public))
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	v, err := signature.LoadVerifier(key, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	material := root.NewTrustedPublicKeyMaterialFromMapping(map[string]*root.ExpiringKey{hint: root.NewExpiringKey(v, time.Time{}, time.Time{})})
	verifier, err := verify.NewVerifier(material, verify.WithNoObserverTimestamps())
	if err != nil {
		t.Fatal(err)
	}
	var b bundle.Bundle
	if err := b.UnmarshalJSON(text); err != nil {
		return err
	}
	sum, err := hex.DecodeString(digest)
	if err != nil {
		t.Fatal(err)
	}
	_, err = verifier.Verify(&b, verify.NewPolicy(verify.WithArtifactDigest("sha256", sum), verify.WithKey()))
	return err
}

// Every statement is what in-toto's types say it is, without a field that they do not know.
func TestInToto(t *testing.T) {
	kinds := map[string]func() proto.Message{
		provenance.ProvenanceType: func() proto.Message { return &provenancev1.Provenance{} },
		provenance.TestResultType: func() proto.Message { return &testresult.TestResult{} },
		provenance.SummaryType:    func() proto.Message { return &vsa.VerificationSummary{} },
	}
	for name, s := range statements(t) {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var st intoto.Statement
		if err := protojson.Unmarshal(text, &st); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := st.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		m := kinds[s.PredicateType]()
		if err := protojson.Unmarshal(s.Predicate, m); err != nil {
			t.Errorf("%s: %v\n%s", name, err, s.Predicate)
		}
		if p, ok := m.(*provenancev1.Provenance); ok {
			if err := p.Validate(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
