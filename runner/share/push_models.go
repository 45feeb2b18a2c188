package share

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/remote"
	"github.com/mlops-runner/mlops/runner/store"
)

// A modelPush is a journal that has lines which the remote lacks.
type modelPush struct {
	name  string
	text  []byte
	old   remote.Tag
	same  bool // the remote's is the same already
	blobs []store.Digest
	files []unit // of the versions
}

func journalName(model string) string { return "models/" + record.JobFolder(model) + "/journal.jsonl" }

// newLines are the journals that are ahead of the remote's. Those that diverged are
// in the error, with all others in the list.
func (s *Share) newLines(ctx context.Context, c Choice, rep *Report) (out []modelPush, err error) {
	r := registry.Open(s.Local, s.Now)
	names, err := r.Names()
	names = slices.DeleteFunc(names, func(name string) bool { return !c.model(name) })
	if err != nil || len(names) == 0 {
		return nil, err
	}
	have, err := s.there(ctx, c.modelsPrefix())
	if err != nil {
		return nil, err
	}
	var diverged []error
	for _, name := range names {
		p, ahead, err := s.compare(ctx, r, name)
		var d *registry.DivergedError
		switch {
		case errors.As(err, &d):
			diverged = append(diverged, err)
		case err != nil:
			return nil, err
		case ahead < 0:
			rep.say("%s: the shared journal is %s ahead of yours: \"mlops pull\" brings them", name, lines(-ahead))
		default:
			if err := s.modelFilesOf(ctx, c, r, &p, ahead, have, rep); err != nil {
				return nil, err
			}
			if err := s.tellLost(ctx, name, p.blobs, rep); err != nil {
				return nil, err
			}
			if ahead > 0 {
				rep.Models++
			}
			if ahead > 0 || len(p.files)+len(p.blobs) > 0 {
				out = append(out, p)
			}
		}
	}
	return out, errors.Join(diverged...)
}

// modelFilesOf fills in what goes before a journal: the versions, the records that
// made them, and the attestations of both.
func (s *Share) modelFilesOf(ctx context.Context, c Choice, r *registry.Registry, p *modelPush, ahead int, have map[string]bool, rep *Report) (err error) {
	if ahead > 0 || c.Whole {
		if p.blobs, p.files, err = s.modelBlobs(r, p.name); err != nil {
			return err
		}
		records, err := s.makers(ctx, r, p.name, ahead, c, rep)
		if err != nil {
			return err
		}
		p.files = append(p.files, records...)
	}
	m, err := r.Model(p.name)
	if err != nil {
		return err
	}
	attests, err := s.newAttests(ctx, provenance.ModelFolder(p.name), m, have, rep)
	p.files = append(p.files, attests...)
	return err
}

func lines(n int) string {
	if n == 1 {
		return "1 line"
	}
	return fmt.Sprintf("%d lines", n)
}

// compare holds a journal against the remote's.
func (s *Share) compare(ctx context.Context, r *registry.Registry, name string) (p modelPush, ahead int, err error) {
	p.name = name
	if p.text, err = r.Text(name); err != nil {
		return p, 0, err
	}
	theirs, tag, err := s.Remote.Read(ctx, journalName(name))
	if err != nil && !errors.Is(err, remote.ErrNotFound) {
		return p, 0, err
	}
	p.old = tag
	ahead, err = registry.Ahead(name, p.text, theirs)
	p.same = ahead == 0
	return p, ahead, err
}

// modelBlobs are those of all versions of a model, and the versions' own files, which
// are blobs on the remote. One whose bytes are not here was
// brought from the remote without them, or is damaged, which [registry.Registry.Verify] tells.
func (s *Share) modelBlobs(r *registry.Registry, name string) (out []store.Digest, files []unit, err error) {
	m, err := r.Model(name)
	if err != nil {
		return nil, nil, err
	}
	for n := 1; n <= m.Versions(); n++ {
		v, err := r.Version(m, n)
		if err != nil {
			return nil, nil, err
		}
		for _, f := range v.Files {
			if f.Link == "" {
				out = append(out, f.Digest)
			}
		}
		file, err := r.VersionFile(m, n)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, unit{name: blobName(store.Sum(file)), data: func() ([]byte, error) { return file, nil }})
	}
	return out, files, nil
}

// makers are the records, which the remote lacks, of the runs that the newest lines of a
// journal name: without them nobody could prove where a version came from.
func (s *Share) makers(ctx context.Context, r *registry.Registry, name string, newest int, c Choice, rep *Report) (units []unit, err error) {
	m, err := r.Model(name)
	if err != nil {
		return nil, err
	}
	ids := runsOf(m.Journal[len(m.Journal)-newest:])
	for _, id := range s.executors(r, m) {
		if newest > 0 && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, id := range ids {
		e, err := record.Find(s.Local.Root(), id)
		if err != nil || !e.Sealed() {
			continue // it is gone; Verify of the registry tells
		}
		if !c.AllRuns { // then they go with it
			attests, err := s.runAttests(ctx, id, rep)
			if err != nil {
				return nil, err
			}
			units = append(units, attests...)
		}
		name, err := runName(id)
		if err != nil {
			return nil, err
		}
		if _, err := s.Remote.Stat(ctx, name); !errors.Is(err, remote.ErrNotFound) {
			if err != nil {
				return nil, err
			}
			continue
		}
		units = append(units, unit{name: name, data: packed(e)})
	}
	return units, nil
}

// runsOf are the ids of the runs that lines name, each once.
func runsOf(lines []registry.Entry) (ids []string) {
	for _, e := range lines {
		if e.Run != "" && !slices.Contains(ids, e.Run) {
			ids = append(ids, e.Run)
		}
	}
	return ids
}

// sendJournal replaces the journal that was compared. If somebody else has moved it
// meanwhile, it is compared anew, once.
func (s *Share) sendJournal(ctx context.Context, m modelPush, rep *Report) error {
	if s.DryRun {
		return nil
	}
	if m.same {
		return nil
	}
	_, err := s.Remote.Replace(ctx, journalName(m.name), m.text, m.old)
	if !errors.Is(err, remote.ErrChanged) {
		return err
	}
	again, ahead, err := s.compare(ctx, registry.Open(s.Local, s.Now), m.name)
	switch {
	case err != nil:
		return err
	case ahead < 0:
		rep.say("%s: somebody else has just pushed %s more: \"mlops pull\" brings them", m.name, lines(-ahead))
		return nil
	case ahead == 0:
		return nil
	}
	_, err = s.Remote.Replace(ctx, journalName(m.name), again.text, again.old)
	return err
}

// tellLost says how many files of a model's versions are in neither place: the journal
// goes nevertheless, as newer versions may be sound.
func (s *Share) tellLost(ctx context.Context, model string, ds []store.Digest, rep *Report) error {
	gone := slices.DeleteFunc(slices.Clone(ds), s.Local.Has)
	slices.SortFunc(gone, func(a, b store.Digest) int { return bytes.Compare(a[:], b[:]) })
	gone = slices.Compact(gone)
	there, err := s.hold(ctx, len(gone), func(i int) store.Digest { return gone[i] })
	if err != nil {
		return err
	}
	lost := 0
	for _, is := range there {
		if !is {
			lost++
		}
	}
	if lost > 0 {
		rep.say("%s: %s of its versions can be had neither here nor in the shared store: \"mlops model verify %s\" names what is gone, and who has it sends it by \"mlops push --all\"", model, files(lost), model)
	}
	return nil
}

func files(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}

// modelOf is the model whose journal an object is.
func modelOf(name string) (string, bool) {
	folder, ok := strings.CutSuffix(strings.TrimPrefix(name, "models/"), "/journal.jsonl")
	if !ok {
		return "", false
	}
	return record.JobID(folder)
}
