package source

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/mlops-runner/mlops/runner/s3"
	"github.com/mlops-runner/mlops/runner/store"
)

// bucket finds the server and the keys of a bucket.
func (f *Fetcher) bucket(u *url.URL) (*s3.Bucket, error) {
	return s3.Open(u.Scheme, u.Host, s3.Options{Lookup: f.Lookup, Home: f.Home, Client: f.http(), Now: f.Now, Pause: f.pause})
}

// find finds what an address names: one object, or all below a folder.
func find(ctx context.Context, b *s3.Bucket, u *url.URL, folder bool) ([]object, error) {
	key := strings.TrimPrefix(u.Path, "/")
	if folder {
		return list(ctx, b, key)
	}
	head, err := b.Head(ctx, key)
	if err != nil {
		return nil, err
	}
	o := object{url: b.URL(key), size: head.Size, tag: head.ETag, name: head.Version}
	if o.name == "" {
		o.name = strings.Trim(o.tag, `"`)
	}
	return []object{o}, nil
}

// maxObjects is how many objects a folder may have.
const maxObjects = 1_000_000

// list lists the objects below a folder, by its key with a slash at the end.
func list(ctx context.Context, b *s3.Bucket, prefix string) (out []object, err error) {
	for o, err := range b.List(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		rel, ok := strings.CutPrefix(o.Key, prefix)
		if !ok {
			return nil, final(fmt.Errorf("the server lists %.80q, which is not below the folder", o.Key), "")
		}
		if rel == "" || strings.HasSuffix(rel, "/") {
			continue // marks a folder
		}
		out = append(out, object{path: rel, url: b.URL(o.Key), size: o.Size, tag: o.ETag, name: strings.Trim(o.ETag, `"`)})
		if len(out) > maxObjects {
			return nil, final(fmt.Errorf("it has more than %d objects", maxObjects), "pack them into fewer, or name a folder further down")
		}
	}
	return out, sound(out)
}

// sound refuses keys that no folder could hold.
func sound(objects []object) error {
	if len(objects) == 0 {
		return final(errors.New("the folder has no objects"), "correct the address: s3://BUCKET/FOLDER/")
	}
	es := make([]store.Entry, len(objects))
	for i, o := range objects {
		if strings.ContainsAny(o.path, "\n\r") {
			return final(fmt.Errorf("the name %q holds a line break", o.path), "rename the object")
		}
		es[i] = store.Entry{Path: o.path, Mode: 0o644}
	}
	if err := store.CheckEntries(es); err != nil {
		return final(err, "rename the object, so that a folder can hold it")
	}
	return nil
}
