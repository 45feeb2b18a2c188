package forge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// A REST is an API of JSON, for forges without a library.
type REST struct {
	Base      string // https://HOST/api/v4
	Transport *Transport
}

// Do sends a request to a path below Base, whose segments are escaped, and reads
// its answer into v: JSON, or the bytes themselves for a *[]byte, or nothing for
// nil. body, if it is not nil, is sent as JSON. If it fails, the Answer says why.
func (r REST) Do(ctx context.Context, method, path string, query url.Values, body, v any) (Answer, error) {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return Answer{Err: err}, err
		}
	}
	address := strings.TrimSuffix(r.Base, "/") + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(text))
	if err != nil {
		return Answer{Err: err}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("User-Agent", "mlops")
	return r.Transport.JSON(req, v)
}

// JSON sends a request and reads its answer as [REST.Do] does.
func (t *Transport) JSON(req *http.Request, v any) (Answer, error) {
	client := http.Client{Transport: t}
	resp, err := client.Do(req)
	if err != nil {
		return Answer{Err: err}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return answerOf(resp), fmt.Errorf("answer %s", resp.Status)
	}
	a := Answer{Status: resp.StatusCode, Header: resp.Header}
	a.Err = decode(resp.Body, v)
	return a, a.Err
}

func decode(r io.Reader, v any) (err error) {
	switch v := v.(type) {
	case nil:
		_, err = io.Copy(io.Discard, r)
	case *[]byte:
		*v, err = io.ReadAll(r)
	default:
		if err = json.NewDecoder(r).Decode(v); errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
	}
	return err
}
