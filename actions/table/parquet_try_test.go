package table

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"
)

func TestTry(t *testing.T) {
	f, err := os.Open("../../../shared/data/flights-3m.parquet")
	if err != nil {
		t.Fatal(err)
	}
	st, _ := f.Stat()
	start := time.Now()
	pf, err := openParquet("flights", f, st.Size(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(pf.columns(), len(pf.parts()), time.Since(start))
	n := 0
	batches := 0
	for _, p := range pf.parts() {
		for b, err := range p.batches(context.Background(), pf.columns()) {
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				for _, c := range b.Columns {
					fmt.Println(c.Kind, c.Ints[:min(3, len(c.Ints))], c.Dict != nil, c.Nulls != nil)
					if c.Kind == Text { fmt.Println(string(c.Text(0))) }
				}
			}
			n += b.Rows
			batches++
		}
	}
	fmt.Println(n, batches, time.Since(start))
}
