package s3

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Options are how a bucket is reached. The zero value reads what everybody may
// read at Amazon.
type Options struct {
	// Lookup gives environment variables: endpoints and keys as the AWS tools name
	// them. nil knows none.
	Lookup   func(name string) (string, bool)
	Home     string // folder with .aws/; "" for none
	Endpoint string // http(s)://HOST:PORT of the server; "" for what the environment says
	Region   string // "" for what the environment says

	Client   *http.Client                               // nil means one of its own
	Now      func() time.Time                           // nil means time.Now
	Pause    func(context.Context, time.Duration) error // between attempts; nil waits
	Attempts int                                        // 0 means [Attempts]
}

// A Bucket is one of a server that speaks S3. It is safe for concurrent use.
type Bucket struct {
	o    Options
	keys keys

	mu       sync.Mutex // guards what follows
	endpoint string     // scheme and host, and with path style the bucket's path: no slash at the end
	region   string
}

const (
	connectTime = 20 * time.Second
	answerTime  = time.Minute
)

// newClient makes a client that compresses nothing, so that lengths and ranges mean
// the bytes of the object.
func newClient() *http.Client {
	dialer := &net.Dialer{Timeout: connectTime}
	return &http.Client{Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, TLSHandshakeTimeout: connectTime,
		ResponseHeaderTimeout: 5 * answerTime, // an upload in parts is put together before it is answered
		DisableCompression:    true, MaxIdleConnsPerHost: 16, IdleConnTimeout: answerTime,
		WriteBufferSize: 256 << 10, ReadBufferSize: 256 << 10,
	}}
}

func (b *Bucket) now() time.Time {
	if b.o.Now != nil {
		return b.o.Now()
	}
	return time.Now()
}

func (b *Bucket) pause(ctx context.Context, d time.Duration) error {
	if b.o.Pause != nil {
		return b.o.Pause(ctx, d)
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// where is the endpoint and region as they are known now.
func (b *Bucket) where() (endpoint, region string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.endpoint, b.region
}

// move takes up the region that the server named, and reports whether it is new.
func (b *Bucket) move(region string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if region == "" || region == b.region {
		return false
	}
	b.endpoint = strings.Replace(b.endpoint, "."+b.region+".", "."+region+".", 1) // Amazon's hosts name it
	b.region = region
	return true
}

// Sign signs a request, if there are keys.
func (b *Bucket) Sign(req *http.Request) {
	if b.keys.id != "" {
		_, region := b.where()
		signV4(req, b.keys, region, b.now())
	}
}

// URL is where an object is.
func (b *Bucket) URL(key string) string { return b.url(key, nil) }

func (b *Bucket) url(key string, q url.Values) string {
	endpoint, _ := b.where()
	u := endpoint + "/" + escape(key, true)
	if len(q) > 0 {
		u += "?" + canonicalQuery(q)
	}
	return u
}

// A request is one that can be sent again.
type request struct {
	method, key string
	query       url.Values
	header      map[string]string
	body        io.ReaderAt // nil for none
	size        int64
	sum         string // SHA-256 of the body in hex
	want        []int  // statuses; nil means 200
}

// do sends a request, again if that may help. The caller closes the body.
func (b *Bucket) do(ctx context.Context, r request) (*http.Response, error) {
	most := b.o.Attempts
	if most == 0 {
		most = Attempts
	}
	for fails := 1; ; fails++ {
		resp, err := b.once(ctx, r)
		if err == nil {
			return resp, nil
		}
		var status *StatusError
		if errors.As(err, &status) && fails == 1 && b.move(status.Region) {
			continue
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if !Passing(err) || fails >= most {
			return nil, err
		}
		if err := b.pause(ctx, PauseAfter(err, fails)); err != nil {
			return nil, err
		}
	}
}

func (b *Bucket) once(ctx context.Context, r request) (*http.Response, error) {
	var body io.Reader
	if r.body != nil {
		body = io.NewSectionReader(r.body, 0, r.size)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, b.url(r.key, r.query), body)
	if err != nil {
		return nil, &FinalError{Plain(err), "correct the address"}
	}
	req.Header.Set("User-Agent", "mlops")
	req.Header.Set("Accept-Encoding", "identity")
	if r.body != nil {
		req.ContentLength = r.size
		if r.size == 0 {
			req.Body = http.NoBody
		}
		req.Header.Set("X-Amz-Content-Sha256", r.sum)
	}
	for name, v := range r.header {
		req.Header.Set(name, v)
	}
	b.Sign(req)
	resp, err := b.o.Client.Do(req)
	if err != nil {
		return nil, Plain(err)
	}
	for _, code := range append(r.want, http.StatusOK) {
		if resp.StatusCode == code {
			return resp, nil
		}
	}
	defer resp.Body.Close()
	return nil, AnswerError(resp)
}
