package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mlops-runner/mlops/runner/checkout"
	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

type auditOptions struct {
	runOptions
	json, html, rerun bool
	tolerance         float64
	executorSet       bool // by the flag
}

// What a link of the proof comes to.
const (
	linkOK     = "ok"
	linkFailed = "failed"
	linkNone   = "none" // it is not there, and nothing says that it must be
	linkNote   = "note" // it is as it was written, and somebody should look at it
)

// An auditAnswer is the proof of where a model comes from, as --json prints it.
type auditAnswer struct {
	Model   string       `json:"model"`
	Ref     string       `json:"ref"`               // as asked for
	Version int          `json:"version,omitempty"` // 0 if the journal cannot be read
	Digest  store.Digest `json:"digest,omitzero"`   // of the model's files
	Verdict string       `json:"verdict"`           // ok or failed
	Links   []auditLink  `json:"links"`
	Rerun   *auditRerun  `json:"rerun,omitempty"`
}

// An auditLink is one link of the proof.
type auditLink struct {
	Link   string `json:"link"`   // journal, version, promotion, gate, run, provenance, commit, data, …
	Status string `json:"status"` // ok, note, none, failed
	What   string `json:"what"`
	File   string `json:"file,omitempty"`   // relative to the store
	Digest string `json:"digest,omitempty"` // of what the link is about
	Key    string `json:"key,omitempty"`    // name of the key that signed it
	Note   string `json:"note,omitempty"`   // what there is to say of the key
}

// An audit is one walk along the proof of a version.
type audit struct {
	app    *app
	store  *store.Dir
	trust  *provenance.Trust
	now    time.Time
	answer *auditAnswer

	registry *registry.Registry
	model    *registry.Model
	version  *registry.Version
	move     *registry.Entry // that let the alias point here; nil if a number was asked for
	made     *record.Run     // that made it; nil if it cannot be read
	job      *record.Job     // of it
	repo     *checkout.Repo  // nil if there is none here

	// Bundles that a good promotion rests on, by their files.
	rests map[string]rest
}

// A rest is a bundle that a promotion rests on, and the key that signed that.
type rest struct {
	digest store.Digest
	key    string
}

func (a *app) audit(ctx context.Context, o auditOptions, name string) error {
	if o.json && o.html {
		return usagef("--json and --html: choose one")
	}
	w, err := a.openAudit(name)
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.complete(ctx); err != nil {
		return err
	}
	if err := w.walk(ctx); err != nil {
		return err
	}
	var stopped error // the proof so far is shown all the same
	if o.rerun {
		w.answer.Rerun, stopped = w.again(ctx, o)
		if w.answer.Rerun.Status() == linkFailed {
			w.answer.Verdict = linkFailed
		}
	}
	if err := errors.Join(a.writeAudit(w.answer, o), stopped); err != nil {
		return err
	}
	if w.answer.Verdict == linkFailed {
		return failedError{exitFailed}
	}
	return nil
}

func (w *audit) close() {
	if w.repo != nil {
		w.repo.Close()
	}
}

func (a *app) openAudit(name string) (*audit, error) {
	model, ref := registry.Split(name)
	if ref == "" {
		return nil, usagef("%s: write MODEL@VERSION or MODEL@ALIAS, such as %s@production", name, model)
	}
	s, err := a.openStore()
	if err != nil {
		return nil, err
	}
	trust, err := a.trust()
	if err != nil {
		return nil, err
	}
	w := &audit{app: a, store: s, trust: trust, now: time.Now(), registry: registry.Open(s, nil), rests: map[string]rest{}, answer: &auditAnswer{Model: model, Ref: ref, Verdict: linkOK, Links: []auditLink{}}}
	return w, nil
}

func (w *audit) add(l auditLink) {
	w.answer.Links = append(w.answer.Links, l)
	if l.Status == linkFailed {
		w.answer.Verdict = linkFailed
	}
}

func (w *audit) fail(link, file, what string) {
	w.add(auditLink{Link: link, Status: linkFailed, File: file, What: what})
}

// walk goes from the journal to the data. What fails is a link; the error is of
// looking itself.
func (w *audit) walk(ctx context.Context) error {
	damaged, err := w.find()
	if err != nil {
		return err
	}
	problems, err := w.registry.VerifyVersion(ctx, w.answer.Model, w.answer.Version)
	if err != nil {
		return cured(err)
	}
	w.registered(w.missing(ctx, problems), damaged)
	if w.version == nil {
		return nil
	}
	w.retired()
	w.openRepo(ctx)
	if err := w.policy(ctx); err != nil {
		return err
	}
	if err := w.promotion(ctx); err != nil {
		return err
	}
	w.runs()
	if w.made == nil {
		return nil
	}
	if err := w.gates(ctx); err != nil {
		return err
	}
	if err := w.provenance(ctx); err != nil {
		return err
	}
	w.commit(ctx)
	w.data(ctx)
	w.facts()
	return w.strays()
}

// missing leaves out the files of other versions that are only in the shared store. One
// that cannot be asked has nothing.
func (w *audit) missing(ctx context.Context, problems []registry.Problem) []registry.Problem {
	l, err := w.app.lookout(w.store, false)
	if err == nil {
		var faults []registry.Problem
		if faults, err = lacking(ctx, l, problems, modelProblem); err == nil {
			return faults
		}
	}
	w.app.say("%v", err)
	return problems
}

// complete brings the version's bytes where they are only in the shared store. What cannot
// be had is a link that fails.
func (w *audit) complete(ctx context.Context) error {
	if _, err := w.find(); err != nil || w.version == nil {
		return err
	}
	if err := w.app.bring(ctx, w.store, w.version.Entries()); err != nil {
		w.app.say("%v", err)
	}
	return nil
}

// find reads the journal and the version; damaged says which of them cannot be.
func (w *audit) find() (damaged bool, err error) {
	var broken *registry.DamagedError
	if w.model, err = w.registry.Model(w.answer.Model); errors.As(err, &broken) {
		return true, nil
	} else if err != nil {
		return false, cured(err)
	}
	if w.answer.Version, err = w.model.Resolve(w.answer.Ref); err != nil {
		return false, cured(err)
	}
	if w.version, err = w.registry.Version(w.model, w.answer.Version); errors.As(err, &broken) {
		return true, nil
	} else if err != nil {
		return false, err
	}
	w.answer.Digest = w.version.Digest
	for i, e := range slices.Backward(w.model.Journal) {
		if w.model.Aliases[w.answer.Ref] == e.Version && e.Alias == w.answer.Ref && e.Action.Moves() && e.Action != registry.Removed {
			w.move = &w.model.Journal[i]
			break
		}
	}
	return false, nil
}
