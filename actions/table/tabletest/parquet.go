package tabletest

import (
	"io"
	"math"

	"github.com/parquet-go/parquet-go"
)

// A parquetCustomer is a customer as Parquet stores it: texts by dictionary
// where few differ, times in microseconds.
type parquetCustomer struct {
	ID        int64    `parquet:"id"`
	UserID    string   `parquet:"user_id"`
	Age       int32    `parquet:"age,dict"`
	Income    *float64 `parquet:"income,optional"`
	Plan      string   `parquet:"plan,dict"`
	Country   string   `parquet:"country,dict"`
	Device    *string  `parquet:"device,optional,dict"`
	CreatedAt int64    `parquet:"created_at,timestamp(microsecond)"`
	EventDate int32    `parquet:"event_date,date,dict"`
	Score     float64  `parquet:"score"`
	Amount    float64  `parquet:"amount"`
	Churned   bool     `parquet:"churned"`
	Note      *string  `parquet:"note,optional"`
}

// rowGroup is how many rows are written together, as many as DuckDB does.
const rowGroup = 122880

// Parquet writes the customers, packed by zstd. It fails if w does.
func (c Customers) Parquet(w io.Writer) error {
	out := parquet.NewGenericWriter[parquetCustomer](w, parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(rowGroup))
	rows := make([]parquetCustomer, 0, 1024)
	for _, row := range c.All() {
		rows = append(rows, row.parquet())
		if len(rows) == cap(rows) {
			if _, err := out.Write(rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	if _, err := out.Write(rows); err != nil {
		return err
	}
	return out.Close()
}

func (row *Customer) parquet() parquetCustomer {
	p := parquetCustomer{
		ID: row.ID, UserID: row.UserID, Age: int32(row.Age), Plan: row.Plan, Country: row.Country,
		CreatedAt: row.CreatedAt * 1e6, EventDate: int32(row.EventDate), Score: row.Score, Amount: row.Amount, Churned: row.Churned,
	}
	if income := row.Income; !math.IsNaN(income) {
		p.Income = &income
	}
	p.Device, p.Note = present(row.Device), present(row.Note)
	return p
}

// present returns nil for the empty text, which stands for null.
func present(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
