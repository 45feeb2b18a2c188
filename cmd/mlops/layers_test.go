package main

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/mlops-runner/mlops/"

// layers says what each package may import of this module. Data flows one way:
//
//	mlops.yaml → spec → plan → runner → record → report → forge
//
// spec is the language, runner all that knows no machine learning, actions all
// that does, cmd connects them. A new row is a design decision.
var layers = map[string][]string{
	"schemas":                    {},
	"spec/spelling":              {},
	"spec/expression":            {"spec/spelling"},
	"spec":                       {"spec/expression", "spec/spelling"},
	"spec/dvc":                   {}, // another tool's files in, the text of an mlops.yaml out
	"runner/bulk":                {}, // large files, at the speed of the disk
	"runner/disk":                {}, // by which the store and the records write, so that tests can fail it
	"runner/disk/disktest":       {"runner/disk"},
	"runner/snapshot":            {},                                 // how files look; it may not even import much of Go's own library
	"runner/store":               {"runner/disk", "runner/snapshot"}, // a boot's id, in a process's name
	"runner/mask":                {},
	"runner/agent":               {"runner/mask", "spec/expression", "spec/spelling"}, // steps' conditions are evaluated where their outputs are
	"runner/record":              {"runner/disk", "runner/store"},
	"runner/dataset":             {"runner/record", "runner/store"},                                                                          // versions are files beside the records, in their form
	"runner/registry":            {"runner/record", "runner/store"},                                                                          // what a run made becomes a version; gates come judged
	"runner/source":              {"runner/dataset", "runner/s3", "runner/store"},                                                            // bytes from an address, verified
	"runner/access":              {},                                                                                                         // tokens of requests and what pages in browsers send: both servers below ask it
	"runner/oci/serve":           {"runner/access", "runner/bulk", "runner/store"},                                                           // other tools' protocol over the store's blobs and refs
	"runner/index":               {"runner/dataset", "runner/record", "runner/registry", "runner/store", "spec/expression", "spec/spelling"}, // SQL made from files; queries are expressions
	"runner/provenance":          {"runner/record", "runner/registry", "runner/store"},                                                       // signed statements about what those hold
	"runner/oci":                 {"runner/bulk", "runner/disk", "runner/record", "runner/store"},                                            // models to and from registries: what to say of one is given
	"runner/oci/ocitest":         {},                                                                                                         // a real registry, for tests
	"runner/s3":                  {},                                                                                                         // objects of a bucket: it knows nothing of what they hold
	"runner/s3/s3test":           {},                                                                                                         // a real server, for tests
	"runner/remote":              {"runner/bulk", "runner/s3", "runner/store"},                                                               // objects by name, in a folder or a bucket; of the store it uses the lock alone
	"runner/remote/remotetest":   {"runner/remote"},
	"runner/share":               {"runner", "runner/bulk", "runner/dataset", "runner/disk", "runner/provenance", "runner/record", "runner/registry", "runner/remote", "runner/store"}, // what a store holds, carried to a remote and back
	"runner/mlflow":              {"runner/access", "runner/disk", "runner/record", "runner/registry", "runner/store"},                                                                 // other tools' protocol and folders in, records and versions out
	"runner/openlineage":         {"runner/record"},                                                                                                                                    // a record in, events out
	"runner/cyclonedx":           {"runner/record", "runner/registry"},                                                                                                                 // a version and its run in, a bill of materials out
	"runner/worktree":            {"runner/disk", "runner/snapshot", "runner/store", "runner/record", "spec/spelling"},
	"runner/plan":                {"spec", "spec/expression", "runner/store"},
	"runner/concurrency":         {"runner/store"},
	"runner":                     {"spec", "spec/expression", "runner/agent", "runner/concurrency", "runner/dataset", "runner/mask", "runner/plan", "runner/record", "runner/store", "runner/worktree"},
	"runner/checkout":            {},                      // git alone: what it brings is looked at by others
	"runner/untrusted":           {"runner/plan", "spec"}, // holds plans back; who runs them does the rest
	"runner/report":              {"spec", "spec/expression", "runner/plan", "runner/record", "runner/report/distribution", "runner/report/history", "runner/store"},
	"runner/repro":               {}, // bytes in, what their differences look like out
	"runner/bisect":              {}, // a search in a row: what is good and bad its caller says
	"runner/report/distribution": {},
	"runner/report/history":      {"runner/report/distribution"},
	"runner/baseline":            {"runner/record", "runner/report", "runner/store"},                    // git and registries are asked through interfaces
	"runner/report/render":       {"spec/expression", "runner/record", "runner/report", "runner/store"}, // pure: a report in, text out; which metric a gate reads
	"runner/host":                {"runner", "runner/agent"},
	"runner/docker":              {"runner", "runner/agent", "runner/store"}, // a process's name, by which dead runners are told
	"runner/trigger":             {"spec", "runner/store"},                   // versions of data are compared
	"runner/lock":                {"runner", "spec"},                         // a lock file's mistakes are told as mlops.yaml's are
	"runner/executortest":        {"runner", "runner/agent", "runner/store"},
	"runner/forge":               {}, // it gets text that is ready; below it a package for each forge
	"actions/table":              {},
	"actions/table/tabletest":    {}, // made-up rows, for tests
	"actions/profile":            {"actions/table", "runner/store"},
	"actions/drift":              {"actions/profile", "actions/table", "runner/report/distribution"}, // distributions are arithmetic that knows no report
	"actions/metric":             {},                                                                 // arithmetic on slices, whatever they were read from
	"actions/paired":             {"runner/report/distribution"},                                     // arrays in, intervals out: it knows neither rows of a table nor metrics by name
	"actions/slice":              {"runner/report/distribution", "spec/spelling"},                    // pure: columns in memory in, rows of slices out; a misspelt column is guessed
	"actions/model/pickle":       {},                                                                 // bytes in, what loading them would call out
	"actions/model":              {"actions/model/pickle"},
	"actions/columns":            {"actions/profile", "actions/table", "spec"},
	"actions/action":             {"runner/agent", "runner/report", "spec", "spec/expression"}, // how steps talk back, and what they may say in the report
	"actions/datacheck":          {"actions/action", "actions/columns", "actions/drift", "actions/profile", "actions/table", "runner/report", "runner/store", "spec", "spec/expression"},
	"actions/evaluate":           {"actions/action", "actions/metric", "actions/paired", "actions/slice", "actions/table", "runner/record", "runner/report", "runner/report/distribution", "spec", "spec/expression"},
	"actions/pack":               {"actions/action", "actions/model", "runner/oci", "runner/registry", "spec"},   // references are checked where a step stands
	"actions/promote":            {"actions/action", "actions/model", "actions/pack", "runner/registry", "spec"}, // likewise names; files are looked into as pack does
	"actions":                    {"actions/action", "actions/datacheck", "actions/evaluate", "actions/pack", "actions/promote", "spec"},
	"cmd/mlops/view":             {"cmd/mlops/view/duration", "runner", "runner/forge", "runner/forge/actions"}, // annotations, outputs and summary of a workflow's step
	"cmd/mlops/view/duration":    {},
	"cmd/mlops/early":            {"cmd/mlops/view/duration", "runner/snapshot"}, // initialised before nearly all else
	"cmd/mlops":                  {"*"},
	"cmd/bench":                  {"*"},
	"examples":                   {},

	"actions/profile/profiletest": {"actions/profile", "actions/table"}, // profiles of made-up columns, for tests
}

// TestLayers holds every package to its row, tests excepted.
func TestLayers(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,GoFiles", "../../...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for dec.More() {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		checkLayer(t, strings.TrimPrefix(p.ImportPath, module), p.Imports)
	}
}

func checkLayer(t *testing.T, name string, imports []string) {
	allowed, ok := layers[name]
	if parent := name[:max(0, strings.LastIndexByte(name, '/'))]; !ok && slices.Contains([]string{"runner/executortest", "runner/forge", "examples"}, parent) {
		allowed, ok = append([]string{parent}, layers[parent]...), true // parts of it
	}
	if !ok {
		t.Errorf("package %s has no row in the table of layers", name)
		return
	}
	if slices.Contains(allowed, "*") {
		return
	}
	for _, i := range imports {
		if dep, ours := strings.CutPrefix(i, module); ours && !slices.Contains(allowed, dep) {
			t.Errorf("%s imports %s, which its layer does not allow", name, dep)
		}
	}
}
