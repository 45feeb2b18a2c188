package spec

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

func (w *walker) jobID() string {
	if w.job == nil {
		return ""
	}
	return w.job.ID.Value
}

// present returns the key nodes of some keys of a table that a mapping has.
func present[T any](o *object[T], seen [maxKeys]*yaml.Node, names ...string) []*yaml.Node {
	var nodes []*yaml.Node
	for i := range o.keys {
		if seen[i] != nil && slices.Contains(names, seen[i].Value) {
			nodes = append(nodes, seen[i])
		}
	}
	return nodes
}

// jobShape checks which keys of a job stand together.
func (w *walker) jobShape(j *Job, seen [maxKeys]*yaml.Node, k, v *yaml.Node) {
	switch body := present(&jobTable, seen, "steps", "run", "uses"); len(body) {
	case 0:
		if !meant(v, &jobTable, "run", "uses", "steps") {
			w.at(k, CodeMissingKey, "write run:, uses: or steps:", "the job %q does nothing", k.Value)
		}
	case 1:
		if with := present(&jobTable, seen, "with"); with != nil && body[0].Value != "uses" {
			w.at(with[0], CodeConflict, `write "uses:", or give values to run: through "env:"`, `"with" of job %q has no "uses"`, k.Value)
		}
	default:
		w.at(body[1], CodeConflict, "keep one of them; several commands are steps: [{run: ...}, {run: ...}]",
			"%q and %q of job %q exclude each other", body[0].Value, body[1].Value, k.Value)
	}
	if both := present(&jobTable, seen, "image", "build"); len(both) == 2 {
		w.at(both[1], CodeConflict, "keep one of them", "%q and %q of job %q exclude each other", both[0].Value, both[1].Value, k.Value)
	}
	w.isolateShape(j, present(&jobTable, seen, "isolate"))
	if j.Single && len(j.Steps) > 0 {
		j.Steps[0].Pos = j.Pos
	}
}

// isolateShape refuses a step in the background of a job whose steps are kept
// apart: the steps that it serves would not find it.
func (w *walker) isolateShape(j *Job, key []*yaml.Node) {
	if !j.Isolate {
		return
	}
	for i, s := range j.Steps {
		if s.Background {
			in := place{kind: "step", name: cmp.Or(s.ID.Value, s.Name.Value), index: i + 1, job: j.ID.Value}
			w.at(key[0], CodeConflict, "remove isolate, or make it a service of the job", `"isolate" excludes %s, which is in the background: it would be alone in its container`, in)
			return
		}
	}
}

// single returns the only step of a job that has run: or uses: itself.
func (w *walker) single(j *Job) *Step {
	j.Single = true
	if len(j.Steps) == 0 {
		j.Steps = []*Step{{Pos: j.Pos}}
	}
	return j.Steps[0]
}

func (w *walker) jobInputs(j *Job, n *yaml.Node) {
	j.HasInputs = true
	j.Inputs = make([]Str, 0, len(n.Content))
	for _, c := range scalarsOf(n) {
		if strings.HasPrefix(c.Value, "data.") {
			j.Inputs = append(j.Inputs, str(c)) // checked when all datasets are known
		} else {
			j.Inputs = append(j.Inputs, w.inputPath(c))
		}
	}
}

func (w *walker) build(j *Job, n *yaml.Node) {
	j.Build = &Build{Pos: nodePos(n)}
	if n.Kind == yaml.ScalarNode {
		j.Build.Context = w.inputPath(n)
		return
	}
	walk(w, n, &buildTable, j.Build, place{kind: "build", job: j.ID.Value, node: n})
}

var platformForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(platformPattern) })

func (w *walker) platform(j *Job, n *yaml.Node) {
	j.Platform = n.Value
	if !platformForm().MatchString(n.Value) {
		w.at(n, CodeBadValue, "write OS/ARCH, such as linux/amd64 or linux/arm64", "%s is no platform", clip(n.Value))
	}
}

func (w *walker) caches(j *Job, n *yaml.Node) {
	w.entries(n, place{kind: "caches", job: j.ID.Value}, func(k, v *yaml.Node) {
		if !strings.HasPrefix(v.Value, "/") && !strings.HasPrefix(v.Value, "~/") {
			w.at(v, CodeBadPath, "write an absolute path in the container, or one below ~/", "the cache %q is neither absolute nor below ~/", k.Value)
		} else if taken := takenPlace(v.Value); taken != "" {
			w.at(v, CodeBadPath, "name a folder of its own, such as ~/.cache/pip", "the cache %q would hide %s of the container", k.Value, taken)
		}
		j.Caches = append(j.Caches, Cache{w.name(k, "a cache"), str(v)})
	})
}

// takenPlace returns the folder of the container that a cache would hide: one
// that the system, the image's programs or the agent need.
func takenPlace(p string) string {
	clean := path.Clean(p)
	for _, dir := range []string{"/proc", "/sys", "/dev", "/mlops", "/workspace"} {
		if clean == dir || strings.HasPrefix(clean, dir+"/") {
			return dir
		}
	}
	for _, dir := range []string{"/", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/usr", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/local", "/usr/local/bin", "/tmp", "~"} {
		if clean == dir {
			return dir
		}
	}
	return ""
}

func (w *walker) gpus(r *Resources, n *yaml.Node) {
	v, ok := number(n)
	if r.GPUs = int(v); !ok {
		r.GPUs = -1
	}
}

// retry reads a number, a rule or a list of rules.
func (w *walker) retry(j *Job, n *yaml.Node) {
	switch n.Kind {
	case yaml.ScalarNode:
		v, _ := number(n)
		j.Retry = []Retry{{Limit: int(v)}}
	case yaml.MappingNode:
		j.Retry = []Retry{w.retryRule(n)}
	default:
		for _, c := range n.Content {
			if w.isMapping(c, "retry") {
				j.Retry = append(j.Retry, w.retryRule(c))
			}
		}
	}
}

func (w *walker) retryRule(n *yaml.Node) Retry {
	r := Retry{Limit: 1}
	walk(w, n, &retryTable, &r, place{kind: "retry", job: w.jobID(), node: n})
	return r
}

// retryReasons are the reasons of failures that another try can cure.
var retryReasons = []string{"exit", "signal", "oom", "timeout", "image-pull", "daemon-lost", "disk-full"}

func (w *walker) retryOn(r *Retry, n *yaml.Node) {
	r.On = strs(n)
	for _, c := range scalarsOf(n) {
		switch {
		case slices.Contains(retryReasons, c.Value):
		case slices.Contains([]string{"canceled", "config", "gate"}, c.Value):
			w.at(c, CodeBadValue, oneOf(retryReasons), "a failure by %s would happen again; it is not retried", c.Value)
		default:
			w.at(c, CodeBadValue, suggest(c.Value, retryReasons), "%s is no reason of a failure", clip(c.Value))
		}
	}
}

func (w *walker) services(j *Job, n *yaml.Node) {
	w.entries(n, place{kind: "services", job: j.ID.Value}, func(k, v *yaml.Node) {
		s := Service{Name: w.name(k, "a service"), Pos: nodePos(k)}
		switch {
		case v.Kind == yaml.MappingNode:
			walk(w, v, &serviceTable, &s, place{kind: "service", name: k.Value, job: j.ID.Value, node: k})
		case w.fits(v, &form{kind: kindText, scope: scopePlan}, k.Value, place{kind: "services", job: j.ID.Value}):
			s.Image = w.image(v)
		default:
			return
		}
		j.Services = append(j.Services, s)
	})
}

// checkJob checks what a job says of others.
func (w *walker) checkJob(j *Job) {
	for _, s := range j.Needs {
		w.checkNeed(j, s)
	}
	for _, s := range j.Inputs {
		name, ok := strings.CutPrefix(s.Value, "data.")
		if ok && !strings.Contains(name, "${{") && !w.dataSet[name] && !looksLikeFile(s.Value) {
			w.unknownData(s, name)
		}
	}
	if j.Select.Value != "" {
		w.checkSelect(j)
	}
	w.checkSeedKey(j)
	w.checkAlone(j)
	for i, s := range j.Steps {
		w.step = i
		w.checkUses(s)
	}
	w.step = noStep
}

func (w *walker) checkNeed(j *Job, s Str) {
	switch {
	case s.Value == j.ID.Value:
		w.str(s, CodeUnknownJob, "remove it", "the job %q needs itself", s.Value)
	case !w.declares(s.Value) && !w.full():
		fix := suggest(s.Value, w.jobNames(j))
		if names := strings.FieldsFunc(s.Value, func(r rune) bool { return r == ' ' || r == ',' }); len(names) > 1 {
			fix = "write a list: needs: [" + strings.Join(names, ", ") + "]"
		}
		w.str(s, CodeUnknownJob, fix, "unknown job %s in needs of job %q", clip(s.Value), j.ID.Value)
	}
}

// jobNames returns the ids of all jobs but one.
func (w *walker) jobNames(but *Job) []string {
	var names []string
	for _, j := range w.file.Jobs {
		if j != but {
			names = append(names, j.ID.Value)
		}
	}
	return names
}

// SelectMetric takes a job's select apart: best(auc) is "best" and "auc",
// first is "first" and "". ok is false if the text is neither.
func SelectMetric(s string) (how, metric string, ok bool) {
	if s == "first" {
		return s, "", true
	}
	how, rest, found := strings.Cut(s, "(")
	metric, closed := strings.CutSuffix(strings.TrimSpace(rest), ")")
	metric, how = strings.TrimSpace(metric), strings.TrimSpace(how)
	ok = found && closed && metric != "" && (how == "best" || how == "worst") && !strings.ContainsAny(metric, "() \t\n,")
	return how, metric, ok
}

func (w *walker) checkSelect(j *Job) {
	how, metric, ok := SelectMetric(j.Select.Value)
	switch {
	case !ok:
		w.str(j.Select, CodeSelect, "write best(METRIC), worst(METRIC) or first", "%s selects no leg", clip(j.Select.Value))
	case !j.legged():
		w.str(j.Select, CodeSelect, "add strategy: {matrix: ...}, or remove select", "the job %q has no matrix to select from", j.ID.Value)
	case how != "first":
		w.checkSelectMetric(j, metric)
	}
}

// legged reports whether a job is run several times: with a matrix, or with seeds.
func (j *Job) legged() bool {
	return len(j.Strategy.Matrix.Axes)+len(j.Strategy.Matrix.Include) > 0 || j.Seeds != nil
}

func (w *walker) checkSelectMetric(j *Job, metric string) {
	if w.metricSet[metric] || w.full() {
		return
	}
	names := w.metricNames()
	fix := fmt.Sprintf("declare it, so that better is known: metrics: {%s: {better: higher}}", metric)
	if best := Nearest(metric, names); best != "" {
		fix = fmt.Sprintf("did you mean %q?", best)
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: j.Select.Value, Line: j.Select.Pos.Line, Column: j.Select.Pos.Col}
	w.warn(n, CodeUnknownMetric, fix, "metrics: does not declare %s, which the job %q selects by", clip(metric), j.ID.Value)
}
