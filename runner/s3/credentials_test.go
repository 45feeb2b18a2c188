package s3

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Where a bucket is and what it is read with, as the AWS tools find it.
func TestBucket(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"credentials": "# mine\n[default]\naws_access_key_id = one\naws_secret_access_key=s1\n\n[work]\naws_access_key_id=two\naws_secret_access_key = s=2\naws_session_token = t2\n",
		"config":      "[default]\nregion = eu-west-1\n[profile work]\nregion=ap-south-1\n",
	} {
		if err := os.WriteFile(filepath.Join(home, ".aws", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, address, home string
		env                 map[string]string
		endpoint, region    string
		keys                keys
	}{
		{"nothing said", "s3://b/k", "", nil, "https://b.s3.us-east-1.amazonaws.com", "us-east-1", keys{}},
		{"files", "s3://b/k", home, nil, "https://b.s3.eu-west-1.amazonaws.com", "eu-west-1", keys{"one", "s1", ""}},
		{"a profile", "s3://b/k", home, map[string]string{"AWS_PROFILE": "work"}, "https://b.s3.ap-south-1.amazonaws.com", "ap-south-1", keys{"two", "s=2", "t2"}},
		{"a profile that is not there", "s3://b/k", home, map[string]string{"AWS_PROFILE": "x"}, "https://b.s3.us-east-1.amazonaws.com", "us-east-1", keys{}},
		{"the environment", "s3://b/k", home, map[string]string{"AWS_ACCESS_KEY_ID": "e", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t", "AWS_REGION": "r"},
			"https://b.s3.r.amazonaws.com", "r", keys{"e", "s", "t"}},
		{"half of a pair of keys", "s3://b/k", home, map[string]string{"AWS_ACCESS_KEY_ID": "e"}, "https://b.s3.eu-west-1.amazonaws.com", "eu-west-1", keys{"one", "s1", ""}},
		{"another server", "s3://b/k", "", map[string]string{"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:7070/", "AWS_ENDPOINT_URL": "http://other"}, "http://127.0.0.1:7070/b", "us-east-1", keys{}},
		{"a dot in the name", "s3://b.c/k", "", nil, "https://s3.us-east-1.amazonaws.com/b.c", "us-east-1", keys{}},
		{"Google, which gets no key of Amazon", "gs://b/k", home, map[string]string{"AWS_ACCESS_KEY_ID": "e", "AWS_SECRET_ACCESS_KEY": "s"}, "https://storage.googleapis.com/b", "auto", keys{}},
		{"Google with keys", "gs://b/k", "", map[string]string{"GS_ACCESS_KEY_ID": "g", "GS_SECRET_ACCESS_KEY": "s"}, "https://storage.googleapis.com/b", "auto", keys{"g", "s", ""}},
	} {
		scheme, rest, _ := strings.Cut(c.address, "://")
		bucket, _, _ := strings.Cut(rest, "/")
		b, err := Open(scheme, bucket, Options{Home: c.home, Lookup: func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }})
		if err != nil {
			t.Fatal(err)
		}
		if b.endpoint != c.endpoint || b.region != c.region || b.keys != c.keys {
			t.Errorf("%s: %s %s %v; want %s %s %v", c.name, b.endpoint, b.region, b.keys, c.endpoint, c.region, c.keys)
		}
	}
	if _, err := Open("s3", "b", Options{Lookup: func(string) (string, bool) { return "nonsense", true }}); err == nil {
		t.Error("an endpoint that is no address is taken")
	}
}
