package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/store"
)

// content is some bytes that no two offsets of have in common.
func content(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// fetcherWithoutPause waits in no real time, and counts how often and how long.
func fetcherWithoutPause(waited *atomic.Int64) *Fetcher {
	return &Fetcher{Pause: func(ctx context.Context, d time.Duration) error {
		waited.Add(int64(d))
		return ctx.Err()
	}}
}

func open(t *testing.T) *store.Dir {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// nothingLeft fails if something of a download is anywhere in a store.
func nothingLeft(t *testing.T, s *store.Dir) {
	t.Helper()
	for _, dir := range []string{"cas", "tmp"} {
		err := filepath.WalkDir(filepath.Join(s.Root(), dir), func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				t.Errorf("%s is left", path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A server that gives ranges, or not, with some fault in the first answers.
type faulty struct {
	data     []byte
	tag      string
	ranges   bool
	cut      int // answers that end after a third of what they announce
	status   []int
	retry    string
	requests atomic.Int64
	ranged   atomic.Int64
}

func (s *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := int(s.requests.Add(1))
	if n <= len(s.status) && s.status[n-1] != 0 {
		w.Header().Set("Retry-After", s.retry)
		http.Error(w, "no", s.status[n-1])
		return
	}
	from := 0
	if h := r.Header.Get("Range"); h != "" && s.ranges && (r.Header.Get("If-Range") == s.tag) {
		from, _ = strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(h, "bytes="), "-"))
		s.ranged.Add(1)
	}
	if s.tag != "" {
		w.Header().Set("ETag", s.tag)
	}
	body := s.data[from:]
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if from > 0 {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(s.data)-1, len(s.data)))
		w.WriteHeader(http.StatusPartialContent)
	}
	if n <= s.cut {
		_, _ = w.Write(body[:len(body)/3])
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body)
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestFetchHTTP(t *testing.T) {
	t.Parallel()
	data := content(3 << 20)
	for _, c := range []struct {
		name     string
		server   *faulty
		requests int64
		ranged   int64
	}{
		{"a plain file", &faulty{data: data, tag: `"1"`}, 1, 0},
		{"an empty file", &faulty{data: nil, tag: `"1"`}, 1, 0},
		{"cut twice, taken up again", &faulty{data: data, tag: `"1"`, ranges: true, cut: 2}, 3, 2},
		{"cut, and the server ignores ranges", &faulty{data: data, tag: `"1"`, cut: 2}, 3, 0},
		{"cut, and nothing tells that the file is the same", &faulty{data: data, ranges: true, cut: 1}, 2, 0},
		{"cut, with a weak ETag", &faulty{data: data, tag: `W/"1"`, ranges: true, cut: 1}, 2, 0},
		{"trouble that passes", &faulty{data: data, tag: `"1"`, status: []int{500, 503, 429}}, 4, 0},
		{"trouble in the middle", &faulty{data: data, tag: `"1"`, ranges: true, cut: 1, status: []int{0, 502}}, 3, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var waited atomic.Int64
			s := open(t)
			r := dataset.Remote{Name: "d", Address: serve(t, c.server) + "/d.csv", Pin: store.Sum(c.server.data)}
			got, err := fetcherWithoutPause(&waited).Fetch(t.Context(), s, r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if b, err := s.ReadBlob(r.Pin); err != nil || !bytes.Equal(b, c.server.data) {
				t.Errorf("the store has %d bytes, %v", len(b), err)
			}
			if got.Digest != r.Pin || got.Size != int64(len(c.server.data)) || got.Files != 1 {
				t.Errorf("got %+v", got)
			}
			if n := c.server.requests.Load(); n != c.requests || c.server.ranged.Load() != c.ranged {
				t.Errorf("%d requests, %d of them ranges; want %d and %d", n, c.server.ranged.Load(), c.requests, c.ranged)
			}
			if left, _ := os.ReadDir(filepath.Join(s.Root(), "tmp")); len(left) > 0 {
				t.Errorf("%s is left in tmp", left[0].Name())
			}
		})
	}
}

func TestFetchHTTPFails(t *testing.T) {
	t.Parallel()
	data := content(1 << 20)
	loop := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/"+strconv.Itoa(rand.Int()), http.StatusFound)
	})
	elsewhere := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "file:///etc/passwd?token=hidden")
		w.WriteHeader(http.StatusFound)
	})
	// Each answer says that it has more than comes.
	short := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write(data[:10])
		panic(http.ErrAbortHandler)
	})
	otherRange := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Content-Length", "100")
		if r.Header.Get("Range") != "" {
			w.Header().Set("Content-Range", "bytes 0-99/100")
			w.WriteHeader(http.StatusPartialContent)
		}
		_, _ = w.Write(data[:50])
		panic(http.ErrAbortHandler)
	})
	for _, c := range []struct {
		name   string
		server http.Handler
		want   string
		fix    string
		most   int64 // requests
	}{
		{"not there", &faulty{status: []int{404, 404}}, "404", "correct the address", 1},
		{"forbidden", &faulty{status: []int{403, 403}}, "403", "without a password", 1},
		{"always trouble", &faulty{status: []int{500, 500, 500, 500, 500, 500, 500}}, "(tried 6 times)", "run again later", 6},
		{"always cut", short, "cut before all bytes had come (tried 6 times)", "run again", 12},
		{"another range than asked for", otherRange, "(tried 6 times)", "", 12},
		{"redirected in circles", loop, "redirected more than 10 times", "correct the address", 1},
		{"redirected to another scheme", elsewhere, "from http:// to file://", "name the address", 1},
		{"other content", &faulty{data: content(5)}, store.Sum(content(5)).String(), "mlops data pin d", 1},
		{"too large", &faulty{data: content(2 << 20)}, "that one dataset may have", "split it", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var waited atomic.Int64
			s := open(t)
			f := fetcherWithoutPause(&waited)
			f.MaxSize = 1 << 20
			r := dataset.Remote{Name: "d", Address: serve(t, c.server) + "/d.csv?signature=hidden", Pin: store.Sum(data)}
			_, err := f.Fetch(t.Context(), s, r, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hidden") {
				t.Errorf("error is %v; want it to say %q, and nothing that is hidden", err, c.want)
			}
			var fix interface{ Fix() string }
			if !errors.As(err, &fix) || !strings.Contains(fix.Fix(), c.fix) {
				t.Errorf("%v has no cure %q", err, c.fix)
			}
			if f, ok := c.server.(*faulty); ok && f.requests.Load() > c.most {
				t.Errorf("%d requests, want at most %d", f.requests.Load(), c.most)
			}
			nothingLeft(t, s)
		})
	}
}

// A server says how long to wait.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	var waited atomic.Int64
	s := &faulty{data: content(10), status: []int{503}, retry: "7"}
	if _, err := fetcherWithoutPause(&waited).Fetch(t.Context(), open(t), dataset.Remote{Address: serve(t, s) + "/x"}, nil); err != nil {
		t.Fatal(err)
	}
	if got := time.Duration(waited.Load()); got != 7*time.Second {
		t.Errorf("waited %v", got)
	}
}

// A certificate that nobody vouches for is no trouble that passes.
func TestCertificate(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(&faulty{data: content(10)})
	t.Cleanup(server.Close)
	var waited atomic.Int64
	_, err := fetcherWithoutPause(&waited).Fetch(t.Context(), open(t), dataset.Remote{Address: server.URL + "/x"}, nil)
	if err == nil || !strings.Contains(err.Error(), "certificate") || waited.Load() > 0 {
		t.Errorf("error is %v, after waiting %v", err, time.Duration(waited.Load()))
	}
}

// A run that is cancelled leaves nothing.
func TestCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(content(100))
		w.(http.Flusher).Flush()
		cancel()
		<-r.Context().Done()
	})
	s := open(t)
	_, err := new(Fetcher).Fetch(ctx, s, dataset.Remote{Address: serve(t, slow) + "/x"}, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	nothingLeft(t, s)
}

// What a stranger names does not make this machine ask itself or its neighbours.
func TestPublic(t *testing.T) {
	t.Parallel()
	server := &faulty{data: content(10)}
	_, err := (&Fetcher{Public: true}).Fetch(t.Context(), open(t), dataset.Remote{Address: serve(t, server) + "/x"}, nil)
	if !errors.Is(err, errPrivate) || server.requests.Load() > 0 {
		t.Errorf("error is %v, %d requests", err, server.requests.Load())
	}
	for address, ok := range map[string]bool{
		"8.8.8.8:443": true, "[2001:4860:4860::8888]:443": true, "10.1.2.3:80": false, "169.254.169.254:80": false, "[::1]:80": false,
		"[fd00::1]:80": false, "[::ffff:127.0.0.1]:80": false, "100.64.0.1:80": false, "0.0.0.0:80": false,
	} {
		if got := refusePrivate("tcp", address, nil) == nil; got != ok {
			t.Errorf("%s: allowed %v, want %v", address, got, ok)
		}
	}
}

func TestBadAddresses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"ftp://h/x": "cannot come from ftp", "https://u:hidden@h/x": "user or a password", "https:///x": "no host", "s3://b": "no object", "s3://b/": "no object",
		"s3://u:hidden@b/x": "user or a password", "s3://b%2f/x": "no name of a bucket", "https://h/%zz": "invalid URL escape", "x": "no address",
	} {
		_, err := new(Fetcher).Fetch(t.Context(), open(t), dataset.Remote{Address: address}, nil)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
}
