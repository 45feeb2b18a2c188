package forgetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner/forge"
)

// Options say how the suite has to use a forge. The zero value is for a real one
// that can do everything.
type Options struct {
	// Bubble runs each case in a synctest bubble, where time passes only when all
	// wait: for fakes that are asked in memory.
	Bubble bool
	Rounds int // of reporters at once; 0 = 3
	// NoMergeBase is a forge that cannot tell of two commits where they parted.
	NoMergeBase bool
}

// Run runs the suite. world is called once for each case.
func Run(t *testing.T, world func(t *testing.T) World, o Options) {
	if o.Rounds == 0 {
		o.Rounds = 3
	}
	cases := []struct {
		name string
		run  func(s *suite)
	}{
		{"change", changeCase}, {"change by head", headCase},
		{"comment", commentCase}, {"strangers", strangerCase}, {"keys", keyCase}, {"duplicates", duplicateCase},
		{"deleted comment", deletedCase}, {"moved head", movedCase}, {"closed", closedCase}, {"modes", modeCase},
		{"fresh comment", freshCase}, {"any text", textCase}, {"longest text", longestCase}, {"at once", atOnceCase},
		{"status", statusCase}, {"file", fileCase}, {"merge base", mergeBaseCase},
		{"read-only token", readOnlyCase}, {"unknown token", tokenCase}, {"cancelled", cancelledCase},
	}
	for _, c := range cases {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			run := func(t *testing.T) { c.run(&suite{T: t, World: world(t), o: o}) }
			if o.Bubble {
				synctest.Test(t, run)
				return
			}
			run(t)
		})
	}
}

// A suite is one case.
type suite struct {
	*testing.T
	World
	o Options
}

func (s *suite) client() forge.Forge { return s.Forge(s.T, Write) }

// post is the report of a run on a pull request.
func post(c forge.Change, run string, text string) forge.Post {
	return forge.Post{Number: c.Number, Text: text, Marker: forge.Marker{Key: "churn", Run: run, Attempt: 1, Head: c.Head, Digest: "sha256:" + run, Verdict: "promote"}}
}

// upsert posts and wants an outcome.
func (s *suite) upsert(f forge.Forge, p forge.Post, want forge.Outcome) forge.Result {
	s.Helper()
	r, err := f.Upsert(s.Context(), p)
	if err != nil || r.Outcome != want {
		s.Fatalf("%q: %+v, %v; want %s", forge.Clip(p.Text, 40), r, err, want)
	}
	if (r.Why == "") != (want == forge.Created || want == forge.Updated) {
		s.Errorf("%s says why: %q", want, r.Why)
	}
	return r
}

// texts are the comments on a pull request without their markers.
func (s *suite) texts(number int) []string {
	var list []string
	for _, r := range s.Comments(s.T, number) {
		text := r.Body
		if _, ok := forge.FindMarker(text); ok {
			text = strings.TrimSpace(text[:strings.LastIndexByte(strings.TrimSpace(text), '\n')])
		}
		list = append(list, text)
	}
	return list
}

// wantTexts compares the comments on a pull request.
func (s *suite) wantTexts(number int, want ...string) {
	s.Helper()
	if diff := cmp.Diff(want, s.texts(number)); diff != "" {
		s.Fatalf("comments (-want +got):\n%s", diff)
	}
}

// plainChange is a change without what forges may leave out or word otherwise.
func plainChange(c forge.Change) forge.Change {
	c.Head, c.Base, c.MergeBase, c.URL, c.Author = c.Head[:min(12, len(c.Head))], c.Base[:min(12, len(c.Base))], "", "", ""
	return c
}

func changeCase(s *suite) {
	want := s.Open(s.T)
	got, err := s.client().Change(s.Context(), forge.Ref{Number: want.Number})
	if err != nil {
		s.Fatal(err)
	}
	if diff := cmp.Diff(plainChange(want), plainChange(got)); diff != "" {
		s.Errorf("(-want +got):\n%s", diff)
	}
	if got.URL == "" || got.Author == "" || got.MergeBase != "" && got.MergeBase != want.MergeBase {
		s.Errorf("page, author or merge base: %+v", got)
	}
	s.Close(s.T, want.Number)
	if got, err = s.client().Change(s.Context(), forge.Ref{Number: want.Number}); err != nil || got.State != forge.Closed {
		s.Errorf("a closed one: %+v, %v", got, err)
	}
	for name, r := range map[string]forge.Ref{"one that is not there": {Number: 99_999}, "none at all": {}} {
		_, err = s.client().Change(s.Context(), r)
		s.wantFix(err, forge.ErrNoChange)
		if err == nil {
			s.Errorf("%s is found", name)
		}
	}
}

func headCase(s *suite) {
	want := s.Open(s.T)
	for name, r := range map[string]forge.Ref{
		"by head":              {Head: want.Head},
		"by head and branch":   {Head: want.Head, Repo: want.HeadRepo, Branch: want.HeadRef},
		"the case of the repo": {Head: want.Head, Repo: strings.ToUpper(want.HeadRepo), Branch: want.HeadRef},
	} {
		got, err := s.client().Change(s.Context(), r)
		if err != nil || got.Number != want.Number {
			s.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	former := want.Head
	s.Push(s.T, want.Number)
	for name, r := range map[string]forge.Ref{
		"a former head":             {Head: former},
		"a former head of a branch": {Head: former, Repo: want.HeadRepo, Branch: want.HeadRef},
		"an unknown head":           {Head: strings.Repeat("e", 40)},
		"another repository's":      {Head: want.Head, Repo: "eve/churn", Branch: want.HeadRef},
	} {
		if got, err := s.client().Change(s.Context(), r); !errors.Is(err, forge.ErrNoChange) {
			s.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func commentCase(s *suite) {
	c, f := s.Open(s.T), s.client()
	first := s.upsert(f, post(c, "1", "first"), forge.Created)
	s.upsert(f, post(c, "1", "first"), forge.Unchanged)
	s.upsert(s.client(), post(c, "1", "first"), forge.Unchanged) // a client that knows nothing yet
	second := s.upsert(s.client(), post(c, "2", "second"), forge.Updated)
	s.wantTexts(c.Number, "second")
	if first.URL == "" || first.URL != second.URL {
		s.Errorf("pages %q and %q", first.URL, second.URL)
	}
	s.upsert(f, post(c, "1", "late"), forge.Superseded)
	again := post(c, "2", "second attempt")
	again.Marker.Attempt = 2
	s.upsert(f, again, forge.Updated)
	s.wantTexts(c.Number, "second attempt")
}

// A marker that somebody else wrote is text like any other.
func strangerCase(s *suite) {
	c := s.Open(s.T)
	fake := post(c, "999999", "").Marker
	s.Comment(s.T, c.Number, "planted\n\n"+fake.String(), false)
	s.Comment(s.T, c.Number, "planted, too\n\n"+fake.Reference(), false)
	s.Comment(s.T, c.Number, "our own, that quotes one\n\n"+fake.String()+"\n\nand goes on", true)
	s.upsert(s.client(), post(c, "1", "ours"), forge.Created)
	s.upsert(s.client(), post(c, "2", "ours again"), forge.Updated)
	s.wantTexts(c.Number, "planted", "planted, too", "our own, that quotes one\n\n"+fake.String()+"\n\nand goes on", "ours again")
}

func keyCase(s *suite) {
	c, f := s.Open(s.T), s.client()
	other := post(c, "1", "fraud")
	other.Marker.Key = forge.Key("Fraud / größe")
	s.upsert(f, post(c, "1", "churn"), forge.Created)
	s.upsert(f, other, forge.Created)
	s.upsert(f, other, forge.Unchanged)
	s.upsert(f, post(c, "2", "churn again"), forge.Updated)
	s.wantTexts(c.Number, "churn again", "fraud")
}

// What a reporter that was killed, or an older version, left behind.
func duplicateCase(s *suite) {
	c := s.Open(s.T)
	for _, p := range []forge.Post{post(c, "1", "one"), post(c, "3", "three"), post(c, "2", "two")} {
		s.Comment(s.T, c.Number, p.Text+"\n\n"+p.Marker.String(), true)
	}
	s.upsert(s.client(), post(c, "4", "four"), forge.Updated)
	s.wantTexts(c.Number, "four")
}

func deletedCase(s *suite) {
	c := s.Open(s.T)
	s.upsert(s.client(), post(c, "1", "one"), forge.Created)
	s.Delete(s.T, c.Number, 0)
	s.upsert(s.client(), post(c, "2", "two"), forge.Created)
	s.wantTexts(c.Number, "two")
}

func movedCase(s *suite) {
	c := s.Open(s.T)
	s.upsert(s.client(), post(c, "1", "one"), forge.Created)
	late := post(c, "2", "late")
	c.Head = s.Push(s.T, c.Number)
	s.upsert(s.client(), late, forge.Moved)
	s.wantTexts(c.Number, "one")
	s.upsert(s.client(), post(c, "3", "three"), forge.Updated)
}

func closedCase(s *suite) {
	c := s.Open(s.T)
	s.Close(s.T, c.Number)
	s.upsert(s.client(), post(c, "1", "one"), forge.Ended)
	s.wantTexts(c.Number)
}

func modeCase(s *suite) {
	c, f := s.Open(s.T), s.client()
	p := post(c, "1", "one")
	for _, m := range []forge.Mode{forge.Never, forge.OnFailure, forge.Changed} {
		p.Mode = m
		s.upsert(f, p, forge.Unwanted)
	}
	p.Notable = true
	s.upsert(f, p, forge.Created)
	same := post(c, "2", "the same in other words")
	same.Mode, same.Marker.Digest = forge.Changed, p.Marker.Digest
	s.upsert(f, same, forge.Unchanged)
	s.wantTexts(c.Number, "one")
}

func freshCase(s *suite) {
	c, f := s.Open(s.T), s.client()
	s.upsert(f, post(c, "1", "fine"), forge.Created)
	p := post(c, "2", "broken")
	p.Fresh = true
	s.upsert(f, p, forge.Created)
	s.upsert(f, p, forge.Unchanged)
	s.upsert(f, post(c, "3", "fine again"), forge.Updated)
	list := s.Comments(s.T, c.Number)
	if len(list) != 2 || !strings.HasPrefix(list[0].Body, "fine\n") || !strings.HasPrefix(list[1].Body, "fine again\n") {
		s.Errorf("comments: %+v", list)
	} else if list[0].Hidden != f.Caps().Minimize {
		s.Errorf("the old one is folded away: %v", list[0].Hidden)
	}
	m, ok := f.(forge.Minimizer)
	if !ok {
		return
	}
	if err := m.Minimize(s.Context(), c.Number, "churn"); err != nil {
		s.Fatal(err)
	}
	s.upsert(f, post(c, "4", "new"), forge.Created)
}

// Text comes back as it was sent, so that equal reports are seen to be equal.
func textCase(s *suite) {
	c := s.Open(s.T)
	text := "### ❌ churn · `a|b` → größe\r\n\n| a | b |\n|:--|--:|\n| `x` | 1 |\n\n<details><summary>s</summary>\n\n```diff\n- a\n+ b\n```\n</details>\n\n" +
		"--> <!-- & \\ \" ' %s ${{ x }} 日本語 \U0001F4A5\n\n    code\n\ttab\n\nend  "
	s.upsert(s.client(), post(c, "1", text), forge.Created)
	s.upsert(s.client(), post(c, "1", text), forge.Unchanged)
}

func longestCase(s *suite) {
	c, f := s.Open(s.T), s.client()
	text := strings.Repeat("größe ", f.Caps().MaxComment)
	for len(text) > f.Caps().MaxComment {
		text = text[:len(text)-len("größe ")]
	}
	s.upsert(f, post(c, "1", text), forge.Created)
	s.upsert(f, post(c, "1", text), forge.Unchanged)
	_, err := f.Upsert(s.Context(), post(c, "2", strings.Repeat("x", 1_500_000)))
	if !errors.Is(err, forge.ErrTooLong) {
		s.Errorf("1.5 MB: %v", err)
	}
}

func fileCase(s *suite) {
	c, f := s.Open(s.T), s.client()
	for path, want := range Files() {
		if got, err := f.File(s.Context(), path, c.Base); err != nil || string(got) != want {
			s.Errorf("%s: %q, %v", path, got, err)
		}
	}
	for _, path := range []string{"none.yaml", "models", "mlops.yaml/x"} {
		if got, err := f.File(s.Context(), path, c.Base); !errors.Is(err, forge.ErrNotFound) {
			s.Errorf("%s: %q, %v", path, got, err)
		}
	}
}

func mergeBaseCase(s *suite) {
	c := s.Open(s.T)
	got, behind, err := s.client().MergeBase(s.Context(), c.Base, c.Head)
	if err != nil || got != c.MergeBase || behind < -1 {
		s.Errorf("%s, %d, %v; want %s", got, behind, err, c.MergeBase)
	}
	got, _, err = s.client().MergeBase(s.Context(), strings.Repeat("e", 40), c.Head)
	if !errors.Is(err, forge.ErrNotFound) && !errors.Is(err, forge.ErrUnsupported) {
		s.Errorf("of a commit that is not there: %s, %v", got, err)
	}
}

func readOnlyCase(s *suite) {
	f := s.Forge(s.T, ReadOnly)
	if f == nil {
		s.Skip("there is no such token here")
	}
	c := s.Open(s.T)
	_, err := f.Upsert(s.Context(), post(c, "1", "one"))
	s.wantFix(err, forge.ErrReadOnly)
	s.wantFix(f.Status(s.Context(), c.Head, forge.Status{Context: "mlops/churn", State: forge.Success}), forge.ErrReadOnly)
	s.wantTexts(c.Number)
}

func tokenCase(s *suite) {
	c := s.Open(s.T)
	f := s.Forge(s.T, Unknown)
	_, err := f.Upsert(s.Context(), post(c, "1", "one"))
	s.wantFix(err, forge.ErrToken)
	s.wantFix(f.Status(s.Context(), c.Head, forge.Status{Context: "mlops/churn", State: forge.Success}), forge.ErrToken)
}

// wantFix wants an error of a kind, with a cure.
func (s *suite) wantFix(err, kind error) {
	s.Helper()
	var e *forge.Error
	if !errors.Is(err, kind) || !errors.As(err, &e) || e.Fix == "" {
		s.Errorf("%v; want %q and a cure", err, kind)
	}
}

func cancelledCase(s *suite) {
	c := s.Open(s.T)
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	if _, err := s.client().Upsert(ctx, post(c, "1", "one")); !errors.Is(err, context.Canceled) {
		s.Errorf("comment: %v", err)
	}
	if err := s.client().Status(ctx, c.Head, forge.Status{Context: "x", State: forge.Success}); !errors.Is(err, context.Canceled) {
		s.Errorf("status: %v", err)
	}
	s.wantTexts(c.Number)
}
