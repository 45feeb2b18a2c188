package provenance

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
)

// Kinds of keys.
const (
	Ed25519 = "ed25519"    // what [NewKey] is asked for by default
	P256    = "ecdsa-p256" // for key stores that know no other
)

// What reading a private key may come to.
var (
	// ErrNoPassphrase is what an encrypted key without a passphrase is.
	ErrNoPassphrase = errors.New("the key is encrypted and no passphrase is given")
	// ErrPassphrase is what an encrypted key with the wrong passphrase is.
	ErrPassphrase = errors.New("the passphrase is not the key's")
	// ErrSignature is what a signature is that the key did not make.
	ErrSignature = errors.New("the signature does not fit the key")
)

// A Public is the public half of a key.
type Public struct {
	key crypto.PublicKey
	id  string
}

// A Key signs.
type Key struct {
	Public
	signer crypto.Signer
}

// NewKey makes a key of a kind, [Ed25519] or [P256]; every other is an error.
func NewKey(kind string) (*Key, error) {
	switch kind {
	case Ed25519:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		return newKey(private)
	case P256:
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		return newKey(private)
	}
	return nil, fmt.Errorf("unknown kind of key %q; write %s or %s", kind, Ed25519, P256)
}

func newKey(private any) (*Key, error) {
	s, ok := private.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a key of kind %T does not sign", private)
	}
	p, err := newPublic(s.Public())
	if err != nil {
		return nil, err
	}
	return &Key{*p, s}, nil
}

func newPublic(key crypto.PublicKey) (*Public, error) {
	switch k := key.(type) {
	case ed25519.PublicKey:
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return nil, fmt.Errorf("a key on %s; want %s or %s", k.Curve.Params().Name, Ed25519, P256)
		}
	default:
		return nil, fmt.Errorf("a key of kind %T; want %s or %s", key, Ed25519, P256)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(der)
	return &Public{key, hex.EncodeToString(sum[:])}, nil
}

// ID is the SHA-256 of the key (PKIX, DER), in hex.
func (p *Public) ID() string { return p.id }

// Kind is ed25519 or ecdsa-p256.
func (p *Public) Kind() string {
	if _, ok := p.key.(ed25519.PublicKey); ok {
		return Ed25519
	}
	return P256
}

// PEM returns the key as text that openssl and cosign read.
func (p *Public) PEM() (string, error) {
	der, err := x509.MarshalPKIXPublicKey(p.key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), err
}

// ParsePublic reads what [Public.PEM] wrote.
func ParsePublic(text []byte) (*Public, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, errors.New(`no public key: want PEM with "BEGIN PUBLIC KEY"`)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	return newPublic(key)
}

// A verifier is a Public as package dsse wants it.
type verifier struct{ half *Public }

func (v verifier) KeyID() (string, error) { return v.half.id, nil }

func (v verifier) Public() crypto.PublicKey { return v.half.key }

func (v verifier) Verify(_ context.Context, data, sig []byte) error {
	ok := false
	switch k := v.half.key.(type) {
	case ed25519.PublicKey:
		ok = ed25519.Verify(k, data, sig)
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(data)
		ok = ecdsa.VerifyASN1(k, sum[:], sig)
	}
	if !ok {
		return ErrSignature
	}
	return nil
}

// A signer is a Key as package dsse wants it.
type signer struct{ key *Key }

// KeyID is empty: sigstore-go takes the keyid of an envelope for a fingerprint as
// ssh writes it, and refuses every other; the bundle's hint names the key.
func (s signer) KeyID() (string, error) { return "", nil }

func (s signer) Sign(_ context.Context, data []byte) ([]byte, error) {
	if s.key.Kind() == Ed25519 {
		return s.key.signer.Sign(rand.Reader, data, crypto.Hash(0))
	}
	sum := sha256.Sum256(data)
	return s.key.signer.Sign(rand.Reader, sum[:], crypto.SHA256)
}

// PrivatePEM returns the whole key as PKCS #8 in PEM, encrypted if there is a
// passphrase.
func (k *Key) PrivatePEM(passphrase string) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.signer)
	if err != nil {
		return nil, err
	}
	block := &pem.Block{Type: "PRIVATE KEY", Bytes: der}
	if passphrase != "" {
		block.Type = "ENCRYPTED PRIVATE KEY"
		if block.Bytes, err = encrypt(der, passphrase); err != nil {
			return nil, err
		}
	}
	return pem.EncodeToMemory(block), nil
}

// ParseKey reads a private key. It fails with [ErrNoPassphrase] or
// [ErrPassphrase] for an encrypted one that cannot be opened.
func ParseKey(text []byte, passphrase string) (*Key, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no private key: want PKCS #8 in PEM")
	}
	der := block.Bytes
	switch block.Type {
	case "PRIVATE KEY":
	case "ENCRYPTED PRIVATE KEY":
		if passphrase == "" {
			return nil, ErrNoPassphrase
		}
		var err error
		if der, err = decrypt(der, passphrase); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("a %q is no private key: want PKCS #8 in PEM", block.Type)
	}
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	return newKey(private)
}
