package main

import (
	"os"
	"os/exec"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mlops-runner/mlops/runner/oci/ocitest"
)

// registryServer [tls] starts Debian's docker-registry for a story and sets
// $REGISTRY to where it is. With tls it speaks TLS, whose authority $REGISTRY_CA
// names, and lets in ada alone, whose config.json is in $REGISTRY_LOGIN.
func registryServer(ts *testscript.TestScript, neg bool, args []string) {
	secure := len(args) == 1 && args[0] == "tls"
	if neg || len(args) > 0 && !secure {
		ts.Fatalf("usage: registry [tls]")
	}
	err := ocitest.Missing()
	if err == nil {
		_, err = exec.LookPath("skopeo")
	}
	if err != nil {
		if os.Getenv("MLOPS_NEED_OCI") == "1" {
			ts.Fatalf("%v", err)
		}
		ts.Value(testKey{}).(testscript.T).Skip(err)
	}
	dir, err := os.MkdirTemp("", "mlops-registry-")
	ts.Check(err)
	ts.Defer(func() { ts.Check(os.RemoveAll(dir)) })
	s, err := ocitest.Start(dir, ocitest.Options{TLS: secure, Login: secure})
	ts.Check(err)
	ts.Defer(s.Close)
	ts.Setenv("REGISTRY", s.Host)
	ts.Setenv("REGISTRY_CA", s.CAFile)
	ts.Setenv("REGISTRY_LOGIN", s.Logins(ocitest.User, ocitest.Password))
	ts.Setenv("REGISTRY_WRONG", s.Logins(ocitest.User, "wrong"))
}
