package github

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/mlops-runner/mlops/runner/forge"
)

// An App gives out the tokens of one installation of a GitHub App. They live an
// hour and are asked for when they are needed. It may be used at once.
type App struct {
	API          string // as in Options
	ID           int64
	Installation int64
	Key          *rsa.PrivateKey
	// Permissions and Repositories (names without owner) that a token is narrowed to;
	// empty = all that the installation has.
	Permissions  map[string]string
	Repositories []string

	Base  http.RoundTripper // nil = the network
	Clock forge.Clock

	mu      sync.Mutex
	token   forge.Token // guarded by mu, as is its end
	expires time.Time
}

// ParseKey reads the private key that GitHub gives for an App: PEM, PKCS #1 or #8.
func ParseKey(text []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("the App's key is no PEM; it begins with -----BEGIN RSA PRIVATE KEY-----")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the App's key is no RSA key in PKCS #1 or #8") // the cause would quote the key
	}
	if key, ok := key.(*rsa.PrivateKey); ok {
		return key, nil
	}
	return nil, errors.New("the App's key is no RSA key")
}

// Token returns a token that is good for at least five minutes.
func (a *App) Token(ctx context.Context) (forge.Token, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := a.now(); a.token != "" && now.Add(5*time.Minute).Before(a.expires) {
		return a.token, nil
	}
	err := a.Clock.Repeat(ctx, func() error { return a.exchange(ctx) })
	return a.token, err
}

func (a *App) now() time.Time {
	if a.Clock.Now != nil {
		return a.Clock.Now()
	}
	return time.Now()
}

// exchange asks for a new token. To ask twice makes two tokens, which harms nobody.
func (a *App) exchange(ctx context.Context) error {
	body, err := json.Marshal(struct {
		Permissions  map[string]string `json:"permissions,omitempty"`
		Repositories []string          `json:"repositories,omitempty"`
	}{a.Permissions, a.Repositories})
	if err != nil {
		return err
	}
	address := fmt.Sprintf("%s/app/installations/%d/access_tokens", strings.TrimSuffix(a.API, "/"), a.Installation)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	jwt, err := a.sign(a.now())
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+jwt)
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("Content-Type", "application/json")
	var answer struct {
		Token   string    `json:"token"`
		Expires time.Time `json:"expires_at"`
	}
	if err := a.send(req, &answer); err != nil {
		return err
	}
	a.token, a.expires = forge.Token(answer.Token), answer.Expires
	return nil
}

func (a *App) send(req *http.Request, v any) error {
	t := &forge.Transport{Base: a.Base, Clock: a.Clock}
	status, err := t.JSON(req, v)
	if err == nil {
		return nil
	}
	op := fmt.Sprintf("token of App %d for installation %d at %s", a.ID, a.Installation, hostOf(a.API))
	return status.Failed(op, false, a.now(), func(kind error, _ string) string {
		switch {
		case errors.Is(kind, forge.ErrToken):
			return "look at the App's id and private key, and at this machine's clock"
		case errors.Is(kind, forge.ErrNotFound):
			return "look at the installation's number; the App may have been uninstalled"
		}
		return ""
	})
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// sign makes the JWT (RFC 7519) by which an App says who it is. GitHub takes ten
// minutes at most; a minute before now is for clocks that go wrong.
func (a *App) sign(now time.Time) (string, error) {
	claims := fmt.Sprintf(`{"iat":%d,"exp":%d,"iss":"%d"}`, now.Add(-time.Minute).Unix(), now.Add(8*time.Minute).Unix(), a.ID)
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode([]byte(claims))
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, a.Key, crypto.SHA256, sum[:])
	return text + "." + encode(signature), err
}
