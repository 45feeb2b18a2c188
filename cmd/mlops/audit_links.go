package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

// registered says what of the journal, the versions and the files is as it was written.
func (w *audit) registered(problems []registry.Problem, damaged bool) {
	journal, files := !damaged, true
	for _, p := range problems {
		link := "files"
		switch {
		case strings.HasSuffix(p.File, "/journal.jsonl"):
			link, journal = "journal", false
		case strings.HasPrefix(p.File, "run "):
			continue // told beside the other runs
		default:
			files = false
		}
		w.fail(link, p.File, p.String())
	}
	if damaged && len(problems) == 0 {
		w.fail("journal", "", "cannot be read")
	}
	if w.model != nil && journal {
		w.add(auditLink{Link: "journal", Status: linkOK, What: fmt.Sprintf("%s, each with the digest of the one before", counted(len(w.model.Journal), "line"))})
	}
	w.moved()
	if w.version != nil && files {
		w.add(auditLink{Link: "files", Status: linkOK, What: fmt.Sprintf("%s, %s, from %s", counted(len(w.version.Files), "file"), view.Bytes(w.version.Size), w.version.Path), Digest: w.version.Digest.String()})
	}
}

// moved tells by which line the alias points here: who, when and why.
func (w *audit) moved() {
	e := w.move
	if e == nil {
		return
	}
	l := auditLink{Link: "moved", Status: linkOK, Digest: w.model.Line(e.Seq).String(),
		What: fmt.Sprintf("line %d: %s by %s at %s", e.Seq, whatMoved(*e), cmp.Or(e.Actor, "somebody"), e.Time.Format(time.RFC3339))}
	if e.Run != "" {
		l.What += ", run " + e.Run
	}
	switch {
	case e.Reason != "":
		l.What += ": " + e.Reason
	case e.Run == "":
		l.What += ": no reason given"
	}
	if fault := w.clock(); fault != "" {
		l.Status, l.What = linkNote, l.What+"; "+fault
	}
	w.add(l)
}

// clock says what cannot be of the time of the move, by the lines beside it and by this
// machine's clock; "" if it can be. Clocks of machines may differ by a little.
func (w *audit) clock() string {
	const slack = 5 * time.Minute
	e := w.move
	if e.Time.After(w.now.Add(slack)) {
		return "that is later than it is here, by the clock of this machine"
	}
	for _, before := range w.model.Journal[:e.Seq-1] {
		if before.Time.After(e.Time.Add(slack)) {
			return fmt.Sprintf("line %d before it says %s, so that a clock was wrong", before.Seq, before.Time.Format(time.RFC3339))
		}
	}
	return ""
}

// required reports whether the policy wants signatures.
func (w *audit) required() bool { return w.trust.Rule(w.answer.Model).Require != "" }

// unsigned adds a link that nobody signed.
func (w *audit) unsigned(l auditLink) {
	l.What += ": not signed"
	switch {
	case w.required():
		l.Status = linkFailed
	case l.Status != linkNote:
		l.Status = linkNone
	}
	w.add(l)
}

// retired says that the version is not to be used, and who said so.
func (w *audit) retired() {
	if e := w.model.Retirement(w.version.Version); e != nil {
		w.add(auditLink{Link: "retired", Status: linkNote, Digest: w.model.Line(e.Seq).String(),
			What: fmt.Sprintf("line %d: not to be used any more, by %s at %s: %s", e.Seq, cmp.Or(e.Actor, "somebody"), e.Time.Format(time.RFC3339), orNothing(e.Reason))})
	}
}

// runs reads the records of the run that made the version, of that which executed
// the job, and of that which promoted it.
func (w *audit) runs() {
	want := map[string]store.Digest{}
	var order []string
	need := func(id string, d store.Digest) {
		if id != "" && !slices.Contains(order, id) {
			order = append(order, id)
		}
		if id != "" && !d.IsZero() {
			want[id] = d
		}
	}
	need(w.version.Run, w.version.RunDigest)
	if run, err := record.Load(w.store.Root(), w.version.Run); err == nil && w.version.Run != "" {
		w.made, w.job = run, run.Job(w.version.Job)
		if w.job != nil {
			need(w.job.CachedFrom, store.Digest{})
		}
	}
	if w.move != nil {
		need(w.move.Run, w.move.RunDigest)
	}
	for _, id := range order {
		w.run(id, want[id])
	}
	if w.version.Run == "" {
		w.add(auditLink{Link: "run", Status: linkNone, What: "no run made it"})
	}
}

func (w *audit) run(id string, want store.Digest) {
	v, err := record.Verify(w.store.Root(), id)
	switch {
	case errors.Is(err, record.ErrNotFound):
		w.fail("run", "", fmt.Sprintf("%s: its record is not here%s", id, w.role(id)))
		return
	case err != nil:
		w.fail("run", "", fmt.Sprintf("%s: %v", id, err))
		return
	case !want.IsZero() && v.Digest != want:
		w.fail("run", "", id+": SHA256SUMS is not the one that the journal has the digest of"+w.role(id))
	case !v.OK():
		w.fail("run", "", id+": its files are not as sealed: "+unsealed(v)+w.role(id))
	default:
		w.add(auditLink{Link: "run", Status: linkOK, Digest: v.Digest.String(), What: fmt.Sprintf("%s: %s as sealed%s", id, counted(v.Files, "file"), w.role(id))})
	}
}

func (w *audit) role(id string) string {
	switch {
	case w.job != nil && id == w.job.CachedFrom:
		return "; it executed " + w.job.ID
	case id == w.version.Run:
		return "; it made the model in job " + w.version.Job
	}
	return "; it promoted the model"
}

// unsealed lists the files of a record that are not as they were sealed.
func unsealed(v *record.Verification) string {
	var parts []string
	for _, part := range []struct {
		what  string
		files []string
	}{{"changed", v.Changed}, {"missing", v.Missing}, {"added", v.Extra}} {
		if len(part.files) > 0 {
			parts = append(parts, part.what+" "+strings.Join(part.files, ", "))
		}
	}
	return strings.Join(parts, "; ")
}

// signed checks a bundle about the run, for a link that is otherwise whole: its
// signature, and that it says what the record says.
func (w *audit) signed(ctx context.Context, l auditLink, rel string, of func() (*provenance.Statement, error)) error {
	f, err := provenance.Read(w.store, rel)
	if err != nil {
		return err
	}
	if f == nil {
		w.unsigned(l)
		return nil
	}
	if f.Err != nil {
		w.fail(l.Link, rel, fmt.Sprintf("%s: %s: %v", l.What, rel, f.Err))
		return nil
	}
	got, key, err := w.trust.Check(ctx, f.Bundle, w.answer.Model, w.now)
	note := w.renewed(f, got, err)
	if err != nil && note == "" {
		w.fail(l.Link, rel, fmt.Sprintf("%s: %s: %v", l.What, rel, err))
		return nil
	}
	want, err := of()
	if err != nil {
		return err
	}
	if !same(got, want) {
		w.fail(l.Link, rel, l.What+": "+rel+" was signed for something else than the record says")
		return nil
	}
	l.File, l.Digest, l.Key, l.Note = rel, f.Digest.String(), key, note
	w.add(l)
	return nil
}

// renewed says why a bundle counts whose key has expired since: a promotion rests on
// these very bytes, and a key that counts signed that. It is "" for every other one.
func (w *audit) renewed(f *provenance.File, got *provenance.Statement, err error) string {
	var key *provenance.KeyError
	r := w.rests[f.Path]
	if got == nil || !errors.As(err, &key) || r.digest != f.Digest {
		return ""
	}
	return fmt.Sprintf("that key expired on %s, and the promotion that %s signed rests on it", key.Expired, r.key)
}

func same(a, b *provenance.Statement) bool {
	x, errX := record.CanonicalLine(a.Subject)
	y, errY := record.CanonicalLine(b.Subject)
	return errX == nil && errY == nil && bytes.Equal(x, y) && a.PredicateType == b.PredicateType && bytes.Equal(a.Predicate, b.Predicate)
}

// gates are those of the run that promoted, or else made, the version.
func (w *audit) gates(ctx context.Context) error {
	run := w.made
	if w.move != nil && w.move.Run != "" && w.move.Run != run.ID {
		promoted, err := record.Load(w.store.Root(), w.move.Run)
		if err != nil {
			return nil // told of already
		}
		run = promoted
	}
	for i, g := range run.Gates {
		rel, err := provenance.GateFile(w.store, run, i)
		if err != nil {
			return err
		}
		l := auditLink{Link: "gate", Status: linkOK, What: fmt.Sprintf("%s: %s%s", g.Gate, g.Outcome, detail(g.Detail))}
		if g.Outcome != runner.GatePassed {
			l.Status = linkNote
		}
		if err := w.signed(ctx, l, rel, func() (*provenance.Statement, error) { return provenance.Gate(run, i) }); err != nil {
			return err
		}
	}
	return nil
}

func detail(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// provenance checks what was signed of the job that made the version, and that it
// made these very files.
func (w *audit) provenance(ctx context.Context) error {
	if w.job == nil {
		w.fail("provenance", "", "run "+w.made.ID+" has no job "+w.version.Job)
		return nil
	}
	w.outputs()
	rel, err := provenance.JobFile(w.store, w.made, w.job.ID)
	if err != nil {
		return err
	}
	return w.signed(ctx, auditLink{Link: "provenance", Status: linkOK, What: "job " + w.job.ID}, rel, func() (*provenance.Statement, error) { return provenance.Training(w.made, w.job) })
}

// outputs looks whether the job wrote the version's files.
func (w *audit) outputs() {
	v, err := registry.From(w.made, w.job, w.version.Path)
	if err == nil && slices.Equal(v.Files, w.version.Files) {
		w.add(auditLink{Link: "outputs", Status: linkOK, What: fmt.Sprintf("job %s wrote the model's files", w.job.ID)})
		return
	}
	w.fail("outputs", "", fmt.Sprintf("job %s of the recorded run wrote or read other files", w.job.ID))
}

// strays finds attestations that belong to nothing.
func (w *audit) strays() error {
	out, err := strayFiles(w.store, w.model)
	for _, f := range out {
		w.fail("promotion", f, f+" belongs to no line of the journal, which may have been cut")
	}
	return err
}
