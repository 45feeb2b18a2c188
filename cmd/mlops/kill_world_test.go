package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A world is a repository with a generated pipeline, whose every output can be
// foretold without mlops: it is a function of the job's name, its salt, which
// stands in mlops.yaml, and the bytes of its inputs. Files and salts change
// between runs, among few values, so that old results come back.
type world struct {
	t       *testing.T
	dir     string // the repository
	home    string // MLOPS_HOME; "" for .mlops in the repository
	temp    string // TMPDIR
	log     string // what jobs say when they begin and end; outside of what mlops sees
	mark    string // value of WORLD in the environment of everything that runs here
	image   string // "" for the host
	slow    bool   // jobs take some hundredths of a second each
	inputs  []int  // version of in/N
	salts   []int  // by job
	jobs    []worldJob
	claimed map[string]bool // "job key" that ended in success, as mlops said
	written time.Duration   // how many files, in milliseconds: no two have one time
	heard   int             // bytes of log that were looked at
}

// worldJob is a job of a world. It reads files in/N and outputs of earlier jobs.
type worldJob struct {
	id     string
	needs  []int
	reads  []int
	folder bool // writes out/ID/ and not out/ID.txt
	linger bool // leaves a process in the background
}

// newWorld draws a pipeline of n jobs.
func newWorld(t *testing.T, r *rand.Rand, n int) *world {
	t.Helper()
	top := quickDir(t)
	w := &world{
		t: t, dir: filepath.Join(top, "repository"), temp: filepath.Join(top, "temp"), log: filepath.Join(top, "log"),
		mark: fmt.Sprintf("%x", r.Uint64()), inputs: make([]int, 4), salts: make([]int, n), claimed: map[string]bool{}, slow: true,
	}
	for i := range n {
		j := worldJob{id: fmt.Sprintf("j%d", i), folder: r.IntN(3) > 0, linger: r.IntN(4) == 0, reads: []int{r.IntN(4)}}
		for k := range i {
			if r.IntN(3) == 0 {
				j.needs = append(j.needs, k)
			}
		}
		w.jobs = append(w.jobs, j)
	}
	for _, dir := range []string{w.temp, filepath.Join(w.dir, "in")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	w.write()
	return w
}

// quickDir is a folder for tests that start mlops hundreds of times: in memory,
// where that is to be had, because a kill loses nothing that a process has
// written, and other programs' dirty pages would make each syncfs slow.
func quickDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "mlops-world-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// change changes a few inputs and sometimes a job.
func (w *world) change(r *rand.Rand) {
	for range 1 + r.IntN(2) {
		w.inputs[r.IntN(len(w.inputs))] = r.IntN(5)
	}
	if r.IntN(3) == 0 {
		w.salts[r.IntN(len(w.salts))] = r.IntN(3)
	}
	w.write()
}

func (w *world) write() {
	w.t.Helper()
	files := map[string]string{"mlops.yaml": w.file()}
	for i := range w.inputs {
		files[fmt.Sprintf("in/%d", i)] = w.input(i)
	}
	for name, text := range files {
		if old, err := os.ReadFile(filepath.Join(w.dir, name)); err == nil && string(old) == text {
			continue
		}
		path := filepath.Join(w.dir, name)
		// Old enough for mlops to trust its time stamp, so that all short cuts are taken.
		w.written++
		when := time.Now().Add(-time.Hour + w.written*time.Millisecond)
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o644), os.Chtimes(path, when, when)); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) input(i int) string { return fmt.Sprintf("input %d version %d\n", i, w.inputs[i]) }

// file is the mlops.yaml.
func (w *world) file() string {
	var b strings.Builder
	fmt.Fprintf(&b, "name: world\nenv: {WORLD: %q}\ndefaults: {shell: sh", w.mark)
	if w.image != "" {
		fmt.Fprintf(&b, ", image: %q, network: none", w.image)
	}
	b.WriteString("}\njobs:\n")
	for i, j := range w.jobs {
		fmt.Fprintf(&b, "  %s:\n    inputs: [%s]\n    outputs: [%s]\n    run: |\n", j.id, strings.Join(w.declared(j), ", "), j.output())
		for _, line := range w.script(i) {
			b.WriteString("      " + line + "\n")
		}
	}
	return b.String()
}

func (j worldJob) output() string {
	if j.folder {
		return "out/" + j.id + "/"
	}
	return "out/" + j.id + ".txt"
}

func (w *world) declared(j worldJob) []string {
	var out []string
	for _, i := range j.reads {
		out = append(out, fmt.Sprintf("in/%d", i))
	}
	for _, k := range j.needs {
		out = append(out, w.jobs[k].output())
	}
	return out
}

// read are the files whose bytes make the job's key, in order.
func (w *world) read(j worldJob) []string {
	var out []string
	for _, name := range w.declared(j) {
		if strings.HasSuffix(name, "/") {
			out = append(out, name+"a", name+"sub/b")
			continue
		}
		out = append(out, name)
	}
	return out
}

func (w *world) script(i int) []string {
	j := w.jobs[i]
	say := func(word string) string {
		if w.image != "" {
			return "true"
		}
		return fmt.Sprintf("echo %s %s $k >> %s", word, j.id, w.log)
	}
	lines := []string{
		fmt.Sprintf("k=$({ cat %s; echo %d; } | sha256sum); k=${k%%%% *}", strings.Join(w.read(j), " "), w.salts[i]),
		say("begin"),
	}
	if j.linger {
		lines = append(lines, "sleep 613 >/dev/null 2>&1 &")
	}
	nap := "true"
	if w.slow {
		nap = fmt.Sprintf("sleep 0.0%d", (i*37)%4)
	}
	if !j.folder {
		return append(lines, "mkdir -p out", nap, fmt.Sprintf("for i in 1 2 3 4 5 6 7 8; do echo %s $i $k; done > out/%s.txt", j.id, j.id), say("end"))
	}
	return append(lines,
		fmt.Sprintf("mkdir -p out/%[1]s/sub; echo %[1]s a $k > out/%[1]s/a", j.id), nap,
		fmt.Sprintf("for i in 1 2 3 4 5 6 7 8; do echo %[1]s $i $k; done > out/%[1]s/sub/b", j.id),
		fmt.Sprintf("case $k in [0-7]*) echo %[1]s c $k > out/%[1]s/c-${k%%${k#??}};; esac", j.id), say("end"))
}

// expect computes what every output must be, without mlops and without a
// cache, and the key of each job.
func (w *world) expect() (files map[string]string, keys []string) {
	files = map[string]string{}
	for i := range w.inputs {
		files[fmt.Sprintf("in/%d", i)] = w.input(i)
	}
	for i, j := range w.jobs {
		var text strings.Builder
		for _, name := range w.read(j) {
			text.WriteString(files[name])
		}
		fmt.Fprintf(&text, "%d\n", w.salts[i])
		key := fmt.Sprintf("%x", sha256.Sum256([]byte(text.String())))
		keys = append(keys, key)
		var many strings.Builder
		for n := range 8 {
			fmt.Fprintf(&many, "%s %d %s\n", j.id, n+1, key)
		}
		if !j.folder {
			files["out/"+j.id+".txt"] = many.String()
			continue
		}
		files["out/"+j.id+"/a"] = fmt.Sprintf("%s a %s\n", j.id, key)
		files["out/"+j.id+"/sub/b"] = many.String()
		if key[0] <= '7' {
			files["out/"+j.id+"/c-"+key[:2]] = fmt.Sprintf("%s c %s\n", j.id, key)
		}
	}
	for i := range w.inputs {
		delete(files, fmt.Sprintf("in/%d", i))
	}
	return files, keys
}

// published reads what lies in out/.
func (w *world) published() map[string]string {
	w.t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(filepath.Join(w.dir, "out"), func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return skipAbsent(err)
		}
		text, err := os.ReadFile(p)
		rel, _ := filepath.Rel(w.dir, p)
		files[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return files
}

func skipAbsent(err error) error {
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

// of selects the files of one job's output.
func (j worldJob) of(files map[string]string) map[string]string {
	out := map[string]string{}
	for name, text := range files {
		if name == j.output() || j.folder && strings.HasPrefix(name, j.output()) {
			out[name] = text
		}
	}
	return out
}

// store is the folder of the world's store.
func (w *world) store() string {
	if w.home != "" {
		return w.home
	}
	return filepath.Join(w.dir, ".mlops")
}

// said returns what the jobs have logged since the last call, a line each.
func (w *world) said() []string {
	text, err := os.ReadFile(w.log)
	if skipAbsent(err) != nil {
		w.t.Fatal(err)
	}
	news := string(text[w.heard:])
	w.heard = len(text)
	return strings.Split(strings.TrimSuffix(news, "\n"), "\n")
}

// processes lists the processes that bear the world's mark.
func (w *world) processes() []string {
	var out []string
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		env, err := os.ReadFile(dir + "/environ")
		if err == nil && slices.Contains(strings.Split(string(env), "\x00"), "WORLD="+w.mark) {
			cmd, _ := os.ReadFile(dir + "/cmdline")
			out = append(out, filepath.Base(dir)+" "+strings.ReplaceAll(string(cmd), "\x00", " "))
		}
	}
	return out
}
