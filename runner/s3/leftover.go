package s3

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// An Unfinished upload was begun and neither ended nor given up.
type Unfinished struct {
	Key, ID string
	Begun   time.Time
}

// Unfinished lists the uploads of keys that begin with prefix. They are in no listing of
// objects, and are paid for. Where the key may not list them, or the server cannot, there
// are none.
func (b *Bucket) Unfinished(ctx context.Context, prefix string) (out []Unfinished, err error) {
	q := url.Values{"uploads": {""}, "prefix": {prefix}}
	for {
		var page struct {
			Upload []struct {
				Key, UploadId string
				Initiated     time.Time
			}
			IsTruncated                       bool
			NextKeyMarker, NextUploadIdMarker string
		}
		err := b.xml(ctx, request{method: http.MethodGet, query: q}, &page)
		var status *StatusError
		if errors.As(err, &status) && (status.Code == http.StatusForbidden || status.Code == http.StatusNotImplemented) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, u := range page.Upload {
			out = append(out, Unfinished{u.Key, u.UploadId, u.Initiated})
		}
		if !page.IsTruncated || page.NextKeyMarker == "" {
			return out, nil
		}
		q.Set("key-marker", page.NextKeyMarker)
		q.Set("upload-id-marker", page.NextUploadIdMarker)
	}
}

// GiveUp gives up an upload. One that has ended meanwhile is no error.
func (b *Bucket) GiveUp(ctx context.Context, u Unfinished) error {
	resp, err := b.do(ctx, request{method: http.MethodDelete, key: u.Key, query: url.Values{"uploadId": {u.ID}}, want: []int{http.StatusNoContent}})
	if err != nil {
		if errors.Is(gone(err), ErrExists) {
			return nil
		}
		return err
	}
	return resp.Body.Close()
}
