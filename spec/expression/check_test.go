package expression

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// gateEnv is what a gate of a small file may use.
func gateEnv() *Env {
	metric := MetricType()
	return &Env{
		Names: map[string]Type{
			"auc": metric, "loss": metric,
			"baseline": ObjectOf(map[string]Type{"auc": metric, "loss": metric}),
			"params":   TypeOf(map[string]any{"train": map[string]any{"lr": 0.1, "layers": []any{8.0, 4.0}, "name": "x"}, "debug": false}),
			"github":   object(map[string]Type{"ref": StringType()}, Type{}, true),
			"env":      MapOf(StringType()),
			"data":     ArrayOf(ObjectOf(map[string]Type{"name": StringType(), "rows": NumberType()})),
			"anything": AnyType(),
		},
		Funcs: map[string]Func{
			"better":  {Params: []Param{{Type: metric, ByName: true}}, Result: BooleanType()},
			"success": {Result: BooleanType()},
		},
		Elsewhere: map[string]string{"secrets": "env and with of a step", "always": "if"},
	}
}

func TestCheckTypes(t *testing.T) {
	for src, want := range map[string]string{
		"auc":                              "metric",
		"AUC":                              "metric",
		"auc + 1":                          "number",
		"-(auc)":                           "number",
		"auc >= baseline.auc - 0.002":      "boolean",
		"better(auc) || success()":         "boolean",
		"params.train.lr":                  "number",
		"params['train']['name']":          "string",
		"params.train.layers[0]":           "number",
		"params.train.layers.*":            "array of number",
		"params.train":                     "object",
		"data.*.name":                      "array of string",
		"data[0].rows":                     "number",
		"data.*.*":                         "array of scalar",
		"join(data.*.name, ', ')":          "string",
		"env.HOME":                         "string",
		"env.HOME || 3":                    "scalar",
		"github.event.pull_request.number": "any",
		"github.ref":                       "string",
		"github[anything]":                 "any",
		"anything.a[0].*":                  "array",
		"null":                             "null",
		"case(true, 1, 2)":                 "number",
		"case(auc > 1, 'a', null)":         "scalar",
		"fromJSON('1') + 1":                "number",
		"!auc":                             "boolean",
		"auc && 'yes' || 'no'":             "scalar",
		"anything == auc":                  "boolean",
		"github == null":                   "boolean",
		"data == data":                     "boolean",
		"auc == '0.5'":                     "boolean",
		"min(auc, 1) + round(loss, 2)":     "number",
	} {
		x := mustParse(t, src)
		got, errs := x.Check(gateEnv())
		if len(errs) > 0 || got.String() != want {
			t.Errorf("%s: %s %v, want %s", src, got, errs, want)
		}
	}
}

// TestCheckErrors gives for each source its errors, each as the part of the
// source that it stands at, the message and the cure.
func TestCheckErrors(t *testing.T) {
	const names = "; there is anything, auc, baseline, data, env, github, loss, params"
	for _, c := range []struct {
		src  string
		want []string
	}{
		{"  ", []string{`  | an expression was expected`}},
		{"acu > 0.5", []string{`acu| unknown name "acu"` + names + ` | did you mean "auc"?`}},
		{"zzzzzz", []string{`zzzzzz| unknown name "zzzzzz"` + names}},
		{"loss < 1 && x", []string{`x| unknown name "x"` + names}},
		{"auc-loss > 0", []string{`-| unknown name "auc-loss" | put spaces around "-": auc - loss`}},
		{"baseline.auc-loss", []string{`-| unknown property "auc-loss" of baseline | put spaces around "-": auc - loss`}},
		{"success && true", []string{`success| "success" is a function | write success(...) to call it`}},
		{"secrets.KEY", []string{`secrets| "secrets" is not available here, only in env and with of a step`}},
		{"always()", []string{`always| always() is not available here, only in if`}},
		{"params.train.rl", []string{`rl| unknown property "rl" of params.train; it has layers, lr, name | did you mean "lr"?`}},
		{"params['trian'].lr", []string{`'trian'| unknown property "trian" of params; it has debug, train | did you mean "train"?`}},
		{"a + b", []string{`a| unknown name "a"` + names, `b| unknown name "b"` + names}},
		{"auc.value", []string{`value| auc is a metric and has no properties`}},
		{"auc[0]", []string{`[0]| auc is a metric and has no items`}},
		{"data.name", []string{`name| data is an array and has no properties | write [0] for one item or .* for all`}},
		{"data.*.nam", []string{`nam| unknown property "nam" of data.*; it has name, rows | did you mean "name"?`}},
		{"auc.*", []string{`*| auc is a metric and has nothing for ".*"`}},
		{"data[github]", []string{`github| an index is text or a number, but github is an object`}},
		{"github.ref + 'x'", []string{
			`github.ref| "+" needs numbers, but github.ref is a string | join text with format('{0}{1}', ...)`,
			`'x'| "+" needs numbers, but 'x' is a string | join text with format('{0}{1}', ...)`}},
		{"auc * true", []string{`true| "*" needs numbers, but true is a boolean`}},
		{"data == 'x'", []string{`data == 'x'| "==" cannot compare an array of object with a string`}},
		{"params > auc", []string{`params > auc| ">" cannot compare an object with a metric`}},
		{"data > data", []string{`data > data| ">" cannot compare an array of object with an array of object`}},
		{"auc > 'high'", []string{`'high'| 'high' is no number, and auc is a metric: they never compare`}},
		{"'on' == params.debug", []string{`'on'| 'on' is no number, and params.debug is a boolean: they never compare`}},
		{"bettr(auc)", []string{`bettr| unknown function "bettr"; there is abs, better, case, contains, endsWith, format, fromJSON, join, max, min, round, startsWith, ... | did you mean "better"?`}},
		{"auc(1)", []string{`auc| auc is not a function`}},
		{"better()", []string{`better| too few parameters supplied to better | write better(metric)`}},
		{"contains('a', 'b', 'c')", []string{`contains| too many parameters supplied to contains | write contains(any, scalar)`}},
		{"join()", []string{`join| too few parameters supplied to join | write join(any, [scalar])`}},
		{"case(true, 1, false, 2)", []string{`case| even number of parameters supplied, requires an odd number of parameters to case | write case(boolean, any, any, any...)`}},
		{"case(auc, 1, 2)", []string{`auc| case needs a boolean as predicate, but auc is a metric`}},
		{"better(auc + 1)", []string{`auc + 1| better needs a metric by its name, not auc + 1`}},
		{"better(params.train.lr)", []string{`params.train.lr| better needs a metric, but params.train.lr is a number`}},
		{"startsWith(github, 'x')", []string{`github| startsWith needs text or a number, but github is an object | write toJSON(github)`}},
		{"abs('x')", []string{`'x'| abs needs a number, but 'x' is a string`}},
		{"better(acu)", []string{`acu| unknown name "acu"` + names + ` | did you mean "auc"?`}},
		{"anything.*.*.*.*", []string{`anything.*.*.*.*| the expression may cost too much: about 101010101 operations on arrays of 100 items, 1000000 are allowed`}},
		{nestedFormat(6), []string{nestedFormat(6) + `| the expression may build too much text: about 99 MiB, 10 are allowed`}},
	} {
		t.Run(c.src, func(t *testing.T) {
			_, errs := mustParse(t, c.src).Check(gateEnv())
			if diff := cmp.Diff(c.want, describeErrors(c.src, errs)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// nestedFormat repeats its text ten times at each of n levels.
func nestedFormat(n int) string {
	if n == 0 {
		return "anything"
	}
	return "format('" + strings.Repeat("{0}", 10) + "', " + nestedFormat(n-1) + ")"
}

func describeErrors(src string, errs []*Error) []string {
	var out []string
	for _, e := range errs {
		s := fmt.Sprintf("%s| %s", src[e.Pos:e.End], e.Msg)
		if e.Fix != "" {
			s += " | " + e.Fix
		}
		out = append(out, s)
	}
	return out
}

func mustParse(t testing.TB, src string) *Expr {
	t.Helper()
	x, err := Parse(src)
	if err != nil {
		t.Fatalf("parse %q: %v", src, err)
	}
	return x
}
