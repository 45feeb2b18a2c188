package slice_test

import (
	"fmt"

	"github.com/mlops-runner/mlops/actions/slice"
)

// The rows of each slice, for a metric of any kind.
func ExampleSpec_Of() {
	columns := []slice.Column{
		{Name: "plan", Codes: []int32{0, 1, 0, 0, -1}, Names: []string{"free", "pro"}},
		{Name: "age", Numbers: []float64{17, 44, 18, 29, 70}},
	}
	spec, err := slice.Parse("plan * age by 18|30", []string{"plan", "age"})
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := spec.Of(columns, slice.Limits{Rows: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, rows := range s.Split() {
		fmt.Println(s.List[i].Values, s.List[i].Small, rows)
	}
	// Output:
	// map[age:..17 plan:free] 1 rows, needs 2 [0]
	// map[age:18..29 plan:free]  [2 3]
	// map[age:30.. plan:pro] 1 rows, needs 2 [1]
	// map[age:30.. plan:null] 1 rows, needs 2 [4]
}

// A mistake says what to write.
func ExampleParse() {
	_, err := slice.Parse("regoin", []string{"plan", "region"})
	fmt.Println(err)
	// Output: slice "regoin": no column "regoin"; did you mean "region"?
}
