package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/s3"
	"github.com/mlops-runner/mlops/runner/s3/s3test"
	"github.com/mlops-runner/mlops/runner/store"
)

// at is a Fetcher for a server.
func at(endpoint, id, secret string) *Fetcher {
	env := map[string]string{"AWS_ENDPOINT_URL_S3": endpoint, "AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": secret}
	return &Fetcher{
		Lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		Pause:  func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

// put makes the bucket "data" with objects.
func put(t *testing.T, endpoint string, objects map[string][]byte) {
	t.Helper()
	b, err := s3.Open("s3", "data", s3.Options{Endpoint: endpoint, Lookup: at(endpoint, "test", "secret").Lookup})
	if err != nil {
		t.Fatal(err)
	}
	send := func(key string, data []byte) {
		if _, err := b.Put(t.Context(), key, bytes.NewReader(data), int64(len(data)), store.Sum(data), s3.Condition{}); err != nil {
			t.Fatalf("PUT %s: %v", key, err)
		}
	}
	send("", nil)
	for key, data := range objects {
		send(key, data)
	}
}

// All against one real server: objects, large ones, folders, and mistakes.
func TestS3(t *testing.T) {
	t.Parallel()
	large := content(manyBytes + oneRange + 12345)
	objects := map[string][]byte{"a.csv": []byte("1\n"), "large.bin": large, "odd/a b+ü%?.csv": []byte("odd"), "set/x.csv": []byte("x"), "set/y/z.csv": []byte("z"), "set/empty": nil}
	for i := range 1100 { // more than one page of a list
		objects[fmt.Sprintf("many/%04d", i)] = []byte{byte(i), byte(i >> 8)}
	}
	endpoint := s3test.Gateway(t, t.TempDir())
	put(t, endpoint, objects)
	f := at(endpoint, "test", "secret")

	for _, key := range []string{"a.csv", "large.bin", "odd/a b+ü%?.csv"} {
		t.Run(key, func(t *testing.T) {
			s := open(t)
			var told atomic.Int64
			got, err := f.Fetch(t.Context(), s, dataset.Remote{Name: "d", Address: "s3://data/" + key, Pin: store.Sum(objects[key])}, func(done, total int64) { told.Store(total) })
			if err != nil {
				t.Fatal(err)
			}
			if b, err := s.ReadBlob(got.Digest); err != nil || !bytes.Equal(b, objects[key]) {
				t.Errorf("%d bytes of %d, %v", len(b), len(objects[key]), err)
			}
			if got.Tags[""] == "" {
				t.Error("it has no tag")
			}
			if n := int64(len(objects[key])); told.Load() != n {
				t.Errorf("progress tells of %d bytes, want %d", told.Load(), n)
			}
		})
	}
	for folder, n := range map[string]int{"set/": 3, "many/": 1100} {
		t.Run(folder, func(t *testing.T) {
			want := map[string]store.Digest{}
			for key, data := range objects {
				if rel, ok := strings.CutPrefix(key, folder); ok {
					want[rel] = store.Sum(data)
				}
			}
			s := open(t)
			r := dataset.Remote{Name: "d", Address: "s3://data/" + folder, Folder: true, Pin: dataset.Digest(want)}
			got, err := f.Fetch(t.Context(), s, r, nil)
			if err != nil || got.Files != n || len(got.Tags) != n {
				t.Fatalf("%d files, %d tags, %v", got.Files, len(got.Tags), err)
			}
			text, err := s.ReadBlob(r.Pin)
			if err != nil || !bytes.Equal(text, dataset.Manifest(want)) {
				t.Errorf("manifest %q, %v", text, err)
			}
		})
	}
	t.Run("mistakes", func(t *testing.T) { s3Mistakes(t, endpoint) })
}

func s3Mistakes(t *testing.T, endpoint string) {
	for _, c := range []struct {
		name, address, secret string
		folder                bool
		want, fix             string
	}{
		{"no object", "s3://data/nothing", "secret", false, "404", "correct the address"},
		{"no bucket", "s3://nobucket/x/", "secret", true, "NoSuchBucket", "correct the address"},
		{"an empty folder", "s3://data/nothing/", "secret", true, "no objects", "s3://BUCKET/FOLDER/"},
		{"a wrong key", "s3://data/set/", "hidden", true, "SignatureDoesNotMatch", "AWS_ACCESS_KEY_ID"},
		{"other content", "s3://data/a.csv", "secret", false, store.Sum([]byte("1\n")).String(), "mlops data pin d"},
		{"other content of a folder", "s3://data/set/", "secret", true, "pinned to", "mlops data pin d"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			r := dataset.Remote{Name: "d", Address: c.address, Folder: c.folder, Pin: store.Sum([]byte("other"))}
			_, err := at(endpoint, "test", c.secret).Fetch(t.Context(), s, r, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hidden") {
				t.Errorf("error is %v, want %q", err, c.want)
			}
			var fix interface{ Fix() string }
			if !errors.As(err, &fix) || !strings.Contains(fix.Fix(), c.fix) {
				t.Errorf("%v has no cure %q", err, c.fix)
			}
			nothingLeft(t, s)
		})
	}
}

// flaky stands before a server and cuts each third answer with a body in the middle.
func flaky(t *testing.T, endpoint string, cuts, ranges *atomic.Int64) string {
	t.Helper()
	to, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") != "" {
			ranges.Add(1)
		}
		if r.Method == http.MethodGet && n.Add(1)%3 == 1 {
			cuts.Add(1)
			w = &cutting{ResponseWriter: w, left: 1 << 20}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// cutting lets so many bytes pass and breaks the connection then.
type cutting struct {
	http.ResponseWriter
	left int
}

func (c *cutting) Write(p []byte) (int, error) {
	if c.left -= len(p); c.left < 0 {
		panic(http.ErrAbortHandler)
	}
	return c.ResponseWriter.Write(p)
}

// Ranges of a large object are taken up again where a connection was cut.
func TestS3Cut(t *testing.T) {
	t.Parallel()
	large := content(manyBytes + 1)
	endpoint := s3test.Gateway(t, t.TempDir())
	put(t, endpoint, map[string][]byte{"large.bin": large})
	var cuts, ranges atomic.Int64
	s := open(t)
	_, err := at(flaky(t, endpoint, &cuts, &ranges), "test", "secret").Fetch(t.Context(), s, dataset.Remote{Name: "d", Address: "s3://data/large.bin", Pin: store.Sum(large)}, nil)
	if err != nil || cuts.Load() == 0 || ranges.Load() <= manyBytes/oneRange {
		t.Errorf("%d connections were cut, of %d ranges: %v", cuts.Load(), ranges.Load(), err)
	}
}

// An answer of a server that is not to be trusted with names.
func TestS3Hostile(t *testing.T) {
	t.Parallel()
	page := func(keys ...string) string {
		var b strings.Builder
		b.WriteString("<ListBucketResult>")
		for _, k := range keys {
			b.WriteString("<Contents><Key>" + k + "</Key><Size>1</Size></Contents>")
		}
		return b.String() + "</ListBucketResult>"
	}
	for name, c := range map[string]struct{ body, want string }{
		"a way out":          {page("f/../../x"), "is not a clean"},
		"another folder":     {page("g/x"), "not below the folder"},
		"a file and folder":  {page("f/a", "f/a/b"), "a"},
		"a line break":       {page("f/a&#10;b"), "line break"},
		"no XML":             {"hello", "cannot be read"},
		"a list without end": {"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>", "does not go on"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, c.body) }))
			s := open(t)
			_, err := at(server, "", "").Fetch(t.Context(), s, dataset.Remote{Address: "s3://b/f/", Folder: true}, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
			nothingLeft(t, s)
		})
	}
}

// A bucket in another region is found by what the server says.
func TestS3Region(t *testing.T) {
	t.Parallel()
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Authorization"), "/eu-north-1/") {
			w.Header().Set("X-Amz-Bucket-Region", "eu-north-1")
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Length", "1")
		if r.Method == http.MethodGet {
			fmt.Fprint(w, "1")
		}
	}))
	if _, err := at(server, "id", "secret").Fetch(t.Context(), open(t), dataset.Remote{Address: "s3://b/k", Pin: store.Sum([]byte("1"))}, nil); err != nil {
		t.Error(err)
	}
}
