package openlineage

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

func sample(status record.Status) *record.Run {
	start, dig := time.Unix(1700000000, 0), store.Sum([]byte("x"))
	return &record.Run{
		ID: "018bcfe5-6800-77ab-994a-21fb38de73c2", Pipeline: "churn", Status: status, Started: start, Ended: start.Add(time.Minute), Reason: "exit",
		Source: record.Source{Repository: "https://example.org/x.git", Commit: "abc"}, Params: record.Values{"lr": 0.1}, Environment: record.Environment{Mlops: "1.0"},
		Jobs: []record.Job{
			{ID: "train", Status: status, Started: start, Wall: time.Second, Inputs: []record.Artifact{{Name: "c", Path: "c.csv", Digest: dig, Source: "s3://bucket/c.csv"}},
				Outputs: []record.Artifact{{Path: "model", Digest: dig, Size: 9, Files: 2}}, Metrics: []record.Metric{{Name: "loss", Value: math.NaN()}}},
			{ID: "never", Status: record.Skipped},
		},
	}
}

// TestEvents holds events to what OpenLineage.json and the facets' schemas require.
func TestEvents(t *testing.T) {
	for status, want := range map[record.Status]string{record.Success: "COMPLETE", record.Failure: "FAIL", record.Cancelled: "ABORT"} {
		events := Events(sample(status))
		if len(events) != 4 {
			t.Fatalf("%d events, want two of the run and two of its one job", len(events))
		}
		ends := map[string]string{}
		for _, e := range events {
			ends[e.Run.ID] = e.Type
			required(t, e)
		}
		for id, end := range ends {
			if end != want {
				t.Errorf("%s: %s ends by %s, want %s", status, id, end, want)
			}
		}
		if in := events[2].Inputs[0]; in.Namespace != "s3://bucket" || in.Name != "c.csv" {
			t.Errorf("%+v", in)
		}
		if parent := events[1].Run.Facets["parent"]["run"].(map[string]any)["runId"]; parent != events[0].Run.ID {
			t.Errorf("parent %v", parent)
		}
		if _, failed := events[2].Run.Facets["errorMessage"]; failed != (want == "FAIL") {
			t.Errorf("%s: errorMessage is there: %v", status, failed)
		}
	}
}

// required checks the fields that the schemas require.
func required(t *testing.T, e Event) {
	t.Helper()
	line, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(line), "\n") {
		t.Error("an event is more than a line")
	}
	var doc map[string]any
	if err := json.Unmarshal(line, &doc); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"eventTime", "producer", "schemaURL", "run", "job"} {
		if doc[name] == nil {
			t.Errorf("no %s in %s", name, line)
		}
	}
	if _, err := time.Parse(time.RFC3339, doc["eventTime"].(string)); err != nil {
		t.Error(err)
	}
	if _, err := uuid.Parse(e.Run.ID); err != nil {
		t.Error(err)
	}
	if e.Job.Namespace == "" || e.Job.Name == "" {
		t.Errorf("%+v", e.Job)
	}
	all := []Facets{e.Run.Facets, e.Job.Facets}
	for _, d := range append(e.Inputs, e.Outputs...) {
		if d.Namespace == "" || d.Name == "" {
			t.Errorf("%+v", d)
		}
		all = append(all, d.Facets, d.OutputFacets)
	}
	fields := map[string][]string{
		"nominalTime": {"nominalStartTime"}, "parent": {"run", "job"}, "errorMessage": {"message", "programmingLanguage"}, "processing_engine": {"version"},
		"sourceCodeLocation": {"type", "url"}, "jobType": {"processingType", "integration"}, "version": {"datasetVersion"},
	}
	for _, fs := range all {
		for name, f := range fs {
			for _, need := range append(fields[name], "_producer", "_schemaURL") {
				if f[need] == nil {
					t.Errorf("facet %s has no %s", name, need)
				}
			}
		}
	}
}
