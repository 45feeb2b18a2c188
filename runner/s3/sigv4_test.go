package s3

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// The examples of "Authenticating Requests: Using the Authorization Header" in
// Amazon's documentation of S3, those without a body.
func TestSignV4(t *testing.T) {
	t.Parallel()
	k := keys{id: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	now := time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct{ name, path, byteRange, names, signature string }{
		{"an object's first bytes", "/test.txt", "bytes=0-9", "host;range;x-amz-content-sha256;x-amz-date", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
		{"a query without a value", "/?lifecycle", "", "host;x-amz-content-sha256;x-amz-date", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
		{"a list", "/?max-keys=2&prefix=J", "", "host;x-amz-content-sha256;x-amz-date", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
	} {
		req, err := http.NewRequest(http.MethodGet, "https://examplebucket.s3.amazonaws.com"+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.byteRange != "" {
			req.Header.Set("Range", c.byteRange)
		}
		signV4(req, k, "us-east-1", now)
		want := "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=" + c.names + ",Signature=" + c.signature
		if got := req.Header.Get("Authorization"); got != want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, want)
		}
	}
}

// A session's token is signed, and the secret is in no header.
func TestSignV4Session(t *testing.T) {
	t.Parallel()
	req, err := http.NewRequest(http.MethodGet, "https://h/b/k", nil)
	if err != nil {
		t.Fatal(err)
	}
	signV4(req, keys{"id", "hidden", "token"}, "r", time.Unix(0, 0))
	if got := req.Header.Get("Authorization"); !strings.Contains(got, "x-amz-security-token,Signature=") || req.Header.Get("X-Amz-Security-Token") != "token" {
		t.Errorf("Authorization is %s", got)
	}
	for name, v := range req.Header {
		if strings.Contains(strings.Join(v, ""), "hidden") {
			t.Errorf("%s holds the secret", name)
		}
	}
}

func TestEscape(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"a b/ü+%?~_-.": "a%20b/%C3%BC%2B%25%3F~_-.", "": ""} {
		if got := escape(in, true); got != want {
			t.Errorf("escape(%q) = %q, want %q", in, got, want)
		}
	}
	if got := escape("a/b", false); got != "a%2Fb" {
		t.Errorf("slashes in a query: %q", got)
	}
}
