package docker

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner"
)

func TestBaseImages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		args       map[string]string
		want       []string
	}{
		{"a name", "FROM python:3.12\n", nil, []string{"python:3.12"}},
		{"stages", "from a:1 as Build\nFROM b:1\nFROM build AS c\nCOPY --from=c /x /x\nFROM scratch\nFROM a:1", nil, []string{"a:1", "b:1"}},
		{"a platform of its own", "FROM --platform=linux/arm64 a:1\nFROM b:1\n", nil, []string{"b:1"}},
		{"an argument's default", "ARG V=3.12 W\nARG FULL=\"python:$V\"\nFROM $FULL\nFROM x:${W}\n", nil, []string{"python:3.12"}},
		{"an argument that is given", "ARG V=3.12\nARG W\nFROM python:${V}-$W\n", map[string]string{"V": "3.13", "W": "slim"}, []string{"python:3.13-slim"}},
		{"an argument that nobody declares", "FROM python:$V\n", map[string]string{"V": "3"}, nil},
		{"an argument after the first FROM", "FROM a:1\nARG V=2\nFROM a:$V\n", nil, []string{"a:1"}},
		{"defaults in place", "ARG V\nFROM a:${V:-2}\nFROM b:1${V:+-x}\n", map[string]string{"V": ""}, []string{"a:2", "b:1"}},
		{"another instruction that goes on", "FROM a:1\nRUN psql -c 'SELECT * \\\n# why\n\n  FROM users'\n", nil, []string{"a:1"}},
		{"another escape", "# escape=`\nFROM a:1\nRUN x `\n FROM b\nRUN c:\\\nFROM d:1\n", nil, []string{"a:1", "d:1"}},
		{"a name on the next line", "FROM \\\n  a:1\n", nil, nil},
		{"none", "", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "Dockerfile"), c.text)
			got, err := BaseImages(runner.Build{Context: dir, Args: c.args})
			if err != nil || !cmp.Equal(got, c.want) {
				t.Errorf("%q, %v\nwant %q", got, err, c.want)
			}
		})
	}
	if _, err := BaseImages(runner.Build{Context: t.TempDir()}); execError(err) == nil {
		t.Errorf("no Dockerfile: %v", err)
	}
}

// FuzzBaseImages: names stand where they are said to stand, in order.
func FuzzBaseImages(f *testing.F) {
	f.Add("ARG V=1\nFROM --x a:$V AS b\nRUN \\\nFROM c", "V")
	f.Add("#escape=`\nFROM ${A:-`", "")
	f.Fuzz(func(t *testing.T, text, arg string) {
		at := 0
		for _, b := range baseImages([]byte(text), map[string]string{arg: "x"}) {
			if b.begin < at || b.end <= b.begin || b.end > len(text) || strings.ContainsAny(text[b.begin:b.end], " \n") || b.name == "" {
				t.Fatalf("%+v in %q", b, text)
			}
			at = b.end
		}
	})
}
