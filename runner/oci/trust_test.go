package oci

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"testing"
)

// trusting is a transport that knows one authority.
func trusting(t *testing.T, ca []byte) http.RoundTripper {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		t.Fatal("no certificate")
	}
	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
}
