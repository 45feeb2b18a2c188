package provenance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/store"
)

// Media types.
const (
	BundleType  = "application/vnd.dev.sigstore.bundle.v0.3+json"
	PayloadType = "application/vnd.in-toto+json"
)

// maxBundle bounds what is read of a bundle, in bytes.
const maxBundle = 16 << 20

// A Bundle is a signed statement as a Sigstore bundle v0.3 has it, with a hint of
// the key and neither certificate nor log.
type Bundle struct {
	MediaType string   `json:"mediaType"`
	Material  Material `json:"verificationMaterial"`
	Envelope  Envelope `json:"dsseEnvelope"`
}

// Material says by which key a bundle is verified.
type Material struct {
	PublicKey struct {
		Hint string `json:"hint"`
	} `json:"publicKey"`
}

// Sign signs a statement.
func (k *Key) Sign(_ context.Context, s *Statement) (*Bundle, error) {
	// The predicate is canonical already, and is to stay as it is.
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return nil, err
	}
	e, err := k.seal(PayloadType, bytes.TrimSuffix(line.Bytes(), []byte("\n")))
	if err != nil {
		return nil, err
	}
	b := &Bundle{MediaType: BundleType, Envelope: *e}
	b.Material.PublicKey.Hint = k.id
	return b, nil
}

// Text is the file of a bundle: canonical JSON.
func (b *Bundle) Text() ([]byte, error) { return record.CanonicalLine(b) }

// Digest is that of the bundle's text.
func (b *Bundle) Digest() (store.Digest, error) {
	text, err := b.Text()
	return store.Sum(text), err
}

// KeyID is the id of the key that the bundle says it is signed by.
func (b *Bundle) KeyID() string { return b.Material.PublicKey.Hint }

// ParseBundle reads a bundle that [Bundle.Text] wrote. Bytes that mean the
// same and are others are an error: nobody who writes bundles makes them.
func ParseBundle(text []byte) (*Bundle, error) {
	var b Bundle
	if err := json.Unmarshal(text, &b); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	switch again, err := b.Text(); {
	case err != nil:
		return nil, err
	case !bytes.Equal(again, text):
		return nil, errors.New("bundle: not as it was written")
	case b.MediaType != BundleType:
		return nil, fmt.Errorf("bundle: media type %q, want %s", b.MediaType, BundleType)
	case b.Envelope.PayloadType != PayloadType:
		return nil, fmt.Errorf("bundle: payload %q, want %s", b.Envelope.PayloadType, PayloadType)
	case len(b.Envelope.Signatures) != 1 || b.Envelope.Signatures[0].KeyID != "":
		return nil, errors.New("bundle: want one signature, whose key the hint names")
	}
	return &b, nil
}

// Verify returns what the bundle states, if the key signed it. It fails with
// [ErrSignature] if it did not.
func (b *Bundle) Verify(_ context.Context, p *Public) (*Statement, error) {
	body, err := b.Envelope.open(p)
	if err != nil {
		return nil, err
	}
	return parseStatement(body)
}

// Unverified returns what the bundle says, whoever signed it.
func (b *Bundle) Unverified() (*Statement, error) {
	body, err := b.Envelope.body()
	if err != nil {
		return nil, err
	}
	return parseStatement(body)
}

func parseStatement(body []byte) (*Statement, error) {
	var s Statement
	if err := json.Unmarshal(body, &s); err != nil {
		return nil, fmt.Errorf("statement: %w", err)
	}
	if s.Type != StatementType || len(s.Subject) == 0 {
		return nil, fmt.Errorf("statement: type %q with %d subjects, want %s with one", s.Type, len(s.Subject), StatementType)
	}
	return &s, nil
}
