package share

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/remote"
	"github.com/mlops-runner/mlops/runner/store"
)

// A unit is an object that refers to blobs and goes after them.
type unit struct {
	name  string // "" if it is there already
	data  func() ([]byte, error)
	blobs []store.Digest
}

// Push carries what was chosen to the remote, unless it is there. Models whose
// journals have diverged are told in an error when all else is there; it is a
// *[registry.DivergedError].
func (s *Share) Push(ctx context.Context, c Choice) (rep Report, err error) {
	rep.DryRun = s.DryRun
	release, err := s.lease(ctx, writing)
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, release()) }()
	var units []unit
	for _, find := range []func(context.Context, Choice, *Report) ([]unit, error){s.newResults, s.newRuns, s.newVersions} {
		us, err := find(ctx, c, &rep)
		if err != nil {
			return rep, err
		}
		units = append(units, us...)
	}
	models, err := s.newLines(ctx, c, &rep)
	diverged := asDiverged(err)
	if err != nil && diverged == nil {
		return rep, err
	}
	var blobs []store.Digest
	for _, u := range units {
		blobs = append(blobs, u.blobs...)
	}
	for _, m := range models {
		blobs = append(blobs, m.blobs...)
	}
	if err := s.send(ctx, blobs, &rep); err != nil {
		return rep, err
	}
	if err := s.sendUnits(ctx, units); err != nil {
		return rep, err
	}
	for _, m := range models {
		if err := s.sendUnits(ctx, m.files); err != nil {
			return rep, err
		}
		if err := s.sendJournal(ctx, m, &rep); err != nil {
			return rep, err
		}
	}
	return rep, diverged
}

func asDiverged(err error) error {
	var d *registry.DivergedError
	if errors.As(err, &d) {
		return err
	}
	return nil
}

// there lists the names that a remote has below a prefix.
func (s *Share) there(ctx context.Context, prefix string) (map[string]bool, error) {
	names := map[string]bool{}
	for i, err := range s.Remote.List(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		names[i.Name] = true
	}
	return names, nil
}

// newResults are those that the remote lacks and of which all outputs are here.
func (s *Share) newResults(ctx context.Context, c Choice, rep *Report) (units []unit, err error) {
	if !c.Cache {
		return nil, nil
	}
	have, err := s.there(ctx, "actions/")
	if err != nil {
		return nil, err
	}
	for a, err := range s.Local.Actions(ctx) {
		if err != nil {
			return nil, err
		}
		name := sharded("actions", a.Fingerprint)
		blobs, whole := s.outputs(a.Data)
		if have[name] && !c.Whole || !whole {
			continue
		}
		if have[name] {
			units = append(units, unit{blobs: blobs})
			continue
		}
		rep.Results++
		units = append(units, unit{name: name, blobs: blobs, data: func() ([]byte, error) { return store.SealAction(a.Data), nil }})
	}
	return units, nil
}

// outputs are the blobs of a result, and whether all are here.
func (s *Share) outputs(data []byte) (out []store.Digest, whole bool) {
	r, err := runner.ParseResult(data)
	if err != nil {
		return nil, false // of another version
	}
	for _, e := range r.Blobs() {
		if !s.Local.Has(e.Digest) {
			return nil, false
		}
		out = append(out, e.Digest)
	}
	return out, true
}

func runName(id string) (string, error) {
	folder, err := record.Folder(id)
	return folder + ".tar", err
}

// newRuns are the sealed records that the remote lacks.
func (s *Share) newRuns(ctx context.Context, c Choice, rep *Report) (units []unit, err error) {
	chosen, err := s.chosenRuns(c)
	if err != nil || len(chosen) == 0 {
		return nil, err
	}
	have, err := s.there(ctx, "runs/")
	if err != nil {
		return nil, err
	}
	for _, e := range chosen {
		name, err := runName(e.ID)
		if err != nil {
			return nil, err
		}
		folder, err := provenance.RunFolder(e.ID)
		if err != nil {
			return nil, err
		}
		attests, err := s.newAttests(ctx, folder, nil, have, rep)
		if err != nil {
			return nil, err
		}
		units = append(units, attests...)
		if have[name] {
			continue
		}
		rep.Runs++
		units = append(units, unit{name: name, data: packed(e)})
	}
	return units, nil
}

// chosenRuns are the sealed records here that a choice means.
func (s *Share) chosenRuns(c Choice) (out []record.Entry, err error) {
	for _, ref := range c.Runs {
		e, err := record.Find(s.Local.Root(), ref)
		if err != nil {
			return nil, err
		}
		if !e.Sealed() {
			return nil, fmt.Errorf("run %s has not come to its end: %w", e.ID, record.ErrNotSealed)
		}
		out = append(out, e)
	}
	if c.Newest == 0 && !c.AllRuns {
		return out, nil
	}
	n := 0
	for e, err := range record.List(s.Local.Root()) {
		if err != nil {
			return nil, err
		}
		if !c.AllRuns && n == c.Newest {
			break
		}
		if e.Sealed() {
			out, n = append(out, e), n+1
		}
	}
	return out, nil
}

// newVersions are the versions of datasets that the remote lacks. Without their bytes,
// of which some may be gone, nobody could use them.
func (s *Share) newVersions(ctx context.Context, c Choice, rep *Report) (units []unit, err error) {
	if !c.Data {
		return nil, nil
	}
	have, err := s.there(ctx, "datasets/")
	if err != nil {
		return nil, err
	}
	versions := dataset.In(s.Local)
	names, err := versions.Names()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		all, err := versions.All(name)
		if err != nil {
			return nil, err
		}
		for _, v := range all {
			file := versionName(name, v.Digest)
			blobs := blobsOf(v)
			if have[file] && !c.Whole || !v.Kept || !s.hasAll(blobs) {
				continue
			}
			if have[file] {
				units = append(units, unit{blobs: blobs})
				continue
			}
			rep.Datasets++
			units = append(units, unit{name: file, blobs: blobs, data: func() ([]byte, error) { return record.Canonical(v) }})
		}
	}
	return units, nil
}

func versionName(name string, d store.Digest) string {
	return "datasets/" + record.JobFolder(name) + "/versions/" + d.Hex() + ".json"
}

// blobsOf are all of a version, with the manifest of a folder.
func blobsOf(v *dataset.Version) []store.Digest {
	blobs := v.Blobs()
	if v.Origin != nil {
		blobs = append(blobs, v.Digest)
	}
	return blobs
}

func (s *Share) hasAll(ds []store.Digest) bool {
	for _, d := range ds {
		if !s.Local.Has(d) {
			return false
		}
	}
	return true
}

// sendUnits puts what refers to blobs that are there now.
func (s *Share) sendUnits(ctx context.Context, units []unit) error {
	if s.DryRun {
		return nil
	}
	return inParallel(ctx, len(units), func(ctx context.Context, i int) error {
		if units[i].name == "" {
			return nil
		}
		data, err := units[i].data()
		if err != nil {
			return err
		}
		_, err = s.Remote.Put(ctx, units[i].name, bytes.NewReader(data), int64(len(data)), nil)
		return err
	})
}

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

func packed(e record.Entry) func() ([]byte, error) {
	return func() ([]byte, error) {
		var b bytes.Buffer
		err := e.Pack(&b)
		return b.Bytes(), err
	}
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

// fewBlobs is up to how many blobs each is asked for by itself; beyond, all names are listed.
const fewBlobs = 256

// send puts the blobs that the remote lacks.
func (s *Share) send(ctx context.Context, ds []store.Digest, rep *Report) error {
	todo, err := s.lacking(ctx, ds)
	if err != nil {
		return err
	}
	for _, b := range todo {
		rep.Bytes += b.size
		rep.Blobs++
	}
	if s.DryRun {
		return nil
	}
	s.meter.total.Add(rep.Bytes)
	return inParallel(ctx, len(todo), func(ctx context.Context, i int) error {
		f, err := s.Local.Open(todo[i].digest)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = s.Remote.Put(ctx, blobName(todo[i].digest), f, todo[i].size, s.moved)
		return err
	})
}

// lacking are the blobs that are here and not on the remote.
func (s *Share) lacking(ctx context.Context, ds []store.Digest) (out []blob, err error) {
	seen := map[store.Digest]bool{}
	var all []blob
	for _, d := range ds {
		if seen[d] {
			continue
		}
		seen[d] = true
		size, err := s.Local.Size(d)
		if errors.Is(err, store.ErrNotFound) {
			continue // of a model that was brought without its bytes; see tellLost
		}
		if err != nil {
			return nil, err
		}
		all = append(all, blob{d, size})
	}
	there, err := s.hold(ctx, len(all), func(i int) store.Digest { return all[i].digest })
	if err != nil {
		return nil, err
	}
	for i, b := range all {
		if !there[i] {
			out = append(out, b)
		}
	}
	return out, nil
}

// hold asks which of n blobs the remote has.
func (s *Share) hold(ctx context.Context, n int, digest func(int) store.Digest) ([]bool, error) {
	there := make([]bool, n)
	if n > fewBlobs {
		have, err := s.there(ctx, "cas/")
		for i := range there {
			there[i] = have[blobName(digest(i))]
		}
		return there, err
	}
	return there, inParallel(ctx, n, func(ctx context.Context, i int) error {
		_, err := s.Remote.Stat(ctx, blobName(digest(i)))
		there[i] = err == nil
		if errors.Is(err, remote.ErrNotFound) {
			return nil
		}
		return err
	})
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
