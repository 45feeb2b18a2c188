package schemas

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/report"
)

// TestReportIsGenerated holds the schema against the model and its comments;
// with -update it writes it.
func TestReportIsGenerated(t *testing.T) {
	t.Parallel()
	docs := comments(t, "../runner/report")
	for name, doc := range comments(t, "../runner/record") {
		if of, _, _ := strings.Cut(name, "."); of == "Promotion" {
			docs[name] = doc
		}
	}
	want, err := report.Schema(docs)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("report.schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if Report() != string(want) {
		t.Error(`report.schema.json is older than the model of reports; run "make generate"`)
	}
}

// comments returns the comments of a package's types and of their fields, by
// type and by type and name in JSON.
func comments(t *testing.T, dir string) map[string]string {
	t.Helper()
	docs := map[string]string{}
	for _, path := range files(t, dir+"/*.go") {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, s := range g.Specs {
				ts := s.(*ast.TypeSpec)
				if st, ok := ts.Type.(*ast.StructType); ok && ts.Name.IsExported() {
					docs[ts.Name.Name] = oneLine(g.Doc)
					fieldComments(docs, ts.Name.Name, st)
				}
			}
		}
	}
	return docs
}

func fieldComments(docs map[string]string, name string, st *ast.StructType) {
	for _, f := range st.Fields.List {
		if f.Tag == nil {
			continue
		}
		key, _, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json"), ",")
		docs[name+"."+key] = strings.TrimSpace(oneLine(f.Doc) + " " + oneLine(f.Comment))
	}
}

func oneLine(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }
