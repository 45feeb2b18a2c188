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

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/checkout"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// openRepo opens the repository here, if there is one.
func (w *audit) openRepo(ctx context.Context) {
	if p, err := w.app.findProject(""); err == nil {
		w.repo, _ = checkout.OpenOwn(ctx, p.root) // told where the commit is looked for
	}
}

// commit looks for the commit here, and holds the recorded mlops.yaml against it.
func (w *audit) commit(ctx context.Context) {
	src := w.made.Source
	if src.Commit == "" {
		w.add(auditLink{Link: "commit", Status: linkNone, What: "the run was in no git repository"})
		return
	}
	l := auditLink{Link: "commit", Status: linkOK, Digest: src.Commit, What: fmt.Sprintf("%s %s, %s", src.Commit[:min(12, len(src.Commit))], src.Branch, src.Subject)}
	if src.Author != "" {
		l.What += ", written by " + src.Author
	}
	if src.Dirty {
		l.Status, l.What = linkNote, l.What+"; changed files, which are in no commit"
	}
	if absent := w.absent(ctx, src.Commit); absent != "" {
		l.Status, l.What = linkNone, l.What+"; not looked at: "+absent
		w.add(l)
		return
	}
	switch text, err := w.repo.File(ctx, src.Commit, path.Join(src.Directory, filepath.Base(w.made.File))); {
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

// absent says why a commit cannot be looked at here, and what to do; "" if it can.
func (w *audit) absent(ctx context.Context, commit string) string {
	if w.repo == nil {
		return "there is no git repository here"
	}
	if _, ok := w.repo.Commit(ctx, commit); ok {
		return ""
	}
	if w.repo.Shallow(ctx) {
		return "the clone is shallow and has not got it (git fetch --unshallow)"
	}
	return "this repository has not got it (git fetch, with the branch that it was made on)"
}

// maxCommitted is how many files of the data are looked for in the commit.
const maxCommitted = 1000

// data lists what the run read and no job of it wrote: what the store has of it is
// read, else the commit is asked.
func (w *audit) data(ctx context.Context) {
	tries := maxCommitted
	for _, in := range w.made.Inputs() {
		l := auditLink{Link: "data", Status: linkOK, Digest: in.Digest.String(), What: fmt.Sprintf("%s, %s, %s, read by %s", in.Path, view.Bytes(in.Size), in.Digest.Short(), strings.Join(in.Jobs, ", "))}
		if in.Source != "" {
			l.What += ", from " + in.Source
		}
		switch {
		case in.Digest.IsZero(): // a link, or an empty folder
			l.Digest, l.What = "", fmt.Sprintf("%s, read by %s", in.Path, strings.Join(in.Jobs, ", "))
		case w.store.Has(in.Digest):
			if err := w.store.Reread(ctx, in.Digest); err != nil {
				l.Status, l.What = linkFailed, l.What+": "+err.Error()
			}
		default:
			var more string
			l.Status, more = w.committed(ctx, in, &tries)
			l.What += more
		}
		w.add(l)
	}
}

// committed looks for an input in the commit.
func (w *audit) committed(ctx context.Context, in record.Input, tries *int) (status, more string) {
	const nowhere = "; the store has not got it"
	src := w.made.Source
	if in.Source != "" || src.Commit == "" || *tries == 0 || w.absent(ctx, src.Commit) != "" {
		return linkNone, nowhere
	}
	*tries--
	text, err := w.repo.File(ctx, src.Commit, path.Join(src.Directory, in.Path))
	switch {
	case errors.Is(err, checkout.ErrNotInCommit):
		return linkNone, nowhere + ", nor has the commit"
	case err != nil:
		return linkNone, nowhere + ", and the commit's was not looked at: " + foreign(err.Error())
	case store.Sum(text) == in.Digest:
		return linkOK, ", as in the commit"
	case bytes.HasPrefix(text, []byte("version https://git-lfs.github.com/spec/")) && bytes.Contains(text, []byte("\noid sha256:"+in.Digest.Hex()+"\n")):
		return linkOK, ", as the commit's git-lfs pointer says"
	case src.Dirty:
		return linkNote, nowhere + ", and the commit has other bytes"
	}
	return linkNote, nowhere + ", and the commit has other bytes: a filter of git, or not the file of that commit"
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
		w.add(auditLink{Link: "params", Status: linkNote, What: "not as the commit says by itself: " + strings.Join(w.made.Departs, ", ")})
	}
	if metrics := w.metrics(); len(metrics) > 0 {
		w.add(auditLink{Link: "metrics", Status: linkOK, What: strings.Join(metrics, ", ")})
	}
	if w.job == nil {
		return
	}
	w.images()
	w.log()
}

// metrics are those over all rows; of several jobs that report one, each with its job.
func (w *audit) metrics() (all []string) {
	count := map[string]int{}
	for _, m := range w.version.Metrics {
		if len(m.Slice) == 0 {
			count[m.Name]++
		}
	}
	for _, m := range w.version.Metrics {
		if len(m.Slice) > 0 {
			continue
		}
		text := fmt.Sprintf("%s = %s", m.Name, view.Number(m.Value))
		if count[m.Name] > 1 {
			text += " (" + m.Job + ")"
		}
		all = append(all, text)
	}
	return all
}

// images are those of the run's jobs, that of the job that made the model first.
func (w *audit) images() {
	if w.job.Image.ID == "" {
		w.add(auditLink{Link: "image", Status: linkNone, What: "no container: the programs of the machine are not known"})
	}
	jobs := map[string][]string{}
	for _, j := range w.made.Jobs {
		jobs[j.Image.ID] = append(jobs[j.Image.ID], j.ID)
	}
	seen := map[string]bool{"": true}
	for _, i := range append([]record.Image{w.job.Image}, imagesOf(w.made)...) {
		if seen[i.ID] {
			continue
		}
		seen[i.ID] = true
		l := auditLink{Link: "image", Status: linkOK, Digest: i.ID, What: fmt.Sprintf("%s, %s, of ", strings.TrimSpace(i.Name+" "+i.Platform), short(strings.TrimPrefix(i.ID, "sha256:"), false)) + strings.Join(jobs[i.ID], ", ")}
		if len(i.Digests) > 0 {
			l.What += ", which registries call " + strings.Join(i.Digests, ", ")
		}
		w.add(l)
	}
}

func imagesOf(r *record.Run) (all []record.Image) {
	for _, j := range r.Jobs {
		all = append(all, j.Image)
	}
	return all
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
