package report

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/spec"
)

// margins returns by metric the margin within which gates call it the same, the
// smallest if there are several: what same(auc, 0.002) says of auc holds for its
// verdict too. Only margins that stand there as a number count.
func margins(gates []spec.Str) map[string]float64 {
	call := regexp.MustCompile(`(?i)\bsame\(\s*(?:metrics\.)?([^\s,()]+)\s*,\s*([0-9.eE+-]+)\s*\)`)
	out := map[string]float64{}
	for _, g := range gates {
		for _, found := range call.FindAllStringSubmatch(g.Value, -1) {
			name := strings.ToLower(found[1])
			margin, err := strconv.ParseFloat(found[2], 64)
			if err != nil || !(margin > 0) {
				continue
			}
			if had, ok := out[name]; !ok || margin < had {
				out[name] = margin
			}
		}
	}
	return out
}
