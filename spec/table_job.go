package spec

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// Keys that a job and a step both have.
var (
	withForm = form{kind: kindMap, elem: &anyText}
)

const (
	usesDoc     = "A built-in action, such as `data-check`, `evaluate`, `promote` or `pack`."
	withDoc     = "Inputs of the action."
	runDoc      = "Shell commands. Each `${{ }}` in them becomes an environment variable, never shell text."
	continueDoc = "Whether the rest goes on as if it had not failed."
	ifDoc       = "Condition under which it runs; `${{ }}` around it may be left out."
)

// pullPolicy is one way to come by an image.
var (
	pullPolicy = form{kind: kindWord, words: []string{"if-missing", "always", "never"}}
	pullForm   = form{kind: kindUnion, alts: []form{pullPolicy, {kind: kindList, elem: &pullPolicy, nonEmpty: true}}}
)

// pull joins the policies of a job, which are words without commas.
func pull(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		return n.Value
	}
	var list []string
	for _, s := range strs(n) {
		list = append(list, s.Value)
	}
	return strings.Join(list, ",")
}

var jobTable = object[Job]{
	name: "job", doc: "One container, one unit of caching, one node of the graph.", choose: []string{"steps", "run", "uses"},
	keys: []key[Job]{
		{keyDoc{name: "name", form: form{kind: kindText, scope: scopePlan}, doc: "Name shown in reports.", def: "the job's id", example: "Train"},
			func(w *walker, j *Job, n *yaml.Node) { j.Name = str(n) }},
		{keyDoc{name: "description", form: textForm, doc: "What the job is for; never part of the fingerprint.", example: "Fits the churn model"},
			func(w *walker, j *Job, n *yaml.Node) { j.Description = n.Value }},
		{keyDoc{name: "if", form: form{kind: kindExpr, scope: scopeJobIf}, doc: ifDoc, def: "success()", example: "github.ref == 'refs/heads/main'"},
			func(w *walker, j *Job, n *yaml.Node) { j.If = condition(n) }},
		{keyDoc{name: "needs", form: textsForm, doc: "Jobs that must have ended well before. A job that reads what another writes waits for it without being told.", example: "[check]"},
			func(w *walker, j *Job, n *yaml.Node) { j.Needs = strs(n) }},
		{keyDoc{name: "inputs", form: form{kind: kindTexts, scope: scopePlan}, doc: "All that the job can see: paths, globs and `data.NAME`.", def: "all files that git tracks", example: "[src/train.py, data.customers]"},
			(*walker).jobInputs},
		{keyDoc{name: "outputs", form: form{kind: kindTexts, scope: scopePlan}, doc: "Paths that the job writes; a trailing slash means a folder.", example: "[model/, metrics.json]"},
			func(w *walker, j *Job, n *yaml.Node) {
				j.Outputs = make([]Str, 0, len(n.Content))
				for _, c := range scalarsOf(n) {
					j.Outputs = append(j.Outputs, w.outputPath(c))
				}
			}},
		{keyDoc{name: "metrics", form: form{kind: kindTexts, scope: scopePlan}, doc: "Files to read metrics from.", def: "outputs called metrics.*, *.metrics.* or *_metrics.*", example: "[metrics.json]"},
			func(w *walker, j *Job, n *yaml.Node) {
				for _, c := range scalarsOf(n) {
					j.Metrics = append(j.Metrics, w.outputPath(c))
				}
			}},
		{keyDoc{name: "image", form: form{kind: kindText, scope: scopePlan}, doc: "Container image.", def: "defaults.image", example: "python:3.12-slim"},
			func(w *walker, j *Job, n *yaml.Node) { j.Image = w.image(n) }},
		{keyDoc{name: "build", form: form{kind: kindUnion, alts: []form{{kind: kindText}, {kind: kindObject, object: &buildTable}}}, doc: "Build the image from a folder of the repository, instead of `image`.", example: "{context: docker}"},
			(*walker).build},
		{keyDoc{name: "pull", form: pullForm, doc: "When to pull the image: one policy, or several to be tried in order.", def: "if-missing", example: "[always, if-missing]"},
			func(w *walker, j *Job, n *yaml.Node) { j.Pull = pull(n) }},
		{keyDoc{name: "platform", form: form{kind: kindText, pattern: platformPattern}, doc: "Operating system and architecture of the container.", def: "the engine's own", example: "linux/amd64"},
			(*walker).platform},
		{keyDoc{name: "env", form: jobEnvForm, doc: "Environment variables of all steps.", example: "{OMP_NUM_THREADS: 2}"},
			func(w *walker, j *Job, n *yaml.Node) { j.Env = w.vars(n, place{kind: "env", job: j.ID.Value}) }},
		{keyDoc{name: "shell", form: textForm, doc: shellDoc, def: "defaults.shell", example: "bash"},
			func(w *walker, j *Job, n *yaml.Node) { j.Shell = w.shell(n) }},
		{keyDoc{name: "working-directory", form: form{kind: kindText, scope: scopePlan}, doc: dirDoc, def: "defaults.working-directory", example: "src"},
			func(w *walker, j *Job, n *yaml.Node) { j.Dir = w.inputPath(n) }},
		{keyDoc{name: "resources", form: form{kind: kindObject, object: &resourcesTable}, doc: "What the container may use.", example: "{cpus: 2, memory: 4GiB, gpus: 0}"},
			func(w *walker, j *Job, n *yaml.Node) {
				walk(w, n, &resourcesTable, &j.Resources, place{kind: "resources", job: j.ID.Value, node: n})
			}},
		{keyDoc{name: "network", form: networkForm, doc: networkDoc, def: "on for run steps, none for built-in actions", example: "none"},
			func(w *walker, j *Job, n *yaml.Node) { j.Network = n.Value }},
		{keyDoc{name: "user", form: form{kind: kindWord, words: []string{"root"}}, doc: "User in the container; files of root are handed back to the caller.", def: "the caller", example: "root"},
			func(w *walker, j *Job, n *yaml.Node) { j.User = n.Value }},
		{keyDoc{name: "isolate", form: boolForm, doc: "Give each step a container of its own, with the files of the workspace and of caches and what earlier steps handed on.", def: "false", example: "true"},
			func(w *walker, j *Job, n *yaml.Node) { j.Isolate = truth(n) }},
		{keyDoc{name: "strategy", form: form{kind: kindObject, object: &strategyTable}, doc: "Run the job once for each combination of values.", example: "{matrix: {depth: [4, 8]}}"},
			func(w *walker, j *Job, n *yaml.Node) {
				walk(w, n, &strategyTable, &j.Strategy, place{kind: "strategy", job: j.ID.Value, node: n})
			}},
		{keyDoc{name: "select", form: form{kind: kindText, pattern: selectPattern}, doc: "Which leg of the matrix gives the job its outputs: `best(METRIC)`, `worst(METRIC)` or `first`. With seeds, combinations are told apart by the mean of their first n.", example: "best(auc)"},
			func(w *walker, j *Job, n *yaml.Node) { j.Select = str(n) }},
		{keyDoc{name: "caches", form: form{kind: kindMap, elem: &form{kind: kindText, scope: scopePlan}, names: namePattern}, doc: "Folders kept between runs, never part of the fingerprint: absolute paths, or below ~/.", example: "{pip: ~/.cache/pip}"},
			(*walker).caches},
		{keyDoc{name: "steps", form: form{kind: kindList, elem: &form{kind: kindObject, object: &stepTable}, nonEmpty: true}, doc: "Steps, run in order in one container, or with isolate in one each.", example: "[{run: python train.py}]"},
			(*walker).steps},
		{keyDoc{name: "run", form: form{kind: kindText, scope: scopeStepValue, want: wantScript}, doc: runDoc + " The job then has this one step.", example: "python train.py"},
			func(w *walker, j *Job, n *yaml.Node) { w.single(j).setRun(w, n) }},
		{keyDoc{name: "uses", form: textForm, doc: usesDoc + " The job then has this one step.", example: "data-check"},
			func(w *walker, j *Job, n *yaml.Node) { w.single(j).Uses = str(n) }},
		{keyDoc{name: "with", form: withForm, doc: withDoc, example: "{model: churn}"},
			func(w *walker, j *Job, n *yaml.Node) { w.with(w.single(j), n) }},
		{keyDoc{name: "timeout-minutes", form: minutesForm, doc: "Minutes after which the job is stopped.", def: "defaults.timeout-minutes", example: "60"},
			func(w *walker, j *Job, n *yaml.Node) { j.Timeout = minutes(n) }},
		{keyDoc{name: "stop-grace", form: form{kind: kindDuration}, doc: "Time between SIGTERM and SIGKILL when the job is stopped.", def: "10s", example: "30s"},
			func(w *walker, j *Job, n *yaml.Node) { j.StopGrace = w.duration(n) }},
		{keyDoc{name: "continue-on-error", form: form{kind: kindBool, scope: scopeJob}, doc: continueDoc, def: "false", example: "true"},
			func(w *walker, j *Job, n *yaml.Node) { j.ContinueOnError = condition(n) }},
		{keyDoc{name: "retry", form: form{kind: kindUnion, alts: []form{{kind: kindInt, min: 0, max: 10}, {kind: kindObject, object: &retryTable}, {kind: kindList, elem: &form{kind: kindObject, object: &retryTable}, nonEmpty: true}}}, doc: "Try the job again after some failures: a number of times, or rules.", example: "{on: [oom], limit: 2, resources: {memory: 8GiB}}"},
			(*walker).retry},
		{keyDoc{name: "seeds", form: form{kind: kindUnion, alts: []form{{kind: kindInt, min: 1, max: 100}, {kind: kindObject, object: &seedsTable}}}, doc: "Repeat the job with other seeds, so that its metrics get an interval. Each repetition is a leg of its own and finds its seed, 1, 2, …, in `MLOPS_SEED` and `matrix.seed`.", example: "{n: 3, max: 10}"},
			(*walker).seeds},
		{keyDoc{name: "cache", form: boolForm, doc: "false runs the job every time.", def: "true", example: "false"},
			func(w *walker, j *Job, n *yaml.Node) { j.Cache = Str{boolText(n), nodePos(n)} }},
		{keyDoc{name: "ci", form: ciForm, doc: ciDoc, def: "the file's", example: "verify"},
			func(w *walker, j *Job, n *yaml.Node) { j.CI = str(n) }},
		{keyDoc{name: "services", form: form{kind: kindMap, elem: &form{kind: kindUnion, alts: []form{{kind: kindText, scope: scopePlan}, {kind: kindObject, object: &serviceTable}}}, names: namePattern}, doc: "Containers beside the job, reached by their names.", example: "{db: {image: postgres:17}}"},
			(*walker).services},
		{keyDoc{name: "concurrency", form: form{kind: kindUnion, alts: []form{{kind: kindText, scope: scopeJob}, {kind: kindObject, object: &jobConcurrencyTable}}}, doc: "Only one job of a group goes on at a time.", example: "gpu-0"},
			func(w *walker, j *Job, n *yaml.Node) { j.Concurrency = w.concurrency(n, &jobConcurrencyTable) }},
	},
	foreign: []foreignKey{
		{"runs-on", `write "image: python:3.12-slim"; every job runs in a container`},
		{"container", `write "image:"`}, {"deps", `write "inputs:"`}, {"dependencies", `write "inputs:" for files, "needs:" for jobs`},
		{"depends_on", `write "needs:"`}, {"depends-on", `write "needs:"`}, {"dependson", `write "needs:"`},
		{"outs", `write "outputs:"`}, {"artifacts", `write "outputs:"`}, {"cmd", `write "run:"`}, {"command", `write "run:"`},
		{"commands", `write "run:"`}, {"script", `write "run:"`}, {"sh", `write "run:"`}, {"shell-script", `write "run:"`},
		{"stage", `write "needs:" for the order of jobs`}, {"stages", `write "needs:" for the order of jobs`},
		{"matrix", `write "strategy: {matrix: ...}"`}, {"fail-fast", `write "strategy: {fail-fast: false}"`}, {"max-parallel", `write "strategy: {max-parallel: 2}"`}, {"environment", `write "env:"`}, {"variables", `write "env:"`},
		{"timeout", `write "timeout-minutes:"`}, {"retries", `write "retry:"`}, {"allow_failure", `write "continue-on-error: true"`},
		{"when", `write "if:"`}, {"gpus", `write "resources: {gpus: 1}"`}, {"gpu", `write "resources: {gpus: 1}"`},
		{"cpus", `write "resources: {cpus: 2}"`}, {"memory", `write "resources: {memory: 4GiB}"`}, {"params", `write ${{ params.NAME }} where the value is used`},
		{"wdir", `write "working-directory:"`}, {"workdir", `write "working-directory:"`}, {"desc", `write "description:"`},
		{"frozen", `write "if: false"`}, {"foreach", `write "strategy: {matrix: ...}"`}, {"plots", "remove it; reports draw the metrics"},
		{"permissions", "remove it; mlops gives jobs no token"}, {"secrets", "remove it; write ${{ secrets.NAME }} where a value is used, and run with --secret NAME or --secret-file FILE"},
		{"defaults", `write "shell:" and "working-directory:" at the job itself`}, {"volumes", `write "inputs:" for files, "caches:" for kept folders`},
		{"needed", `write "needs:"`}, {"each", `write "strategy: {matrix: ...}"`}, {"entrypoint", `write "run:"`},
		{"id", "remove it; the key above the job is its id"}, {"background", "put it at a step"},
	},
}

var stepTable = object[Step]{
	name: "step", doc: "One command, or one use of an action.", choose: []string{"run", "uses", "wait", "wait-all", "cancel"},
	keys: []key[Step]{
		{keyDoc{name: "id", form: form{kind: kindText, pattern: namePattern}, doc: "Name by which later steps read this one: `steps.ID.outputs.NAME`.", example: "fit"},
			func(w *walker, s *Step, n *yaml.Node) { s.ID = w.name(n, "a step") }},
		{keyDoc{name: "name", form: form{kind: kindText, scope: scopeStep}, doc: "Name shown in logs.", def: "the first line of run", example: "Fit the model"},
			func(w *walker, s *Step, n *yaml.Node) { s.Name = str(n) }},
		{keyDoc{name: "if", form: form{kind: kindExpr, scope: scopeStepIf}, doc: ifDoc, def: "success()", example: "always()"},
			func(w *walker, s *Step, n *yaml.Node) { s.If = condition(n) }},
		{keyDoc{name: "run", form: form{kind: kindText, scope: scopeStepValue, want: wantScript}, doc: runDoc, example: "python train.py"},
			func(w *walker, s *Step, n *yaml.Node) { s.setRun(w, n) }},
		{keyDoc{name: "uses", form: textForm, doc: usesDoc, example: "data-check"},
			func(w *walker, s *Step, n *yaml.Node) { s.Uses = str(n) }},
		{keyDoc{name: "with", form: withForm, doc: withDoc, example: "{model: churn}"},
			func(w *walker, s *Step, n *yaml.Node) { w.with(s, n) }},
		{keyDoc{name: "env", form: stepEnv, doc: "Environment variables of the step.", example: "{OMP_NUM_THREADS: 2}"},
			func(w *walker, s *Step, n *yaml.Node) {
				s.Env = w.vars(n, place{kind: "env of a step", job: w.jobID()})
			}},
		{keyDoc{name: "shell", form: textForm, doc: shellDoc, def: "the job's", example: "bash"},
			func(w *walker, s *Step, n *yaml.Node) { s.Shell = w.shell(n) }},
		{keyDoc{name: "working-directory", form: form{kind: kindText, scope: scopeStep}, doc: dirDoc, def: "the job's", example: "src"},
			func(w *walker, s *Step, n *yaml.Node) { s.Dir = w.inputPath(n) }},
		{keyDoc{name: "timeout-minutes", form: minutesForm, doc: "Minutes after which the step is stopped.", def: "none", example: "10"},
			func(w *walker, s *Step, n *yaml.Node) { s.Timeout = minutes(n) }},
		{keyDoc{name: "continue-on-error", form: form{kind: kindBool, scope: scopeStep}, doc: continueDoc, def: "false", example: "true"},
			func(w *walker, s *Step, n *yaml.Node) { s.ContinueOnError = condition(n) }},
		{keyDoc{name: "background", form: boolForm, doc: "Start the step and go on with the next. The job ends when it has ended; if another step fails it is stopped.", def: "false", example: "true"},
			func(w *walker, s *Step, n *yaml.Node) { s.Background = truth(n) }},
		{keyDoc{name: "wait", form: form{kind: kindTexts, nonEmpty: true}, doc: "Wait until steps in the background, by their ids, have ended.", example: "[load, index]"},
			func(w *walker, s *Step, n *yaml.Node) { s.Wait = strs(n) }},
		{keyDoc{name: "wait-all", form: form{kind: kindBool}, doc: "Wait until all steps in the background have ended.", example: "true"},
			(*walker).waitAll},
		{keyDoc{name: "cancel", form: form{kind: kindTexts, nonEmpty: true}, doc: "Stop steps in the background, by their ids, as a cancelled job is stopped. Their exit statuses do not count then.", example: "server"},
			func(w *walker, s *Step, n *yaml.Node) { s.Cancel = strs(n) }},
	},
	foreign: []foreignKey{
		{"cmd", `write "run:"`}, {"command", `write "run:"`}, {"commands", `write "run:"`}, {"script", `write "run:"`}, {"sh", `write "run:"`},
		{"image", `put "image:" at the job; its steps share one container`}, {"container", `put "image:" at the job; its steps share one container`},
		{"runs-on", `put "image:" at the job`}, {"deps", `put "inputs:" at the job`}, {"outs", `put "outputs:" at the job`},
		{"inputs", `put "inputs:" at the job; write "with:" for the inputs of an action`}, {"outputs", `put "outputs:" at the job`},
		{"artifacts", `put "outputs:" at the job`}, {"needs", `put "needs:" at the job; steps run in order`},
		{"environment", `write "env:"`}, {"timeout", `write "timeout-minutes:"`}, {"when", `write "if:"`}, {"retry", `put "retry:" at the job`},
		{"cwd", `write "working-directory:"`}, {"workdir", `write "working-directory:"`}, {"wdir", `write "working-directory:"`},
		{"action", `write "uses:"`}, {"args", `write "with:"`}, {"stop", `write "cancel:"`}, {"detach", `write "background: true"`}, {"params", `write ${{ params.NAME }} where the value is used`},
	},
}

var buildTable = object[Build]{
	name: "build", doc: "How the job's image is built.",
	keys: []key[Build]{
		{keyDoc{name: "context", form: textForm, required: true, doc: "Folder that the build sees.", example: "docker"},
			func(w *walker, b *Build, n *yaml.Node) { b.Context = w.inputPath(n) }},
		{keyDoc{name: "file", form: textForm, doc: "Dockerfile inside the context.", def: "Dockerfile", example: "train.Dockerfile"},
			func(w *walker, b *Build, n *yaml.Node) { b.File = w.inputPath(n) }},
		{keyDoc{name: "target", form: textForm, doc: "Stage to build.", def: "the last one", example: "runtime"},
			func(w *walker, b *Build, n *yaml.Node) { b.Target = str(n) }},
		{keyDoc{name: "args", form: form{kind: kindMap, elem: &form{kind: kindText, scope: scopePlan}, names: envNamePattern}, doc: "Build arguments.", example: "{PYTHON: '3.12'}"},
			func(w *walker, b *Build, n *yaml.Node) { b.Args = w.vars(n, place{kind: "build.args", job: w.jobID()}) }},
	},
	foreign: []foreignKey{{"dockerfile", `write "file:"`}, {"path", `write "context:"`}},
}

var resourcesTable = object[Resources]{
	name: "resources", doc: "What a container may use.",
	keys: []key[Resources]{
		{keyDoc{name: "cpus", form: form{kind: kindNumber, min: 0.01, max: 4096}, doc: "Processor cores; fractions are allowed.", def: "no limit", example: "2"},
			func(w *walker, r *Resources, n *yaml.Node) { r.CPUs, _ = number(n) }},
		{keyDoc{name: "memory", form: form{kind: kindSize}, doc: "Memory.", def: "no limit", example: "4GiB"},
			func(w *walker, r *Resources, n *yaml.Node) { r.Memory = w.size(n) }},
		{keyDoc{name: "shm", form: form{kind: kindSize}, doc: "Size of /dev/shm, which data loaders use.", def: "the engine's own", example: "1GiB"},
			func(w *walker, r *Resources, n *yaml.Node) { r.Shm = w.size(n) }},
		{keyDoc{name: "disk", form: form{kind: kindSize}, doc: "What the workspace may take, and what outputs may claim to hold. The job ends when it takes more.", def: "no limit; 256GiB of outputs", example: "20GiB"},
			func(w *walker, r *Resources, n *yaml.Node) { r.Disk = w.size(n) }},
		{keyDoc{name: "pids", form: form{kind: kindInt, min: 1, max: 4194304}, doc: "Processes and threads.", def: "4096", example: "1024"},
			func(w *walker, r *Resources, n *yaml.Node) { v, _ := number(n); r.Pids = int64(v) }},
		{keyDoc{name: "log", form: form{kind: kindSize}, doc: "What is kept of the job's log: its beginning and its last MiB.", def: "256MiB", example: "1GiB"},
			func(w *walker, r *Resources, n *yaml.Node) { r.Log = w.size(n) }},
		{keyDoc{name: "gpus", form: form{kind: kindUnion, alts: []form{{kind: kindInt, min: 0, max: 1024}, {kind: kindWord, words: []string{"all"}}}}, doc: "GPUs: a number, or `all`.", def: "0", example: "1"},
			(*walker).gpus},
	},
	foreign: []foreignKey{
		{"cpu", `write "cpus:"`}, {"cores", `write "cpus:"`}, {"mem", `write "memory:"`}, {"ram", `write "memory:"`}, {"gpu", `write "gpus:"`},
		{"limits", `write cpus, memory and gpus directly under "resources:"`}, {"requests", `write cpus, memory and gpus directly under "resources:"`},
		{"shm_size", `write "shm:"`}, {"shm-size", `write "shm:"`},
	},
}

var strategyTable = object[Strategy]{
	name: "strategy", doc: "How a job is repeated.",
	keys: []key[Strategy]{
		{keyDoc{name: "matrix", form: form{kind: kindMap, elem: &anyText, nonEmpty: true}, doc: "Lists of values by name; the job runs once for each combination. `include` and `exclude` add and remove some.", example: "{depth: [4, 8], lr: [0.1, 0.01]}"},
			(*walker).matrix},
		{keyDoc{name: "fail-fast", form: boolForm, doc: "Cancel the other legs when one fails.", def: "true", example: "false"},
			func(w *walker, s *Strategy, n *yaml.Node) { v := truth(n); s.FailFast = &v }},
		{keyDoc{name: "max-parallel", form: form{kind: kindInt, min: 1, max: 1000}, doc: "How many legs run at the same time.", def: "no limit", example: "2"},
			func(w *walker, s *Strategy, n *yaml.Node) { v, _ := number(n); s.MaxParallel = int(v) }},
	},
}

var retryTable = object[Retry]{
	name: "retry", doc: "When a failed job is tried again, and how often.",
	keys: []key[Retry]{
		{keyDoc{name: "on", form: form{kind: kindTexts}, doc: "Reasons of the failure: exit, signal, oom, timeout, image-pull, daemon-lost, disk-full.", def: "all of them", example: "[oom, daemon-lost]"},
			(*walker).retryOn},
		{keyDoc{name: "exit", form: form{kind: kindUnion, alts: []form{{kind: kindInt, min: 1, max: 255}, {kind: kindList, elem: &form{kind: kindInt, min: 1, max: 255}}}}, doc: "Exit statuses.", def: "all of them", example: "[75]"},
			func(w *walker, r *Retry, n *yaml.Node) {
				for _, c := range scalarsOf(n) {
					v, _ := number(c)
					r.Exit = append(r.Exit, int(v))
				}
			}},
		{keyDoc{name: "limit", form: form{kind: kindInt, min: 0, max: 10}, doc: "How often it is tried again.", def: "1", example: "2"},
			func(w *walker, r *Retry, n *yaml.Node) { v, _ := number(n); r.Limit = int(v) }},
		{keyDoc{name: "delay", form: form{kind: kindDuration}, doc: "Time before it is tried again; it doubles with each further attempt, and varies by a fifth.", def: "0s", example: "30s"},
			func(w *walker, r *Retry, n *yaml.Node) { r.Delay = w.duration(n) }},
		{keyDoc{name: "resources", form: form{kind: kindObject, object: &resourcesTable}, doc: "What the container may use the next time.", example: "{memory: 8GiB}"},
			func(w *walker, r *Retry, n *yaml.Node) {
				r.Resources = &Resources{}
				walk(w, n, &resourcesTable, r.Resources, place{kind: "retry.resources", job: w.jobID(), node: n})
			}},
	},
	foreign: []foreignKey{{"attempts", `write "limit:"`}, {"max", `write "limit:"`}, {"when", `write "on:"`}, {"backoff", `write "delay:"`}, {"true", `write "on:"`}, {"exit_status", `write "exit:"`}},
}

var seedsTable = object[Seeds]{
	name: "seeds", doc: "Repetitions with other seeds.",
	keys: []key[Seeds]{
		{keyDoc{name: "n", form: form{kind: kindInt, min: 1, max: 100}, required: true, doc: "How many seeds.", example: "3"},
			func(w *walker, s *Seeds, n *yaml.Node) { v, _ := number(n); s.N = int(v) }},
		{keyDoc{name: "max", form: form{kind: kindInt, min: 1, max: 1000}, doc: "How many seeds at most while a gate cannot tell by those that ran.", def: "n; with when: undecided 10", example: "10"},
			func(w *walker, s *Seeds, n *yaml.Node) { v, _ := number(n); s.Max = int(v) }},
		{keyDoc{name: "when", form: form{kind: kindWord, words: []string{"always", "undecided"}}, doc: "`always` runs n seeds; `undecided` runs more, up to max, while a gate cannot tell.", def: "undecided with max, else always", example: "undecided"},
			func(w *walker, s *Seeds, n *yaml.Node) { s.When = n.Value }},
	},
}

const (
	platformPattern = `^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?$`
	selectPattern   = `^(first|\s*(best|worst)\s*\(\s*[^()\s,]+\s*\)\s*)$`
)
