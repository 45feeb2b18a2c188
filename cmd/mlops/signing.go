package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

// Names of the environment by which signing is told what to use. No job gets them:
// neither executor hands its own environment on.
const (
	signingVar    = "MLOPS_SIGNING_KEY"
	passphraseVar = "MLOPS_SIGNING_PASSPHRASE"
	trustVar      = "MLOPS_TRUST"
)

// trustPath is where the policy is: MLOPS_TRUST, else beside the mlops.yaml, else, on
// a server without a project, in the folder here; "" if there is none.
func (a *app) trustPath() string {
	if path := os.Getenv(trustVar); path != "" {
		return path
	}
	if p, err := a.findProject(""); err == nil {
		return filepath.Join(p.root, provenance.TrustFile)
	}
	if _, err := os.Lstat(provenance.TrustFile); err == nil {
		return provenance.TrustFile
	}
	return ""
}

// trust reads the policy. One that is not there asks for nothing, unless it was named.
func (a *app) trust() (*provenance.Trust, error) {
	path := a.trustPath()
	if path == "" {
		return &provenance.Trust{}, nil
	}
	text, err := readLimited(path, 1<<20)
	if errors.Is(err, fs.ErrNotExist) && os.Getenv(trustVar) == "" {
		return &provenance.Trust{}, nil
	}
	if err != nil {
		return nil, err
	}
	t, err := provenance.ParseTrust(text)
	if err != nil {
		return nil, fixError{fmt.Errorf("%s: %w", path, err), "correct it; until then nothing can be verified"}
	}
	return t, nil
}

// signingKey is the key that the environment names, or the default one of this
// machine; nil if there is none. One that has expired does not sign.
func (a *app) signingKey() (*provenance.Key, error) {
	from := os.Getenv(signingVar)
	text, err := []byte(from), error(nil)
	switch {
	case from == "none":
		return nil, nil
	case from == "":
		dir, err := keyFolder()
		if err != nil {
			return nil, nil // no home, no key
		}
		from = filepath.Join(dir, defaultKey+".pem")
		if text, err = os.ReadFile(from); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
	case strings.HasPrefix(from, "-----BEGIN"):
		from = signingVar
	default:
		if text, err = readLimited(from, 1<<16); err != nil {
			return nil, fixError{fmt.Errorf("signing key: %w", err), "let " + signingVar + " name the file of a private key, or be its text; none turns signing off"}
		}
	}
	k, err := provenance.ParseKey(text, os.Getenv(passphraseVar))
	switch {
	case errors.Is(err, provenance.ErrNoPassphrase):
		return nil, fixError{fmt.Errorf("signing key %s: %w", from, err), "set " + passphraseVar + "; or " + signingVar + "=none, to sign nothing"}
	case errors.Is(err, provenance.ErrPassphrase):
		return nil, fixError{fmt.Errorf("signing key %s: %w", from, err), "correct " + passphraseVar}
	case err != nil:
		return nil, fixError{fmt.Errorf("signing key %s: %w", from, err), `"mlops key new" makes one`}
	}
	return k, a.mayStillSign(k)
}

// mayStillSign fails for a key that the policy says does not count now.
func (a *app) mayStillSign(k *provenance.Key) error {
	trust, err := a.trust()
	if err != nil {
		return err
	}
	name, t := trust.Key(k.ID())
	cure := `make another by "mlops key new", and let ` + provenance.TrustFile + ` name it for the models`
	switch now := time.Now(); {
	case t == nil:
		return nil
	case t.Revoked != "":
		return fixError{fmt.Errorf("signing key %s was revoked: %s", name, t.Revoked), cure}
	case t.Expired(now):
		return fixError{fmt.Errorf("signing key %s expired on %s", name, t.Expires), cure}
	case t.Early(now):
		return fixError{fmt.Errorf("signing key %s counts from %s on", name, t.From), "sign by the key before it until then, or set an earlier from: in " + provenance.TrustFile}
	}
	return nil
}

// attest signs what is known of an ended run: where its outputs come from, and how
// its gates came out. It is done by who ran it, when all containers are gone.
func (s *session) attest(ctx context.Context, f *runner.Finished) error {
	if s.signer == nil || !f.Record.Status.Final() {
		return nil
	}
	run, err := (record.Entry{ID: f.Record.ID, Dir: f.Record.Dir}).Load()
	if err != nil {
		return err
	}
	for i := range run.Jobs {
		j := &run.Jobs[i]
		// What was reused is signed in the run that executed it, and again where a
		// model may come from it.
		if j.Status != record.Success || len(j.Outputs) == 0 || j.Cached && s.promotion == nil {
			continue
		}
		file, err := provenance.JobFile(s.Store, run, j.ID)
		if err == nil {
			err = s.sign(ctx, file, func() (*provenance.Statement, error) { return provenance.Training(run, j) })
		}
		if err != nil {
			return fmt.Errorf("sign job %s: %w", j.ID, err)
		}
	}
	for i := range run.Gates {
		file, err := provenance.GateFile(s.Store, run, i)
		if err == nil {
			err = s.sign(ctx, file, func() (*provenance.Statement, error) { return provenance.Gate(run, i) })
		}
		if err != nil {
			return fmt.Errorf("sign gate %s: %w", run.Gates[i].Gate, err)
		}
	}
	return nil
}

func (s *session) sign(ctx context.Context, file string, make func() (*provenance.Statement, error)) error {
	statement, err := make()
	if err != nil {
		return err
	}
	b, err := s.signer.Sign(ctx, statement)
	if err != nil {
		return err
	}
	return provenance.Keep(s.Store, file, b)
}

// vouch signs that an alias points where the gates of the run let it.
func (p *promotion) vouch(ctx context.Context, model, alias string) error {
	if p.session.signer != nil {
		policy := provenance.Resource{URI: "mlops:file/" + p.run.File, Digest: map[string]string{"sha256": p.run.FileDigest.Hex()}}
		if err := p.session.signer.Vouch(ctx, p.session.Store, p.registry, model, alias, policy, time.Now()); err != nil {
			return err
		}
	}
	if why := p.app.distrusted(ctx, p.session.Store, p.registry, model, alias); why != "" {
		p.say("%s", why)
	}
	return nil
}

// distrusted says why the policy lets nobody use what an alias points to now; "" if it
// does, or if that cannot be told.
func (a *app) distrusted(ctx context.Context, s *store.Dir, r *registry.Registry, model, alias string) string {
	trust, err := a.trust()
	if err != nil || trust.Rule(model).Require == "" {
		return ""
	}
	m, err := r.Model(model)
	if err != nil || m.Aliases[alias] == 0 {
		return ""
	}
	v, err := r.Version(m, m.Aliases[alias])
	if err != nil {
		return ""
	}
	if _, err = trust.Vouched(ctx, s, m, v, alias, time.Now()); err == nil {
		return ""
	}
	return fmt.Sprintf("%s will not let %s@%s be pulled: %v", provenance.TrustFile, model, alias, err)
}

// vouchMove signs that a person moved an alias, if there is a key to sign with.
func (a *app) vouchMove(ctx context.Context, k *provenance.Key, p *pick, alias, actor string) error {
	s, err := a.openStore()
	if err != nil {
		return err
	}
	if k != nil {
		if err := k.Vouch(ctx, s, p.registry, p.model.Name, alias, provenance.Resource{URI: "mlops:person/" + url.PathEscape(actor)}, time.Now()); err != nil {
			return err
		}
	}
	if why := a.distrusted(ctx, s, p.registry, p.model.Name, alias); why != "" {
		a.say("%s", foreign(why))
	}
	return nil
}

// verify holds a version against the policy, and says who signed it; "" if nobody
// had to.
func (a *app) verify(ctx context.Context, s *store.Dir, p *pick, v *registry.Version) (string, error) {
	trust, err := a.trust()
	if err != nil || trust.Rule(v.Model).Require == "" {
		return "", err
	}
	alias := ""
	if _, is := p.model.Aliases[p.ref]; is {
		alias = p.ref
	}
	vouch, err := trust.Vouched(ctx, s, p.model, v, alias, time.Now())
	if err != nil {
		return "", cured(fmt.Errorf("%s is not to be used: %w", versionName(v.Model, v.Version), err))
	}
	return fmt.Sprintf("signed by %s on %s", vouch.Key, vouch.Summary.Time.Format(time.DateOnly)), nil
}
