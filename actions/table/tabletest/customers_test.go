package tabletest

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The same seed writes the same rows, whichever the format.
func TestFormatsAgree(t *testing.T) {
	c := Customers{Rows: 500, Seed: 7, First: 100}
	var asCSV, asJSON, again bytes.Buffer
	for _, err := range []error{c.CSV(&asCSV), c.JSONL(&asJSON), c.CSV(&again)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(asCSV.Bytes(), again.Bytes()) {
		t.Error("two files of one seed differ")
	}
	rows, err := csv.NewReader(&asCSV).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(rows[0], Columns()) {
		t.Errorf("header %q", rows[0])
	}
	objects := json.NewDecoder(&asJSON)
	for i, want := range c.All() {
		checkRow(t, want, rows[i+1])
		var object map[string]any
		if err := objects.Decode(&object); err != nil {
			t.Fatal(err)
		}
		checkObject(t, want, object)
	}
}

func checkRow(t *testing.T, want *Customer, row []string) {
	t.Helper()
	income, _ := strconv.ParseFloat(row[3], 64)
	if row[0] != strconv.FormatInt(want.ID, 10) || row[1] != want.UserID || row[12] != want.Note {
		t.Errorf("row %q of %+v", row, want)
	}
	if (row[3] == "") != math.IsNaN(want.Income) || row[3] != "" && income != want.Income {
		t.Errorf("income %q of %+v", row[3], want)
	}
}

func checkObject(t *testing.T, want *Customer, o map[string]any) {
	t.Helper()
	if o["id"] != float64(want.ID) || o["churned"] != want.Churned || o["score"] != want.Score {
		t.Errorf("object %v of %+v", o, want)
	}
	if note, ok := o["note"]; ok && note != want.Note || !ok && want.Note != "" {
		t.Errorf("note %v of %+v", note, want)
	}
}

// What the documentation says of the columns holds.
func TestShares(t *testing.T) {
	const n = 20000
	var nulls, free, tail, churned, later int
	seen := map[string]bool{}
	for _, row := range (Customers{Rows: n, Seed: 1}).All() {
		nulls += count(math.IsNaN(row.Income))
		free += count(row.Plan == "free")
		tail += count(row.Amount > 8)
		churned += count(row.Churned)
		seen[row.Country] = true
	}
	for _, row := range (Customers{Rows: n, Seed: 1, Shift: 0.5}).All() {
		later += count(row.Churned)
	}
	near(t, "nulls of income", nulls, 0.05*n)
	near(t, "free plans", free, 0.6*n)
	near(t, "amounts above 8", tail, 0.5*n)
	if len(seen) != 50 {
		t.Errorf("%d countries", len(seen))
	}
	if later < churned*5/4 {
		t.Errorf("%d churned before the shift, %d after", churned, later)
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func near(t *testing.T, what string, got int, want float64) {
	t.Helper()
	if math.Abs(float64(got)-want) > 5*math.Sqrt(want) {
		t.Errorf("%s: %d, want about %v", what, got, want)
	}
}

func BenchmarkCSV(b *testing.B) {
	for b.Loop() {
		var out strings.Builder
		if err := (Customers{Rows: 100000}).CSV(&out); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(out.Len()))
	}
}
