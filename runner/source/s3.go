package source

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/mlops-runner/mlops/runner/store"
)

// A bucket is one of a server that speaks S3.
type bucket struct {
	f        *Fetcher
	endpoint string // scheme and host, and with path style the bucket's path: no slash at the end
	region   string
	keys     keys
}

// sign signs a request, if there are keys.
func (b *bucket) sign(req *http.Request) {
	if b.keys.id != "" {
		signV4(req, b.keys, b.region, b.f.now())
	}
}

func (b *bucket) url(key string, q url.Values) string {
	u := b.endpoint + "/" + escape(key, true)
	if len(q) > 0 {
		u += "?" + canonicalQuery(q)
	}
	return u
}

// objects finds what an address names: one object, or all below a folder.
func (b *bucket) objects(ctx context.Context, u *url.URL, folder bool) ([]object, error) {
	key := strings.TrimPrefix(u.Path, "/")
	if folder {
		return b.list(ctx, key)
	}
	resp, err := b.do(ctx, http.MethodHead, b.url(key, nil))
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	o := object{url: b.url(key, nil), size: resp.ContentLength, tag: resp.Header.Get("ETag")}
	if o.name = resp.Header.Get("X-Amz-Version-Id"); o.name == "" || o.name == "null" {
		o.name = strings.Trim(o.tag, `"`)
	}
	return []object{o}, nil
}

// maxObjects is how many objects a folder may have.
const maxObjects = 1_000_000

// list lists the objects below a folder, by its key with a slash at the end.
func (b *bucket) list(ctx context.Context, prefix string) ([]object, error) {
	q := url.Values{"list-type": {"2"}, "prefix": {prefix}}
	var out []object
	for {
		page, err := b.page(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, c := range page.Contents {
			rel, ok := strings.CutPrefix(c.Key, prefix)
			if !ok {
				return nil, &final{fmt.Errorf("the server lists %.80q, which is not below the folder", c.Key), ""}
			}
			if rel == "" || strings.HasSuffix(rel, "/") {
				continue // marks a folder
			}
			out = append(out, object{path: rel, url: b.url(c.Key, nil), size: c.Size, tag: c.ETag, name: strings.Trim(c.ETag, `"`)})
		}
		if len(out) > maxObjects {
			return nil, &final{fmt.Errorf("it has more than %d objects", maxObjects), "pack them into fewer, or name a folder further down"}
		}
		if !page.IsTruncated {
			return out, sound(out)
		}
		if page.NextContinuationToken == "" || page.NextContinuationToken == q.Get("continuation-token") {
			return nil, &final{errors.New("the server's list does not go on"), ""}
		}
		q.Set("continuation-token", page.NextContinuationToken)
	}
}

// sound refuses keys that no folder could hold.
func sound(objects []object) error {
	if len(objects) == 0 {
		return &final{errors.New("the folder has no objects"), "correct the address: s3://BUCKET/FOLDER/"}
	}
	es := make([]store.Entry, len(objects))
	for i, o := range objects {
		if strings.ContainsAny(o.path, "\n\r") {
			return &final{fmt.Errorf("the name %q holds a line break", o.path), "rename the object"}
		}
		es[i] = store.Entry{Path: o.path, Mode: 0o644}
	}
	if err := store.CheckEntries(es); err != nil {
		return &final{err, "rename the object, so that a folder can hold it"}
	}
	return nil
}

// listPage is an answer of ListObjectsV2.
type listPage struct {
	IsTruncated           bool
	NextContinuationToken string
	Contents              []struct {
		Key  string
		ETag string
		Size int64
	}
}

// maxPage is how many bytes an answer with 1,000 objects may have.
const maxPage = 16 << 20

func (b *bucket) page(ctx context.Context, q url.Values) (*listPage, error) {
	resp, err := b.do(ctx, http.MethodGet, b.url("", q))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var p listPage
	if err := xml.NewDecoder(io.LimitReader(resp.Body, maxPage)).Decode(&p); err != nil {
		return nil, &final{fmt.Errorf("the server's list cannot be read: %w", err), "look whether the endpoint speaks S3"}
	}
	return &p, nil
}

// regionPart is where Amazon's hosts name the region.
func (b *bucket) regionPart() string { return "." + b.region + "." }

// do makes a request that has no body, again if that may help.
func (b *bucket) do(ctx context.Context, method, address string) (*http.Response, error) {
	for fails := 1; ; fails++ {
		resp, err := b.once(ctx, method, address)
		if err == nil {
			return resp, nil
		}
		var status *statusError
		if errors.As(err, &status) && status.region != "" && status.region != b.region && fails == 1 {
			address = strings.Replace(address, b.regionPart(), "."+status.region+".", 1)
			b.endpoint = strings.Replace(b.endpoint, b.regionPart(), "."+status.region+".", 1)
			b.region = status.region
			continue
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if !passing(err) || fails == attempts {
			return nil, err
		}
		if err := b.f.pause(ctx, pauseAfter(err, fails)); err != nil {
			return nil, err
		}
	}
}

func (b *bucket) once(ctx context.Context, method, address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, &final{plain(err), "correct the address"}
	}
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept-Encoding", "identity")
	b.sign(req)
	resp, err := b.f.http().Do(req)
	if err != nil {
		return nil, plain(err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		return nil, answerError(resp)
	}
	return resp, nil
}

// s3Detail is what an S3 server says of an error: code and message.
func s3Detail(body []byte) string {
	var e struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}
	if xml.Unmarshal(body, &e) != nil || e.Code == "" {
		return ""
	}
	text := e.Code
	if e.Message != "" {
		text += ", " + e.Message
	}
	return strings.Join(strings.Fields(text[:min(len(text), 300)]), " ")
}
