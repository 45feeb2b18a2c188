package agent

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDirectives(t *testing.T) {
	tests := []struct {
		line string
		want *directive // nil if it is no command
	}{
		{"::notice::text", &directive{name: "notice", data: "text"}},
		{"::Warning file=a.py,line=3::x::y", &directive{"warning", map[string]string{"file": "a.py", "line": "3"}, "x::y"}},
		{"::error file=a%2Cb%3A.py::50%25 %0Anext%0D%250A", &directive{"error", map[string]string{"file": "a,b:.py"}, "50% \nnext\r%0A"}},
		{"::group::", &directive{name: "group"}},
		{"::error  file=a , title = t,x,=y,z=::d", &directive{"error", map[string]string{"file": "a", "title ": " t"}, "d"}},
		{"::", nil}, {"::::", nil}, {"::notice", nil}, {":: notice::x", nil}, {" ::notice::x", nil},
	}
	for _, tt := range tests {
		got, ok := parseDirective(tt.line)
		if ok != (tt.want != nil) {
			t.Errorf("%q: command %v", tt.line, ok)
			continue
		}
		if ok {
			if d := cmp.Diff(*tt.want, got, cmp.AllowUnexported(directive{})); d != "" {
				t.Errorf("%q: %s", tt.line, d)
			}
		}
	}
}

func FuzzDirective(f *testing.F) {
	f.Add("::notice file=a::text")
	f.Add("::a b=%25%0::%")
	f.Fuzz(func(t *testing.T, line string) {
		d, ok := parseDirective(line)
		if ok && (d.name == "" || !strings.HasPrefix(line, "::")) {
			t.Errorf("%q is the command %+v", line, d)
		}
		escaped := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(line)
		if got := unescapeData(escaped); got != line {
			t.Errorf("%q comes back as %q", line, got)
		}
	})
}

// said feeds lines to a workflow and returns the events it sends.
func said(lines ...string) string {
	var out []string
	w := &workflow{emit: func(e Event) {
		out = append(out, fmt.Sprintf("%s %s %s %s:%d", e.Kind, e.Level, e.Text, e.File, e.Line))
	}, mask: func(v string) { out = append(out, "masked "+v) }}
	for _, l := range lines {
		w.line([]byte(l))
	}
	return strings.Join(out, "|")
}

func TestWorkflow(t *testing.T) {
	tests := []struct {
		name  string
		lines []string
		want  string
	}{
		{"levels", []string{"::notice::a", "::warning::b", "::error::c", "::debug::d"}, "notice notice a :0|notice warning b :0|notice error c :0|notice debug d :0"},
		{"a place", []string{"::error file=x.py,line=7,title=T::m"}, "notice error T: m x.py:7"},
		{"a line that is no number", []string{"::error line=-3::m", "::error line=x::m"}, "notice error m :0|notice error m :0"},
		{"mask", []string{"::add-mask::s3cr3t", "::add-mask:: "}, "masked s3cr3t"},
		{"stop and go", []string{"::stop-commands::T1", "::error::quiet", "::add-mask::x", "::T2::", "::T1:: ", "::error::loud"}, "notice error loud :0"},
		{"a token that cannot be told apart", []string{"::stop-commands::error", "::error::loud"}, `notice warning ::stop-commands:: is ignored: "error" is no token :0|notice error loud :0`},
		{"old commands", []string{"::set-env name=A::1", "::set-output name=A::1", "::add-path::/x"},
			"notice warning ::set-env:: is ignored: write to the file that MLOPS_ENV names :0|notice warning ::set-output:: is ignored: write to the file that MLOPS_OUTPUT names :0|notice warning ::add-path:: is ignored: write to the file that MLOPS_PATH names :0"},
		{"unknown", []string{"::group::x", "::endgroup::", "::magic::y"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, said(tt.lines...)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestNoticesAreLimited(t *testing.T) {
	got := strings.Split(said(slices.Repeat([]string{"::error::x"}, 500)...), "|")
	if len(got) != maxNotices || !strings.Contains(got[maxNotices-1], "further notices of this step are in its log only; 99 are shown") {
		t.Errorf("%d notices, the last %s", len(got), got[len(got)-1])
	}
	long := said("::error::" + strings.Repeat("ä", maxNoticeText))
	if len(long) > maxNoticeText+50 || !strings.Contains(long, "ä…") {
		t.Errorf("%d bytes", len(long))
	}
}

// TestMaskComesFirst shows that a secret is known before the line that names it
// is passed on, also when it comes in pieces.
func TestMaskComesFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t, sh("echo before; printf '::add-'; sleep 0.1; printf 'mask::s3c'; sleep 0.1; printf 'r3t\\n'; echo s3cr3t; printf '::add-mask::lasting'"))
	b.Spec.Stream = true
	seen := ""
	if _, err := Run(t.Context(), b.Spec, func(e Event) { seen += string(e.Data) }); err != nil {
		t.Fatal(err)
	}
	if seen != b.log() || seen != "before\n::add-mask::***\n***\n::add-mask::***" {
		t.Errorf("streamed %q, log %q", seen, b.log())
	}
}
