package mlflow

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Found is what a folder or database of MLflow holds.
type Found struct {
	Root   string       // folder that addresses of files may be below
	Runs   []FoundRun   // ended or not, deleted or not, in no order
	Models []FoundModel // in no order
	Notes  []string     // what was not understood, or is left out
}

// A FoundRun is a run and where its artifacts are.
type FoundRun struct {
	Run
	Address string // artifact_uri
}

// A FoundModel is a registered model.
type FoundModel struct {
	Name     string         // as MLflow has it; a registry may not take it
	Versions []FoundVersion // in the order of their numbers
	Aliases  map[string]int // number of a version by alias
}

// A FoundVersion is a version of a registered model.
type FoundVersion struct {
	Number int    // from 1; numbers of deleted versions are missing
	Source string // address of its files
	Run    string // MLflow's id of the run that made it; "" if none did
}

func (f *Found) note(format string, args ...any) {
	f.Notes = append(f.Notes, fmt.Sprintf(format, args...))
}

// The files of a tree, as mlflow/store/tracking/file_store.py lays them out.
const metaFile = "meta.yaml"

// meta are the fields of all meta.yaml files that are of use here.
type meta struct {
	Experiment  string `yaml:"experiment_id"`
	Name        string `yaml:"name"`
	Stage       string `yaml:"lifecycle_stage"`
	Created     int64  `yaml:"creation_time"`
	Changed     int64  `yaml:"last_update_time"`
	Run         string `yaml:"run_id"`
	UUID        string `yaml:"run_uuid"`
	RunName     string `yaml:"run_name"`
	User        string `yaml:"user_id"`
	Status      any    `yaml:"status"` // a number of a run, a word of a version
	Started     int64  `yaml:"start_time"`
	Ended       int64  `yaml:"end_time"`
	Artifacts   string `yaml:"artifact_uri"`
	Source      string `yaml:"source"`
	Storage     string `yaml:"storage_location"`
	Description string `yaml:"description"`
}

// statusText is the word for a run's status, of which the tree has MLflow's number
// (RunStatus in service.proto).
func statusText(v any) string {
	n, _ := v.(int)
	return map[int]string{1: running, 2: scheduled, 3: finished, 4: failed, 5: killed}[n]
}

func readMeta(dir string) (m meta, err error) {
	text, err := os.ReadFile(filepath.Join(dir, metaFile))
	if err != nil {
		return m, err
	}
	if err := yaml.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%s: %w", filepath.Join(dir, metaFile), err)
	}
	return m, nil
}

// ReadTree reads a folder such as mlruns. It fails with fs.ErrNotExist if it holds
// no experiment; a damaged run is noted and left out.
func ReadTree(root string) (*Found, error) {
	es, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	f := &Found{Root: root}
	any := false
	for _, e := range es {
		dir := filepath.Join(root, e.Name())
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") || e.Name() == modelsTop {
			continue
		}
		m, err := readMeta(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		any = true
		if err != nil {
			f.note("%v", err)
			continue
		}
		exp := Experiment{ID: m.Experiment, Name: m.Name, Stage: m.Stage, Created: m.Created, Changed: m.Changed, Tags: map[string]string{}}
		if err := readKeys(filepath.Join(dir, "tags"), exp.Tags); err != nil {
			f.note("%v", err)
		}
		f.readRuns(dir, exp)
	}
	if !any {
		return nil, fmt.Errorf("%s: no folder with a %s of an experiment: %w", root, metaFile, fs.ErrNotExist)
	}
	f.readModels(filepath.Join(root, modelsTop))
	return f, nil
}

func (f *Found) readRuns(dir string, exp Experiment) {
	es, err := os.ReadDir(dir)
	if err != nil {
		f.note("%v", err)
	}
	for _, e := range es {
		m, err := readMeta(filepath.Join(dir, e.Name()))
		switch {
		case errors.Is(err, fs.ErrNotExist) || !e.IsDir():
			continue // tags, models, traces
		case err != nil:
			f.note("%v", err)
			continue
		case m.Run == "" && m.UUID == "":
			continue
		}
		r, err := readRun(filepath.Join(dir, e.Name()), m, exp)
		if err != nil {
			f.note("run %s is left out: %v", e.Name(), err)
			continue
		}
		f.Runs = append(f.Runs, *r)
	}
}

func readRun(dir string, m meta, exp Experiment) (*FoundRun, error) {
	r := Run{
		ID: m.Run, Experiment: exp, Name: m.RunName, User: m.User, Status: statusText(m.Status), Started: m.Started, Ended: m.Ended, Stage: m.Stage,
		Params: map[string]string{}, Tags: map[string]string{}, Metrics: map[string][]Value{}, Artifacts: map[string]Artifact{},
	}
	if r.ID == "" {
		r.ID = m.UUID
	}
	err := errors.Join(readKeys(filepath.Join(dir, "params"), r.Params), readKeys(filepath.Join(dir, "tags"), r.Tags))
	if err != nil {
		return nil, err
	}
	if r.Name == "" {
		r.Name = r.Tags[tagName]
	}
	err = eachFile(filepath.Join(dir, "metrics"), func(key, path string) (err error) {
		r.Metrics[key], err = readMetric(path)
		return err
	})
	// Artifacts that were moved with the tree are beside the run, whatever its address says.
	address := m.Artifacts
	if local := filepath.Join(dir, "artifacts"); isFolder(local) {
		address = local
	}
	return &FoundRun{r, address}, err
}

func isFolder(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// eachFile visits the files below dir by their slash-separated path in it; a folder
// that is not there has none.
func eachFile(dir string, visit func(key, path string) error) error {
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		return visit(filepath.ToSlash(rel), path)
	})
	if errors.Is(err, fs.ErrNotExist) && !isFolder(dir) {
		return nil
	}
	return err
}

func readKeys(dir string, into map[string]string) error {
	return eachFile(dir, func(key, path string) error {
		text, err := os.ReadFile(path)
		into[key] = string(text)
		return err
	})
}

// readMetric reads lines of time in ms, value and step; very old ones lack the step,
// and new ones name a data set and a model behind it.
func readMetric(path string) (vs []Value, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		if len(words) < 2 {
			return nil, fmt.Errorf("%s:%d: no time and value", path, n)
		}
		var v Value
		at, err1 := strconv.ParseFloat(words[0], 64)
		x, err2 := strconv.ParseFloat(words[1], 64)
		v.Timestamp, v.Value = int64(at), number(x)
		var err3 error
		if len(words) > 2 {
			v.Step, err3 = strconv.ParseInt(words[2], 10, 64)
		}
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		vs = append(vs, v)
	}
	if len(vs) == 0 {
		return nil, errors.Join(lines.Err(), fmt.Errorf("%s: no value", path))
	}
	return vs, lines.Err()
}

// readModels reads mlruns/models (mlflow/store/model_registry/file_store.py).
func (f *Found) readModels(top string) {
	es, err := os.ReadDir(top)
	if err != nil {
		return // there need not be any
	}
	for _, e := range es {
		dir := filepath.Join(top, e.Name())
		m, err := readMeta(dir)
		if err != nil {
			continue
		}
		model := FoundModel{Name: m.Name, Aliases: map[string]int{}}
		f.readVersions(dir, &model)
		aliases := map[string]string{}
		if err := readKeys(filepath.Join(dir, "aliases"), aliases); err != nil {
			f.note("%v", err)
		}
		for alias, text := range aliases {
			if n, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
				model.Aliases[alias] = n
			}
		}
		f.Models = append(f.Models, model)
	}
}

func (f *Found) readVersions(dir string, model *FoundModel) {
	last := 0
	for _, n := range versionNumbers(dir) {
		switch n - last {
		case 1:
		case 2:
			f.note("model %s: version %d was deleted; later ones move up", model.Name, last+1)
		default:
			f.note("model %s: versions %d to %d were deleted; later ones move up", model.Name, last+1, n-1)
		}
		last = n
		v, err := readMeta(filepath.Join(dir, versionFolder+strconv.Itoa(n)))
		if err != nil {
			f.note("%v", err)
			continue
		}
		model.Versions = append(model.Versions, FoundVersion{n, cmp.Or(v.Storage, v.Source), v.Run})
	}
}

// versionFolder is what the name of a version's folder begins with; its number follows.
const versionFolder = "version-"

// versionNumbers are those of the folders of versions, in order.
func versionNumbers(dir string) (out []int) {
	es, _ := os.ReadDir(dir)
	for _, e := range es {
		text, ok := strings.CutPrefix(e.Name(), versionFolder)
		if n, err := strconv.Atoi(text); ok && err == nil && n > 0 && strconv.Itoa(n) == text {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// local is the folder or file of an address that lies on this machine: as it is, or,
// for a tree that was moved, below the root; "" if it is elsewhere.
func (f *Found) local(address string) string {
	path := address
	if u, err := url.Parse(address); err == nil && u.Scheme != "" {
		if u.Scheme != "file" && u.Scheme != "mlflow-artifacts" {
			return ""
		}
		path = u.Path
	}
	if filepath.IsAbs(path) && exists(path) {
		return path
	}
	parts := strings.Split(strings.Trim(filepath.ToSlash(path), "/"), "/")
	for i := range parts {
		for _, top := range []string{f.Root, filepath.Join(f.Root, "mlartifacts")} {
			if p := filepath.Join(top, filepath.Join(parts[i:]...)); len(parts)-i > 1 && exists(p) {
				return p
			}
		}
	}
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
