package source

import (
	"errors"
	"net/url"
	"strings"
)

// parseAddress reads an address. Of an object in a bucket, the path is its key
// as it is written: a question mark or a percent sign means nothing there.
func parseAddress(address string) (*url.URL, error) {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return nil, errors.New("it is no address")
	}
	if scheme != "s3" && scheme != "gs" {
		return url.Parse(address)
	}
	bucket, key, _ := strings.Cut(rest, "/")
	u := &url.URL{Scheme: scheme, Host: bucket, Path: "/" + key}
	if user, host, ok := strings.Cut(bucket, "@"); ok {
		u.User, u.Host = url.User(user), host
	}
	return u, nil
}
