package main

import (
	"context"
	"os"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mlops-runner/mlops/actions/table"
)

// toParquet CSV PARQUET writes a table of text as Parquet, with the types that its
// columns have.
func toParquet(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: parquet CSV PARQUET")
	}
	t, err := table.Open([]string{ts.MkAbs(args[0])}, table.Options{})
	ts.Check(err)
	schema := parquet.Group{}
	for _, c := range t.Columns() {
		schema[c.Name] = parquet.Optional(map[table.Kind]parquet.Node{
			table.Bool: parquet.Leaf(parquet.BooleanType), table.Int: parquet.Int(64), table.Float: parquet.Leaf(parquet.DoubleType),
			table.Date: parquet.Date(), table.Time: parquet.Timestamp(parquet.Microsecond), table.Text: parquet.Encoded(parquet.String(), &parquet.RLEDictionary),
		}[c.Kind])
	}
	f, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	w := parquet.NewWriter(f, parquet.NewSchema("rows", schema))
	for b, err := range t.Batches(context.Background()) {
		ts.Check(err)
		for i := range b.Rows {
			_, err := w.WriteRows([]parquet.Row{parquetRow(t.Columns(), b, i)})
			ts.Check(err)
		}
	}
	ts.Check(w.Close())
	ts.Check(f.Close())
}

// parquetRow is a row whose columns are in the order of their names, as those of a
// [parquet.Group] are.
func parquetRow(columns []table.Column, b *table.Batch, i int) parquet.Row {
	names := make([]string, len(columns))
	for k, c := range columns {
		names[k] = c.Name
	}
	slices.Sort(names)
	row := make(parquet.Row, len(columns))
	for k, c := range columns {
		at := slices.Index(names, c.Name)
		if v := &b.Columns[k]; v.Null(i) {
			row[at] = parquet.NullValue().Level(0, 0, at)
		} else {
			row[at] = parquetValue(c.Kind, v, i).Level(0, 1, at)
		}
	}
	return row
}

func parquetValue(kind table.Kind, v *table.Vector, i int) parquet.Value {
	switch kind {
	case table.Bool:
		return parquet.BooleanValue(v.Ints[i] != 0)
	case table.Date:
		return parquet.Int32Value(int32(v.Ints[i]))
	case table.Float:
		return parquet.DoubleValue(v.Floats[i])
	case table.Text:
		return parquet.ByteArrayValue(v.Text(i))
	}
	return parquet.Int64Value(v.Ints[i])
}
