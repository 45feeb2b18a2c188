package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/store"
)

// policy says by which policy signatures are judged, and whether it is the one that
// was committed: the proof is worth what that file is.
func (w *audit) policy(ctx context.Context) error {
	file := w.app.trustPath()
	if file == "" {
		w.add(auditLink{Link: "policy", Status: linkNone, What: "no " + provenance.TrustFile + " here, so no key is known and no signature required"})
		return nil
	}
	text, err := readLimited(file, 1<<20)
	if errors.Is(err, fs.ErrNotExist) {
		w.add(auditLink{Link: "policy", Status: linkNone, What: "no " + file + ", so no key is known and no signature required"})
		return nil
	}
	if err != nil {
		return err
	}
	l := auditLink{Link: "policy", Status: linkOK, Digest: store.Sum(text).String(), What: file + ", " + view.Bytes(int64(len(text))) + ", " + store.Sum(text).Short()}
	if r := w.trust.Rule(w.answer.Model); r.Require != "" {
		l.What += fmt.Sprintf(": %s is to be signed by %s", w.answer.Model, strings.Join(r.Keys, " or "))
	} else {
		l.What += ": " + w.answer.Model + " need not be signed"
	}
	if committed, known := w.committedPolicy(ctx, file); known && store.Sum(committed) != store.Sum(text) {
		l.Status, l.What = linkNote, l.What+"; it is not as committed"
	}
	w.add(l)
	return nil
}

// committedPolicy is the policy of the commit that is checked out here; known is
// false where no git has one to compare with.
func (w *audit) committedPolicy(ctx context.Context, file string) (text []byte, known bool) {
	p, err := w.app.findProject("")
	if err != nil || w.repo == nil || file != filepath.Join(p.root, provenance.TrustFile) {
		return nil, false
	}
	head, ok := w.repo.Commit(ctx, "HEAD")
	if !ok {
		return nil, false
	}
	below, err := filepath.Rel(w.repo.Top(), p.root)
	if err != nil {
		return nil, false
	}
	text, _ = w.repo.File(ctx, head, path.Join(filepath.ToSlash(below), provenance.TrustFile))
	return text, true // nothing, where it is in no commit
}
