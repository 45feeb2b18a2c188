package mlflow

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/store"
)

// serveEnv makes the test binary a server of the store that it names.
const serveEnv = "MLOPS_TEST_TRACKING"

func TestMain(m *testing.M) {
	root := os.Getenv(serveEnv)
	if root == "" {
		os.Exit(m.Run())
	}
	d, err := store.Open(root)
	if err == nil {
		var s *Server
		var l net.Listener
		if s, err = Open(context.Background(), d, Options{Quiet: 50 * time.Millisecond}); err == nil {
			if l, err = net.Listen("tcp", "127.0.0.1:0"); err == nil {
				fmt.Println(l.Addr())
				err = http.Serve(l, s.Handler())
			}
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// start starts a server in a process of its own.
func start(t *testing.T, root string) (addr string, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serveEnv+"="+root)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	addr, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(addr), func() { cmd.Process.Kill(); cmd.Wait() }
}

// A writer logs to runs of its own until its server dies, and remembers what was
// acknowledged.
type writer struct {
	name  string
	acked map[string]*Run // by id
	last  *Run            // what the request that was not answered may have changed, too
}

func post(addr, path, body string) (map[string]any, error) {
	resp, err := http.Post("http://"+addr+"/api/2.0/mlflow/"+path, "application/json", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return nil, err
	}
	if resp.StatusCode != 200 {
		return nil, fmt.Errorf("%s: %v", path, out)
	}
	return out, nil
}

// work is one run after the other. It returns when a request fails.
func (w *writer) work(addr string, random *rand.Rand) {
	for n := 0; ; n++ {
		out, err := post(addr, "runs/create", fmt.Sprintf(`{"experiment_id": "0", "start_time": 1, "run_name": "%s %d"}`, w.name, n))
		if err != nil {
			return
		}
		id := out["run"].(map[string]any)["info"].(map[string]any)["run_id"].(string)
		r := &Run{ID: id, Status: running, Params: map[string]string{}, Metrics: map[string][]Value{}, Artifacts: map[string]Artifact{}}
		w.acked[id] = r
		for i := range random.IntN(20) {
			if !w.step(addr, r, i, random) {
				return
			}
		}
		if _, err := post(addr, "runs/update", fmt.Sprintf(`{"run_id": %q, "status": "FINISHED", "end_time": 2}`, id)); err != nil {
			next := *r
			next.Status = finished
			w.last = &next
			return
		}
		r.Status = finished
	}
}

// step logs something; on failure it notes what may have been written nevertheless.
func (w *writer) step(addr string, r *Run, i int, random *rand.Rand) bool {
	next := r.copied()
	next.Artifacts = map[string]Artifact{}
	for k, a := range r.Artifacts {
		next.Artifacts[k] = a
	}
	var err error
	switch random.IntN(3) {
	case 0:
		v := Value{number(random.Float64()), int64(i), int64(i)}
		next.Metrics["m"] = append(next.Metrics["m"][:len(next.Metrics["m"]):len(next.Metrics["m"])], v)
		_, err = post(addr, "runs/log-metric", fmt.Sprintf(`{"run_id": %q, "key": "m", "value": %v, "timestamp": %d, "step": %d}`, r.ID, float64(v.Value), i, i))
	case 1:
		next.Params[fmt.Sprint("p", i)] = "v"
		_, err = post(addr, "runs/log-parameter", fmt.Sprintf(`{"run_id": %q, "key": "p%d", "value": "v"}`, r.ID, i))
	case 2:
		content := fmt.Sprintf("%s %s %d", w.name, r.ID, i)
		next.Artifacts[fmt.Sprint("f", i)] = Artifact{store.Sum([]byte(content)), int64(len(content))}
		var req *http.Request
		req, err = http.NewRequest("PUT", fmt.Sprintf("http://%s/api/2.0/mlflow-artifacts/artifacts/0/%s/artifacts/f%d", addr, r.ID, i), strings.NewReader(content))
		if err == nil {
			var resp *http.Response
			if resp, err = http.DefaultClient.Do(req); err == nil {
				resp.Body.Close()
				if resp.StatusCode != 200 {
					err = fmt.Errorf("PUT: %d", resp.StatusCode)
				}
			}
		}
	}
	if err != nil {
		w.last = next
		return false
	}
	*r = *next
	return true
}

// same compares what a kill may not change.
func same(a, b *Run) bool {
	return a.Status == b.Status && reflect.DeepEqual(a.Params, b.Params) && reflect.DeepEqual(a.Metrics, b.Metrics) && reflect.DeepEqual(a.Artifacts, b.Artifacts)
}

// TestKilled: after kill -9 at any moment the state is what was acknowledged, but for
// requests that were not answered; ended runs have records; artifacts are whole.
func TestKilled(t *testing.T) {
	root := t.TempDir()
	acked := map[string]*Run{}
	for round := range 6 {
		addr, kill := start(t, root)
		writers := make([]*writer, 3)
		var wg sync.WaitGroup
		for i := range writers {
			writers[i] = &writer{name: fmt.Sprint("w", round, i), acked: map[string]*Run{}}
			wg.Go(func() { writers[i].work(addr, rand.New(rand.NewPCG(uint64(round), uint64(i)))) })
		}
		time.Sleep(time.Duration(100+40*round) * time.Millisecond)
		kill()
		wg.Wait()
		maybe := map[string]*Run{}
		for _, w := range writers {
			for id, r := range w.acked {
				acked[id] = r
			}
			if w.last != nil {
				maybe[w.last.ID] = w.last
			}
		}
		check(t, root, acked, maybe)
	}
	if len(acked) < 6 {
		t.Fatalf("only %d runs were begun", len(acked))
	}
}

func check(t *testing.T, root string, acked, maybe map[string]*Run) {
	t.Helper()
	d, err := store.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), d, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range acked {
		got := s.runs[id]
		switch {
		case got == nil:
			t.Errorf("run %s is gone", id)
			continue
		case !same(&got.run, want) && (maybe[id] == nil || !same(&got.run, maybe[id])):
			t.Errorf("run %s is %+v, was acknowledged as %+v", id, got.run, want)
		case maybe[id] != nil:
			*want = *got.run.copied()
		}
		if got.run.over() && got.sealed.IsZero() {
			t.Errorf("run %s has ended and no record", id)
		}
		for p, a := range got.run.Artifacts {
			if err := d.Reread(t.Context(), a.Digest); err != nil {
				t.Errorf("run %s: %s: %v", id, p, err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestCutLine: a line that was cut off was never acknowledged, and what comes next
// is not written behind it.
func TestCutLine(t *testing.T) {
	root := t.TempDir()
	c := serve(t, root, Options{})
	run := c.begin("0")
	c.ask(200, "POST", "runs/log-parameter", fmt.Sprintf(`{"run_id": %q, "key": "a", "value": "1"}`, run))
	c.stop()
	file := filepath.Join(root, "tracking", "runs", run+".jsonl")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for cut := bytes.IndexByte(whole, '\n') + 1; cut < len(whole); cut += 7 {
		if err := os.WriteFile(file, whole[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		c := serve(t, root, Options{})
		c.ask(200, "POST", "runs/log-parameter", fmt.Sprintf(`{"run_id": %q, "key": "a", "value": "2"}`, run))
		c.stop()
		c = serve(t, root, Options{})
		if got := c.s.runs[run].run.Params["a"]; got != "2" {
			t.Errorf("cut at %d: a is %q", cut, got)
		}
		c.stop()
	}
}

// TestDamagedLog: a log that was edited is told by its line, and nothing is served.
func TestDamagedLog(t *testing.T) {
	for name, text := range map[string]string{
		"no beginning": `{"params":[{"key":"a","value":"1"}]}`, "no JSON": `{`, "no value": `{"begin":{"run_id":"x"}}` + "\n" + `{"metrics":[{"key":"m"}]}`,
		"two beginnings": `{"begin":{"run_id":"x"}}` + "\n" + `{"begin":{"run_id":"y"}}`,
	} {
		d := openStore(t)
		if err := writeAt(filepath.Join(d.Root(), "tracking", "runs", "x.jsonl"), []byte(text+"\n")); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), d, Options{}); err == nil || !strings.Contains(err.Error(), "x.jsonl:") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
