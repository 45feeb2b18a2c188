package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/provenance"
)

func newKey(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "key",
		Short: "Make and look at the keys that models are signed with",
		Long: `Make and look at the keys that models are signed with. Private keys lie in your
configuration folder, outside of every repository; which keys count for which models,
and until when, stands in mlops.trust.yaml beside the mlops.yaml.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newKeyNew(a), newKeyLs(a), newKeyShow(a))
	return c
}

type keyOptions struct {
	kind       string
	expires    string
	passphrase bool
	noTrust    bool
}

func newKeyNew(a *app) *cobra.Command {
	var o keyOptions
	c := &cobra.Command{
		Use:   "new [NAME]",
		Short: "Make a key pair and add its public half to mlops.trust.yaml",
		Long: `Make a key pair. The private half is written to your configuration folder, readable by you
alone; the key called default signs the runs that you start, others are named by
MLOPS_SIGNING_KEY, as a path or as the PEM text itself. The public half is added to mlops.trust.yaml;
where that is new, every model has to be signed by this key from then on.`,
		Example: "  mlops key new\n  mlops key new ci --type ecdsa-p256 --expires 2027-11-28 --passphrase",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.keyNew(o, cmp.Or(strings.Join(args, ""), defaultKey))
		},
	}
	f := c.Flags()
	f.StringVar(&o.kind, "type", provenance.Ed25519, "kind of key: ed25519 or ecdsa-p256")
	f.StringVar(&o.expires, "expires", "365d", "when it counts no more: a `day` such as 2027-11-28, a number of days such as 90d, or never")
	f.BoolVar(&o.passphrase, "passphrase", false, "encrypt the private key; the passphrase is MLOPS_SIGNING_PASSPHRASE, or asked for")
	f.BoolVar(&o.noTrust, "no-trust", false, "leave mlops.trust.yaml alone")
	return c
}

// defaultKey is the name of the key that signs if none is named.
const defaultKey = "default"

// isKeyName reports whether a key may be called so: letters, digits, - and _, at most
// 64, of which the first is neither of the last two.
func isKeyName(name string) bool {
	if len(name) == 0 || len(name) > 64 || strings.ContainsAny(name[:1], "-_") {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool { return !isKeyRune(r) }) < 0
}

func isKeyRune(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '-' || r == '_'
}

// keyFolder is where private keys lie.
func keyFolder() (string, error) {
	dir, err := os.UserConfigDir()
	return filepath.Join(dir, "mlops", "keys"), err
}

// maxDays is the longest that a key may count for, if not for ever: a century. A year of
// five digits is no day that mlops.trust.yaml can hold.
const maxDays = 36500

// expiry is the day that a flag means; "" is never.
func expiry(flag string, now time.Time) (string, error) {
	var days int
	if flag == "never" {
		return "", nil
	}
	if n, err := fmt.Sscanf(flag, "%dd", &days); n == 1 && err == nil && days > 0 && days <= maxDays && flag == fmt.Sprintf("%dd", days) {
		return now.UTC().AddDate(0, 0, days).Format(time.DateOnly), nil
	}
	day, err := time.Parse(time.DateOnly, flag)
	if err != nil {
		return "", usagef("--expires %s: write a day such as 2027-11-28, a number of days such as 90d, or never", flag)
	}
	if !now.Before(day) {
		return "", usagef("--expires %s: the key would not count from the beginning; write a day to come", flag)
	}
	return flag, nil
}

func (a *app) keyNew(o keyOptions, name string) error {
	if !isKeyName(name) {
		return usagef("%q is no name for a key: up to 64 letters, digits and _ -", name)
	}
	if o.kind != provenance.Ed25519 && o.kind != provenance.P256 {
		return usagef("--type %s: write %s or %s", o.kind, provenance.Ed25519, provenance.P256)
	}
	expires, err := expiry(o.expires, time.Now())
	if err != nil {
		return err
	}
	if !o.noTrust { // a policy that no key can be added to is told before there is a key
		if _, err := a.trust(); err != nil {
			return err
		}
	}
	pass := ""
	if o.passphrase {
		if pass, err = a.newPassphrase(); err != nil {
			return err
		}
	}
	k, err := provenance.NewKey(o.kind)
	if err != nil {
		return err
	}
	file, err := writeKey(k, name, pass)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s  %s\n  id       %s\n  private  %s\n  expires  %s\n", name, k.Kind(), k.ID(), file, cmp.Or(expires, "never"))
	if o.noTrust {
		return nil
	}
	path, err := a.addTrust(name, &k.Public, expires)
	if err != nil || path == "" {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "  trusted  %s; commit it\n", path)
	return err
}

// newPassphrase asks for the passphrase of a new key.
func (a *app) newPassphrase() (string, error) {
	if p := os.Getenv(passphraseVar); p != "" {
		return p, nil
	}
	f, ok := a.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return "", fixError{errors.New("no passphrase for the key"), "set " + passphraseVar + ", or call it at a terminal"}
	}
	var typed [2]string
	for i, prompt := range []string{"passphrase: ", "again: "} {
		fmt.Fprint(a.stderr, prompt)
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(a.stderr)
		if err != nil {
			return "", err
		}
		typed[i] = string(b)
	}
	if typed[0] != typed[1] || typed[0] == "" {
		return "", usagef("the passphrases differ, or are empty")
	}
	return typed[0], nil
}

// writeKey writes both halves of a key; it replaces none.
func writeKey(k *provenance.Key, name, pass string) (string, error) {
	dir, err := keyFolder()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	private, err := k.PrivatePEM(pass)
	if err != nil {
		return "", err
	}
	public, err := k.PEM()
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, name+".pem")
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return "", fixError{fmt.Errorf("there is a key %s already: %s", name, file), "give the new one another name"}
	}
	if err != nil {
		return "", err
	}
	_, err = f.Write(private)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", err
	}
	return file, os.WriteFile(filepath.Join(dir, name+".pub"), []byte(public), 0o644)
}

// addTrust adds a key to the policy of the project here; "" if there is none.
func (a *app) addTrust(name string, p *provenance.Public, expires string) (string, error) {
	path := a.trustPath()
	if path == "" {
		a.say("no mlops.yaml here, so the key is in no %s", provenance.TrustFile)
		return "", nil
	}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if text, err = provenance.AddKey(text, name, p, expires); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return path, os.WriteFile(path, text, 0o644)
}

// A keyLine is a key in a list.
type keyLine struct {
	Name    string   `json:"name"`
	ID      string   `json:"id"`
	Kind    string   `json:"type"`
	Private string   `json:"private,omitempty"` // file; "" if it is not on this machine
	Expires string   `json:"expires,omitempty"` // day
	Trusted bool     `json:"trusted"`           // whether the policy has it
	Expired bool     `json:"expired,omitempty"`
	From    string   `json:"from,omitempty"`    // day from which on it counts
	Revoked string   `json:"revoked,omitempty"` // why
	Signs   []string `json:"signs,omitempty"`   // models and patterns that the policy lets it sign
}

func newKeyLs(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "ls",
		Short: "List the keys of this machine and of mlops.trust.yaml",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return a.keyLs(asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (a *app) keyLs(asJSON bool) error {
	lines, err := a.keys()
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(lines)
	}
	if len(lines) == 0 {
		a.say("no keys yet; \"mlops key new\" makes one")
		return nil
	}
	rows := make([][]string, len(lines))
	for i, l := range lines {
		expires := l.Expires
		if l.Trusted { // only the policy says until when a key is good
			expires = cmp.Or(expires, "never")
		}
		rows[i] = []string{l.Name, l.Kind, l.ID[:16], l.state(), expires, strings.Join(l.Signs, ", "), cmp.Or(l.Private, "elsewhere")}
	}
	return view.Table(a.stdout, []string{"key", "type", "id", "state", "expires", "signs", "private"}, rows, a.color())
}

// state is what a key counts for today.
func (l keyLine) state() string {
	switch {
	case l.Revoked != "":
		return "revoked"
	case l.Expired:
		return "expired"
	case l.From > time.Now().UTC().Format(time.DateOnly):
		return "from " + l.From
	case l.Trusted:
		return "trusted"
	}
	return "not in " + provenance.TrustFile
}

// keys are those of the policy and of this machine, by name.
func (a *app) keys() ([]keyLine, error) {
	trust, err := a.trust()
	if err != nil {
		return nil, err
	}
	lines, err := trustedKeys(trust)
	if err != nil {
		return nil, err
	}
	if lines, err = withOwnKeys(lines); err != nil {
		return nil, err
	}
	sort.Slice(lines, func(i, j int) bool {
		a, b := lines[i], lines[j]
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) < 0
	})
	return lines, nil
}

// trustedKeys are those of the policy, with the models for which they may sign.
func trustedKeys(trust *provenance.Trust) ([]keyLine, error) {
	lines := []keyLine{}
	for name, k := range trust.Keys {
		p, err := provenance.ParsePublic([]byte(k.PEM))
		if err != nil {
			return nil, err
		}
		l := keyLine{Name: name, ID: k.ID, Kind: p.Kind(), Expires: k.Expires, Trusted: true, Expired: k.Expired(time.Now()), From: k.From, Revoked: k.Revoked}
		for model, r := range trust.Models {
			if slices.Contains(r.Keys, name) {
				l.Signs = append(l.Signs, model)
			}
		}
		slices.Sort(l.Signs)
		lines = append(lines, l)
	}
	return lines, nil
}

// withOwnKeys adds the pairs of this machine: to the line of the same key if there is
// one, whatever it is called there.
func withOwnKeys(lines []keyLine) ([]keyLine, error) {
	dir, err := keyFolder()
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.pub"))
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		p, err := provenance.ParsePublic(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		private := strings.TrimSuffix(f, ".pub") + ".pem"
		if i := slices.IndexFunc(lines, func(l keyLine) bool { return l.ID == p.ID() }); i >= 0 {
			lines[i].Private = private
			continue
		}
		lines = append(lines, keyLine{Name: strings.TrimSuffix(filepath.Base(f), ".pub"), ID: p.ID(), Kind: p.Kind(), Private: private})
	}
	return lines, nil
}

func newKeyShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "show [NAME]",
		Short:   "Print the public half of a key of this machine, as PEM",
		Example: "  mlops key show ci > ci.pub",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir, err := keyFolder()
			if err != nil {
				return err
			}
			name := cmp.Or(strings.Join(args, ""), defaultKey)
			text, err := os.ReadFile(filepath.Join(dir, filepath.Base(name)+".pub"))
			if errors.Is(err, fs.ErrNotExist) {
				return fixError{fmt.Errorf("no key %s on this machine", name), `"mlops key ls" lists them`}
			}
			if err == nil {
				_, err = a.stdout.Write(text)
			}
			return err
		},
	}
}
