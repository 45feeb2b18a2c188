package share

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/remote"
	"github.com/mlops-runner/mlops/runner/s3"
	"github.com/mlops-runner/mlops/runner/s3/s3test"
	"github.com/mlops-runner/mlops/runner/store"
)

// A real server of buckets loses by a GC what nothing needs, half uploads too, and nothing else.
func TestGCBucket(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "lake"), 0o755); err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{"AWS_ACCESS_KEY_ID": s3test.ID, "AWS_SECRET_ACCESS_KEY": s3test.Secret}
	lookup := func(name string) (string, bool) { v, ok := keys[name]; return v, ok }
	open := func(prefix string) remote.Store {
		t.Helper()
		far, err := remote.Open("s3://lake/"+prefix+"?endpoint="+s3test.Gateway(t, dir), "", s3.Options{Lookup: lookup})
		if err != nil {
			t.Fatal(err)
		}
		return far
	}
	far := open("team")
	s := machine(t, far)
	s.register(t, "one")
	s.register(t, "two")
	if _, err := s.Push(t.Context(), Choice{Models: true}); err != nil {
		t.Fatal(err)
	}
	stray := blobName(store.Sum([]byte("stray")))
	if _, err := far.Put(t.Context(), stray, strings.NewReader("stray"), 5, nil); err != nil {
		t.Fatal(err)
	}
	half := halfUpload(t, far, "")
	root := open("")
	theirs := halfUpload(t, root, "others/weights.bin")
	gc := func(dry bool) GCReport {
		t.Helper()
		s.DryRun = dry
		rep, err := s.GC(t.Context(), GCOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return rep
	}
	if rep := gc(false); rep.Blobs != 0 || rep.Young != 1 || rep.Halves != 0 || rep.YoungHalves != 1 {
		t.Errorf("what was pushed a moment ago: %+v", rep)
	}
	s.Now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	for _, dry := range []bool{true, false} {
		if rep := gc(dry); rep.Blobs != 1 || rep.Freed != 5 || rep.Halves != 1 || rep.YoungHalves != 0 {
			t.Errorf("dry %v: %+v", dry, rep)
		}
	}
	if rep := gc(false); rep.Blobs != 0 || rep.Halves != 0 {
		t.Errorf("again: %+v", rep)
	}
	for _, name := range []string{stray, half} {
		if _, err := far.Stat(t.Context(), name); !errors.Is(err, remote.ErrNotFound) {
			t.Errorf("%s is there: %v", name, err)
		}
	}
	whole := machine(t, root) // a store that has the bucket without a prefix leaves what is none of its
	whole.Now = s.Now
	if rep, err := whole.GC(t.Context(), GCOptions{}); err != nil || rep.Halves+rep.YoungHalves > 0 {
		t.Errorf("GC beside others: %+v, %v", rep, err)
	}
	if swept, err := root.(remote.Sweeper).Sweep(t.Context(), []string{theirs}, time.Now(), true); err != nil || swept.Young != 1 {
		t.Errorf("the upload of others: %+v, %v", swept, err)
	}
	other := machine(t, far)
	if _, err := other.Pull(t.Context(), Choice{Models: true}); err != nil {
		t.Fatal(err)
	}
	if ps, err := registry.Open(other.Local, nil).Verify(t.Context(), "churn"); err != nil || len(ps) > 0 {
		t.Errorf("%v, %v", ps, err)
	}
	// Who pushes holds it off, and it holds off who pushes.
	for _, what := range []string{writing, removing} {
		name := "locks/" + what + "-x"
		if _, err := far.Put(t.Context(), name, strings.NewReader(""), 0, nil); err != nil {
			t.Fatal(err)
		}
		var busy *BusyError
		if _, err := s.GC(t.Context(), GCOptions{}); !errors.As(err, &busy) {
			t.Errorf("GC beside %s: %v", what, err)
		}
		if err := far.Delete(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
}

// halfUpload breaks an upload off when its first part has gone, and returns its name: that
// of the blob, if none is given.
func halfUpload(t *testing.T, far remote.Store, name string) string {
	t.Helper()
	data := make([]byte, 5*s3.PartSize)
	if _, err := rand.NewChaCha8([32]byte{1}).Read(data); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if name == "" {
		name = blobName(store.Sum(data))
	}
	if _, err := far.Put(ctx, name, bytes.NewReader(data), int64(len(data)), func(int64) { cancel() }); err == nil {
		t.Fatal("it was not broken off")
	}
	return name
}
