package provenance

import (
	"encoding/base64"
	"fmt"
	"strconv"
)

// An Envelope is a signed text as DSSE v1 has it
// (https://github.com/secure-systems-lab/dsse/blob/master/envelope.md), with
// what is signed and the signatures in base64.
type Envelope struct {
	PayloadType string      `json:"payloadType"`
	Payload     string      `json:"payload"`
	Signatures  []Signature `json:"signatures"`
}

// A Signature is one of an envelope. KeyID is "" in those that [Key.Sign] makes:
// sigstore-go takes it for a fingerprint as ssh writes it, and refuses every
// other; the bundle's hint names the key.
type Signature struct {
	KeyID string `json:"keyid"`
	Sig   string `json:"sig"`
}

// seal returns body in an envelope that the key signed.
func (k *Key) seal(payloadType string, body []byte) (*Envelope, error) {
	sig, err := k.sign(signedBytes(payloadType, body))
	if err != nil {
		return nil, err
	}
	return &Envelope{
		PayloadType: payloadType,
		Payload:     base64.StdEncoding.EncodeToString(body),
		Signatures:  []Signature{{Sig: base64.StdEncoding.EncodeToString(sig)}},
	}, nil
}

// open returns the body if one of the signatures is the key's, and fails with
// [ErrSignature] if none is.
func (e *Envelope) open(p *Public) ([]byte, error) {
	body, err := e.body()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	signed := signedBytes(e.PayloadType, body)
	for _, s := range e.Signatures {
		if sig, err := base64.StdEncoding.DecodeString(s.Sig); err == nil && p.signed(signed, sig) {
			return body, nil
		}
	}
	return nil, ErrSignature
}

// body returns what the envelope holds, whoever signed it.
func (e *Envelope) body() ([]byte, error) {
	body, err := base64.StdEncoding.DecodeString(e.Payload)
	if err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	return body, nil
}

// signedBytes is what a signature is over, DSSE's pre-authentication encoding:
// the lengths keep a type and a body from being cut elsewhere.
func signedBytes(payloadType string, body []byte) []byte {
	out := make([]byte, 0, len("DSSEv1 ")+2*20+len(payloadType)+len(body)+2)
	out = append(out, "DSSEv1 "...)
	out = strconv.AppendInt(out, int64(len(payloadType)), 10)
	out = append(append(append(out, ' '), payloadType...), ' ')
	out = strconv.AppendInt(out, int64(len(body)), 10)
	return append(append(out, ' '), body...)
}
