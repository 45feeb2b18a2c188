package view

import (
	"math"
	"strconv"
	"strings"
)

// Bytes writes a size for people in binary units with three significant
// digits: 980 B, 1.21 GiB, 512 MiB. Negative sizes get a sign.
func Bytes(n int64) string {
	if n < 0 {
		return "-" + Bytes(-max(n, -math.MaxInt64))
	}
	if n < 1024 {
		return strconv.FormatInt(n, 10) + " B"
	}
	v, units := float64(n)/1024, "KMGTPE"
	for v >= 1023.95 && len(units) > 1 {
		v, units = v/1024, units[1:]
	}
	return trimZeros(strconv.FormatFloat(v, 'f', decimalsFor(v, 3), 64)) + " " + units[:1] + "iB"
}

// trimZeros removes the zeros after a decimal point that say nothing.
func trimZeros(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}
