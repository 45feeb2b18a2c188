package view

import (
	"fmt"
	"math"
	"time"

	"github.com/mlops-runner/mlops/runner"
)

// A script is a run that never happened, told by its events.
type script struct {
	now    time.Time
	events []runner.Event
}

const runID = "20260302-101500-7c1f"

func newScript(total int) *script {
	s := &script{now: time.Date(2026, 3, 2, 10, 15, 0, 0, time.UTC)}
	s.add(runner.Event{Kind: runner.RunStarted, Run: runID, Pipeline: "churn", Total: total})
	return s
}

func (s *script) after(d time.Duration) *script {
	s.now = s.now.Add(d)
	return s
}

func (s *script) add(e runner.Event) *script {
	e.Time = s.now
	s.events = append(s.events, e)
	return s
}

func (s *script) queue(job string) *script {
	return s.add(runner.Event{Kind: runner.JobQueued, Job: job})
}

func (s *script) start(job string, why ...string) *script {
	return s.add(runner.Event{Kind: runner.JobStarted, Job: job, Why: why})
}

func (s *script) step(job, name string) *script {
	return s.add(runner.Event{Kind: runner.StepStarted, Job: job, Text: name})
}

func (s *script) stepFailed(job, reason string, exit int, wall time.Duration) *script {
	return s.add(runner.Event{Kind: runner.StepEnded, Job: job, Status: "failure", Reason: reason, Exit: exit, Wall: wall})
}

func (s *script) out(job, text string) *script {
	return s.add(runner.Event{Kind: runner.JobOutput, Job: job, Data: []byte(text)})
}

func (s *script) end(e runner.Event) *script {
	e.Kind = runner.JobEnded
	return s.add(e)
}

func (s *script) finish(sum runner.Summary) *script {
	sum.Run, sum.Pipeline = runID, "churn"
	return s.add(runner.Event{Kind: runner.RunEnded, Run: runID, Status: sum.Status, Wall: sum.Wall, Summary: &sum})
}

func auc(v, loss float64) []runner.MetricValue {
	return []runner.MetricValue{{Name: "auc", Value: v, Better: "higher"}, {Name: "loss", Value: loss, Better: "lower"}}
}

const why = "params train.lr 0.1 → 0.2 (params.yaml:3)"

// matrix trains two legs side by side; one is selected.
func matrix() *script {
	s := newScript(5)
	s.add(runner.Event{Kind: runner.ImageNews, Text: "pulled python:3.12-slim in 4.2 s (41 MiB)"})
	s.end(runner.Event{Job: "check", Status: "success", Cached: true})
	s.queue("train@depth=4").queue("train@depth=8")
	s.start("train@depth=4", why, "input src/train.py changed").step("train@depth=4", "python src/train.py")
	s.start("train@depth=8", why).step("train@depth=8", "python src/train.py")
	s.after(time.Second).out("train@depth=4", "epoch 1: loss 0.61\nepoch 2: loss 0.43\n")
	s.after(time.Second).out("train@depth=8", "epoch 1: loss 0.58\n")
	s.add(runner.Event{Kind: runner.Notice, Job: "train@depth=8", Level: "warning", Text: "column tenure: 3 values were null, filled with 0", File: "src/train.py", Line: 41})
	s.after(4*time.Second).out("train@depth=4", "epoch 3: loss 0.41\n")
	s.end(runner.Event{Job: "train@depth=4", Status: "success", Wall: 6 * time.Second, Metrics: auc(0.9312, 0.41)})
	s.after(11 * time.Second).add(runner.Event{Kind: runner.Waiting, Job: "train@depth=8"})
	s.after(5*time.Second).out("train@depth=8", "done")
	s.end(runner.Event{Job: "train@depth=8", Status: "success", Wall: 22 * time.Second, Metrics: auc(0.94127, 0.3877)})
	s.start("evaluate", "input predictions.csv changed").step("evaluate", "evaluate")
	s.after(900 * time.Millisecond).end(runner.Event{Job: "evaluate", Status: "success", Wall: 900 * time.Millisecond})
	return s.finish(runner.Summary{
		Status: "success", Wall: 22900 * time.Millisecond, CPU: 41 * time.Second, Saved: 1200 * time.Millisecond,
		Record: ".mlops/runs/2026/03/" + runID, Selected: map[string]string{"train": "train@depth=8"},
		Jobs: []runner.JobSummary{
			{Job: "check", Status: "success", Cached: true, Wall: 1200 * time.Millisecond},
			{Job: "train@depth=4", Status: "success", Wall: 6 * time.Second, CPU: 11 * time.Second, Peak: 812 << 20, Metrics: auc(0.9312, 0.41)},
			{Job: "train@depth=8", Status: "success", Wall: 22 * time.Second, CPU: 29 * time.Second, Peak: 1300 << 20, Metrics: auc(0.94127, 0.3877)},
			{Job: "evaluate", Status: "success", Wall: 900 * time.Millisecond, CPU: 800 * time.Millisecond, Peak: 96 << 20},
		},
	})
}

// cached does nothing, because nothing changed.
func cached(jobs int) *script {
	s := newScript(jobs)
	sum := runner.Summary{Status: "success", Wall: 23 * time.Millisecond, Saved: 41 * time.Second}
	for i := range jobs {
		job := fmt.Sprintf("job-%d", i+1)
		s.end(runner.Event{Job: job, Status: "success", Cached: true})
		sum.Jobs = append(sum.Jobs, runner.JobSummary{Job: job, Status: "success", Cached: true, Wall: time.Second})
	}
	return s.after(23 * time.Millisecond).finish(sum)
}

// oom runs out of memory in the second step.
func oom() *script {
	const reason, cure = "step \"python src/train.py\" was killed at the job's memory limit of 4 GiB\npeak 4 GiB, 1 process killed", "raise resources.memory of train, or lower the batch size"
	s := newScript(3)
	s.start("train", "no earlier run").step("train", "pip install -r requirements.txt")
	s.after(2*time.Second).out("train", "Collecting torch\n")
	s.step("train", "python src/train.py")
	for i := range 25 {
		s.after(time.Second).out("train", fmt.Sprintf("batch %d, %d MiB\n", i+1, 160*(i+1)))
	}
	s.stepFailed("train", "oom", 137, 25*time.Second)
	s.end(runner.Event{Job: "train", Status: "failure", Reason: "oom", Exit: 137, Wall: 27 * time.Second, Error: reason, Fix: cure, File: "mlops.yaml", Line: 12})
	s.end(runner.Event{Job: "evaluate", Status: "skipped", Error: "needs train, which failed"})
	s.end(runner.Event{Job: "promote", Status: "skipped", Error: "needs evaluate, which was skipped"})
	return s.finish(runner.Summary{
		Status: "failure", Wall: 27 * time.Second, CPU: 50 * time.Second, Record: ".mlops/runs/2026/03/" + runID,
		Jobs: []runner.JobSummary{
			{Job: "train", Status: "failure", Reason: "oom", Exit: 137, Wall: 27 * time.Second, CPU: 50 * time.Second, Peak: 4 << 30, Error: reason},
			{Job: "evaluate", Status: "skipped", Error: "needs train, which failed"},
			{Job: "promote", Status: "skipped"},
		},
	})
}

// canceled is stopped by the user while one job runs and one waits.
func canceled() *script {
	s := newScript(2)
	s.queue("train").start("train").step("train", "fit").queue("evaluate")
	s.after(75*time.Second).out("train", "epoch 1\nsaving checkpoint")
	s.end(runner.Event{Job: "train", Status: "cancelled", Reason: "canceled", Wall: 75 * time.Second})
	s.end(runner.Event{Job: "evaluate", Status: "cancelled", Reason: "canceled"})
	return s.finish(runner.Summary{Status: "cancelled", Wall: 75 * time.Second, Jobs: []runner.JobSummary{
		{Job: "train", Status: "cancelled", Reason: "canceled", Wall: 75 * time.Second},
		{Job: "evaluate", Status: "cancelled", Reason: "canceled"},
	}})
}

// everything has a job of each fate, notices of each level, more metrics than
// fit beside the jobs, NaN among them, silence, and a gate that fails.
func everything() *script {
	s := newScript(6)
	s.end(runner.Event{Job: "check", Status: "success", Cached: true})
	s.add(runner.Event{Kind: runner.Waiting, Text: "the image python:3.12-slim to be pulled"})
	s.after(12 * time.Second).add(runner.Event{Kind: runner.ImageNews, Text: "pulled python:3.12-slim in 12 s (41 MiB)"})
	s.queue("train@depth=4").queue("train@depth=8").queue("report")
	s.start("train@depth=4", why).step("train@depth=4", "python src/train.py")
	s.start("train@depth=8", why).step("train@depth=8", "python src/train.py")
	s.after(time.Second).out("train@depth=4", "epoch 1\n").out("train@depth=8", "epoch 1\n学習率 0.1 で開始 🎉\n")
	s.add(runner.Event{Kind: runner.Notice, Job: "train@depth=4", Level: "notice", Text: "no GPU here, training on 4 cores"})
	s.add(runner.Event{Kind: runner.Notice, Job: "train@depth=4", Level: "warning", Text: "metric loss is NaN", File: "metrics.json", Line: 3})
	s.end(runner.Event{Job: "train@depth=4", Status: "success", Wall: time.Second, Metrics: six(math.NaN())})
	s.after(14 * time.Second).add(runner.Event{Kind: runner.Waiting, Job: "train@depth=8", Text: "step 1 of 1 to print something"})
	s.after(time.Second).end(runner.Event{Job: "train@depth=8", Status: "success", Wall: 16 * time.Second, Metrics: six(0.3877)})
	s.start("report").step("report", "make report").out("report", "make: *** No rule to make target\n")
	s.stepFailed("report", "exit", 2, 300*time.Millisecond)
	s.after(300 * time.Millisecond).end(runner.Event{Job: "report", Status: "failure", Reason: "exit", Exit: 2, Wall: 300 * time.Millisecond, Fix: "write a Makefile"})
	s.end(runner.Event{Job: "publish", Status: "skipped", Error: "needs report, which failed"})
	s.end(runner.Event{Job: "notify", Status: "cancelled", Reason: "canceled"})
	s.add(runner.Event{Kind: runner.Notice, Level: "error", Text: "gate auc >= 0.95 failed: auc 0.94127 >= 0.95", File: "mlops.yaml", Line: 40})
	return s.finish(runner.Summary{
		Status: "failure", Wall: 28300 * time.Millisecond, Record: ".mlops/runs/2026/03/" + runID,
		Selected: map[string]string{"train": "train@depth=8"},
		Jobs: []runner.JobSummary{
			{Job: "check", Status: "success", Cached: true, Metrics: []runner.MetricValue{{Name: "rows", Value: 7043}}},
			{Job: "train@depth=4", Status: "success", Wall: time.Second, CPU: 3 * time.Second, Peak: 812 << 20, Metrics: six(math.NaN())},
			{Job: "train@depth=8", Status: "success", Wall: 16 * time.Second, CPU: 29 * time.Second, Peak: 1300 << 20, Metrics: six(0.3877)},
			{Job: "report", Status: "failure", Reason: "exit", Exit: 2, Wall: 300 * time.Millisecond},
			{Job: "publish", Status: "skipped", Error: "needs report, which failed"},
			{Job: "notify", Status: "cancelled", Reason: "canceled"},
		},
	})
}

func six(loss float64) []runner.MetricValue {
	return append(auc(0.94127, loss), runner.MetricValue{Name: "f1", Value: 0.7, Better: "higher"}, runner.MetricValue{Name: "rows", Value: 5634},
		runner.MetricValue{Name: "latency_p95", Value: 12.25, Unit: "ms", Better: "lower"}, runner.MetricValue{Name: "l2", Value: 1.5e-7})
}

// hostile prints what would harm a terminal, a workflow or a reader.
func hostile() *script {
	s := newScript(1)
	s.start("train").step("train", "fit\x1b]0;owned\a")
	s.out("train", "\x1b[2J\x1b[H\x1b]0;title\a\x1b[31mred without end\nplain again\n")
	s.out("train", "::error file=x::injected\n  ::set-output name=promote::true\n##[add-mask]e\nx ##[group]y\n::stop-commands::abc\n")
	s.out("train", " 10%|#\r 50%|#####\r100%|##########\nbidi \u202egnp.exe\u202c \x00\x07\xff\xfe\x80 bin\ttab\n")
	s.out("train", "\x1bPq#0;2\x1b\\sixel \x9b31m \u009b31m \x1b[8mhidden\x1b[0m \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\r\n")
	s.add(runner.Event{Kind: runner.Notice, Job: "train", Level: "error", Text: "a\n::error::b\x1b[2J", File: "a,b:c\n.py", Line: 3})
	s.add(runner.Event{Kind: runner.Waiting, Text: "::add-mask::the ##[error] image\n::error::x"})
	ms := []runner.MetricValue{{Name: "a|b`<b>\x1b[2J", Value: math.NaN()}, {Name: "promote\nstatus=x", Value: math.Inf(-1), Unit: "ms"}}
	s.end(runner.Event{Job: "train", Status: "failure", Reason: "exit", Exit: 1, Wall: time.Second, Metrics: ms, Error: "::error::evil\n```\n<script>\x1b[2J", Fix: "##[endgroup]"})
	return s.finish(runner.Summary{Status: "failure", Wall: time.Second, Jobs: []runner.JobSummary{
		{Job: "train", Status: "failure", Reason: "exit", Exit: 1, Wall: time.Second, Metrics: ms, Error: "::error::evil\n```\n<script>\x1b[2J"},
	}})
}
