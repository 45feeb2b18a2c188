package source

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// bucket finds the server and the keys of a bucket, as the AWS tools do: from
// AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION,
// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE,
// AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE. Buckets of gs:// are read by
// the same protocol from Google's XML interface, with GS_ACCESS_KEY_ID and
// GS_SECRET_ACCESS_KEY, a key pair that Google calls HMAC keys.
func (f *Fetcher) bucket(u *url.URL) (*bucket, error) {
	if strings.Trim(u.Host, bucketRunes) != "" {
		return nil, &final{fmt.Errorf("%.70q is no name of a bucket", u.Host), "correct the address: s3://BUCKET/KEY"}
	}
	if u.Scheme == "gs" {
		k := keys{id: f.env("GS_ACCESS_KEY_ID"), secret: f.env("GS_SECRET_ACCESS_KEY")}
		return &bucket{f: f, endpoint: "https://storage.googleapis.com/" + u.Host, region: "auto", keys: k}, nil
	}
	b := &bucket{f: f, keys: f.keys(), region: first(f.env("AWS_REGION"), f.env("AWS_DEFAULT_REGION"), f.profile("AWS_CONFIG_FILE", "config", "profile ")["region"])}
	b.region = first(b.region, "us-east-1")
	if e := first(f.env("AWS_ENDPOINT_URL_S3"), f.env("AWS_ENDPOINT_URL")); e != "" {
		at, err := url.Parse(e)
		if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" || at.User != nil {
			return nil, &final{fmt.Errorf("AWS_ENDPOINT_URL_S3 is no address of a server"), "write it as https://HOST:PORT"}
		}
		b.endpoint = strings.TrimSuffix(at.Scheme+"://"+at.Host+at.EscapedPath(), "/") + "/" + u.Host
		return b, nil
	}
	b.endpoint = "https://" + u.Host + ".s3." + b.region + ".amazonaws.com"
	if strings.Contains(u.Host, ".") { // no certificate is good for a dot more
		b.endpoint = "https://s3." + b.region + ".amazonaws.com/" + u.Host
	}
	return b, nil
}

const bucketRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

func (f *Fetcher) env(name string) string {
	if f.Lookup == nil {
		return ""
	}
	v, _ := f.Lookup(name)
	return v
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// keys are those of the environment, else of the profile.
func (f *Fetcher) keys() keys {
	if k := (keys{f.env("AWS_ACCESS_KEY_ID"), f.env("AWS_SECRET_ACCESS_KEY"), f.env("AWS_SESSION_TOKEN")}); k.id != "" && k.secret != "" {
		return k
	}
	p := f.profile("AWS_SHARED_CREDENTIALS_FILE", "credentials", "")
	return keys{p["aws_access_key_id"], p["aws_secret_access_key"], p["aws_session_token"]}
}

// profile reads the section of the profile from one of the AWS tools' files. What
// is not there, or cannot be read, is empty: those who need it are told by the server.
func (f *Fetcher) profile(variable, file, prefix string) map[string]string {
	path := f.env(variable)
	if path == "" && f.Home != "" {
		path = filepath.Join(f.Home, ".aws", file)
	}
	if path == "" {
		return nil
	}
	in, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, 1<<20))
	if err != nil {
		return nil
	}
	name := first(f.env("AWS_PROFILE"), "default")
	return section(text, name, prefix+name)
}

// section reads name = value lines below [name].
func section(text []byte, names ...string) map[string]string {
	out := map[string]string{}
	inside := false
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if head, ok := strings.CutPrefix(line, "["); ok {
			head = strings.TrimSpace(strings.TrimSuffix(head, "]"))
			inside = head == names[0] || head == names[len(names)-1]
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if inside && ok && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, ";") {
			out[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
		}
	}
	return out
}
