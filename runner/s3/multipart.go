package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Uploads in parts.
const (
	PartSize = 16 << 20 // bytes of a part, unless there would be more than 10,000
	maxParts = 10_000
)

// partSize is how large the parts of an object are. It depends on its size alone, so
// that an upload can be taken up again.
func partSize(size int64) int64 {
	part := int64(PartSize)
	for (size+part-1)/part > maxParts {
		part *= 2
	}
	return part
}

// A part of an upload, as its server has it.
type part struct {
	PartNumber int
	ETag       string
	Size       int64
}

// Upload writes a large object in parts, several at a time. The object appears
// whole or not at all. What an earlier upload of the same key left behind, which a
// break ended, is used: callers whose keys name the content may go on where it ended.
// told, if not nil, gets the bytes that the server has got more, by several goroutines. It fails
// with ErrExists where the condition does not hold, if the server knows conditions here.
func (b *Bucket) Upload(ctx context.Context, key string, body io.ReaderAt, size int64, c Condition, told func(bytes int64)) error {
	id, have, err := b.begun(ctx, key)
	if err == nil && id == "" {
		id, err = b.begin(ctx, key)
	}
	if err != nil {
		return err
	}
	step := partSize(size)
	parts := make([]part, (size+step-1)/step)
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for i := range parts {
		n := min(step, size-int64(i)*step)
		if p, ok := have[i+1]; ok && p.Size == n {
			parts[i] = p
			tell(told, n)
			continue
		}
		group.Go(func() (err error) {
			parts[i], err = b.part(gctx, key, id, i+1, io.NewSectionReader(body, int64(i)*step, n), n)
			if err == nil {
				tell(told, n)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return gone(err)
	}
	return b.complete(ctx, key, id, parts, c)
}

func tell(told func(int64), n int64) {
	if told != nil {
		told(n)
	}
}

// gone makes an upload that somebody else has put together, or has given up,
// ErrExists: the caller looks which.
func gone(err error) error {
	var status *StatusError
	if errors.As(err, &status) && strings.HasPrefix(status.Detail, "NoSuchUpload") {
		return errors.Join(ErrExists, err)
	}
	return err
}

func (b *Bucket) begin(ctx context.Context, key string) (string, error) {
	var begun struct{ UploadId string }
	err := b.xml(ctx, request{method: http.MethodPost, key: key, query: url.Values{"uploads": {""}}}, &begun)
	return begun.UploadId, err
}

// begun finds an upload of the key that was not ended, and what there is of it.
func (b *Bucket) begun(ctx context.Context, key string) (id string, have map[int]part, err error) {
	var open struct {
		Upload []struct{ Key, UploadId string }
	}
	err = b.xml(ctx, request{method: http.MethodGet, query: url.Values{"uploads": {""}, "prefix": {key}}}, &open)
	if err != nil {
		return "", nil, nil // a key that may write need not be allowed to list uploads
	}
	for _, u := range open.Upload {
		if u.Key == key {
			id = u.UploadId
		}
	}
	if id == "" {
		return "", nil, nil
	}
	have = map[int]part{}
	q := url.Values{"uploadId": {id}}
	for {
		var page struct {
			Part                 []part
			IsTruncated          bool
			NextPartNumberMarker int
		}
		if err := b.xml(ctx, request{method: http.MethodGet, key: key, query: q}, &page); err != nil {
			return "", nil, ctx.Err() // it has just ended: begin another
		}
		for _, p := range page.Part {
			have[p.PartNumber] = p
		}
		if !page.IsTruncated || page.NextPartNumberMarker == 0 {
			return id, have, nil
		}
		q.Set("part-number-marker", strconv.Itoa(page.NextPartNumberMarker))
	}
}

func (b *Bucket) part(ctx context.Context, key, id string, number int, body *io.SectionReader, n int64) (part, error) {
	h := sha256.New()
	if _, err := io.Copy(h, body); err != nil {
		return part{}, &FinalError{Err: err}
	}
	resp, err := b.do(ctx, request{
		method: http.MethodPut, key: key, query: url.Values{"partNumber": {strconv.Itoa(number)}, "uploadId": {id}},
		body: body, size: n, sum: hex.EncodeToString(h.Sum(nil)),
	})
	if err != nil {
		return part{}, err
	}
	resp.Body.Close()
	return part{PartNumber: number, ETag: resp.Header.Get("ETag"), Size: n}, nil
}

func (b *Bucket) complete(ctx context.Context, key, id string, parts []part, c Condition) error {
	type onePart struct {
		PartNumber int
		ETag       string
	}
	var list struct {
		XMLName xml.Name `xml:"CompleteMultipartUpload"`
		Part    []onePart
	}
	for _, p := range parts {
		list.Part = append(list.Part, onePart{p.PartNumber, p.ETag})
	}
	text, err := xml.Marshal(list)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	var done struct{ Key string }
	err = b.xml(ctx, request{
		method: http.MethodPost, key: key, query: url.Values{"uploadId": {id}}, header: c.header(),
		body: bytes.NewReader(text), size: int64(len(text)), sum: hex.EncodeToString(sum[:]),
	}, &done)
	return gone(conflict(err))
}
