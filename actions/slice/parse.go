package slice

// A Spec is one entry under "slices:": by which columns rows are sliced. Its slices
// are the combinations of its terms' values.
type Spec struct {
	Terms []Term
}

// A Term is a column and how its values are grouped: by Edges, or in so many Bins of
// about as many rows, or, with neither, not at all.
type Term struct {
	Column string
	Bins   int
	Edges  []float64
}

// A SyntaxError is a mistake in an entry under "slices:".
type SyntaxError struct {
	Entry string // as it was written
	What  string // what is wrong: `no column "regoin"`
	Fix   string // what to do: `did you mean "region"?`; "" if nothing can be said
}

func (e *SyntaxError) Error() string { panic("to do") }

// Parse reads one entry: terms between stars.
//
//	region
//	region * plan
//	[region, plan]                the same
//	tenure binned 4               quartiles
//	age by 18|30|45|65            below 18, from 18 to below 30 …
//	age by 18|30 * region
//	"total * paid" binned 4       a name in quotes may have anything in it
//
// columns are the names that there are; with nil, any are taken. It fails with a
// [SyntaxError].
func Parse(entry string, columns []string) (Spec, error) { panic("to do") }

// ParseList reads entries between commas, as [Parse] does each, and [errors.Join]s all
// that is wrong with them: `region, tenure binned 4, [region, plan]`.
func ParseList(entries string, columns []string) ([]Spec, error) { panic("to do") }

// Product returns the spec of a list of entries, each as [Parse] has it: what a list
// within the list of slices means.
func Product(entries []string, columns []string) (Spec, error) { panic("to do") }

// String returns the entry by which Parse gives the same spec.
func (s Spec) String() string { panic("to do") }
