package mask

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"os/exec"
	"strings"
	"testing"
)

// value has what encodings are about.
const value = "p4$s' w\"ö\\rd<&>/%+=?"

// TestForms prints a value as programs do, inside of other text, and looks
// whether anything of it is left.
func TestForms(t *testing.T) {
	t.Parallel()
	s := &Set{}
	if err := s.Add(value); err != nil {
		t.Fatal(err)
	}
	quoted, _ := json.Marshal(value)
	twice, _ := json.Marshal(string(quoted))
	for name, text := range map[string]string{
		"raw": value, "hex": hex.EncodeToString([]byte(value)), "upper hex": fmt.Sprintf("%X", value),
		"query": url.QueryEscape(value), "path": url.PathEscape(value), "lower query": strings.ToLower(url.QueryEscape(value)),
		"json": string(quoted), "json twice": string(twice), "go": fmt.Sprintf("%q", value), "go ascii": fmt.Sprintf("%+q", value),
		"html": html.EscapeString(value), "python repr": `'p4$s\' w"ö\\rd<&>/%+=?'`, "python json": `"p4$s' w\"\u00f6\\rd<&>/%+=?"`,
		"python shlex": `'p4$s'"'"' w"ö\rd<&>/%+=?'`, "set -x": `'p4$s'\'' w"ö\rd<&>/%+=?'`, "php json": `"p4$s' w\"\u00f6\\rd<&>\/%+=?"`,
	} {
		got := s.Text("<[" + text + "]>")
		if strip := strings.Trim(got, `<[]>"'\`); strip != Mark {
			t.Errorf("%s: %s became %s", name, text, got)
		}
	}
}

// TestBase64Places puts a value behind and before texts of all lengths, as in
// the header of basic authentication.
func TestBase64Places(t *testing.T) {
	t.Parallel()
	s := &Set{}
	const secret = "k3y~of>the?house"
	if err := s.Add(secret); err != nil {
		t.Fatal(err)
	}
	for name, enc := range map[string]*base64.Encoding{"std": base64.StdEncoding, "url": base64.URLEncoding, "raw std": base64.RawStdEncoding, "raw url": base64.RawURLEncoding} {
		for before := range 7 {
			for after := range 4 {
				text := enc.EncodeToString([]byte("user:..."[:before] + secret + "...."[:after]))
				got := s.Text(text)
				// Characters that share bits with what is around may stay.
				if left := strings.Replace(got, Mark, "", 1); len(left) > (before*8+5)/6+(after*8+5)/6+3 || !strings.Contains(got, Mark) {
					t.Errorf("%s, %d before, %d after: %s became %s", name, before, after, text, got)
				}
			}
		}
	}
}

// TestShell compares with the shell itself.
func TestShell(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{value, "a'b\"c`d$e!f", "tab\tnew\nline'quote", "#first ~and {all} [the] rest*?", "two words; and|more", "bell\aesc\x1b\x7fd"} {
		s := &Set{}
		if err := s.Add(secret); err != nil {
			t.Fatal(err)
		}
		for _, script := range []string{`printf %q "$1"`, `x=("$1"); declare -p x`, `set -x; : "$1"`, `set -x; V=$1`, `echo "${1@Q}"`} {
			out, err := exec.Command("bash", "-c", script+"; exit 0", "bash", secret).CombinedOutput()
			if err != nil {
				t.Skipf("bash: %v", err)
			}
			if got := s.Text(string(out)); !strings.Contains(got, Mark) || strings.Contains(got, "quote") || strings.Contains(got, "words") {
				t.Errorf("%s of %q prints %s, masked %s", script, secret, out, got)
			}
		}
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	raw := make([]byte, 300)
	_, _ = rand.Read(raw)
	var pem strings.Builder
	pem.WriteString("-----BEGIN KEY-----\r\n")
	for text := base64.StdEncoding.EncodeToString(raw); text != ""; {
		n := min(64, len(text))
		pem.WriteString(text[:n] + "\r\n")
		text = text[n:]
	}
	pem.WriteString("end\n")
	s := &Set{}
	if err := s.Add(pem.String()); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"with a prefix": strings.ReplaceAll(pem.String(), "\r\n", "\r\nlog: "), "indented": strings.ReplaceAll(pem.String(), "\n", "\n    "),
		"json": fmt.Sprintf("%q", pem.String()), "base64": wrap(base64.StdEncoding.EncodeToString([]byte(pem.String())), 76),
		"base64 with a newline more": wrap(base64.StdEncoding.EncodeToString([]byte(pem.String()+"\n")), 76),
		"unix":                       strings.ReplaceAll(pem.String(), "\r", ""),
	} {
		got := s.Text(text)
		for rest := got; len(rest) >= 16; rest = rest[1:] {
			if strings.Contains(text, rest[:16]) && !strings.Contains(rest[:16], "log: ") && !strings.Contains(rest[:16], Mark) {
				t.Errorf("%s: %q stays in %s", name, rest[:16], got)
				break
			}
		}
	}
	if s.Text("the end") != "the end" {
		t.Error("a short line is masked")
	}
}

func wrap(text string, width int) string {
	var b strings.Builder
	for text != "" {
		n := min(width, len(text))
		b.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	return b.String()
}
