package expression

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTemplateEval(t *testing.T) {
	s := &Scope{Names: map[string]any{"lr": 0.1, "none": nil, "list": []any{1}, "yes": true}}
	for src, want := range map[string]any{
		"":                              "",
		"plain $ {{ text }}":            "plain $ {{ text }}",
		"${{ lr }}":                     0.1,
		"${{lr}}":                       0.1,
		"${{ yes }}":                    true,
		"${{ none }}":                   nil,
		" ${{ lr }}":                    " 0.1",
		"--lr ${{ lr }} --x=${{ yes }}": "--lr 0.1 --x=true",
		"<${{ none }}>":                 "<>",
		"${{ lr }}${{ lr }}":            "0.10.1",
		"${{ '}}' }}":                   "}}",
		"${{ 'it''s }} x' }}!":          "it's }} x!",
		"${{ '${{ }}' }}":               "${{ }}",
		"a }} b":                        "a }} b",
		"[${{ list }}]":                 "[Array]",
		"${{\n  lr +\n  1\n}}":          1.1,
	} {
		p, err := ParseTemplate(src)
		if err != nil {
			t.Errorf("%q: %v", src, err)
			continue
		}
		if got, err := p.Eval(s); err != nil || got != want {
			t.Errorf("%q = %#v, %v; want %#v", src, got, err, want)
		}
	}
}

func TestTemplateParts(t *testing.T) {
	p, err := ParseTemplate("é ${{ a.b }}${{c}}")
	if err != nil {
		t.Fatal(err)
	}
	type part struct {
		text, expr, inside string
	}
	var got []part
	for _, q := range p.Parts {
		g := part{text: q.Text}
		if q.Expr != nil {
			g.expr, g.inside = q.Expr.String(), p.String()[q.Start:q.End]
		}
		got = append(got, g)
	}
	want := []part{{text: "é "}, {expr: "a.b", inside: "${{ a.b }}"}, {expr: "c", inside: "${{c}}"}}
	if !cmp.Equal(want, got, cmp.AllowUnexported(part{})) {
		t.Errorf("parts are %+v", got)
	}
	refs := p.References()
	if len(refs) != 2 || p.String()[refs[0].Pos:refs[0].End] != "a.b" || p.String()[refs[1].Pos:refs[1].End] != "c" {
		t.Errorf("references are %+v", refs)
	}
	if p.Literal() || p.Sole() != nil {
		t.Error("it is neither literal nor a sole expression")
	}
}

func TestTemplateErrors(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"é ${{ lr", "${{| \"${{\" is never closed | write \"}}\" behind the expression"},
		{"é ${{ it's }}", "it's| unexpected symbol: 'it's'"},
		{"é ${{ 'x }}", "'x| unexpected symbol: ''x' | close the string with '"},
		{"é ${{ }} x", "${{ }}| an expression was expected"},
		{"é ${{ 1 + + }}", "+| unexpected symbol: '+'"},
		{"é ${{ (1 }}", "1| unexpected end of expression: '1'"},
		{"é ${{ 1 }} ${{ missing }}", "missing| unrecognized named-value: 'missing'"},
		{"${{ missing }}", "missing| unrecognized named-value: 'missing'"},
	} {
		p, err := ParseTemplate(c.src)
		if err == nil {
			_, err = p.Eval(&Scope{})
		}
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: error is %v", c.src, err)
		} else if got := describeErrors(c.src, []*Error{e})[0]; got != c.want {
			t.Errorf("%q: %s, want %s", c.src, got, c.want)
		}
	}
}

// TestTemplateErrorText shows that the text is about the expression, and so is its position.
func TestTemplateErrorText(t *testing.T) {
	_, err := ParseTemplate("text ${{ 1 2 }}")
	want := "Unexpected symbol: '2'. Located at position 3 within expression: 1 2"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestTemplateCheck(t *testing.T) {
	for _, c := range []struct {
		src, typ string
		want     []string
	}{
		{"${{ auc }}", "metric", nil},
		{"x ${{ auc }}", "string", nil},
		{"plain", "string", nil},
		{"${{ params }}", "object", nil},
		{"x ${{ params }}", "string", []string{"params| params is an object and has no text | write toJSON(params)"}},
		{"é ${{ acu }} ${{ params.x }}", "string", []string{
			`acu| unknown name "acu"; there is anything, auc, baseline, data, env, github, loss, params | did you mean "auc"?`,
			`x| unknown property "x" of params; it has debug, train`}},
	} {
		p, err := ParseTemplate(c.src)
		if err != nil {
			t.Fatal(err)
		}
		typ, errs := p.Check(gateEnv())
		if diff := cmp.Diff(c.want, describeErrors(c.src, errs)); diff != "" || typ.String() != c.typ {
			t.Errorf("%q: %s %s", c.src, typ, diff)
		}
	}
}
