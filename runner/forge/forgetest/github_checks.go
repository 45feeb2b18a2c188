package forgetest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// An app is a GitHub App with one installation.
type app struct {
	key          *rsa.PublicKey
	installation int64
	tokens       int // that were given out
	asked        map[string]any
}

// NewApp makes a GitHub App of an id, with an installation of the id
// installation, and returns its private key.
func (g *GitHub) NewApp(id, installation int64) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 1024) // quick to make, and only of a test
	if err != nil {
		g.tb.Fatal(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.apps[id] = &app{key: &key.PublicKey, installation: installation}
	return key
}

// AppTokens returns how many tokens an App was given, and what it asked for last.
func (g *GitHub) AppTokens(id int64) (int, map[string]any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.apps[id].tokens, maps.Clone(g.apps[id].asked)
}

func (g *GitHub) installationToken(c *call) (int, any) {
	if c.Method != http.MethodPost {
		return problem(http.StatusNotFound, "Not Found")
	}
	id, err := g.verify(strings.TrimPrefix(c.Header.Get("Authorization"), "Bearer "))
	if err != nil {
		return problem(http.StatusUnauthorized, err.Error())
	}
	a := g.apps[id]
	if c.param["id"] != strconv.FormatInt(a.installation, 10) {
		return problem(http.StatusNotFound, "Not Found")
	}
	a.tokens++
	a.asked = nil
	_ = c.read(&a.asked) // an empty body asks for all
	token := fmt.Sprintf("ghs_app%d_%d", id, a.tokens)
	g.users[token] = User{Login: fmt.Sprintf("mlops-%d[bot]", id), Bot: true, App: id}
	v := g.description.example("installation-token")
	v["token"], v["expires_at"] = token, time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	return http.StatusCreated, v
}

// verify checks a JWT as GitHub does: signature, not yet over, ten minutes at most.
func (g *GitHub) verify(jwt string) (id int64, err error) {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return 0, fmt.Errorf("a JSON web token could not be decoded")
	}
	var claims struct {
		Iat, Exp int64
		Iss      string
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(text, &claims)
	}
	signature, bad := base64.RawURLEncoding.DecodeString(parts[2])
	id, _ = strconv.ParseInt(claims.Iss, 10, 64)
	a := g.apps[id]
	if err != nil || bad != nil || a == nil {
		return 0, fmt.Errorf("integration not found")
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if rsa.VerifyPKCS1v15(a.key, crypto.SHA256, sum[:], signature) != nil {
		return 0, fmt.Errorf("a JSON web token could not be decoded")
	}
	switch now := time.Now().Unix(); {
	case claims.Iat > now:
		return 0, fmt.Errorf("'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
	case claims.Exp <= now, claims.Exp > now+600:
		return 0, fmt.Errorf("'Expiration time' claim ('exp') is too far in the future or over")
	}
	return id, nil
}

// Runs returns the check runs, oldest first.
func (g *GitHub) Runs() []map[string]any {
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []map[string]any
	for _, r := range g.runs {
		list = append(list, maps.Clone(r))
	}
	return list
}

func (g *GitHub) listRuns(c *call) (int, any) {
	found := []any{}
	for _, r := range g.runs {
		if name := c.URL.Query().Get("check_name"); r["head_sha"] == c.param["ref"] && (name == "" || r["name"] == name) {
			found = append(found, public(r))
		}
	}
	return http.StatusOK, map[string]any{"total_count": len(found), "check_runs": found}
}

// public is a check run without what the fake alone knows.
func public(r map[string]any) map[string]any {
	r = maps.Clone(r)
	delete(r, "annotations")
	delete(r, "actions")
	return r
}

func (g *GitHub) createRun(c *call) (int, any) {
	if !c.user.Bot {
		return problem(http.StatusForbidden, "You must authenticate via a GitHub App.")
	}
	var in map[string]any
	if err := c.read(&in); err != nil {
		return problem(http.StatusBadRequest, "Problems parsing JSON")
	}
	if in["status"] == "completed" && in["conclusion"] == nil { // the description asks for it only of updates
		return invalid("CheckRun", "conclusion", "missing_field", "conclusion is missing")
	}
	r := g.description.example("check-run")
	r["id"], r["head_sha"] = len(g.runs)+1, in["head_sha"]
	r["html_url"] = fmt.Sprintf("https://github.test/acme/churn/runs/%d", len(g.runs)+1)
	r["app"].(map[string]any)["id"] = c.user.App
	r["annotations"], r["output"].(map[string]any)["annotations_count"] = []any{}, 0
	g.fillRun(r, in)
	g.runs = append(g.runs, r)
	return http.StatusCreated, public(r)
}

func (g *GitHub) updateRun(c *call) (int, any) {
	n := int(id(c))
	if n < 1 || n > len(g.runs) {
		return problem(http.StatusNotFound, "Not Found")
	}
	var in map[string]any
	if err := c.read(&in); err != nil {
		return problem(http.StatusBadRequest, "Problems parsing JSON")
	}
	g.fillRun(g.runs[n-1], in)
	return http.StatusOK, public(g.runs[n-1])
}

// fillRun sets what a request sets. Annotations are added to those that are there.
func (g *GitHub) fillRun(r, in map[string]any) {
	for _, key := range []string{"name", "details_url", "external_id", "status", "conclusion", "actions"} {
		if v, ok := in[key]; ok {
			r[key] = v
		}
	}
	if in["conclusion"] == nil {
		r["conclusion"], r["completed_at"] = nil, nil
	}
	out, _ := in["output"].(map[string]any)
	shown := r["output"].(map[string]any)
	for _, key := range []string{"title", "summary", "text"} {
		shown[key] = out[key]
	}
	more, _ := out["annotations"].([]any)
	all := append(r["annotations"].([]any), more...)
	r["annotations"], shown["annotations_count"] = all, len(all)
}
