package remote

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/mlops-runner/mlops/runner/s3"
)

// Open opens the store at an address: s3://BUCKET/PREFIX, with
// ?endpoint=http(s)://HOST:PORT and &region=NAME where the environment does not say
// it, gs://BUCKET/PREFIX, or a folder: file:///PATH or a path, which base is put
// before if it is relative. Nothing is asked of it yet. It fails with an *[Error].
func Open(address, base string, o s3.Options) (Store, error) {
	s, err := open(address, base, o)
	if err != nil {
		shown, _, _ := strings.Cut(address, "?")
		cure := s3.Cure(err)
		var final *s3.FinalError
		if !errors.As(err, &final) {
			cure = "write s3://BUCKET/PREFIX?endpoint=https://HOST:PORT, or a folder: file:///PATH"
		}
		return nil, &Error{Op: "open", Address: shown, Err: err, Cure: cure}
	}
	return s, nil
}

func open(address, base string, o s3.Options) (Store, error) {
	scheme, rest, ok := strings.Cut(address, "://")
	switch {
	case !ok:
		if !filepath.IsAbs(address) {
			address = filepath.Join(base, address)
		}
		return OpenFolder(filepath.Clean(address)), nil
	case scheme == "file":
		if !filepath.IsAbs(rest) {
			return nil, fmt.Errorf("a folder's address has three slashes")
		}
		return OpenFolder(filepath.Clean(rest)), nil
	case scheme != "s3" && scheme != "gs":
		return nil, fmt.Errorf("a store cannot be at %.20s://", scheme)
	}
	rest, query, _ := strings.Cut(rest, "?")
	q, err := url.ParseQuery(query)
	if err != nil {
		return nil, errors.New("what follows the question mark cannot be read")
	}
	for name := range q {
		if name != "endpoint" && name != "region" {
			return nil, fmt.Errorf("%q is unknown behind the question mark", name)
		}
	}
	o.Endpoint, o.Region = q.Get("endpoint"), q.Get("region")
	bucket, prefix, _ := strings.Cut(rest, "/")
	if strings.Contains(bucket, "@") {
		return nil, errors.New("it holds a user or a password")
	}
	b, err := s3.Open(scheme, bucket, o)
	if err != nil {
		return nil, err
	}
	return NewBucket(b, prefix, scheme+"://"+strings.TrimSuffix(rest, "/")), nil
}
