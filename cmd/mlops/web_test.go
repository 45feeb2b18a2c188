package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"

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
