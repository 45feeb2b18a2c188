package forge_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/forge"
)

// A thread is the comments of a pull request in memory, whose requests take a
// random time both ways.
type thread struct {
	mu       sync.Mutex
	rand     *rand.Rand
	delay    time.Duration // each way, at most
	fail     float64       // share of writes whose answer is lost, half of them after they were obeyed
	comments []forge.Comment
	last     int64
	reads    int
	log      []string
	hidden   []int64
	edits    func(id int64, body string) error // nil = none
}

func (th *thread) travel(ctx context.Context) error {
	th.mu.Lock()
	d := th.delay
	if d > 0 {
		d = time.Duration(th.rand.Int64N(int64(d)))
	}
	th.mu.Unlock()
	time.Sleep(d)
	return ctx.Err()
}

// write does f, unless it is to be lost.
func (th *thread) write(ctx context.Context, what string, f func() error) error {
	if err := th.travel(ctx); err != nil {
		return err
	}
	th.mu.Lock()
	luck := th.rand.Float64()
	if luck < th.fail/2 {
		th.mu.Unlock()
		return lost(what)
	}
	th.log = append(th.log, what)
	err := f()
	th.mu.Unlock()
	if luck < th.fail {
		return lost(what)
	}
	if err != nil {
		return err
	}
	return th.travel(ctx)
}

func lost(op string) error {
	a := forge.Answer{Err: errors.New("connection reset")}
	return a.Failed(op, true, time.Time{}, func(error, string) string { return "" })
}

func gone() error { return &forge.Error{Op: "edit", Kind: forge.ErrNotFound} }

func (th *thread) Comments(ctx context.Context) ([]forge.Comment, error) {
	if err := th.travel(ctx); err != nil {
		return nil, err
	}
	th.mu.Lock()
	th.reads++
	list := append([]forge.Comment(nil), th.comments...)
	th.mu.Unlock()
	return list, th.travel(ctx)
}

func (th *thread) Create(ctx context.Context, body string) (c forge.Comment, err error) {
	err = th.write(ctx, "create", func() error {
		th.last++
		c = forge.Comment{ID: th.last, Body: body, URL: fmt.Sprint("#", th.last)}
		th.comments = append(th.comments, c)
		return nil
	})
	return c, err
}

func (th *thread) find(id int64) int {
	for i, c := range th.comments {
		if c.ID == id {
			return i
		}
	}
	return -1
}

func (th *thread) Edit(ctx context.Context, id int64, body string) error {
	return th.write(ctx, fmt.Sprint("edit ", id), func() error {
		i := th.find(id)
		if i < 0 {
			return gone()
		}
		if th.edits != nil {
			if err := th.edits(id, body); err != nil {
				return err
			}
		}
		th.comments[i].Body = body
		return nil
	})
}

func (th *thread) Delete(ctx context.Context, id int64) error {
	return th.write(ctx, fmt.Sprint("delete ", id), func() error {
		i := th.find(id)
		if i < 0 {
			return gone()
		}
		th.comments = append(th.comments[:i:i], th.comments[i+1:]...)
		return nil
	})
}

func (th *thread) Hide(ctx context.Context, c forge.Comment) error {
	th.hidden = append(th.hidden, c.ID)
	return nil
}

func newThread(seed uint64) *thread { return &thread{rand: rand.New(rand.NewPCG(seed, 0))} }

func (th *thread) sticky() *forge.Sticky {
	return &forge.Sticky{Thread: th, Limit: 1000}
}

func open() forge.Change { return forge.Change{Number: 7, Head: "8c1d2e7f0a11", State: forge.Open} }

// post is the report of a run.
func post(run string, attempt int, text string) forge.Post {
	return forge.Post{Number: 7, Text: text, Marker: forge.Marker{Key: "churn", Run: run, Attempt: attempt, Head: "8c1d2e7f0a", Digest: "sha256:" + run, Verdict: "promote"}}
}

func upsert(t *testing.T, th *thread, p forge.Post) forge.Result {
	t.Helper()
	r, err := th.sticky().Upsert(t.Context(), open(), p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// bubble runs f where time passes only when everybody waits.
func bubble(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }

func TestUpsert(t *testing.T) {
	bubble(t, func(t *testing.T) {
		th := newThread(1)
		if r := upsert(t, th, post("1", 1, "first")); r.Outcome != forge.Created || r.URL != "#1" {
			t.Errorf("first: %+v", r)
		}
		if r := upsert(t, th, post("2", 1, "second")); r.Outcome != forge.Updated || r.URL != "#1" {
			t.Errorf("second: %+v", r)
		}
		if r := upsert(t, th, post("1", 2, "late")); r.Outcome != forge.Superseded || r.Why != "run 2, attempt 1 has reported since" {
			t.Errorf("an older run: %+v", r)
		}
		th.reads, th.log = 0, nil
		if r := upsert(t, th, post("2", 1, "second")); r.Outcome != forge.Unchanged || th.reads != 1 || th.log != nil {
			t.Errorf("the same again: %+v, %d reads, wrote %q", r, th.reads, th.log)
		}
		if len(th.comments) != 1 || !strings.HasPrefix(th.comments[0].Body, "second\n\n<!-- mlops:report v=1 ") {
			t.Errorf("comments: %+v", th.comments)
		}
	})
}

func TestUpsertTidiesUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		th := newThread(1)
		other := post("9", 1, "other pipeline")
		other.Marker.Key = "fraud"
		upsert(t, th, other)
		for _, p := range []forge.Post{post("1", 1, "a"), post("3", 1, "c"), post("2", 1, "b")} {
			if _, err := th.Create(t.Context(), p.Text+"\n\n"+p.Marker.String()); err != nil {
				t.Fatal(err)
			}
		}
		if r := upsert(t, th, post("2", 2, "b2")); r.Outcome != forge.Superseded {
			t.Errorf("%+v", r)
		}
		want := []forge.Comment{
			{ID: 1, URL: "#1", Body: "other pipeline\n\n" + other.Marker.String()},
			{ID: 2, URL: "#2", Body: "c\n\n" + post("3", 1, "").Marker.String()},
		}
		if diff := cmp.Diff(want, th.comments); diff != "" {
			t.Errorf("the newest text in the oldest comment (-want +got):\n%s", diff)
		}
	})
}

func TestUpsertRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change forge.Change
		want   forge.Result
	}{
		"closed":     {forge.Change{Number: 7, Head: "8c1d2e7f0a11", State: forge.Closed}, forge.Result{Outcome: forge.Ended, Why: "pull request 7 is closed"}},
		"merged":     {forge.Change{Number: 7, Head: "8c1d2e7f0a11", State: forge.Merged}, forge.Result{Outcome: forge.Ended, Why: "pull request 7 is merged"}},
		"other head": {forge.Change{Number: 7, Head: "99999999aaaaaaaaaa", State: forge.Open}, forge.Result{Outcome: forge.Moved, Why: "pull request 7 is at 99999999aaaa by now, and this report is about 8c1d2e7f0a"}},
	} {
		th := newThread(1)
		r, err := th.sticky().Upsert(t.Context(), c.change, post("1", 1, "x"))
		if err != nil || r != c.want || th.reads != 0 || th.log != nil {
			t.Errorf("%s: %+v, %v; %d reads, wrote %q", name, r, err, th.reads, th.log)
		}
	}
}

func TestUpsertTooLong(t *testing.T) {
	th := newThread(1)
	_, err := th.sticky().Upsert(t.Context(), open(), post("1", 1, strings.Repeat("x", 1000)))
	var e *forge.Error
	if !errors.Is(err, forge.ErrTooLong) || !errors.As(err, &e) || e.Fix == "" || th.log != nil {
		t.Errorf("%v, wrote %q", err, th.log)
	}
}

func TestModes(t *testing.T) {
	old := post("1", 1, "").Marker
	news := old
	news.Digest, news.Run = "sha256:other", "2"
	same := old
	same.Run, same.Head = "2", "ffffffffff"
	none := same
	none.Digest = ""
	type facts struct {
		notable, failed bool
	}
	for _, c := range []struct {
		name  string
		mode  forge.Mode
		facts facts
		now   forge.Marker
		old   *forge.Marker
		want  bool
	}{
		{"never", forge.Never, facts{true, true}, news, &old, false},
		{"always", forge.Always, facts{}, same, &old, true},
		{"the zero mode", "", facts{}, same, nil, true},
		{"failure: all well", forge.OnFailure, facts{notable: true}, news, nil, false},
		{"failure: one", forge.OnFailure, facts{failed: true}, news, nil, true},
		{"failure: cured", forge.OnFailure, facts{}, news, &old, true},
		{"changed: nothing to tell", forge.Changed, facts{}, news, nil, false},
		{"changed: something moved", forge.Changed, facts{notable: true}, news, nil, true},
		{"changed: a failure", forge.Changed, facts{failed: true}, news, nil, true},
		{"changed: nothing new", forge.Changed, facts{notable: true}, same, &old, false},
		{"changed: something new", forge.Changed, facts{}, news, &old, true},
		{"changed: not known", forge.Changed, facts{}, none, &none, true},
	} {
		p := forge.Post{Mode: c.mode, Notable: c.facts.notable, Failed: c.facts.failed, Marker: c.now}
		got, why := p.Wants(c.old)
		if got != c.want || got != (why == "") {
			t.Errorf("%s: %v, %q", c.name, got, why)
		}
	}
}

func TestChangedWritesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		th := newThread(1)
		upsert(t, th, post("1", 1, "first"))
		th.log = nil
		p := post("2", 1, "the same in other words")
		p.Mode, p.Marker.Digest = forge.Changed, "sha256:1"
		if r := upsert(t, th, p); r.Outcome != forge.Unchanged || r.URL != "#1" || th.log != nil {
			t.Errorf("%+v, wrote %q", r, th.log)
		}
		p.Mode = forge.OnFailure
		th.comments = nil
		if r := upsert(t, th, p); r.Outcome != forge.Unwanted || r.Why != "nothing failed" || th.log != nil {
			t.Errorf("%+v, wrote %q", r, th.log)
		}
	})
}

func TestFresh(t *testing.T) {
	bubble(t, func(t *testing.T) {
		th := newThread(1)
		upsert(t, th, post("1", 1, "fine"))
		p := post("2", 1, "broken")
		p.Fresh = true
		for range 2 { // the second time it is there
			upsert(t, th, p)
		}
		if len(th.comments) != 2 || !strings.Contains(th.comments[0].Body, "fine\n\n<!-- mlops:retired v=1 key=churn run=1 ") || th.comments[1].ID != 2 {
			t.Errorf("comments: %+v", th.comments)
		}
		if diff := cmp.Diff([]int64{1}, th.hidden); diff != "" {
			t.Errorf("folded away: %s", diff)
		}
		if r := upsert(t, th, post("3", 1, "fine again")); r.Outcome != forge.Updated || r.URL != "#2" {
			t.Errorf("the next one: %+v", r)
		}
		if err := th.sticky().Minimize(t.Context(), "churn"); err != nil {
			t.Fatal(err)
		}
		if r := upsert(t, th, post("4", 1, "once more")); r.Outcome != forge.Created || r.URL != "#3" {
			t.Errorf("after Minimize: %+v", r)
		}
	})
}

func TestDeletedCommentComesBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		th := newThread(1)
		upsert(t, th, post("1", 1, "first"))
		th.comments = nil
		if r := upsert(t, th, post("2", 1, "second")); r.Outcome != forge.Created {
			t.Errorf("%+v", r)
		}
		// It is deleted between the look and the edit.
		th.edits = func(int64, string) error { th.comments, th.edits = nil, nil; return gone() }
		if r := upsert(t, th, post("3", 1, "third")); r.Outcome != forge.Created || len(th.comments) != 1 {
			t.Errorf("%+v, %+v", r, th.comments)
		}
	})
}

// A person who deletes the comment while it is being made is not fought.
func TestUpsertMakesOneCommentOnly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		th := newThread(1)
		hides := &hiding{thread: th}
		s := &forge.Sticky{Thread: hides, Limit: 1000}
		if _, err := s.Upsert(t.Context(), open(), post("1", 1, "x")); err != nil || len(th.log) != 1 {
			t.Errorf("%v, wrote %q", err, th.log)
		}
	})
}

// hiding is a thread that never shows what was written.
type hiding struct{ *thread }

func (h *hiding) Comments(context.Context) ([]forge.Comment, error) { return nil, nil }

// A forge may show a comment only after a while; it is not made again meanwhile.
func TestCommentThatShowsLate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		th := newThread(1)
		s := &forge.Sticky{Thread: &late{thread: th, blind: 3}, Limit: 1000}
		r, err := s.Upsert(t.Context(), open(), post("1", 1, "x"))
		if err != nil || r.URL != "#1" || r.Outcome != forge.Created || len(th.log) != 1 {
			t.Errorf("%+v, %v, wrote %q", r, err, th.log)
		}
	})
}

// late is a thread whose first looks see nothing.
type late struct {
	*thread
	blind int
}

func (l *late) Comments(ctx context.Context) ([]forge.Comment, error) {
	if l.blind--; l.blind >= 0 {
		return nil, nil
	}
	return l.thread.Comments(ctx)
}

// Many reporters at once, each request slow by chance, some answers lost: when
// all are done there is one comment, and it has the text of the newest.
func TestReportersAtOnce(t *testing.T) {
	for seed := range uint64(300) {
		bubble(t, func(t *testing.T) {
			th := newThread(seed)
			th.delay = 100 * time.Millisecond
			if seed%3 == 0 {
				th.fail = 0.2
			}
			if seed%2 == 0 {
				upsert(t, th, post("1", 1, "before"))
			}
			var wg sync.WaitGroup
			for i := range 6 {
				wg.Go(func() {
					time.Sleep(time.Duration(i) * 10 * time.Millisecond)
					_, err := th.sticky().Upsert(t.Context(), open(), post(fmt.Sprint(10-i), 1, fmt.Sprint("text ", i)))
					if err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if len(th.comments) != 1 || !strings.HasPrefix(th.comments[0].Body, "text 0\n") {
				t.Errorf("seed %d: %+v\n%q", seed, th.comments, th.log)
			}
		})
	}
}

// A write whose answer was lost after it was obeyed is not made twice.
func TestLostAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		th := newThread(1)
		cut := &cutting{thread: th}
		s := &forge.Sticky{Thread: cut, Limit: 1000}
		r, err := s.Upsert(t.Context(), open(), post("1", 1, "x"))
		if err != nil || r.Outcome != forge.Created || r.Known || r.URL != "#1" || len(th.comments) != 1 {
			t.Errorf("%+v, %v, %+v", r, err, th.comments)
		}
	})
}

// cutting loses the answer to the first comment.
type cutting struct {
	*thread
	cut bool
}

func (c *cutting) Create(ctx context.Context, body string) (forge.Comment, error) {
	comment, err := c.thread.Create(ctx, body)
	if !c.cut {
		c.cut = true
		return forge.Comment{}, lost("create")
	}
	return comment, err
}
