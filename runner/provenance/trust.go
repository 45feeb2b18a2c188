package provenance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"time"

	"gopkg.in/yaml.v3"
)

// TrustFile is how the policy is called where it stands beside an mlops.yaml.
const TrustFile = "mlops.trust.yaml"

// A Trust says which keys may sign which models, and until when. It is a file that is
// reviewed like code:
//
//	keys:
//	  ci:
//	    id: 5f2c…             # SHA-256 of the key
//	    expires: 2027-11-28   # from that day on it counts no more
//	    from: 2026-11-28      # before that day it does not count yet
//	    revoked: laptop lost  # it counts no more, at once; why
//	    public-key: |
//	      -----BEGIN PUBLIC KEY-----
//	models:
//	  churn: {require: signed, keys: [ci]}
//	  "*": {require: signed, keys: [ci, ada]}
//
// A model goes by its own rule, else by that with the longest pattern (path.Match).
// A model without a rule needs no signature.
type Trust struct {
	Keys   map[string]*TrustedKey `yaml:"keys"`
	Models map[string]Rule        `yaml:"models"`
}

// A TrustedKey is a public key with the time it counts for.
type TrustedKey struct {
	ID      string `yaml:"id"`
	Expires string `yaml:"expires,omitempty"` // YYYY-MM-DD, UTC; "" = never
	From    string `yaml:"from,omitempty"`    // YYYY-MM-DD, UTC; "" = always
	Revoked string `yaml:"revoked,omitempty"` // why it counts no more; "" = it does
	PEM     string `yaml:"public-key"`

	public        *Public
	expires, from time.Time
}

// A Rule says what a model needs.
type Rule struct {
	Require string   `yaml:"require"` // signed, or "" for nothing
	Keys    []string `yaml:"keys"`    // names
}

// ParseTrust reads a policy, whole and without what it does not know: a word that
// is misspelt would otherwise allow what it was to forbid.
func ParseTrust(text []byte) (*Trust, error) {
	var t Trust
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&t); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("it goes on after a line of ---, and what follows would not count; remove that line")
	}
	for _, name := range slices.Sorted(maps.Keys(t.Keys)) {
		if t.Keys[name] == nil {
			return nil, fmt.Errorf("key %s: it has no id and no public-key", name)
		}
		if err := t.Keys[name].read(); err != nil {
			return nil, fmt.Errorf("key %s: %w", name, err)
		}
	}
	for _, model := range slices.Sorted(maps.Keys(t.Models)) {
		if err := t.check(model, t.Models[model]); err != nil {
			return nil, fmt.Errorf("model %s: %w", model, err)
		}
	}
	return &t, nil
}

func (k *TrustedKey) read() (err error) {
	if k.public, err = ParsePublic([]byte(k.PEM)); err != nil {
		return err
	}
	if k.ID != k.public.id {
		return fmt.Errorf("id %q, but that of its public-key is %s", k.ID, k.public.id)
	}
	if k.expires, err = day("expires", k.Expires); err != nil {
		return err
	}
	if k.from, err = day("from", k.From); err != nil {
		return err
	}
	if !k.expires.IsZero() && !k.from.Before(k.expires) {
		return fmt.Errorf("from: %s is not before expires: %s, so it would never count", k.From, k.Expires)
	}
	return nil
}

// day reads a day, which begins at midnight UTC; the zero time for none.
func day(key, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return t, fmt.Errorf("%s: %q is no day, such as 2027-11-28", key, text)
	}
	return t, nil
}

func (t *Trust) check(pattern string, r Rule) error {
	if _, err := path.Match(pattern, ""); err != nil {
		return err
	}
	if r.Require != "" && r.Require != "signed" {
		return fmt.Errorf("require: %q; write signed, or leave it out", r.Require)
	}
	for _, name := range r.Keys {
		if t.Keys[name] == nil {
			return fmt.Errorf("keys: there is no key %s", name)
		}
	}
	if r.Require == "signed" && len(r.Keys) == 0 {
		return errors.New("it must be signed, and keys: names none that may")
	}
	return nil
}

// Rule is the one that a model goes by.
func (t *Trust) Rule(model string) (r Rule) {
	if r, ok := t.Models[model]; ok {
		return r
	}
	best := -1
	for _, pattern := range slices.Sorted(maps.Keys(t.Models)) {
		if ok, _ := path.Match(pattern, model); ok && len(pattern) > best {
			r, best = t.Models[pattern], len(pattern)
		}
	}
	return r
}

// Requires reports whether any model has to be signed.
func (t *Trust) Requires() bool {
	for _, r := range t.Models {
		if r.Require != "" {
			return true
		}
	}
	return false
}

// Key finds a key by its id; it is nil if it is not there.
func (t *Trust) Key(id string) (name string, key *TrustedKey) {
	for name, k := range t.Keys {
		if k.ID == id {
			return name, k
		}
	}
	return "", nil
}

// Expired reports whether the key counts no more.
func (k *TrustedKey) Expired(now time.Time) bool {
	return !k.expires.IsZero() && !now.Before(k.expires)
}

// Early reports whether the key does not count yet.
func (k *TrustedKey) Early(now time.Time) bool { return now.Before(k.from) }

// fault is why a key does not count for now; nil if it does.
func (k *TrustedKey) fault(name, model string, now time.Time) error {
	switch e := (&KeyError{ID: k.ID, Name: name, Model: model}); {
	case k.Revoked != "":
		e.Revoked = k.Revoked
		return e
	case k.Expired(now):
		e.Expired = k.Expires
		return e
	case k.Early(now):
		e.From = k.From
		return e
	}
	return nil
}

// Check returns what a bundle states about a model and the name of the key that
// signed it. It fails with a *KeyError if the key is not one that may, and with
// [ErrSignature]. If all that is wrong is that the key has expired, the statement is
// returned beside the *KeyError.
func (t *Trust) Check(ctx context.Context, b *Bundle, model string, now time.Time) (*Statement, string, error) {
	name, key := t.Key(b.KeyID())
	switch {
	case key == nil:
		return nil, "", &KeyError{ID: b.KeyID(), Model: model}
	case key.Revoked != "":
		return nil, name, key.fault(name, model, now)
	case !slices.Contains(t.Rule(model).Keys, name):
		return nil, name, &KeyError{ID: b.KeyID(), Name: name, Model: model}
	}
	s, err := b.Verify(ctx, key.public)
	if err != nil {
		return nil, name, fmt.Errorf("key %s: %w", name, err)
	}
	if err := key.fault(name, model, now); err != nil {
		var why *KeyError
		if errors.As(err, &why) && why.Expired == "" {
			s = nil
		}
		return s, name, err
	}
	return s, name, nil
}

// A KeyError reports a key whose signature does not count.
type KeyError struct {
	ID, Name, Model string // Name is "" for a key that is not known
	Expired         string // day; "" if it did not
	From            string // day from which on it counts; "" if it does
	Revoked         string // why it was; "" if it was not
}

// Error says what is wrong, and where.
func (e *KeyError) Error() string {
	switch {
	case e.Name == "":
		return fmt.Sprintf("signed by an unknown key, %s", e.ID)
	case e.Revoked != "":
		return fmt.Sprintf("signed by key %s, which was revoked: %s", e.Name, e.Revoked)
	case e.Expired != "":
		return fmt.Sprintf("signed by key %s, which expired on %s", e.Name, e.Expired)
	case e.From != "":
		return fmt.Sprintf("signed by key %s, which counts from %s on", e.Name, e.From)
	}
	return fmt.Sprintf("signed by key %s, which may not sign %s", e.Name, e.Model)
}

// Cure says what to do about it.
func (e *KeyError) Cure() string {
	switch {
	case e.Name == "":
		return fmt.Sprintf("if you know whose key it is, add it to keys: and models: of %s; else do not use the model", TrustFile)
	case e.Revoked != "":
		return "do not use the model: whoever has that key may have signed it; train and promote it anew, signed by another key"
	case e.From != "":
		return fmt.Sprintf("wait, set an earlier from: in %s, or look at the clock of this machine", TrustFile)
	case e.Expired != "":
		return fmt.Sprintf("promote the model again, signed by another key; or set a later expires: in %s if the key was not lost", TrustFile)
	}
	return fmt.Sprintf("name it in keys: of %s in %s if it may", e.Model, TrustFile)
}

// AddKey returns the text of a policy with one more key, comments kept. A policy
// that is new gets a rule by which the key signs every model.
func AddKey(text []byte, name string, p *Public, expires string) ([]byte, error) {
	pem, err := p.PEM()
	if err != nil {
		return nil, err
	}
	key := TrustedKey{ID: p.id, Expires: expires, PEM: pem}
	if len(bytes.TrimSpace(text)) == 0 {
		t := Trust{Keys: map[string]*TrustedKey{name: &key}, Models: map[string]Rule{"*": {Require: "signed", Keys: []string{name}}}}
		out, err := encodeYAML(t)
		return append([]byte("# Which keys may sign which models; \"mlops model pull\" and \"mlops audit\" go by it. Commit it.\n"), out...), err
	}
	switch t, err := ParseTrust(text); {
	case err != nil:
		return nil, err
	case t.Keys[name] != nil:
		return nil, fmt.Errorf("it has a key %s already", name)
	}
	var doc, value yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	if err := value.Encode(&key); err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 { // comments alone
		fresh, err := AddKey(nil, name, p, expires)
		return append(append(bytes.TrimSpace(text), '\n'), fresh...), err
	}
	if doc.Content[0].Kind != yaml.MappingNode { // null
		return AddKey(nil, name, p, expires)
	}
	keys := mappingOf(doc.Content[0], "keys")
	keys.Content = append(keys.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name}, &value)
	return encodeYAML(&doc)
}

// mappingOf is the mapping under a key of top; one that is missing or null is made.
func mappingOf(top *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(top.Content); i += 2 {
		if v := top.Content[i+1]; top.Content[i].Value == key {
			if v.Kind != yaml.MappingNode {
				*v = yaml.Node{Kind: yaml.MappingNode, LineComment: v.LineComment, FootComment: v.FootComment}
			}
			return v
		}
	}
	v := &yaml.Node{Kind: yaml.MappingNode}
	top.Content = append(top.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, v)
	return v
}

func encodeYAML(v any) ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	err := e.Encode(v)
	return b.Bytes(), err
}
