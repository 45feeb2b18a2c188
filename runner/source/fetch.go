package source

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/s3"
	"github.com/mlops-runner/mlops/runner/store"
)

// A Fetcher brings datasets from addresses. The zero value reads what everybody
// may read. It must not be copied after first use; Fetch may be called by
// several at once.
type Fetcher struct {
	// Lookup gives environment variables: endpoints and keys of S3 as the AWS tools
	// name them. nil knows none.
	Lookup func(name string) (string, bool)
	Home   string // folder with .aws/; "" for none
	// Public lets connections go to public addresses alone.
	Public  bool
	MaxSize int64 // bytes of one dataset; 0 means DefaultMaxSize
	Client  *http.Client
	Now     func() time.Time                           // nil means time.Now
	Pause   func(context.Context, time.Duration) error // between attempts; nil waits

	once sync.Once
	made *http.Client
}

// DefaultMaxSize is how many bytes one dataset may have.
const DefaultMaxSize = 1 << 40

func (f *Fetcher) http() *http.Client {
	f.once.Do(func() {
		if f.made = f.Client; f.made == nil {
			f.made = f.client()
		}
	})
	return f.made
}

func (f *Fetcher) maxSize() int64 {
	if f.MaxSize > 0 {
		return f.MaxSize
	}
	return DefaultMaxSize
}

func (f *Fetcher) now() time.Time {
	if f.Now != nil {
		return f.Now()
	}
	return time.Now()
}

func (f *Fetcher) pause(ctx context.Context, d time.Duration) error {
	if f.Pause != nil {
		return f.Pause(ctx, d)
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Fetch brings the dataset into the store. With a pin, content of another digest
// is a *[DigestError]; whatever else goes wrong is an *[Error], or ctx's.
func (f *Fetcher) Fetch(ctx context.Context, into *store.Dir, r dataset.Remote, progress func(done, total int64)) (dataset.Fetched, error) {
	shown := dataset.Shown(r.Address)
	u, err := parse(r)
	if err != nil {
		return dataset.Fetched{}, &Error{Address: shown, Err: err, fix: "correct the address"}
	}
	dir, err := into.Scratch()
	if err != nil {
		return dataset.Fetched{}, err
	}
	g := &fetching{f: f, r: r, into: into, dir: dir, meter: &meter{progress: progress, now: f.now}}
	quiet := g.meter.keepTelling()
	got, err := g.run(ctx, u)
	quiet()
	var wrong *DigestError
	if err != nil && !errors.As(err, &wrong) {
		err = explain(shown, g.sign != nil || u.Scheme == "s3" || u.Scheme == "gs", err)
	}
	return got, errors.Join(err, into.RemoveScratch(dir))
}

// parse reads an address. It does not quote it: it may hold secrets.
func parse(r dataset.Remote) (*url.URL, error) {
	u, err := parseAddress(r.Address)
	switch {
	case err != nil:
		return nil, s3.Plain(err)
	case u.User != nil:
		return nil, errors.New("it holds a user or a password")
	case u.Host == "":
		return nil, errors.New("it names no host or bucket")
	case u.Scheme == "http", u.Scheme == "https":
		if r.Folder {
			return nil, errors.New("a web server has no folders that could be listed")
		}
	case u.Scheme != "s3" && u.Scheme != "gs":
		return nil, fmt.Errorf("data cannot come from %s://", u.Scheme)
	case !r.Folder && (u.Path == "" || u.Path == "/"):
		return nil, errors.New("it names a bucket and no object; a slash at its end makes it a folder")
	}
	return u, nil
}

// fetching is one Fetch at work.
type fetching struct {
	f     *Fetcher
	r     dataset.Remote
	into  *store.Dir
	dir   string // for files on their way
	sign  func(*http.Request)
	meter *meter
}

func (g *fetching) run(ctx context.Context, u *url.URL) (dataset.Fetched, error) {
	objects := []object{{url: u.String(), size: -1}}
	if u.Scheme == "s3" || u.Scheme == "gs" {
		b, err := g.f.bucket(u)
		if err != nil {
			return dataset.Fetched{}, err
		}
		g.sign = b.Sign
		if objects, err = find(ctx, b, u, g.r.Folder); err != nil {
			return dataset.Fetched{}, err
		}
	}
	total := int64(0)
	for _, o := range objects {
		total += max(o.size, 0)
	}
	if total > g.f.maxSize() {
		return dataset.Fetched{}, tooLarge(g.f.maxSize())
	}
	g.meter.expect(total)
	if err := g.bring(ctx, objects); err != nil {
		return dataset.Fetched{}, err
	}
	return g.give(ctx, objects)
}

// local is the name of an object's file on its way: nothing of its own name
// reaches the file system.
func local(i int) string { return fmt.Sprintf("%08d", i) }

// bring downloads all objects, several at a time.
func (g *fetching) bring(ctx context.Context, objects []object) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i := range objects {
		group.Go(func() error {
			err := g.one(ctx, &objects[i], filepath.Join(g.dir, local(i)))
			if err != nil && objects[i].path != "" {
				err = fmt.Errorf("%s: %w", objects[i].path, err)
			}
			return err
		})
	}
	return group.Wait()
}

// one downloads one object.
func (g *fetching) one(ctx context.Context, o *object, path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return final(err, "")
	}
	defer file.Close()
	if o.size >= manyBytes && o.tag != "" {
		if err := g.ranges(ctx, o, file); !errors.Is(err, errNoRange) {
			return errors.Join(err, file.Close())
		}
	}
	t := &transfer{f: g.f, sign: g.sign, from: *o, file: file, meter: g.meter, end: -1}
	err = t.run(ctx)
	if o.name == "" {
		o.name = t.validator
	}
	return errors.Join(err, file.Close())
}

// Objects of this many bytes come in ranges of so many.
const (
	manyBytes = 64 << 20
	oneRange  = 16 << 20
)

// ranges downloads a large object in several ranges at a time.
func (g *fetching) ranges(ctx context.Context, o *object, file *os.File) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for base := int64(0); base < o.size; base += oneRange {
		group.Go(func() error {
			t := &transfer{f: g.f, sign: g.sign, from: *o, file: file, meter: g.meter, base: base, end: min(base+oneRange, o.size)}
			return t.run(ctx)
		})
	}
	return group.Wait()
}

// give verifies what has come and gives it to the store.
func (g *fetching) give(ctx context.Context, objects []object) (dataset.Fetched, error) {
	b, err := g.into.Begin(ctx)
	if err != nil {
		return dataset.Fetched{}, err
	}
	defer b.Close()
	es := make([]store.Entry, len(objects))
	for i := range objects {
		es[i].Path = local(i)
	}
	if es, err = b.IngestAll(ctx, g.dir, es, store.IngestOptions{Move: true}); err != nil {
		return dataset.Fetched{}, err
	}
	got := dataset.Fetched{Files: len(objects), Tags: map[string]string{}}
	files := map[string]store.Digest{}
	for i, o := range objects {
		got.Size += es[i].Size
		got.Digest, files[o.path] = es[i].Digest, es[i].Digest
		if o.name != "" {
			got.Tags[o.path] = o.name
		}
	}
	if g.r.Folder {
		manifest := dataset.Manifest(files)
		if got.Digest, err = b.PutBytes(ctx, manifest); err != nil {
			return got, err
		}
	}
	if pin := g.r.Pin; !pin.IsZero() && got.Digest != pin {
		return got, &DigestError{g.r.Name, dataset.Shown(g.r.Address), pin, got.Digest}
	}
	return got, b.Commit(ctx)
}
