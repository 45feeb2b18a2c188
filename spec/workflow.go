package spec

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// baseline reads what runs are compared with.
func (w *walker) baseline(f *File, n *yaml.Node) {
	f.Baseline = str(n)
	word, rest, colon := strings.Cut(n.Value, ":")
	ok := false
	switch {
	case !colon:
		ok = slices.Contains([]string{"merge-base", "base-tip", "previous"}, word)
	case word == "promoted":
		model, alias, at := strings.Cut(rest, "@")
		ok = at && model != "" && alias != "" && !strings.ContainsAny(rest, spaces)
	case word == "ref":
		ok = rest != "" && !strings.ContainsAny(rest, spaces)
	case word == "file":
		ok = rest != ""
		if problem := pathProblem(rest); ok && problem != "" {
			w.at(n, CodeBadPath, pathFix(problem), "the baseline %s %s", clip(rest), problem)
		}
	}
	if !ok {
		w.at(n, CodeBadValue, baselineFix(n.Value), "%s is no baseline", clip(n.Value))
	}
}

// spaces cannot stand in names of commits, models and aliases.
const spaces = " \t\n\r\f\v"

func baselineFix(s string) string {
	word, _, colon := strings.Cut(s, ":")
	if colon && word == "promoted" {
		return "write promoted:MODEL@ALIAS, such as promoted:churn@production"
	}
	if best := Nearest(word, []string{"merge-base", "base-tip", "previous", "promoted", "ref", "file"}); best != "" && !colon {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "use one of merge-base, base-tip, previous, promoted:MODEL@ALIAS, ref:COMMIT, file:PATH"
}

// datasets reads `data:`.
func (w *walker) datasets(f *File, n *yaml.Node) {
	w.entries(n, place{kind: "data"}, func(k, v *yaml.Node) {
		d := Dataset{Name: w.name(k, "a dataset"), Keep: true, Pos: nodePos(k)}
		in := place{kind: "dataset", name: k.Value, node: k}
		switch {
		case !w.fits(v, &datasetForm, k.Value, place{kind: "data"}):
			return
		case v.Kind == yaml.ScalarNode:
			w.datasetPath(&d, v)
		default:
			walk(w, v, &datasetTable, &d, in)
		}
		if d.Remote() && d.Digest.Value == "" && knownScheme(d.Path.Value) {
			w.at(k, CodeMissingKey, fmt.Sprintf("run \"mlops data pin %s\", which writes digest: sha256:...", k.Value), "the dataset %q is an address and has no digest", k.Value)
		}
		f.Data = append(f.Data, d)
	})
}

func (w *walker) datasetPath(d *Dataset, n *yaml.Node) {
	d.Path = str(n)
	scheme, _, remote := strings.Cut(n.Value, "://")
	if !remote {
		d.Path = w.inputPath(n)
		return
	}
	switch folder := strings.HasSuffix(n.Value, "/"); {
	case !slices.Contains(schemes(), scheme):
		w.at(n, CodeBadPath, suggest(scheme, schemes()), "datasets cannot come from %s://", scheme)
	case folder && strings.HasPrefix(scheme, "http"):
		w.at(n, CodeBadPath, "name a file; folders are read from s3:// and gs://", "a web server has no folders that could be listed")
	case userInfo(n.Value):
		w.at(n, CodeBadPath, "leave user and password out of the address", "the address of a dataset holds a user or a password")
	}
}

// schemes are those of the addresses that datasets come from.
func schemes() []string { return []string{"s3", "gs", "https", "http"} }

func knownScheme(address string) bool {
	scheme, _, _ := strings.Cut(address, "://")
	return slices.Contains(schemes(), scheme)
}

// userInfo reports whether an address has a user before its host.
func userInfo(address string) bool {
	_, rest, _ := strings.Cut(address, "://")
	host, _, _ := strings.Cut(rest, "/")
	return strings.Contains(host, "@") && !strings.Contains(host, "${{")
}

func (w *walker) datasetDigest(d *Dataset, n *yaml.Node) {
	d.Digest = str(n)
	digits, ok := strings.CutPrefix(n.Value, "sha256:")
	if !ok || len(digits) != 64 || strings.Trim(digits, "0123456789abcdef") != "" {
		w.at(n, CodeBadValue, "write sha256: and 64 hexadecimal digits in lower case", "%s is no digest", clip(n.Value))
	}
}

// metrics reads the top-level `metrics:`.
func (w *walker) metrics(f *File, n *yaml.Node) {
	w.entries(n, place{kind: "metrics"}, func(k, v *yaml.Node) {
		m := Metric{Name: w.metricName(k), Pos: nodePos(k)}
		switch {
		case isNull(v):
		case v.Kind == yaml.MappingNode:
			walk(w, v, &metricTable, &m, place{kind: "metric", name: k.Value, node: k})
		case w.fits(v, &form{kind: kindWord, words: betterWords}, k.Value, place{kind: "metrics"}):
			m.Better = v.Value
		}
		f.Metrics = append(f.Metrics, m)
	})
}

// metricName checks a metric's name: gates read it as a plain name beside contexts.
func (w *walker) metricName(k *yaml.Node) Str {
	switch name := strings.Map(metricRune, k.Value); {
	case !validName(name, false) || strings.HasPrefix(k.Value, "-"):
		w.at(k, CodeBadName, "start with a letter or _, then use letters, digits and _ . / @ -", "a metric cannot be called %s", clip(k.Value))
	case slices.Contains(gateNames, strings.ToLower(k.Value)):
		w.at(k, CodeBadName, "choose another name", "a metric cannot be called %s: gates know that name as something else", clip(k.Value))
	}
	return str(k)
}

// metricRune maps what metric names have beyond other names to letters.
func metricRune(r rune) rune {
	if r == '.' || r == '/' || r == '@' {
		return '-'
	}
	return r
}

// concurrency reads a group's name, or a mapping.
func (w *walker) concurrency(n *yaml.Node, o *object[Concurrency]) *Concurrency {
	if n.Kind == yaml.ScalarNode {
		return &Concurrency{Group: str(n)}
	}
	c := &Concurrency{}
	walk(w, n, o, c, place{kind: "concurrency", job: w.jobID(), node: n})
	return c
}

// image checks what can be told of an image's name without a registry.
func (w *walker) image(n *yaml.Node) Str {
	if n.Value == "" || strings.ContainsAny(n.Value, " \t\n") && !strings.Contains(n.Value, "${{") {
		w.at(n, CodeBadValue, "write NAME:TAG or NAME@DIGEST, such as python:3.12-slim", "%s is no image", clip(n.Value))
	}
	return str(n)
}

// shell checks a shell: a known one, or a command that says where the script goes.
func (w *walker) shell(n *yaml.Node) Str {
	known := []string{"sh", "bash", "python"}
	if !slices.Contains(known, n.Value) && !strings.Contains(n.Value, "{0}") {
		fix := "use one of sh, bash, python, or a command with {0} for the script's file"
		if best := Nearest(n.Value, known); best != "" {
			fix = fmt.Sprintf("did you mean %q?", best)
		} else if validName(n.Value, false) {
			fix = "write \"" + n.Value + " {0}\"; {0} stands for the script's file"
		}
		w.at(n, CodeBadValue, fix, "%s is no shell", clip(n.Value))
	}
	return str(n)
}

// checkTriggers checks the names of datasets in `on.data`.
func (w *walker) checkTriggers() {
	for _, s := range w.file.On.Data {
		if !w.dataSet[s.Value] {
			w.unknownData(s, s.Value)
		}
	}
}

// declare notes the names that other parts of the file refer to.
func (w *walker) declare() {
	w.dataSet, w.metricSet = map[string]bool{}, map[string]bool{}
	for i := range w.file.Data {
		w.dataSet[w.file.Data[i].Name.Value] = true
	}
	for i := range w.file.Metrics {
		w.metricSet[w.file.Metrics[i].Name.Value] = true
	}
}

// declares reports whether the file has a job of this name.
func (w *walker) declares(job string) bool {
	if w.declared == nil {
		w.declared = make(map[string]bool, len(w.file.Jobs))
		for _, j := range w.file.Jobs {
			w.declared[j.ID.Value] = true
		}
	}
	return w.declared[job]
}

func (w *walker) metricNames() []string {
	var names []string
	for i := range w.file.Metrics {
		names = append(names, w.file.Metrics[i].Name.Value)
	}
	return names
}

func (w *walker) unknownData(s Str, name string) {
	if w.full() {
		return
	}
	var names []string
	for _, d := range w.file.Data {
		names = append(names, d.Name.Value)
	}
	fix := suggest(name, names)
	if len(names) == 0 {
		fix = fmt.Sprintf("declare it: data: {%s: {path: ...}}", name)
	}
	w.str(s, CodeUnknownData, fix, "unknown dataset %s", clip(name))
}

// str reports an error at a text of the file.
func (w *walker) str(s Str, code Code, fix, format string, args ...any) {
	w.at(&yaml.Node{Kind: yaml.ScalarNode, Value: s.Value, Line: s.Pos.Line, Column: s.Pos.Col}, code, fix, format, args...)
}

// looksLikeFile tells data.csv, a file, from data.customers, a dataset.
func looksLikeFile(name string) bool {
	ext := path.Ext(name)
	return strings.ContainsAny(name[len("data."):], "./*") || slices.Contains([]string{".csv", ".tsv", ".json", ".jsonl", ".parquet",
		".txt", ".zip", ".gz", ".npz", ".npy", ".pkl", ".db", ".arrow", ".feather", ".yaml", ".yml", ".md", ".py", ".bin", ".h5", ".pt", ".xlsx"}, ext)
}
