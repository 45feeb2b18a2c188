package slice

// Categorical returns a feature of a column of categories, or of numbers of which
// each is one: the top most frequent of them in the order of their names, or of
// their size, [Other] for the rest, and [Null] where rows have none. A top of 0 is
// for all. It fails with a [TooManyError] if these are more than [MostValues].
func Categorical(c Column, top int) (Feature, error) { panic("to do") }

// Binned returns a feature of a column of numbers in at most n >= 2 bins of about as
// many rows each, and [Null]. Edges are round numbers where a tenth of a bin's rows
// allows it, and a number that is in many rows is in one bin. Of whole numbers a
// label "18..29" has both its ends; of others "0.5..1.2" is from 0.5 to less than 1.2,
// except that the last one has its end. A bin of one number is labelled by it.
// Of more than 100,000 rows as many, evenly spread, say where the edges are.
func Binned(c Column, n int) (Feature, error) { panic("to do") }

// Cut returns a feature of a column of numbers by ascending edges: for 18 and 65 of
// whole numbers "..17", "18..64" and "65..", of others "..18", "18..65" and "65..",
// where a number that is an edge is in the bin above it; and [Null]. All of them are
// values of the feature, also those without rows.
func Cut(c Column, edges []float64) (Feature, error) { panic("to do") }

// Auto returns what [Discover] is best given of a column: Categorical(c, 15) or
// Binned(c, 12).
func Auto(c Column) (Feature, error) { panic("to do") }
