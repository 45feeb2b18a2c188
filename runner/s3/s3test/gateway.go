// Package s3test starts a real server that speaks S3, for tests.
package s3test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// The keys that a Gateway takes.
const (
	ID     = "test"
	Secret = "secret"
)

// Gateway starts a versitygw, which "make versitygw" builds, over a folder, in
// which its buckets are folders, and returns its address. Where there is none the
// test is skipped, or fails if MLOPS_NEED_S3=1.
func Gateway(t testing.TB, folder string) (endpoint string) {
	t.Helper()
	program, err := built("versitygw")
	if err != nil {
		if os.Getenv("MLOPS_NEED_S3") == "1" {
			t.Fatalf("no versitygw: %v", err)
		}
		t.Skipf("no versitygw (make versitygw builds it): %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var log bytes.Buffer
	c := exec.CommandContext(ctx, program, "--access", ID, "--secret", Secret, "--region", "us-east-1", "--port", at, "posix", "--sidecar", t.TempDir(), folder)
	c.Stdout, c.Stderr = &log, &log
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 5 * time.Second
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = c.Wait() // it was told to end
		if t.Failed() {
			t.Logf("versitygw: %s", log.String())
		}
	})
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if c, err := net.Dial("tcp", at); err == nil {
			_ = c.Close()
			return "http://" + at
		}
	}
	t.Fatalf("nothing answers at %s", at)
	return ""
}

// built finds a program in bin of the module that the test is of.
func built(name string) (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil || filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	program := filepath.Join(dir, "bin", name)
	if err == nil {
		_, err = os.Stat(program)
	}
	return program, err
}
