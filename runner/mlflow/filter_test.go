package mlflow

import (
	"errors"
	"testing"
)

// FuzzFilter: a filter holds or is refused, and never more than that.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{"metrics.`a b` > 1 and params.x = '1'", `tags."k" LIKE '%a_' AND run_id IN ('a', 'b')`, "status IS NOT NULL", "a", "'", "metrics.", "x IN (", "= = ="} {
		f.Add(s, "text")
	}
	f.Fuzz(func(t *testing.T, filter, value string) {
		cs, err := parseFilter(filter)
		var known *Error
		if err != nil {
			if !errors.As(err, &known) || known.Code != codeInvalid {
				t.Fatalf("%q: %v", filter, err)
			}
			return
		}
		for _, v := range []any{value, 0.5, nil} {
			if _, err := holds(cs, func(field) any { return v }); err != nil && !errors.As(err, &known) {
				t.Fatalf("%q of %v: %v", filter, v, err)
			}
		}
	})
}

func TestLike(t *testing.T) {
	for _, tc := range []struct {
		text, pattern string
		want          bool
	}{
		{"churn", "chu%", true}, {"churn", "%n", true}, {"churn", "c_urn", true}, {"churn", "hurn", false}, {"", "%", true}, {"", "_", false},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "%a%a%a%a%a%a%a%a%a%b", false}, {"äö", "_ö", true}, {"100%", "100%", true},
	} {
		if got := like(tc.text, tc.pattern); got != tc.want {
			t.Errorf("%q LIKE %q is %v", tc.text, tc.pattern, got)
		}
	}
}
