package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/checkout"
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
			link = "run"
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
	if w.move != nil {
		e := w.move
		text := fmt.Sprintf("line %d: %s by %s at %s", e.Seq, whatMoved(*e), cmp.Or(e.Actor, "somebody"), e.Time.Format(time.RFC3339))
		if e.Run != "" {
			text += ", run " + e.Run
		}
		if e.Reason != "" {
			text += ": " + e.Reason
		}
		w.add(auditLink{Link: "moved", Status: linkOK, What: text, Digest: w.model.Line(e.Seq).String()})
	}
	if w.version != nil && files {
		w.add(auditLink{Link: "files", Status: linkOK, What: fmt.Sprintf("%s, %s, from %s", counted(len(w.version.Files), "file"), view.Bytes(w.version.Size), w.version.Path), Digest: w.version.Digest.String()})
	}
}

// required reports whether the policy wants signatures.
func (w *audit) required() bool { return w.trust.Rule(w.answer.Model).Require != "" }

// unsigned adds a link that nobody signed.
func (w *audit) unsigned(link, what string) {
	l := auditLink{Link: link, Status: linkNone, What: what + ": not signed"}
	if w.required() {
		l.Status = linkFailed
	}
	w.add(l)
}

// promotion checks the summaries of all moves of aliases to the version.
func (w *audit) promotion(ctx context.Context) error {
	good := false
	for _, e := range w.model.Journal {
		if e.Version != w.version.Version || e.Alias == "" {
			continue
		}
		f, err := provenance.Read(w.store, provenance.SummaryFile(w.model.Name, e.Seq))
		if err != nil {
			return err
		}
		if f == nil {
			continue
		}
		vouch, err := w.trust.Line(ctx, f, w.model, w.version, e, w.now)
		var key *provenance.KeyError
		if errors.As(err, &key) && key.Expired != "" && (w.move == nil || e.Seq != w.move.Seq) {
			w.add(auditLink{Link: "promotion", Status: linkNone, File: f.Path, What: err.Error()})
			continue
		}
		if err != nil {
			w.fail("promotion", f.Path, err.Error())
			continue
		}
		good = good || w.move == nil || e.Alias == w.answer.Ref
		w.add(auditLink{Link: "promotion", Status: linkOK, File: f.Path, Digest: f.Digest.String(), Key: vouch.Key,
			What: fmt.Sprintf("%s as %s: %s on %s, on %s", versionName(w.model.Name, e.Version), e.Alias, vouch.Summary.Result, vouch.Summary.Time.Format(time.RFC3339), counted(len(vouch.Summary.Inputs), "attestation"))})
		if err := w.evidence(vouch); err != nil {
			return err
		}
	}
	if !good {
		w.unsigned("promotion", versionName(w.model.Name, w.version.Version))
	}
	return nil
}

// evidence looks whether the bundles that a summary rests on are still those.
func (w *audit) evidence(v *provenance.Vouch) error {
	for _, in := range v.Summary.Inputs {
		rel := strings.TrimPrefix(in.URI, "mlops:")
		f, err := provenance.Read(w.store, rel)
		switch {
		case err != nil:
			return err
		case f == nil:
			w.fail("promotion", rel, rel+" is missing; the promotion rests on it")
		case !in.Is(f.Digest):
			w.fail("promotion", rel, rel+" is not the one that the promotion rests on")
		}
	}
	return nil
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
	case err != nil:
		w.fail("run", "", fmt.Sprintf("%s: %v", id, err))
		return
	case !want.IsZero() && v.Digest != want:
		w.fail("run", "", id+": SHA256SUMS is not the one that the journal has the digest of")
	case !v.OK():
		w.fail("run", "", fmt.Sprintf("%s: changed %v, missing %v, not sealed %v", id, v.Changed, v.Missing, v.Extra))
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

// signed checks a bundle about the run: its signature, and that it says what the record says.
func (w *audit) signed(ctx context.Context, link, rel, what string, of func() (*provenance.Statement, error)) error {
	f, err := provenance.Read(w.store, rel)
	if err != nil {
		return err
	}
	if f == nil {
		w.unsigned(link, what)
		return nil
	}
	if f.Err != nil {
		w.fail(link, rel, fmt.Sprintf("%s: %s: %v", what, rel, f.Err))
		return nil
	}
	got, key, err := w.trust.Check(ctx, f.Bundle, w.answer.Model, w.now)
	if err != nil {
		w.fail(link, rel, fmt.Sprintf("%s: %s: %v", what, rel, err))
		return nil
	}
	want, err := of()
	if err != nil {
		return err
	}
	if !same(got, want) {
		w.fail(link, rel, what+": "+rel+" was signed for something else than the record says")
		return nil
	}
	w.add(auditLink{Link: link, Status: linkOK, What: what, File: rel, Digest: f.Digest.String(), Key: key})
	return nil
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
		if err := w.signed(ctx, "gate", rel, fmt.Sprintf("%s: %s%s", g.Gate, g.Outcome, detail(g.Detail)), func() (*provenance.Statement, error) { return provenance.Gate(run, i) }); err != nil {
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
	return w.signed(ctx, "provenance", rel, "job "+w.job.ID, func() (*provenance.Statement, error) { return provenance.Training(w.made, w.job) })
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

// commit looks for the commit here, and holds the recorded mlops.yaml against it.
func (w *audit) commit(ctx context.Context) {
	src := w.made.Source
	if src.Commit == "" {
		w.add(auditLink{Link: "commit", Status: linkNone, What: "the run was in no git repository"})
		return
	}
	l := auditLink{Link: "commit", Status: linkOK, Digest: src.Commit, What: fmt.Sprintf("%s %s, %s", src.Commit[:min(12, len(src.Commit))], src.Branch, src.Subject)}
	if src.Dirty {
		l.What += "; changed files, which are in no commit"
	}
	switch text, err := w.fileAt(ctx, src); {
	case err != nil:
		l.Status, l.What = linkNone, l.What+"; not looked at: "+foreign(err.Error())
	case store.Sum(text) == w.made.FileDigest:
		l.What += "; mlops.yaml is that of the commit"
	case src.Dirty:
		l.What += "; mlops.yaml was one of them"
	default:
		l.Status, l.What = linkFailed, l.What+"; mlops.yaml of the commit is another than the recorded one"
	}
	w.add(l)
}

// fileAt is the mlops.yaml of the recorded commit.
func (w *audit) fileAt(ctx context.Context, src record.Source) ([]byte, error) {
	p, err := w.app.findProject("")
	if err != nil {
		return nil, err
	}
	repo, err := checkout.OpenOwn(ctx, p.root)
	if err != nil {
		return nil, err
	}
	defer repo.Close()
	return repo.File(ctx, src.Commit, path.Join(src.Directory, filepath.Base(w.made.File)))
}

// data lists what the run read and no job of it wrote; what the store has of it is read.
func (w *audit) data(ctx context.Context) {
	for _, in := range w.made.Inputs() {
		l := auditLink{Link: "data", Status: linkOK, Digest: in.Digest.String(), What: fmt.Sprintf("%s, %s, read by %s", in.Path, view.Bytes(in.Size), strings.Join(in.Jobs, ", "))}
		if in.Source != "" {
			l.What += ", from " + in.Source
		}
		if !w.store.Has(in.Digest) {
			l.What += "; not in the store"
		} else if err := w.store.Reread(ctx, in.Digest); err != nil {
			l.Status, l.What = linkFailed, l.What+": "+err.Error()
		}
		w.add(l)
	}
}

// facts are what the sealed record says besides.
func (w *audit) facts() {
	var params []string
	for _, name := range slices.Sorted(maps.Keys(w.made.Params)) {
		params = append(params, fmt.Sprintf("%s = %v", name, w.made.Params[name]))
	}
	if len(params) > 0 {
		w.add(auditLink{Link: "params", Status: linkOK, What: strings.Join(params, ", ")})
	}
	if len(w.made.Departs) > 0 {
		w.add(auditLink{Link: "params", Status: linkOK, What: "by hand: " + strings.Join(w.made.Departs, ", ")})
	}
	var metrics []string
	for _, m := range w.version.Metrics {
		if len(m.Slice) == 0 {
			metrics = append(metrics, fmt.Sprintf("%s = %s", m.Name, view.Number(m.Value)))
		}
	}
	if len(metrics) > 0 {
		w.add(auditLink{Link: "metrics", Status: linkOK, What: strings.Join(metrics, ", ")})
	}
	if w.job == nil {
		return
	}
	switch i := w.job.Image; {
	case i.ID != "":
		w.add(auditLink{Link: "image", Status: linkOK, Digest: i.ID, What: strings.TrimSpace(i.Name + " " + i.Platform)})
	default:
		w.add(auditLink{Link: "image", Status: linkNone, What: "no container: the programs of the machine are not known"})
	}
	w.log()
}

// log opens the log of the job, which the seal covers.
func (w *audit) log() {
	f, err := w.made.Log(w.job.ID)
	if errors.Is(err, record.ErrNoLog) {
		w.add(auditLink{Link: "log", Status: linkNone, What: "none"})
		return
	}
	if err != nil {
		w.fail("log", "", err.Error())
		return
	}
	f.Close()
	w.add(auditLink{Link: "log", Status: linkOK, Digest: w.job.LogDigest.String(), What: fmt.Sprintf("%s: \"mlops logs %s --run %s\"", view.Bytes(w.job.LogSize), w.job.ID, cmp.Or(w.job.CachedFrom, w.made.ID))})
}

// strays finds attestations that belong to nothing.
func (w *audit) strays() error {
	var named []string
	for _, e := range w.model.Journal {
		named = append(named, provenance.SummaryFile(w.model.Name, e.Seq))
	}
	out, err := provenance.Strays(w.store, provenance.SummaryFile(w.model.Name, 1), named)
	if err != nil {
		return err
	}
	for _, f := range out {
		w.fail("promotion", f, f+" belongs to no line of the journal")
	}
	return nil
}
