// Package untrusted holds back a plan that comes from somebody whom nobody
// knows, such as the author of a pull request from a fork.
//
// What decides about a job's place and about its verdict is taken from the plan
// of a base commit that is trusted: image, user, network, resources, time,
// retries, concurrency groups; gates, and the directions of metrics. Above them
// stand limits that no file can raise. What a job does (steps, inputs, outputs, parameters) is
// its author's, and is why it needs a container.
//
// The package changes plans and does nothing else: that no secret, no writable
// store and no registry is within reach is up to who runs the plan.
//
// Why the plan and not the file: by then matrices are expanded, defaults are
// filled in and expressions have values, so that there is one place where
// something could be forgotten, and not one for each way to write it.
package untrusted

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/spec"
)

// Limits are the most that one job may have, whatever a file says.
type Limits struct {
	Timeout time.Duration
	Grace   time.Duration // between SIGTERM and SIGKILL
	Memory  int64         // bytes; what a job keeps in /tmp counts
	Disk    int64         // bytes of the workspace
	Log     int64         // bytes
	Pids    int64
	Retries int // of one rule
}

// DefaultLimits are those of `mlops run --untrusted`.
func DefaultLimits() Limits {
	return Limits{
		Timeout: time.Hour, Grace: time.Minute, Memory: 8 << 30, Disk: 10 << 30, Log: 64 << 20, Pids: 1024, Retries: 2,
	}
}

// Options are a person's wishes.
type Options struct {
	Network bool // jobs may reach the network, where the base commit lets them
	Limits  Limits
}

// A Restriction is what Restrict did.
type Restriction struct {
	// Notices say, in sentences for people, what of the plan was not obeyed.
	Notices []string
	// Withheld are the nodes that must not run, by ID, with the reason.
	Withheld map[string]string
}

// A RootError names the jobs that want to be root.
type RootError struct{ Jobs []string }

func (e *RootError) Error() string {
	return fmt.Sprintf("job %s wants `user: root`, which untrusted runs refuse", strings.Join(e.Jobs, ", "))
}

// Restrict changes head so that it may run for somebody who is not trusted.
// base is the plan of the trusted commit; it must not be nil, and is not
// changed. It fails with a *[RootError]. Both plans must come from [plan.New].
func Restrict(head, base *plan.Plan, o Options) (*Restriction, error) {
	r := &restrictor{base: base, opts: o, out: &Restriction{Withheld: map[string]string{}}, known: map[string]bool{}}
	for _, n := range base.Nodes {
		r.known[n.Image] = true
	}
	r.judgement(head)
	if head.Group != base.Group {
		r.notice("`concurrency` is that of the base commit; the change to it is ignored")
		head.Group = base.Group
	}
	for _, n := range head.Nodes {
		if n.Kind == plan.Run {
			r.node(n)
		}
	}
	if len(r.root) > 0 {
		return nil, &RootError{slices.Compact(r.root)}
	}
	r.out.Notices = slices.Compact(r.out.Notices)
	return r.out, nil
}

// A restrictor is one Restrict at work.
type restrictor struct {
	base  *plan.Plan
	opts  Options
	out   *Restriction
	known map[string]bool // images of the base
	root  []string
}

func (r *restrictor) notice(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(r.out.Notices, text) {
		r.out.Notices = append(r.out.Notices, text)
	}
}

// Judge lets head be judged as base says: by its gates, its directions of
// metrics, and beside its baseline. It returns, in sentences for people, what of
// head is not obeyed. Nothing else of head changes.
func Judge(head, base *plan.Plan) (notices []string) {
	r := &restrictor{base: base, out: &Restriction{}}
	r.judgement(head)
	return r.out.Notices
}

// judgement takes gates, directions and the baseline from the base.
func (r *restrictor) judgement(head *plan.Plan) {
	if head.Baseline.Asked != r.base.Baseline.Asked {
		r.notice("`baseline` is that of the base commit; the change to it is ignored")
	}
	head.Baseline = r.base.Baseline
	if !slices.EqualFunc(head.Gates, r.base.Gates, func(a, b spec.Str) bool { return a.Value == b.Value }) {
		r.notice("`gates` are those of the base commit; the changes to them are ignored")
	}
	head.Gates = slices.Clone(r.base.Gates)
	metrics := slices.Clone(r.base.Metrics)
	for _, m := range head.Metrics {
		at := slices.IndexFunc(metrics, func(b plan.Metric) bool { return b.Name == m.Name })
		switch {
		case at < 0:
			metrics = append(metrics, m) // no gate of the base knows it
		case metrics[at] != m:
			r.notice("metric %s is read as in the base commit; the change to it is ignored", m.Name)
		}
	}
	head.Metrics = metrics
}

// counterpart is the base's node of the same instance, or else of the same job.
func (r *restrictor) counterpart(n *plan.Node) *plan.Node {
	var same *plan.Node
	for _, b := range r.base.Nodes {
		switch {
		case b.Kind != plan.Run:
		case b.ID == n.ID:
			return b
		case b.Job == n.Job && same == nil:
			same = b
		}
	}
	return same
}

func (r *restrictor) node(n *plan.Node) {
	if promotes(n) || promotes(r.counterpart(n)) {
		r.out.Withheld[n.ID] = "an untrusted run promotes nothing"
		return
	}
	if len(n.Secrets) > 0 {
		r.out.Withheld[n.ID] = "an untrusted run has no secrets, and the job names " + n.Secrets[0].Name
		return
	}
	if len(n.Services) > 0 {
		r.out.Withheld[n.ID] = "an untrusted run starts no services: they have more rights than a job"
		return
	}
	if b := r.counterpart(n); b != nil {
		r.protect(n, b)
	} else if n.Image != "" && !r.known[n.Image] {
		r.out.Withheld[n.ID] = fmt.Sprintf("its image %s is that of no job in the base commit", n.Image)
		return
	} else {
		r.newcomer(n)
	}
	if n.Isolate && slices.ContainsFunc(n.Steps, func(s plan.Step) bool { return s.Background }) {
		r.out.Withheld[n.ID] = "its steps have a container each in the base commit, and one in the background would be alone in its own"
		return
	}
	if n.Build != nil {
		r.out.Withheld[n.ID] = "an untrusted run builds no images: a build is not held back as a job is"
		return
	}
	if n.User == "root" {
		r.root = append(r.root, n.Job)
	}
	r.limit(n)
}

// newcomer takes from a job that the base does not know what only the base can give.
func (r *restrictor) newcomer(n *plan.Node) {
	if n.Network {
		r.notice("job %s is not in the base commit and has no network", n.Job)
		n.Network = false
	}
	if n.Group != (plan.Group{}) {
		r.notice("job %s is not in the base commit and is in no concurrency group", n.Job)
		n.Group = plan.Group{}
	}
}

// promotes reports whether a job asks for what is done outside of it, in the name
// of whoever runs it: it promotes, or packs and pushes.
func promotes(n *plan.Node) bool {
	return n != nil && slices.ContainsFunc(n.Steps, func(s plan.Step) bool { return s.Uses == "promote" || s.Uses == "pack" })
}

// protect gives a node the protected keys of its counterpart.
func (r *restrictor) protect(n, b *plan.Node) {
	for _, k := range []struct {
		key        string
		head, base any
	}{
		{"image", []any{n.Image, n.Build}, []any{b.Image, b.Build}}, {"pull", n.Pull, b.Pull}, {"platform", n.Platform, b.Platform},
		{"network", n.Network, b.Network}, {"user", n.User, b.User}, {"resources", n.Resources, b.Resources},
		{"timeout-minutes", n.Timeout, b.Timeout}, {"stop-grace", n.Grace, b.Grace}, {"retry", plainRetries(n.Retry), plainRetries(b.Retry)},
		{"isolate", n.Isolate, b.Isolate}, {"concurrency", n.Group, b.Group},
	} {
		if !reflect.DeepEqual(k.head, k.base) {
			r.notice("job %s: `%s` is that of the base commit; the change to it is ignored", n.Job, k.key)
		}
	}
	n.Image, n.Build, n.Pull, n.Platform, n.Network, n.User = b.Image, b.Build, b.Pull, b.Platform, b.Network, b.User
	n.Resources, n.Timeout, n.Grace, n.Isolate, n.Group = b.Resources, b.Timeout, b.Grace, b.Isolate, b.Group
	n.Retry = slices.Clone(b.Retry)
	// The fingerprint has to say what the job runs as, so that what a trusted run
	// made in the same place is found.
	var lines []plan.Line
	for _, l := range n.Definition.Parsed() {
		if l.Kind != "place" {
			lines = append(lines, l)
		}
	}
	for _, l := range b.Definition.Parsed() {
		if l.Kind == "place" {
			lines = append(lines, l)
		}
	}
	n.Definition = plan.Define(lines...)
}

// plainRetries are rules without their places in the file.
func plainRetries(rules []spec.Retry) []string {
	var out []string
	for _, r := range rules {
		text := fmt.Sprint(r.Exit, r.Limit, r.Delay, r.Resources != nil)
		if r.Resources != nil {
			text += fmt.Sprint(*r.Resources)
		}
		for _, on := range r.On {
			text += " " + on.Value
		}
		out = append(out, text)
	}
	return out
}

// limit holds a node to what no file can raise.
func (r *restrictor) limit(n *plan.Node) {
	l := r.opts.Limits
	if n.Network && !r.opts.Network {
		r.notice("jobs have no network; --allow-network gives it to those that have it in the base commit")
		n.Network = false
	}
	if n.Resources.GPUs != 0 {
		r.notice("jobs have no GPUs")
	}
	n.Timeout, n.Grace = atMost(n.Timeout, l.Timeout), min(n.Grace, l.Grace)
	n.Resources = r.resources(n.Resources)
	for i := range n.Retry {
		n.Retry[i].Limit = min(n.Retry[i].Limit, l.Retries)
		n.Retry[i].Delay = min(n.Retry[i].Delay, time.Minute)
		if more := n.Retry[i].Resources; more != nil {
			held := r.resources(*more)
			n.Retry[i].Resources = &held
		}
	}
}

func (r *restrictor) resources(s spec.Resources) spec.Resources {
	l := r.opts.Limits
	s.GPUs = 0
	s.Memory, s.Disk, s.Log, s.Pids = atMost(s.Memory, l.Memory), atMost(s.Disk, l.Disk), atMost(s.Log, l.Log), atMost(s.Pids, l.Pids)
	if s.Shm > s.Memory {
		s.Shm = s.Memory
	}
	return s
}

// atMost is v, or most if v is more or 0, which means without limit.
func atMost[T int64 | time.Duration](v, most T) T {
	if v <= 0 || v > most {
		return most
	}
	return v
}

// ErrNoBase is the error for a base commit that has no mlops.yaml.
var ErrNoBase = errors.New("the base commit has no mlops.yaml that could hold this one back")
