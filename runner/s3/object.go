package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// An Object is what a bucket says of one.
type Object struct {
	Key      string
	Size     int64
	ETag     string // as a header has it, with its quotes; changes when the content does
	Version  string // of the server, "" where it keeps none
	Modified time.Time
}

// Head asks for an object. It fails with ErrNotFound.
func (b *Bucket) Head(ctx context.Context, key string) (Object, error) {
	resp, err := b.do(ctx, request{method: http.MethodHead, key: key})
	if err != nil {
		return Object{}, missing(err)
	}
	resp.Body.Close()
	o := Object{Key: key, Size: resp.ContentLength, ETag: resp.Header.Get("ETag"), Version: resp.Header.Get("X-Amz-Version-Id")}
	o.Modified, _ = http.ParseTime(resp.Header.Get("Last-Modified"))
	if o.Version == "null" {
		o.Version = ""
	}
	return o, nil
}

// missing makes an answer that there is no object ErrNotFound; the answer stays
// readable.
func missing(err error) error {
	var status *StatusError
	if errors.As(err, &status) && status.Code == http.StatusNotFound && !strings.HasPrefix(status.Detail, "NoSuchBucket") {
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return err
}

// Get opens bytes from on of an object, n of them or fewer if it ends before, all
// that follow if n is negative. It fails with ErrNotFound. The reader is not taken
// up again when it is cut: the caller asks for the rest.
func (b *Bucket) Get(ctx context.Context, key string, from, n int64) (io.ReadCloser, Object, error) {
	r := request{method: http.MethodGet, key: key}
	switch {
	case n == 0:
		return io.NopCloser(strings.NewReader("")), Object{Key: key}, nil
	case n > 0:
		r.header = map[string]string{"Range": fmt.Sprintf("bytes=%d-%d", from, from+n-1)}
	case from > 0:
		r.header = map[string]string{"Range": fmt.Sprintf("bytes=%d-", from)}
	}
	if r.header != nil {
		r.want = []int{http.StatusPartialContent}
	}
	resp, err := b.do(ctx, r)
	if err != nil {
		return nil, Object{}, missing(err)
	}
	if r.header != nil && resp.StatusCode != http.StatusPartialContent && from > 0 {
		resp.Body.Close()
		return nil, Object{}, finalf("", "the server gives no ranges")
	}
	return resp.Body, Object{Key: key, Size: resp.ContentLength, ETag: resp.Header.Get("ETag")}, nil
}

// A Condition is under which an object is written. The zero value is none.
type Condition struct {
	New  bool   // only if there is none
	ETag string // only if it is still this one
}

func (c Condition) header() map[string]string {
	switch {
	case c.New:
		return map[string]string{"If-None-Match": "*"}
	case c.ETag != "":
		return map[string]string{"If-Match": c.ETag}
	}
	return nil
}

// Put writes an object of at most 5 GiB with the bytes of body, and returns its
// ETag. sum is their SHA-256, by which the server refuses others. It fails with
// ErrExists where the condition does not hold.
func (b *Bucket) Put(ctx context.Context, key string, body io.ReaderAt, size int64, sum [sha256.Size]byte, c Condition) (etag string, err error) {
	resp, err := b.do(ctx, request{method: http.MethodPut, key: key, header: c.header(), body: body, size: size, sum: hex.EncodeToString(sum[:])})
	if err != nil {
		return "", conflict(err)
	}
	resp.Body.Close()
	return resp.Header.Get("ETag"), nil
}

// conflict makes an answer that a condition does not hold ErrExists.
func conflict(err error) error {
	var status *StatusError
	if errors.As(err, &status) && (status.Code == http.StatusPreconditionFailed || status.Code == http.StatusConflict ||
		status.Code == http.StatusNotFound && strings.HasPrefix(status.Detail, "NoSuchKey")) {
		return fmt.Errorf("%w: %w", ErrExists, err)
	}
	return err
}

// Delete removes an object. One that is not there is no error.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	resp, err := b.do(ctx, request{method: http.MethodDelete, key: key, want: []int{http.StatusNoContent}})
	if err = missing(err); err != nil {
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		return err
	}
	return resp.Body.Close()
}

// listPage is an answer of ListObjectsV2.
type listPage struct {
	IsTruncated           bool
	NextContinuationToken string
	Contents              []struct {
		Key          string
		ETag         string
		Size         int64
		LastModified time.Time
	}
}

// maxPage is how many bytes an answer with 1,000 objects may have.
const maxPage = 16 << 20

// List yields the objects whose keys begin with prefix, sorted bytewise by key. After an
// error the list ends.
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		q := url.Values{"list-type": {"2"}, "prefix": {prefix}}
		for {
			var page listPage
			err := b.xml(ctx, request{method: http.MethodGet, query: q}, &page)
			for i := 0; err == nil && i < len(page.Contents); i++ {
				c := page.Contents[i]
				if !yield(Object{Key: c.Key, Size: c.Size, ETag: c.ETag, Modified: c.LastModified}, nil) {
					return
				}
			}
			if err == nil && !page.IsTruncated {
				return
			}
			if err == nil && (page.NextContinuationToken == "" || page.NextContinuationToken == q.Get("continuation-token")) {
				err = finalf("", "the server's list does not go on")
			}
			if err != nil {
				yield(Object{}, err)
				return
			}
			q.Set("continuation-token", page.NextContinuationToken)
		}
	}
}

// xml sends a request and reads its answer into v.
func (b *Bucket) xml(ctx context.Context, r request, v any) error {
	resp, err := b.do(ctx, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxPage))
	if err != nil {
		return Plain(err)
	}
	if said := detail(text); said != "" { // an error that begins with 200, of an upload put together
		return &StatusError{Status: "500 after 200", Code: http.StatusInternalServerError, Detail: said}
	}
	if err := xml.NewDecoder(bytes.NewReader(text)).Decode(v); err != nil {
		return finalf("look whether the endpoint speaks S3", "the server's list cannot be read: %w", err)
	}
	return nil
}
