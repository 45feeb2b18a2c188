package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// chunk is how much of a blob goes at once when an upload has broken off before, in bytes:
// what a registry has acknowledged does not go again.
const chunk = 16 << 20

// An upload is a blob on its way to a registry (distribution specification 1.1, "Pushing
// blobs"). It goes as one, which costs the least. When that breaks off, the registry is asked how
// much it has, and the rest follows in chunks.
//
// Not every registry keeps half a chunk: docker-registry forgets the whole upload when
// the connection to it breaks within one, and keeps it when only the way there broke,
// before a proxy that collects requests. Then the upload begins anew.
type upload struct {
	*pusher
	blob    ocispec.Descriptor
	at      *url.URL // where the upload goes on; nil before it has begun
	auth    string   // that whoever answered took for it
	offset  int64    // bytes that the registry has
	best    int64    // most bytes that it ever had
	shown   int64    // bytes that were told to who watches
	least   int64    // bytes that a chunk has to have at least
	renewed bool     // whether a login has ended since the last chunk
}

// more does one try, and returns how many bytes more the registry has than ever before.
func (u *upload) more(ctx context.Context) (int64, error) {
	before := u.best
	err := u.try(auth.AppendRepositoryScope(ctx, u.repo.remote.Reference, auth.ActionPull, auth.ActionPush))
	if err != nil {
		u.show(u.offset)
	}
	return u.best - before, err
}

func (u *upload) try(ctx context.Context) error {
	whole := u.at == nil
	if !whole {
		if err := u.ask(ctx); err != nil {
			return err
		}
	}
	if u.at == nil {
		if err := u.begin(ctx); err != nil {
			return err
		}
	}
	if whole || u.blob.Size == 0 {
		return u.end(ctx, u.blob.Size)
	}
	for u.offset < u.blob.Size {
		if err := u.patch(ctx); err != nil {
			return err
		}
	}
	return u.end(ctx, 0)
}

// begin asks for a place.
func (u *upload) begin(ctx context.Context) error {
	ref, scheme := u.repo.remote.Reference, "https"
	if u.repo.remote.PlainHTTP {
		scheme = "http"
	}
	to := &url.URL{Scheme: scheme, Host: ref.Host(), Path: "/v2/" + ref.Repository + "/blobs/uploads/"}
	resp, err := u.send(ctx, http.MethodPost, to, 0, nil)
	if err != nil {
		return err
	}
	u.least, _ = strconv.ParseInt(resp.Header.Get("OCI-Chunk-Min-Length"), 10, 64) // none is 0
	u.offset = 0
	u.show(0)
	return u.went(resp, http.StatusAccepted)
}

// ask asks how much the registry has. One that has forgotten the upload has nothing.
func (u *upload) ask(ctx context.Context) error {
	resp, err := u.send(ctx, http.MethodGet, u.at, 0, nil)
	if err != nil {
		return err
	}
	from := resp.Header.Get("Range")
	if resp.StatusCode/100 == 4 && resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusUnauthorized {
		u.at = nil
		return resp.Body.Close()
	}
	if err := u.went(resp, http.StatusNoContent); err != nil {
		return err
	}
	u.has(from)
	return nil
}

// has notes how much there is, by a range such as 0-1023; 0-0 is also nothing. A byte
// more than the registry has is never assumed.
func (u *upload) has(text string) {
	_, last, ok := strings.Cut(text, "-")
	n, err := strconv.ParseInt(last, 10, 64)
	u.offset = 0
	if ok && err == nil && n > 0 && n < u.blob.Size {
		u.offset = n + 1
	}
	u.best = max(u.best, u.offset)
	u.show(u.offset)
}

// patch sends the next chunk.
func (u *upload) patch(ctx context.Context) error {
	n := min(max(chunk, u.least), u.blob.Size-u.offset)
	resp, err := u.send(ctx, http.MethodPatch, u.at, n, http.Header{
		"Content-Range": {fmt.Sprintf("%d-%d", u.offset, u.offset+n-1)},
	})
	if err != nil {
		return err
	}
	want, to := u.offset+n, resp.Header.Get("Range")
	if resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusRequestedRangeNotSatisfiable {
		return errors.Join(fmt.Errorf("the registry lost its place: %w", io.ErrUnexpectedEOF), resp.Body.Close()) // it is asked where it is
	}
	if err := u.went(resp, http.StatusAccepted); err != nil {
		return err
	}
	u.offset = want
	if to != "" {
		u.has(to)
	}
	u.best = max(u.best, u.offset)
	u.show(u.offset)
	if u.offset != want {
		return fmt.Errorf("the registry has %d bytes of %d that were sent: %w", u.offset, want, io.ErrUnexpectedEOF)
	}
	return nil
}

// end closes the upload, with n bytes that go with it.
func (u *upload) end(ctx context.Context, n int64) error {
	to := *u.at
	q := to.Query()
	q.Set("digest", u.blob.Digest.String())
	to.RawQuery = q.Encode()
	resp, err := u.send(ctx, http.MethodPut, &to, n, nil)
	if err != nil {
		return err
	}
	if resp.StatusCode == http.StatusCreated {
		u.best = u.blob.Size
		u.show(u.blob.Size)
		return resp.Body.Close()
	}
	if n == 0 {
		u.at = nil // what is there is not the blob: it begins anew
	}
	return u.went(resp, http.StatusCreated)
}

// send sends a request with the next n bytes of the blob.
func (u *upload) send(ctx context.Context, method string, to *url.URL, n int64, header http.Header) (*http.Response, error) {
	var body io.Reader = http.NoBody
	if n > 0 {
		f, err := u.rest()
		if err != nil {
			return nil, &diskError{err}
		}
		defer f.Close() // the transport may have done so
		body = f
		if u.offset+n < u.blob.Size {
			body = io.LimitReader(f, n)
		}
		w := watch(f, u.offset, &u.progress)
		defer func() { u.shown += w.end() }()
	}
	req, err := http.NewRequestWithContext(ctx, method, to.String(), body)
	if err != nil {
		return nil, err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	if method != http.MethodGet {
		req.ContentLength = n
		req.Header.Set("Content-Type", "application/octet-stream")
	}
	if n > 0 && u.auth != "" { // with a body it cannot be asked for a login first
		req.Header.Set("Authorization", u.auth)
	}
	return u.repo.remote.Client.Do(req)
}

// rest opens what the registry does not have.
func (u *upload) rest() (*os.File, error) {
	f, err := u.from.open(u.blob)
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(u.offset, io.SeekStart); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// went takes what an answer says of where the upload goes on, and makes an error of one
// that is not as it should be.
func (u *upload) went(resp *http.Response, want int) error {
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusUnauthorized && u.offset > 0 && !u.renewed {
		u.renewed = true // a token ends after minutes; the next try asks with a new one
		return fmt.Errorf("the login has ended: %w", io.ErrUnexpectedEOF)
	}
	if resp.StatusCode != want {
		return refusal(resp)
	}
	u.renewed = false
	u.auth = resp.Request.Header.Get("Authorization") // none where the registry sent us on to another host
	to, err := resp.Location()
	if errors.Is(err, http.ErrNoLocation) && u.at != nil {
		return nil
	}
	if err != nil {
		return err
	}
	from := resp.Request.URL
	if to.Port() == "" && from.Port() == "443" && to.Hostname() == from.Hostname() {
		to.Host = from.Host
	}
	if hostOf(to) != hostOf(from) || from.Scheme == "https" && to.Scheme != "https" {
		return fmt.Errorf("the registry wants the upload to go on at %s://%s, where its login is not to go", to.Scheme, to.Host)
	}
	u.at = to
	return nil
}

// hostOf is a host with its port.
func hostOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return u.Hostname() + ":" + port
}

// show tells who watches how much is there.
func (u *upload) show(n int64) {
	u.progress.add(n - u.shown)
	u.shown = n
}

// maxRefusal bounds what is read of a registry's reasons, in bytes.
const maxRefusal = 64 << 10

// refusal is the error of an answer.
func refusal(resp *http.Response) error {
	e := &errcode.ErrorResponse{Method: resp.Request.Method, URL: resp.Request.URL, StatusCode: resp.StatusCode}
	var body struct {
		Errors errcode.Errors `json:"errors"`
	}
	if json.NewDecoder(io.LimitReader(resp.Body, maxRefusal)).Decode(&body) == nil {
		e.Errors = body.Errors
	}
	return e
}
