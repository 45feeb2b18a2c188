package cyclonedx

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

// TestNew holds a document to what bom-1.6.schema.json requires of the parts used.
func TestNew(t *testing.T) {
	dig := store.Sum([]byte("x"))
	v := &registry.Version{
		Model: "churn", Version: 3, Digest: dig, Time: time.Unix(1700000000, 5), Files: []registry.File{{Path: "w.bin", Digest: dig, Size: 1}, {Path: "a/b", Digest: dig, Size: 1}},
		Origin: registry.Origin{
			Run: "r", RunDigest: dig, Source: record.Source{Repository: "https://example.org/x.git", Commit: "abc"}, Gates: []record.Gate{{Gate: "auc > 0.5", Outcome: "passed"}},
			Metrics: []record.Metric{{Name: "auc", Value: 0.9}, {Name: "auc", Value: 0.8, Slice: map[string]string{"plan": "pro"}}},
		},
	}
	run := &record.Run{Jobs: []record.Job{
		{ID: "train", Image: record.Image{Name: "python:3.12", ID: "sha256:1", Digests: []string{"python@sha256:2"}},
			Inputs: []record.Artifact{{Name: "customers", Path: "c.csv", Digest: dig, Mode: 0o644, Source: "s3://b/c.csv"}, {Path: "src", Digest: dig, Files: 2}}},
		{ID: "evaluate", Image: record.Image{Name: "python:3.12", ID: "sha256:1"}, Inputs: []record.Artifact{{Name: "customers", Path: "c.csv", Digest: dig, Mode: 0o644}}},
	}}
	text, err := json.Marshal(New(v, run, "1.0"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(New(v, run, "1.0"))
	if err != nil || string(text) != string(again) {
		t.Error("the document of a version differs from time to time")
	}
	var doc struct {
		Format   string `json:"bomFormat"`
		Spec     string `json:"specVersion"`
		Serial   string `json:"serialNumber"`
		Version  int    `json:"version"`
		Metadata struct {
			Time      string    `json:"timestamp"`
			Component Component `json:"component"`
		} `json:"metadata"`
		Components   []Component  `json:"components"`
		Dependencies []Dependency `json:"dependencies"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Format != "CycloneDX" || doc.Spec != "1.6" || doc.Version != 1 {
		t.Errorf("%+v", doc)
	}
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`).MatchString(doc.Serial) {
		t.Error(doc.Serial)
	}
	if _, err := time.Parse(time.RFC3339, doc.Metadata.Time); err != nil {
		t.Error(err)
	}
	types := []string{"application", "framework", "library", "container", "platform", "operating-system", "device", "device-driver", "firmware", "file", "machine-learning-model", "data", "cryptographic-asset"}
	refs := map[string]bool{}
	for _, c := range append(doc.Components, doc.Metadata.Component) {
		if c.Name == "" || !slices.Contains(types, c.Type) {
			t.Errorf("%+v", c)
		}
		if refs[c.Ref] {
			t.Errorf("bom-ref %s stands twice", c.Ref)
		}
		refs[c.Ref] = true
		for _, h := range c.Hashes {
			if h.Algorithm != "SHA-256" || !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(h.Content) {
				t.Errorf("%+v", h)
			}
		}
		if c.Card != nil && c.Type != "machine-learning-model" {
			t.Errorf("%s has a model card", c.Ref)
		}
		for _, d := range c.Data {
			if d.Type != "dataset" {
				t.Errorf("%+v", d)
			}
		}
	}
	for _, d := range doc.Dependencies {
		for _, r := range append(d.Uses, d.Ref) {
			if !refs[r] {
				t.Errorf("dependency on %s, which is no component", r)
			}
		}
	}
	card := doc.Metadata.Component.Card
	for _, c := range card.Parameters.Datasets {
		if !refs[c.Ref] {
			t.Errorf("data set %s is no component", c.Ref)
		}
	}
	if len(card.Parameters.Datasets) != 2 || len(card.Analysis.Metrics) != 2 || card.Analysis.Metrics[1].Slice == "" {
		t.Errorf("%+v", card)
	}
	if len(doc.Components) != 5 {
		t.Errorf("%d components, want two files, two data sets and an image", len(doc.Components))
	}
	if New(v, nil, "1.0").Components == nil {
		t.Error("no files without a run")
	}
}
