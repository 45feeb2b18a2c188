package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/registry"
)

// promotion checks the summaries of all moves of aliases to the version.
func (w *audit) promotion(ctx context.Context) error {
	signed, moved := false, false
	for _, e := range w.model.Journal {
		if e.Version != w.version.Version || !e.Action.Moves() {
			continue
		}
		moved = true
		f, err := provenance.Read(w.store, provenance.SummaryFile(w.model.Name, e.Seq))
		if err != nil {
			return err
		}
		if f == nil {
			continue
		}
		signed = signed || e.Action != registry.Removed && (w.move == nil || e.Alias == w.answer.Ref)
		if err := w.summary(ctx, f, e); err != nil {
			return err
		}
	}
	if signed {
		return nil
	}
	what := versionName(w.model.Name, w.version.Version)
	switch {
	case w.move != nil:
		what += " as " + w.answer.Ref
	case !moved:
		what += ", which no alias has pointed to"
	}
	w.unsigned(auditLink{Link: "promotion", What: what})
	return nil
}

// summary checks what was signed of one line.
func (w *audit) summary(ctx context.Context, f *provenance.File, e registry.Entry) error {
	vouch, err := w.trust.Line(ctx, f, w.model, w.version, e, w.now)
	var key *provenance.KeyError
	if errors.As(err, &key) && key.Expired != "" && (w.move == nil || e.Seq != w.move.Seq) {
		w.add(auditLink{Link: "promotion", Status: linkNone, File: f.Path, What: err.Error()})
		return nil
	}
	if err != nil {
		w.fail("promotion", f.Path, err.Error())
		return nil
	}
	w.add(auditLink{Link: "promotion", Status: linkOK, File: f.Path, Digest: f.Digest.String(), Key: vouch.Key,
		What: fmt.Sprintf("%s as %s: %s on %s, on %s", versionName(w.model.Name, e.Version), e.Alias, vouch.Summary.Result, vouch.Summary.Time.Format(time.RFC3339), counted(len(vouch.Summary.Inputs), "attestation"))})
	return w.evidence(vouch)
}

// evidence looks whether the bundles that a summary rests on are still those, and tells
// of each once.
func (w *audit) evidence(v *provenance.Vouch) error {
	for _, in := range v.Summary.Inputs {
		rel := strings.TrimPrefix(in.URI, "mlops:")
		if _, known := w.rests[rel]; known && w.rests[rel].digest.IsZero() {
			continue
		}
		f, err := provenance.Read(w.store, rel)
		switch {
		case err != nil:
			return err
		case f == nil:
			w.rests[rel] = rest{}
			w.fail("promotion", rel, rel+" is missing; the promotion rests on it")
		case !in.Is(f.Digest):
			w.rests[rel] = rest{}
			w.fail("promotion", rel, rel+" is not the one that the promotion rests on")
		default:
			w.rests[rel] = rest{f.Digest, v.Key}
		}
	}
	return nil
}
