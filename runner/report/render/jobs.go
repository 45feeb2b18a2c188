package render

import (
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/report"
)

// maxLine is how long a line of a log may be, in bytes.
const maxLine = 500

// failures returns a section for each job that failed or was cancelled, with
// the last lines of its log.
func (p *page) failures() []section {
	var all []section
	for i, j := range p.report.Jobs {
		if j.Status == record.Failure || j.Status == record.Cancelled || j.Status == record.Interrupted {
			all = append(all, failure(j, i))
		}
	}
	return all
}

func failure(j report.Job, index int) section {
	s := section{id: "job-" + strconv.Itoa(index+1), title: cat(say("Job "), name(j.ID)), open: true, rank: rankLogs, second: -index, summary: failed(j)}
	message := []block(nil)
	if j.Error != "" {
		message = []block{paragraph{foreign(j.Error)}}
	}
	lines := make([]string, len(j.Log))
	for i, l := range j.Log {
		lines[i] = clip(cleanLine(l), maxLine)
	}
	for _, n := range []int{len(lines), 20, 5} {
		if n > len(lines) || n == len(lines) && len(s.forms) > 0 {
			continue
		}
		bs := message
		if n > 0 {
			bs = append(bs[:len(bs):len(bs)], fence{"text", lines[len(lines)-n:]})
		}
		if left := len(lines) - n; left > 0 {
			bs = append(bs, rest{left, "line above"})
		}
		s.forms = append(s.forms, form(bs...))
	}
	return s
}

// failed says why a job did not succeed: failed (out of memory).
func failed(j report.Job) text {
	t := statusText(j.Status).bold()
	reason, exit := text(nil), text(nil)
	if j.Reason != "canceled" && j.Reason != "exit" {
		reason = foreignIn(reasonWord(j.Reason), maxField/2)
	}
	if j.Exit != 0 {
		exit = say("exit " + count(j.Exit))
	}
	if why := list(", ", reason, exit); len(why) > 0 {
		t = cat(t, say(" ("), why, say(")"))
	}
	return t
}

func reasonWord(reason string) string {
	switch reason {
	case "oom":
		return "out of memory"
	case "timeout":
		return "timed out"
	case "image-pull":
		return "image not available"
	case "daemon-lost":
		return "lost the container engine"
	case "disk-full":
		return "disk full"
	case "exit":
		return "exit status not 0"
	}
	return reason
}

// jobs says what ran, and why.
func (p *page) jobs() section {
	all := p.report.Jobs
	if len(all) == 0 {
		return section{}
	}
	s := section{id: "jobs", title: say("Jobs"), rank: rankJobs, summary: p.jobCounts()}
	if cost := p.cost(); len(cost) > 0 {
		s.summary = cat(s.summary, say("; "), cost)
	}
	t := table{columns: []column{
		{title: say("job")}, {title: say("status")}, {title: say("time"), right: true}, {title: say("outputs identical"), right: true}, {title: say("why it ran")},
	}}
	for _, j := range all {
		t.rows = append(t.rows, []text{name(j.ID), jobStatus(j), jobTime(j), sameness(j), reasons(j)})
	}
	s.forms = tables(dropEmpty(t), "job", 20, 5)
	return s
}

// jobCounts counts the jobs by what became of them.
func (p *page) jobCounts() text {
	n := map[string]int{}
	var order []text
	for _, j := range p.report.Jobs {
		w := jobStatus(j)
		if n[w.plain()]++; n[w.plain()] == 1 {
			order = append(order, w)
		}
	}
	parts := []text{say(plural(len(p.report.Jobs), "job"))}
	for _, w := range order[:min(len(order), maxStatuses)] {
		parts = append(parts, cat(say(count(n[w.plain()])+" "), w))
	}
	return list(", ", parts...)
}

// maxStatuses is how many kinds of end are counted; there are five.
const maxStatuses = 6

func jobStatus(j report.Job) text {
	switch {
	case j.Only == "base":
		return say("only in the baseline")
	case j.Cached:
		return say("cached")
	}
	return statusText(j.Status)
}

func jobTime(j report.Job) text {
	if j.Cached || j.Wall <= 0 {
		return nil
	}
	return say(duration(j.Wall))
}

func sameness(j report.Job) text {
	if j.Outputs.All == 0 {
		return nil
	}
	return num(count(j.Outputs.Same) + "/" + count(j.Outputs.All))
}

// maxReasons is how many reasons a job's row gives.
const maxReasons = 3

// reasons says why a job ran, or what of it differs from the baseline's.
func reasons(j report.Job) text {
	var all []text
	for _, w := range j.Why {
		all = append(all, foreignIn(w, maxField))
	}
	if len(all) == 0 && !j.Cached {
		for _, c := range j.Changed {
			all = append(all, changeText(c))
		}
	}
	if more := len(all) - maxReasons; more > 0 {
		all = append(all[:maxReasons], say(count(more)+" more"))
	}
	return list("; ", all...)
}

// dropEmpty leaves out the columns that are empty in all rows.
func dropEmpty(t table) table {
	var keep []int
	for c := range t.columns {
		for _, r := range t.rows {
			if len(r[c]) > 0 {
				keep = append(keep, c)
				break
			}
		}
	}
	out := table{rows: make([][]text, len(t.rows))}
	for _, c := range keep {
		out.columns = append(out.columns, t.columns[c])
		for i, r := range t.rows {
			out.rows[i] = append(out.rows[i], r[c])
		}
	}
	return out
}

// reproduce says how to repeat the run.
func (p *page) reproduce() section {
	lines := p.options.Reproduce
	if lines == nil {
		lines = p.commands()
	}
	if len(lines) == 0 {
		return section{}
	}
	f := fence{language: "console"}
	for _, l := range lines {
		f.lines = append(f.lines, "$ "+clip(cleanLine(strings.TrimPrefix(l, "$ ")), 2*maxField))
	}
	s := section{id: "reproduce", title: say("Reproduce this locally"), rank: rankReproduce, summary: say(plural(len(lines), "command"))}
	bs := []block{f}
	if p.report.Head.Dirty {
		bs = append(bs, paragraph{say("The files differed from the commit, so the result may too.")})
	}
	s.forms = []func() []block{form(bs...)}
	return s
}

// commands fetch the commit and run it.
func (p *page) commands() []string {
	commit := p.report.Head.Commit
	if !hash(commit) {
		return nil
	}
	what := commit
	if ref := reference(p.options.Links.Fetch); ref != "" {
		what = ref
	}
	return []string{"git fetch origin " + what, "git checkout " + commit, "mlops run"}
}
