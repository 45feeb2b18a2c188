package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// web DIR serves a folder on the loopback, at the address in $WEB, and writes a
// line for each request to web.log: method, path, status and range.
func web(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: web DIR")
	}
	log, err := os.Create(ts.MkAbs("web.log"))
	ts.Check(err)
	w := &webLog{files: http.FileServer(http.Dir(ts.MkAbs(args[0]))), log: log, broken: filepath.Join(ts.MkAbs(args[0]), "broken")}
	server := httptest.NewServer(w)
	ts.Defer(func() {
		server.Close()
		ts.Check(log.Close())
	})
	ts.Setenv("WEB", server.URL)
}

// webLog serves files, and answers 503 as often as the file "broken" is long,
// which gets shorter with each.
type webLog struct {
	files  http.Handler
	broken string

	mu  sync.Mutex // guards log and broken
	log *os.File
}

func (w *webLog) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	fmt.Fprintf(w.log, "%s %s\n", r.Method, r.URL.Path)
	left, err := os.ReadFile(w.broken)
	if err == nil && len(left) > 0 {
		err = os.WriteFile(w.broken, left[1:], 0o644)
		w.mu.Unlock()
		http.Error(rw, fmt.Sprint("busy ", err), http.StatusServiceUnavailable)
		return
	}
	w.mu.Unlock()
	rw.Header().Set("ETag", `"v1"`)
	w.files.ServeHTTP(rw, r)
}

// serveS3 is the command s3 DIR: it serves the folders in DIR as the buckets of a real server that speaks
// S3, and sets the variables by which it is found. Where "make versitygw" has
// built none, the story is skipped, or fails if MLOPS_NEED_S3=1.
func serveS3(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: s3 DIR")
	}
	program, err := filepath.Abs("../../bin/versitygw")
	ts.Check(err)
	t := ts.Value(testKey{}).(testscript.T)
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("MLOPS_NEED_S3") == "1" {
			ts.Fatalf("no versitygw: %v", err)
		}
		t.Skip("no versitygw; make versitygw builds it")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	at := l.Addr().String()
	ts.Check(l.Close())
	meta, err := os.MkdirTemp("", "mlops-s3-")
	ts.Check(err)
	c := exec.Command(program, "--access", "test", "--secret", "secret", "--port", at, "posix", "--sidecar", meta, "--default-etag", "e1", ts.MkAbs(args[0]))
	ts.Check(c.Start())
	ts.Defer(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		ts.Check(os.RemoveAll(meta))
	})
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		conn, err := net.Dial("tcp", at)
		if err == nil {
			ts.Check(conn.Close())
			break
		}
		if time.Now().After(end) {
			ts.Fatalf("versitygw does not answer: %v", err)
		}
	}
	ts.Setenv("AWS_ENDPOINT_URL_S3", "http://"+at)
	ts.Setenv("AWS_ACCESS_KEY_ID", "test")
	ts.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
}
