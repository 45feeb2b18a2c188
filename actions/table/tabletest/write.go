package tabletest

import (
	"bufio"
	"encoding/json"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// CSV writes the customers with a header. Nulls are empty, and a field is
// quoted only where it must be. It fails if w does.
func (c Customers) CSV(w io.Writer) error {
	out := bufio.NewWriterSize(w, 1<<20)
	out.WriteString(strings.Join(columns[:], ",") + "\n")
	var line []byte
	for _, row := range c.All() {
		line = row.csv(line[:0])
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

func (row *Customer) csv(b []byte) []byte {
	b = append(strconv.AppendInt(b, row.ID, 10), ',')
	b = append(append(b, row.UserID...), ',')
	b = append(strconv.AppendInt(b, row.Age, 10), ',')
	if !math.IsNaN(row.Income) {
		b = strconv.AppendFloat(b, row.Income, 'f', 2, 64)
	}
	for _, s := range []string{row.Plan, row.Country, row.Device} {
		b = append(append(b, ','), s...)
	}
	b = time.Unix(row.CreatedAt, 0).UTC().AppendFormat(append(b, ','), time.DateTime)
	b = time.Unix(row.EventDate*86400, 0).UTC().AppendFormat(append(b, ','), time.DateOnly)
	b = strconv.AppendFloat(append(b, ','), row.Score, 'f', -1, 64)
	b = strconv.AppendFloat(append(b, ','), row.Amount, 'f', -1, 64)
	b = append(strconv.AppendBool(append(b, ','), row.Churned), ',')
	return append(quoted(b, row.Note), '\n')
}

// quoted appends s as a field of CSV.
func quoted(b []byte, s string) []byte {
	if !strings.ContainsAny(s, ",\"\r\n") {
		return append(b, s...)
	}
	return append(append(append(b, '"'), strings.ReplaceAll(s, `"`, `""`)...), '"')
}

// JSONL writes the customers as JSON Lines, times in RFC 3339. Nulls are null,
// but for notes, which are left out. It fails if w does.
func (c Customers) JSONL(w io.Writer) error {
	out := bufio.NewWriterSize(w, 1<<20)
	var line []byte
	for _, row := range c.All() {
		line = row.json(line[:0])
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

func (row *Customer) json(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"id":`...), row.ID, 10)
	b = append(append(append(b, `,"user_id":"`...), row.UserID...), '"')
	b = strconv.AppendInt(append(b, `,"age":`...), row.Age, 10)
	b = append(b, `,"income":`...)
	if math.IsNaN(row.Income) {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendFloat(b, row.Income, 'f', 2, 64)
	}
	b = append(append(append(b, `,"plan":"`...), row.Plan...), '"')
	b = append(append(append(b, `,"country":"`...), row.Country...), `","device":`...)
	if row.Device == "" {
		b = append(b, "null"...)
	} else {
		b = append(append(append(b, '"'), row.Device...), '"')
	}
	b = time.Unix(row.CreatedAt, 0).UTC().AppendFormat(append(b, `,"created_at":"`...), time.RFC3339)
	b = time.Unix(row.EventDate*86400, 0).UTC().AppendFormat(append(b, `","event_date":"`...), time.DateOnly)
	b = strconv.AppendFloat(append(b, `","score":`...), row.Score, 'f', -1, 64)
	b = strconv.AppendFloat(append(b, `,"amount":`...), row.Amount, 'f', -1, 64)
	b = strconv.AppendBool(append(b, `,"churned":`...), row.Churned)
	if row.Note != "" {
		note, _ := json.Marshal(row.Note) // a string always can be
		b = append(append(b, `,"note":`...), note...)
	}
	return append(b, "}\n"...)
}
