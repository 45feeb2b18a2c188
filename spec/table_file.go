package spec

import "gopkg.in/yaml.v3"

// The tables in the files table_*.go list every key of mlops.yaml: what it may
// hold, what it means, and where its value goes. Parse walks by them, Schema and
// Reference are made of them. They are never written to.

// Forms that several keys share.
var (
	textForm   = form{kind: kindText}
	textsForm  = form{kind: kindTexts}
	boolForm   = form{kind: kindBool}
	envForm    = form{kind: kindMap, elem: &form{kind: kindText, scope: scopeWorkflow}, names: envNamePattern}
	jobEnvForm = form{kind: kindMap, elem: &form{kind: kindText, scope: scopeJobEnv}, names: envNamePattern}
	stepEnv    = form{kind: kindMap, elem: &form{kind: kindText, scope: scopeStepValue}, names: envNamePattern}
	anyText    = form{kind: kindAny}

	datasetForm = form{kind: kindUnion, alts: []form{{kind: kindText, scope: scopeData}, {kind: kindObject, object: &datasetTable}}}
)

var fileTable = object[File]{
	name: "file", doc: "A pipeline of `mlops`: data checks, training, evaluation and gates.", extensions: true,
	keys: []key[File]{
		{keyDoc{name: "name", form: textForm, doc: "Name of the pipeline: the key of its report, commit status and records.", def: "the name of the repository's folder", example: "churn"},
			func(w *walker, f *File, n *yaml.Node) { f.Name = str(n) }},
		{keyDoc{name: "on", form: form{kind: kindUnion, null: true, alts: []form{{kind: kindTexts}, {kind: kindObject, object: &triggerTable}}},
			doc: "What starts a run by itself: an event, a list of events, or a mapping of events to their filters.", example: "[push, pull_request]"},
			(*walker).triggers},
		{keyDoc{name: "params", form: form{kind: kindUnion, alts: []form{{kind: kindText}, {kind: kindMap, elem: &anyText}}},
			doc: "Parameters: a YAML or JSON file, or the values themselves. Expressions read them as `params.train.lr`.", example: "params.yaml"},
			(*walker).params},
		{keyDoc{name: "env", form: envForm, doc: "Environment variables of all jobs.", example: "{PYTHONHASHSEED: 0}"},
			func(w *walker, f *File, n *yaml.Node) { f.Env = w.vars(n, place{kind: "env"}) }},
		{keyDoc{name: "defaults", form: form{kind: kindObject, object: &defaultsTable}, doc: "Values for all jobs that say nothing else.", example: "{image: python:3.12-slim}"},
			func(w *walker, f *File, n *yaml.Node) {
				walk(w, n, &defaultsTable, &f.Defaults, place{kind: "defaults", node: n})
			}},
		{keyDoc{name: "data", form: form{kind: kindMap, elem: &datasetForm, names: namePattern},
			doc: "Named inputs whose content has a version: a file, a glob, a folder, or a remote address with a pinned digest.", example: "{customers: {path: data/customers.csv}}"},
			(*walker).datasets},
		{keyDoc{name: "jobs", form: form{kind: kindMap, elem: &form{kind: kindObject, object: &jobTable}, names: namePattern, nonEmpty: true}, required: true,
			doc: "The jobs by their ids. A job is one container, one unit of caching, one node of the graph.", example: "{train: {run: python train.py}}"},
			(*walker).jobs},
		{keyDoc{name: "baseline", form: form{kind: kindText, pattern: baselinePattern}, def: "merge-base",
			doc: "What a run is compared with: `merge-base`, `base-tip`, `previous`, `promoted:MODEL@ALIAS`, `ref:COMMIT` or `file:PATH`.", example: "merge-base"},
			(*walker).baseline},
		{keyDoc{name: "baseline-run", form: boolForm, doc: "Run the baseline's jobs if there is no record of it.", def: "false", example: "true"},
			func(w *walker, f *File, n *yaml.Node) { f.BaselineRun = truth(n) }},
		{keyDoc{name: "ci", form: ciForm, doc: ciDoc, def: "reuse", example: "verify"},
			func(w *walker, f *File, n *yaml.Node) { f.CI = str(n) }},
		{keyDoc{name: "metrics", form: form{kind: kindMap, elem: &form{kind: kindUnion, null: true, alts: []form{{kind: kindWord, words: betterWords}, {kind: kindObject, object: &metricTable}}}, names: metricPattern},
			doc: "How metrics are to be read. Gates and `select` know the metrics declared here.", example: "{auc: {better: higher}}"},
			(*walker).metrics},
		{keyDoc{name: "gates", form: form{kind: kindList, elem: &form{kind: kindExpr, scope: scopeGate, want: wantBool}},
			doc: "Conditions on metrics that every run is judged by: `auc >= 0.8`, `better(auc)`, `not_worse(auc, 0.02, slices)`. A pull request is judged by the gates of its base branch.", example: "[auc >= 0.80]"},
			func(w *walker, f *File, n *yaml.Node) {
				for _, c := range n.Content {
					f.Gates = append(f.Gates, condition(c))
				}
			}},
		{keyDoc{name: "concurrency", form: form{kind: kindUnion, alts: []form{{kind: kindText, scope: scopeWorkflow}, {kind: kindObject, object: &concurrencyTable}}},
			doc: "Only one run of a group goes on at a time.", example: "{group: train, cancel-in-progress: true}"},
			func(w *walker, f *File, n *yaml.Node) { f.Concurrency = w.concurrency(n, &concurrencyTable) }},
	},
	foreign: []foreignKey{
		{"stages", `write the stages as jobs: under "jobs:", or let "mlops import dvc" do so if they are DVC's`},
		{"stage", `write the stages as jobs: under "jobs:"`},
		{"pipeline", `write "jobs:"`},
		{"steps", `put the steps into a job: "jobs: {train: {steps: [...]}}"`},
		{"workflow", `write "jobs:"`},
		{"tasks", `write "jobs:"`},
		{"vars", `write "params:" for parameters or "env:" for environment variables`},
		{"variables", `write "params:" for parameters or "env:" for environment variables`},
		{"parameters", `write "params:"`},
		{"image", `write "defaults: {image: ...}"`},
		{"triggers", `write "on:"`},
		{"true", `write "on:"; an editor or formatter has read it as a boolean`},
		{"datasets", `write "data:"`},
		{"permissions", "remove it; mlops gives jobs no token"},
		{"run-name", `remove it; "name:" names the pipeline`},
		{"secrets", "remove it; write ${{ secrets.NAME }} where a value is used, and run with --secret NAME or --secret-file FILE"},
		{"version", "remove it; the file has no version"},
		{"plots", "remove it; reports draw the metrics"},
	},
}

var defaultsTable = object[Defaults]{
	name: "defaults", doc: "Values for all jobs that say nothing else.",
	keys: []key[Defaults]{
		{keyDoc{name: "image", form: form{kind: kindText, scope: scopeWorkflow}, doc: "Container image of the jobs.", example: "python:3.12-slim"},
			func(w *walker, d *Defaults, n *yaml.Node) { d.Image = w.image(n) }},
		{keyDoc{name: "timeout-minutes", form: minutesForm, doc: "Minutes after which a job is stopped.", def: "none", example: "60"},
			func(w *walker, d *Defaults, n *yaml.Node) { d.Timeout = minutes(n) }},
		{keyDoc{name: "shell", form: textForm, doc: shellDoc, example: "bash"},
			func(w *walker, d *Defaults, n *yaml.Node) { d.Shell = w.shell(n) }},
		{keyDoc{name: "working-directory", form: textForm, doc: dirDoc, example: "src"},
			func(w *walker, d *Defaults, n *yaml.Node) { d.WorkingDirectory = w.inputPath(n) }},
		{keyDoc{name: "network", form: networkForm, doc: networkDoc, example: "none"},
			func(w *walker, d *Defaults, n *yaml.Node) { d.Network = str(n) }},
		{keyDoc{name: "run", form: form{kind: kindObject, object: &runDefaultsTable}, doc: "Shell and working directory, spelt as in GitHub Actions.", example: "{shell: bash}"},
			func(w *walker, d *Defaults, n *yaml.Node) {
				walk(w, n, &runDefaultsTable, d, place{kind: "defaults.run", node: n})
			}},
	},
	foreign: []foreignKey{
		{"container", `write "image:"`}, {"runs-on", `write "image:"`}, {"timeout", `write "timeout-minutes:"`},
	},
}

var runDefaultsTable = object[Defaults]{
	name: "runDefaults", doc: "Defaults of `run:` steps.",
	keys: []key[Defaults]{
		{keyDoc{name: "shell", form: textForm, doc: shellDoc, example: "bash"},
			func(w *walker, d *Defaults, n *yaml.Node) { d.Shell = w.shell(n) }},
		{keyDoc{name: "working-directory", form: textForm, doc: dirDoc, example: "src"},
			func(w *walker, d *Defaults, n *yaml.Node) { d.WorkingDirectory = w.inputPath(n) }},
	},
}

var datasetTable = object[Dataset]{
	name: "dataset", doc: "A named input whose content has a version.",
	keys: []key[Dataset]{
		{keyDoc{name: "path", form: form{kind: kindText, scope: scopeData}, required: true,
			doc: "A file, a glob or a folder of the repository, or an s3://, gs://, https:// or http:// address with a `digest`; at an address, s3:// and gs:// with a slash at the end are folders. What comes from an address is seen as `data/NAME/FILE`, a folder as `data/NAME/`.", example: "data/customers.csv"},
			(*walker).datasetPath},
		{keyDoc{name: "digest", form: form{kind: kindText, pattern: digestPattern}, doc: "Pinned content: `sha256:` and 64 hexadecimal digits. Needed for addresses.", example: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
			(*walker).datasetDigest},
		{keyDoc{name: "keep", form: form{kind: kindBool}, doc: "Whether the bytes of each version are kept in the store, so that it can be restored.", def: "true", example: "false"},
			func(w *walker, d *Dataset, n *yaml.Node) { d.Keep = n.Value != "false" }},
	},
	foreign: []foreignKey{
		{"url", `write "path:"`}, {"file", `write "path:"`}, {"uri", `write "path:"`}, {"md5", `write "digest: sha256:..."`},
		{"sha256", `write "digest: sha256:..."`}, {"hash", `write "digest: sha256:..."`},
	},
}

var metricTable = object[Metric]{
	name: "metric", doc: "How a metric is to be read.",
	keys: []key[Metric]{
		{keyDoc{name: "better", form: form{kind: kindWord, words: betterWords}, doc: "Which direction is better.", def: "unknown", example: "higher"},
			func(w *walker, m *Metric, n *yaml.Node) { m.Better = n.Value }},
		{keyDoc{name: "unit", form: textForm, doc: "Unit of the value, for reports.", example: "ms"},
			func(w *walker, m *Metric, n *yaml.Node) { m.Unit = n.Value }},
	},
	foreign: []foreignKey{
		{"direction", `write "better: higher" or "better: lower"`}, {"goal", `write "better: higher" or "better: lower"`},
		{"objective", `write "better: higher" or "better: lower"`}, {"min", "write a gate: gates: [auc >= 0.8]"},
		{"max", "write a gate: gates: [loss <= 0.5]"}, {"threshold", "write a gate: gates: [auc >= 0.8]"},
	},
}

var concurrencyTable = object[Concurrency]{
	name: "concurrency", doc: "Only one run of a group goes on at a time.",
	keys: []key[Concurrency]{
		{keyDoc{name: "group", form: form{kind: kindText, scope: scopeWorkflow}, required: true, doc: "Name of the group.", example: "train-${{ github.ref }}"},
			func(w *walker, c *Concurrency, n *yaml.Node) { c.Group = str(n) }},
		{keyDoc{name: "cancel-in-progress", form: form{kind: kindBool, scope: scopeWorkflow}, doc: "Cancel the run that goes on instead of waiting for it.", def: "false", example: "true"},
			func(w *walker, c *Concurrency, n *yaml.Node) { c.CancelInProgress = condition(n) }},
	},
}

var jobConcurrencyTable = object[Concurrency]{
	name: "jobConcurrency", doc: "Only one job of a group goes on at a time.",
	keys: []key[Concurrency]{
		{keyDoc{name: "group", form: form{kind: kindText, scope: scopeJob}, required: true, doc: "Name of the group.", example: "gpu-0"},
			func(w *walker, c *Concurrency, n *yaml.Node) { c.Group = str(n) }},
		{keyDoc{name: "cancel-in-progress", form: form{kind: kindBool, scope: scopeJob}, doc: "Cancel the job that goes on instead of waiting for it.", def: "false", example: "true"},
			func(w *walker, c *Concurrency, n *yaml.Node) { c.CancelInProgress = condition(n) }},
	},
}

const (
	shellDoc   = "Shell of `run:` steps: `sh`, `bash`, `python`, or a command with {0} for the script's file."
	dirDoc     = "Folder that commands run in, relative to the workspace."
	networkDoc = "Network of the job: `on` or `none`."
	ciDoc      = "What a CI service does with a cached result that was made on another machine: `reuse` takes it, `verify` reads all its outputs again and makes its fingerprint anew, and runs the job if either differs."
)

var (
	betterWords = []string{"higher", "lower"}
	networkForm = form{kind: kindWord, words: []string{"on", "none"}}
	ciForm      = form{kind: kindWord, words: []string{"reuse", "verify"}}
	minutesForm = form{kind: kindNumber, min: 0.001, max: 525_600}
)

// The patterns of texts with a form of their own, for the schema.
const (
	digestPattern   = `^sha256:[0-9a-f]{64}$`
	baselinePattern = `^(merge-base|base-tip|previous|promoted:[^@\s]+@\S+|ref:\S+|file:.+)$`
	metricPattern   = `^[A-Za-z_][A-Za-z0-9_./@-]{0,99}$`
)
