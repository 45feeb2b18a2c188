package s3

import (
	"bufio"
	"bytes"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Open finds the server and the keys of a bucket, as the AWS tools do: from
// AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION,
// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE,
// AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE. Buckets of the scheme gs are
// reached by the same protocol at Google's XML interface, with GS_ACCESS_KEY_ID and
// GS_SECRET_ACCESS_KEY, a key pair that Google calls HMAC keys. Nothing is asked
// of the server. It fails with a *FinalError.
func Open(scheme, name string, o Options) (*Bucket, error) {
	if name == "" || strings.Trim(name, bucketRunes) != "" {
		return nil, finalf("correct the address: s3://BUCKET/KEY", "%.70q is no name of a bucket", name)
	}
	if o.Client == nil {
		o.Client = newClient()
	}
	b := &Bucket{o: o}
	if scheme == "gs" {
		b.keys = keys{id: o.env("GS_ACCESS_KEY_ID"), secret: o.env("GS_SECRET_ACCESS_KEY")}
		b.endpoint, b.region = "https://storage.googleapis.com/"+name, "auto"
		return b, nil
	}
	b.keys = o.keys()
	b.region = first(o.Region, o.env("AWS_REGION"), o.env("AWS_DEFAULT_REGION"), o.profile("AWS_CONFIG_FILE", "config", "profile ")["region"], "us-east-1")
	if e := first(o.Endpoint, o.env("AWS_ENDPOINT_URL_S3"), o.env("AWS_ENDPOINT_URL")); e != "" {
		at, err := url.Parse(e)
		if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" || at.User != nil {
			what := "AWS_ENDPOINT_URL_S3"
			if o.Endpoint != "" {
				what = "the endpoint"
			}
			return nil, finalf("write it as https://HOST:PORT", "%s is no address of a server", what)
		}
		b.endpoint = strings.TrimSuffix(at.Scheme+"://"+at.Host+at.EscapedPath(), "/") + "/" + name
		return b, nil
	}
	b.endpoint = "https://" + name + ".s3." + b.region + ".amazonaws.com"
	if strings.Contains(name, ".") { // no certificate is good for a dot more
		b.endpoint = "https://s3." + b.region + ".amazonaws.com/" + name
	}
	return b, nil
}

const bucketRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

func (o *Options) env(name string) string {
	if o.Lookup == nil {
		return ""
	}
	v, _ := o.Lookup(name)
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

// Keys says where the keys come from, for people: a variable, a file, or nothing.
func (o *Options) Keys() string {
	if o.env("AWS_ACCESS_KEY_ID") != "" && o.env("AWS_SECRET_ACCESS_KEY") != "" {
		return "AWS_ACCESS_KEY_ID"
	}
	if o.keys().id != "" {
		return "profile " + first(o.env("AWS_PROFILE"), "default")
	}
	return ""
}

// keys are those of the environment, else of the profile.
func (o *Options) keys() keys {
	if k := (keys{o.env("AWS_ACCESS_KEY_ID"), o.env("AWS_SECRET_ACCESS_KEY"), o.env("AWS_SESSION_TOKEN")}); k.id != "" && k.secret != "" {
		return k
	}
	p := o.profile("AWS_SHARED_CREDENTIALS_FILE", "credentials", "")
	return keys{p["aws_access_key_id"], p["aws_secret_access_key"], p["aws_session_token"]}
}

// profile reads the section of the profile from one of the AWS tools' files. What
// is not there, or cannot be read, is empty: those who need it are told by the server.
func (o *Options) profile(variable, file, prefix string) map[string]string {
	path := o.env(variable)
	if path == "" && o.Home != "" {
		path = filepath.Join(o.Home, ".aws", file)
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
	name := first(o.env("AWS_PROFILE"), "default")
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
