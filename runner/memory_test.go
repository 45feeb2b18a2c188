package runner_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// wordy is a fake whose jobs say much. It notes how much memory is in use when
// a job begins.
type wordy struct {
	*fake
	inUse []uint64 // bytes, by job, of those that were measured
	every int      // of how many jobs one is measured
	begun int
}

func (w *wordy) Run(ctx context.Context, t runner.Task, watch func(agent.Event)) (agent.Result, error) {
	if w.begun++; w.begun%w.every == 0 {
		w.inUse = append(w.inUse, heapInUse())
	}
	r, err := w.fake.Run(ctx, t, watch)
	r.Summary = strings.Repeat("much to tell ", 1000)
	for i := range 50 {
		r.Steps = append(r.Steps, agent.StepResult{Name: fmt.Sprintf("%s %d", t.Spec.Job, i), Outcome: agent.Success, Conclusion: agent.Success})
	}
	return r, err
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC() // what finalizers and pools held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A run of many jobs keeps of each that ended only what others need of it, so
// that ten thousand fit as well as ten. It must not run beside other tests: they
// share the heap that it measures.
func TestRetainedHeapOfEndedJobs(t *testing.T) {
	const jobs, most = 160, 700 // bytes a job
	p := newPlace(t)
	var file strings.Builder
	file.WriteString("jobs:\n")
	for i := range jobs {
		p.write(fmt.Sprintf("in/%d", i), fmt.Sprint(i))
		fmt.Fprintf(&file, "  j%[1]d: {inputs: [in/%[1]d], outputs: [out/%[1]d], run: sum}\n", i)
	}
	p.write("mlops.yaml", file.String())
	for _, cached := range []bool{false, true} {
		w := &wordy{fake: p.fake, every: jobs / 4}
		r, done := p.runner(runner.Options{Jobs: 1})
		r.Executor = w
		ended := 0
		r.Watch = func(e runner.Event) {
			if e.Kind != runner.JobEnded {
				return
			}
			if ended++; cached && ended%w.every == 0 {
				w.inUse = append(w.inUse, heapInUse())
			}
		}
		if _, err := r.Run(context.Background(), context.Background()); err != nil {
			t.Fatal(err)
		}
		done()
		if len(w.inUse) != 4 || ended != jobs {
			t.Fatalf("cached %v: %d jobs, measured %v", cached, ended, w.inUse)
		}
		grown := (int64(w.inUse[3]) - int64(w.inUse[0])) / (3 * jobs / 4)
		t.Logf("cached %v: %d bytes a job", cached, grown)
		if grown > most {
			t.Errorf("cached %v: the run keeps %d bytes of each job that ended, want at most %d", cached, grown, most)
		}
	}
}
