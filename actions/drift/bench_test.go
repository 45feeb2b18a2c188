package drift

import "testing"

// BenchmarkCompare compares thirteen columns of two stored profiles.
func BenchmarkCompare(b *testing.B) {
	base, now := customers(1, false), customers(2, true)
	if len(base.Columns) != 13 {
		b.Fatalf("%d columns", len(base.Columns))
	}
	for b.Loop() {
		if _, err := Compare(base, now, Options{Label: "churned"}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCompareCategories compares thirteen columns of the most categories that
// a profile lists.
func BenchmarkCompareCategories(b *testing.B) {
	var columns []data
	for i := range 13 {
		columns = append(columns, texts(word(i), 20_000, func(row int) string { return word(row * (row + i) % 1024) }))
	}
	base := describe(columns...)
	for b.Loop() {
		if _, err := Compare(base, base, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
