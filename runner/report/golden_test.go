package report

import (
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/spec"
)

var update = flag.Bool("update", false, "rewrite testdata/*/want.json")

// A sample is a record as one document.
type sample struct {
	Run         record.Run
	Source      record.Source
	Environment record.Environment
	Params      record.Values
	Jobs        []struct {
		record.Job
		Metrics          []record.Metric
		FingerprintLines []string
	}
}

func (s *sample) record() *record.Run {
	if s == nil {
		return nil
	}
	r := s.Run
	r.Source, r.Environment, r.Params, r.Jobs = s.Source, s.Environment, s.Params, nil
	for _, j := range s.Jobs {
		j.Job.Metrics, j.Job.FingerprintLines = j.Metrics, j.FingerprintLines
		r.Jobs = append(r.Jobs, j.Job)
	}
	return &r
}

// sampleOptions are options as one document.
type sampleOptions struct {
	Metrics            []plan.Metric
	Gates, OwnGates    []string
	Baseline           Baseline
	HeadName, BaseName string
	Code               Code
	Logs               map[string][]string
	Notes              []string
	History            []*sample
}

func (s sampleOptions) options() CompareOptions {
	o := CompareOptions{Metrics: s.Metrics, Baseline: s.Baseline, HeadName: s.HeadName, BaseName: s.BaseName, Code: s.Code, Logs: s.Logs, Notes: s.Notes}
	o.Gates, o.OwnGates = gatesOf(s.Gates...), gatesOf(s.OwnGates...)
	for _, h := range s.History {
		o.History = append(o.History, h.record())
	}
	return o
}

func gatesOf(texts ...string) (gates []spec.Str) {
	for i, g := range texts {
		gates = append(gates, spec.Str{Value: g, Pos: spec.Pos{Line: 10 + i, Col: 5}})
	}
	return gates
}

// readCase reads testdata/NAME/{head,base,options}.json, of which base may be absent.
func readCase(t testing.TB, dir string) (head, base *record.Run, o CompareOptions) {
	t.Helper()
	var h, b *sample
	var so sampleOptions
	for name, v := range map[string]any{"head": &h, "base": &b, "options": &so} {
		data, err := os.ReadFile(filepath.Join(dir, name+".json"))
		if errors.Is(err, fs.ErrNotExist) && name == "base" {
			continue
		}
		if err == nil {
			err = json.Unmarshal(data, v)
		}
		if err != nil {
			t.Fatalf("%s %s: %v", dir, name, err)
		}
	}
	return h.record(), b.record(), so.options()
}

func cases(t testing.TB) []string {
	t.Helper()
	dirs, err := filepath.Glob("testdata/*/head.json")
	if err != nil || len(dirs) < 9 {
		t.Fatalf("%d cases: %v", len(dirs), err)
	}
	for i := range dirs {
		dirs[i] = filepath.Dir(dirs[i])
	}
	return dirs
}

// TestGolden compares the report of each case with its want.json.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, dir := range cases(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			got, err := record.Canonical(Compare(readCase(t, dir)))
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "want.json")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Error(d)
			}
		})
	}
}
