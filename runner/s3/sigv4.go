package s3

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// keys are what requests to S3 are signed with. Without an id they are not.
type keys struct{ id, secret, session string }

const (
	algorithm = "AWS4-HMAC-SHA256"
	noBody    = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // SHA-256 of nothing
)

// signV4 signs a request by AWS Signature Version 4, in its header. One with a
// body says in X-Amz-Content-Sha256 what its SHA-256 is. Source: "Authenticating Requests: Using the Authorization Header",
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html.
// The path of the URL must be escaped as escapePath does.
func signV4(req *http.Request, k keys, region string, now time.Time) {
	stamp := now.UTC().Format("20060102T150405Z")
	scope := stamp[:8] + "/" + region + "/s3/aws4_request"
	req.Header.Set("X-Amz-Date", stamp)
	body := req.Header.Get("X-Amz-Content-Sha256")
	if body == "" {
		body = noBody
		req.Header.Set("X-Amz-Content-Sha256", body)
	}
	if k.session != "" {
		req.Header.Set("X-Amz-Security-Token", k.session)
	}
	names, headers := canonicalHeaders(req)
	canonical := strings.Join([]string{req.Method, req.URL.EscapedPath(), canonicalQuery(req.URL.Query()), headers, names, body}, "\n")
	hash := sha256.Sum256([]byte(canonical))
	toSign := strings.Join([]string{algorithm, stamp, scope, hex.EncodeToString(hash[:])}, "\n")
	key := []byte("AWS4" + k.secret)
	for _, part := range strings.Split(scope, "/") {
		key = mac(key, part)
	}
	req.Header.Set("Authorization", algorithm+" Credential="+k.id+"/"+scope+",SignedHeaders="+names+",Signature="+hex.EncodeToString(mac(key, toSign)))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// canonicalHeaders returns the names of the headers that are signed, and a line
// of each: the host, the range and all that begin with x-amz-.
func canonicalHeaders(req *http.Request) (names, lines string) {
	values := map[string]string{"host": req.URL.Host}
	for name, v := range req.Header {
		if name = strings.ToLower(name); name == "range" || strings.HasPrefix(name, "x-amz-") {
			values[name] = strings.TrimSpace(strings.Join(v, ","))
		}
	}
	var all []string
	for name := range values {
		all = append(all, name)
	}
	slices.Sort(all)
	for _, name := range all {
		lines += name + ":" + values[name] + "\n"
	}
	return strings.Join(all, ";"), lines
}

// canonicalQuery sorts a query by names and escapes it; each name stands once.
func canonicalQuery(q url.Values) string {
	var parts []string
	for name := range q {
		parts = append(parts, escape(name, false)+"="+escape(q.Get(name), false))
	}
	slices.Sort(parts)
	return strings.Join(parts, "&")
}

// escape encodes all bytes but those that RFC 3986 calls unreserved, and slashes
// if they may stay.
func escape(s string, slashes bool) string {
	const upper = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-_.~", c) >= 0 || slashes && c == '/' {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + string(upper[c>>4]) + string(upper[c&15]))
		}
	}
	return b.String()
}
