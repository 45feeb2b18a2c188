package provenance

import "testing"

// The text is the example of DSSE's protocol.md.
func TestSignedBytes(t *testing.T) {
	t.Parallel()
	const want = "DSSEv1 29 http://example.com/HelloWorld 11 hello world"
	if got := string(signedBytes("http://example.com/HelloWorld", []byte("hello world"))); got != want {
		t.Errorf("signed bytes are %q, want %q", got, want)
	}
}

func TestOpenWithoutSignature(t *testing.T) {
	t.Parallel()
	k := must(NewKey(Ed25519))
	e := must(k.seal(PayloadType, []byte("{}")))
	if body, err := e.open(&k.Public); err != nil || string(body) != "{}" {
		t.Errorf("opened to %q, %v", body, err)
	}
	e.Signatures = nil
	if body, err := e.open(&k.Public); err == nil {
		t.Errorf("without a signature it opens to %q", body)
	}
}
