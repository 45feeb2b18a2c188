package mlflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

// Options of a server. The zero value works.
type Options struct {
	// Source says which code a run that begins now runs; nil means that nobody knows.
	Source func(context.Context) record.Source
	// Environment is written into records.
	Environment record.Environment
	// Quiet is how long a run that has a record must be left alone before what came
	// later is sealed; 0 means ten seconds.
	Quiet time.Duration
	// Lost is how long nothing must have been logged to a run that goes on until it is
	// ended as KILLED, as of then: its client is taken for dead. If it is not, the run goes
	// on with what it logs next. 0 means never.
	Lost time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Sealed, if not nil, is told of each record, or why there is none.
	Sealed func(run Run, record string, err error)
}

// A Server answers MLflow's clients. It is safe for concurrent use. One server at a
// time serves a store.
type Server struct {
	d        *store.Dir
	models   *registry.Registry
	o        Options
	release  func() // the lock of tracking/
	stop     chan struct{}
	sealing  sync.WaitGroup
	door     sync.RWMutex // held by requests; guards closed; taken before the others
	closed   bool
	mu       sync.Mutex // guards all below
	runs     map[string]*tracked
	names    *log
	byID     map[string]*Experiment
	about    map[string]*modelWords // by model
	versions map[versionKey]*versionWords
	loggedBy map[string]string // run by logged model
	looking  sync.Mutex        // guards all below; taken before the others
	looked   time.Time         // when the records were read last
	known    map[string]bool   // records that need not be looked into any more
}

// tracked is a run with its log.
type tracked struct {
	mu      sync.Mutex // guards all below; taken before Server.mu, never after it
	run     Run
	log     *log         // nil of one that is a record alone
	record  string       // id of the record that it goes into, or went into
	before  string       // id of the record that this one continues
	sealed  store.Digest // of that record; zero while there is none
	trouble string       // that was told last: it is tried again and again
	last    time.Time    // of the last change
}

const (
	tracking   = "tracking"
	logSuffix  = ".jsonl"
	defaultExp = "0"
)

// ErrServed is that another process serves the store.
var ErrServed = errors.New("another process serves this store to MLflow's clients")

// Open reads what was logged to a store, and makes records of runs that ended
// while nobody did; of one that cannot be made a record of, [Options.Sealed] is told. It
// fails with [ErrServed].
func Open(ctx context.Context, d *store.Dir, o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Quiet == 0 {
		o.Quiet = 10 * time.Second
	}
	s := &Server{
		d: d, models: registry.Open(d, o.Now), o: o, stop: make(chan struct{}), runs: map[string]*tracked{},
		byID: map[string]*Experiment{}, about: map[string]*modelWords{}, versions: map[versionKey]*versionWords{}, loggedBy: map[string]string{}, known: map[string]bool{},
	}
	if err := d.Disk().Mkdir(s.path("runs")); err != nil {
		return nil, err
	}
	release, ok, err := store.TryLock(s.path("lock"))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrServed
	}
	s.release = release
	if err := s.load(ctx); err != nil {
		release()
		return nil, err
	}
	s.sealing.Go(s.settle)
	return s, nil
}

func (s *Server) path(parts ...string) string {
	return filepath.Join(append([]string{s.d.Root(), tracking}, parts...)...)
}

// load reads all logs.
func (s *Server) load(ctx context.Context) (err error) {
	if s.names, err = openLog(s.d.Disk(), s.path("server"+logSuffix), s.recall); err != nil {
		return err
	}
	if s.byID[defaultExp] == nil {
		if err := s.note(&word{Experiment: &Experiment{ID: defaultExp, Name: "Default", Stage: active, Created: s.now()}}); err != nil {
			return err
		}
	}
	files, err := os.ReadDir(s.path("runs"))
	if err != nil {
		return err
	}
	for _, f := range files {
		id, isLog := strings.CutSuffix(f.Name(), logSuffix)
		if !isLog {
			continue
		}
		if err := s.loadRun(ctx, id); err != nil {
			return err
		}
	}
	return s.lookUp(ctx)
}

// loadRun reads a run's log. A run whose record was pruned is forgotten.
func (s *Server) loadRun(ctx context.Context, id string) error {
	t := &tracked{}
	l, err := openLog(s.d.Disk(), s.path("runs", id+logSuffix), func(line []byte) error {
		var c change
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		if err := c.fits(&t.run); err != nil {
			return err
		}
		t.apply(&c)
		return nil
	})
	if err != nil {
		return err
	}
	t.last = lastChange(l.path)
	if t.log = l; t.run.ID == "" { // killed before its first line was whole
		return os.Remove(l.path)
	}
	if !t.sealed.IsZero() {
		if _, err := record.Find(s.d.Root(), t.record); errors.Is(err, record.ErrNotFound) {
			return s.forget(ctx, t)
		}
	}
	s.runs[id] = t
	for m := range t.run.Models {
		s.loggedBy[m] = id
	}
	if t.run.over() && t.sealed.IsZero() {
		s.told(t, s.seal(t)) // it alone has no record
	}
	return nil
}

// apply makes a change of the log.
func (t *tracked) apply(c *change) {
	if c.Record != "" {
		t.before, t.record, t.sealed = t.record, c.Record, store.Digest{}
	}
	if !c.Sealed.IsZero() {
		t.sealed = c.Sealed
	}
	t.run.apply(c)
}

// forget removes a run's log and lets go of its artifacts.
func (s *Server) forget(ctx context.Context, t *tracked) error {
	for path, a := range t.run.Artifacts {
		if err := s.d.SetRef(ctx, refOf(t.run.ID, path), a.Digest, store.Digest{}); err != nil {
			var moved *store.ConflictError
			if !errors.As(err, &moved) {
				return err
			}
		}
	}
	return os.Remove(t.log.path)
}

// settle makes records of what came for ended runs, once it stays quiet.
func (s *Server) settle() {
	tick := time.NewTicker(max(s.o.Quiet/4, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
			s.settleOnce()
		}
	}
}

// settleOnce ends lost runs, and seals what is quiet.
func (s *Server) settleOnce() {
	now := s.o.Now()
	if s.o.Lost > 0 {
		s.endLost(now.Add(-s.o.Lost))
	}
	s.sealQuiet(now.Add(-s.o.Quiet))
}

// sealQuiet seals ended runs that were not touched since, and lets go of the files of
// the others.
func (s *Server) sealQuiet(since time.Time) {
	for _, t := range s.all() {
		t.mu.Lock()
		if t.run.over() && t.sealed.IsZero() && !t.last.After(since) {
			s.told(t, s.seal(t))
		} else if t.log != nil && t.last.Before(since) {
			s.told(t, t.log.close())
		}
		t.mu.Unlock()
	}
}

// told tells of a record that could not be made, once for each reason.
func (s *Server) told(t *tracked, err error) {
	if err != nil && s.o.Sealed != nil && err.Error() != t.trouble {
		t.trouble = err.Error()
		s.o.Sealed(t.run, t.record, err)
	}
}

// all returns the runs, in no order.
func (s *Server) all() []*tracked {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*tracked, 0, len(s.runs))
	for _, t := range s.runs {
		list = append(list, t)
	}
	return list
}

// Close seals what came for ended runs, and lets another process serve the store.
// It waits for requests that have begun and refuses others. It is called once. Runs that have not ended go on when one does.
func (s *Server) Close() error {
	s.door.Lock()
	s.closed = true
	s.door.Unlock()
	close(s.stop)
	s.sealing.Wait()
	s.sealQuiet(s.o.Now())
	errs := []error{s.names.close()}
	for _, t := range s.all() {
		if t.log != nil {
			errs = append(errs, t.log.close())
		}
	}
	s.release()
	return errors.Join(errs...)
}

func (s *Server) now() int64 { return s.o.Now().UnixMilli() }

// find returns a run, locked. The caller holds no lock.
func (s *Server) find(id string) (*tracked, error) {
	t := s.tracked(id)
	if t == nil {
		if err := s.lookUp(context.Background()); err != nil {
			return nil, err
		}
		t = s.tracked(id)
	}
	if t == nil {
		return nil, missing("Run with id=%s not found", id)
	}
	t.mu.Lock()
	return t, nil
}

func readOnly(run string) error {
	return failure(codeState, "Run %s was not logged to this server: it is a record alone, such as an import makes, and does not change.", run)
}

// change notes a change of a run, which the caller has locked, and makes it.
func (s *Server) change(t *tracked, c *change) error {
	if t.log == nil {
		return readOnly(t.run.ID)
	}
	if !t.sealed.IsZero() && c.Sealed.IsZero() && c.result() {
		id, _, err := newID()
		if err != nil {
			return err
		}
		c.Record = id
	}
	if err := t.log.add(c, c.Begin != nil || c.Status != "" || !c.Sealed.IsZero()); err != nil {
		return fmt.Errorf("log of run %s: %w", t.run.ID, err)
	}
	t.last = s.o.Now()
	t.apply(c)
	return nil
}
