// Package spelling measures how far a word is from one that somebody may have
// meant. What counts as near is for those who ask.
package spelling

// longest is how many bytes of a word are compared; what is behind them counts
// as different.
const longest = 200

// Distance is the number of bytes to insert, remove, replace or swap with their
// neighbour to make b of a (optimal string alignment, Damerau 1964): 0 for equal
// words. Time grows with the product of the lengths, up to 200 bytes each.
func Distance(a, b string) int {
	if len(a) > longest || len(b) > longest {
		rest := max(0, len(a)-longest) + max(0, len(b)-longest)
		return rest + Distance(a[:min(len(a), longest)], b[:min(len(b), longest)])
	}
	var rows [3][longest + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
