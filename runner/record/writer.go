package record

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/mlops-runner/mlops/runner/disk"
	"github.com/mlops-runner/mlops/runner/store"
)

// A Writer writes the record of one run while it goes on. Its methods may be
// called from several goroutines at once, except that the calls for one job
// must follow one another. After Seal they fail with [ErrSealed].
type Writer struct {
	dir  string
	disk disk.Disk
	lock *os.File // the open folder; holding its lock shows that we live
	// step, if not nil, is called after each change of the disk; tests die in it.
	step func(op string)

	mu      sync.Mutex // guards all below
	run     Run
	sums    sumTable // every file as we wrote it
	jobs    map[string]*jobState
	order   []*jobState // of jobs, as they ended
	room    []jobState  // for those of jobs that are to come
	metrics journal     // lines of jobs that ended, until Seal replaces it
	started journal     // notes of jobs that began, or ended without running; gone once sealed
	temps   int         // names of temporary files
	sealed  bool
}

// Create begins the record of a run below root, the folder that holds runs/,
// and is made if it is missing. Version, ID (if empty), Status and Process of
// run are filled in; its Source, Environment and Params are written at once
// and again by Seal. The folder appears complete, under its final name, or not
// at all. It fails with [ErrExists] if there is a run with that id.
func Create(root string, run Run) (*Writer, error) { return create(disk.Real{}, root, run, nil) }

// CreateOn is Create by another way to the disk.
func CreateOn(d disk.Disk, root string, run Run) (*Writer, error) { return create(d, root, run, nil) }

func create(d disk.Disk, root string, run Run, step func(string)) (*Writer, error) {
	id, err := idOf(&run)
	if err != nil {
		return nil, fmt.Errorf("create record: %w", err)
	}
	dir := filepath.Join(root, runFolder(id))
	if _, err := os.Lstat(dir); err == nil {
		return nil, fmt.Errorf("create record %s: %w", run.ID, ErrExists)
	}
	w := &Writer{
		dir: dir, disk: d, step: step, run: run, sums: newSumTable(), jobs: map[string]*jobState{},
		metrics: journal{name: metricsName, perm: 0o444}, started: journal{name: startedName, perm: 0o644},
	}
	if err := w.begin(root); err != nil {
		return nil, fmt.Errorf("create record %s: %w", run.ID, err)
	}
	return w, nil
}

// idOf fills in the run's id and returns it.
func idOf(run *Run) (uuid.UUID, error) {
	if run.ID != "" {
		return parseID(run.ID)
	}
	id, err := uuid.NewV7()
	run.ID = id.String()
	return id, err
}

// begin makes the folder beside its final place, locks and fills it, and moves it there.
func (w *Writer) begin(root string) error {
	nursery := filepath.Join(root, "runs", ".new")
	if err := errors.Join(w.disk.Mkdir(nursery), w.disk.Mkdir(filepath.Dir(w.dir))); err != nil {
		return err
	}
	sweep(nursery, time.Now())
	temp := filepath.Join(nursery, w.run.ID+ownerMark+store.Self().FileName())
	if err := w.disk.Mkdir(temp); err != nil {
		return err
	}
	final := w.dir
	w.dir = temp
	if err := w.fill(); err != nil {
		return w.undo(temp, err)
	}
	if err := w.disk.Rename(temp, final); err != nil {
		if _, exists := os.Lstat(final); exists == nil {
			err = ErrExists
		}
		return w.undo(temp, err)
	}
	w.dir = final
	w.did("create")
	return nil
}

func (w *Writer) fill() (err error) {
	if w.lock, err = os.Open(w.dir); err != nil {
		return err
	}
	w.run.Process = self()
	w.run.Process.Locked = lockFolder(w.lock)
	if err := w.disk.Mkdir(filepath.Join(w.dir, "jobs")); err != nil {
		return err
	}
	w.did("mkdir")
	w.run.Version, w.run.Status, w.run.Ended = Version, Running, time.Time{}
	return w.writeHead(&w.run)
}

func (w *Writer) undo(temp string, err error) error {
	return errors.Join(err, w.Close(), os.RemoveAll(temp))
}

// ownerMark stands between the id and the process in the name of a folder in the nursery.
const ownerMark = "+"

// sweep removes what writers left that died before their record had a name.
func sweep(nursery string, now time.Time) {
	for _, dir := range abandoned(nursery, now) {
		os.RemoveAll(dir)
	}
}

// abandoned lists the folders of the nursery whose writers are dead. Those of
// this machine are told by their process, others by their lock; the minute
// spares a folder that its writer has not locked yet.
func abandoned(nursery string, now time.Time) (dirs []string) {
	entries, _ := os.ReadDir(nursery)
	for _, e := range entries {
		dir := filepath.Join(nursery, e.Name())
		_, owner, _ := strings.Cut(e.Name(), ownerMark)
		if p, ok := store.FileOwner(owner); ok && !p.Alive() {
			dirs = append(dirs, dir)
			continue
		}
		fi, err := e.Info()
		if err != nil || now.Sub(fi.ModTime()) < time.Minute {
			continue
		}
		if held, ok := locked(dir); ok && !held {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// ID returns the run's id.
func (w *Writer) ID() string { return w.run.ID }

// Dir returns the folder of the record.
func (w *Writer) Dir() string { return w.dir }

// Close ends writing. A record that was not sealed stays as it is and is read
// as interrupted. Closing again does nothing.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lock == nil {
		return nil
	}
	err := errors.Join(w.metrics.close(), w.started.close(), w.sums.close(), w.lock.Close())
	w.lock, w.sealed = nil, true
	return err
}

// remove removes a temporary file, if it is there.
func (w *Writer) remove(name string) error { return disk.RemoveIfThere(w.disk, name) }

// did tells the test that watches that the disk has changed.
func (w *Writer) did(op string) {
	if w.step != nil {
		w.step(op)
	}
}
