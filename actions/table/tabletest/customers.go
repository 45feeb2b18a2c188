package tabletest

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
)

// Customers are rows about customers who do not exist. The zero value has no rows.
type Customers struct {
	Rows  int
	Seed  uint64
	Shift float64 // 0 for none: how far age, income, plan and churn move, in standard deviations or as logit
	First int64   // the number of ids before the first, so that files of one table can differ
}

// A Customer is a row. Its texts are plain but Note, which may hold a comma,
// quotes or letters beyond ASCII.
type Customer struct {
	ID        int64   `json:"id"`         // ascending by 1, unique
	UserID    string  `json:"user_id"`    // "u" and 12 hex digits, hardly ever twice
	Age       int64   `json:"age"`        // 18 to 95
	Income    float64 `json:"income"`     // two decimals, log-normal about 40,000; NaN stands for null, 5 %
	Plan      string  `json:"plan"`       // free, pro, team: about 60, 30, 10 %
	Country   string  `json:"country"`    // 50 codes, the n-th about 1/n as frequent as the first
	Device    string  `json:"device"`     // one of 4; "" stands for null, 2 %
	CreatedAt int64   `json:"created_at"` // seconds since 1970 in UTC, within 2023
	EventDate int64   `json:"event_date"` // days since 1970, up to 400 after CreatedAt
	Score     float64 `json:"score"`      // six decimals, 0 to 1
	Amount    float64 `json:"amount"`     // two decimals, a heavy tail: half below 8, one of 10,000 above 2,000
	Churned   bool    `json:"churned"`    // depends on Score
	Note      string  `json:"note"`       // up to six words; "" stands for null, 30 %
}

// columns are their names, in the order in which they are written.
var columns = [...]string{"id", "user_id", "age", "income", "plan", "country", "device",
	"created_at", "event_date", "score", "amount", "churned", "note"}

// Columns returns the names of a customer's columns, in the order in which they
// are written.
func Columns() []string { return columns[:] }

// All returns the customers and their indices, from 0.
func (c Customers) All() iter.Seq2[int, *Customer] {
	return func(yield func(int, *Customer) bool) {
		d := dice{rand.New(rand.NewPCG(c.Seed, 0x746162))}
		var row Customer
		for i := range c.Rows {
			row = Customer{ID: c.First + int64(i) + 1}
			d.person(&row, c.Shift)
			d.behaviour(&row, c.Shift)
			if !yield(i, &row) {
				return
			}
		}
	}
}

type dice struct{ *rand.Rand }

func (d dice) person(row *Customer, shift float64) {
	row.UserID = fmt.Sprintf("u%012x", d.Uint64()>>16)
	row.Age = int64(min(max(45+14*(d.NormFloat64()+shift), 18), 95))
	row.Income = round(math.Exp(10.6+0.5*(d.NormFloat64()+shift)), 100)
	if d.Float64() < 0.05 {
		row.Income = math.NaN()
	}
	row.Country = countries[min(int(math.Exp(d.Float64()*math.Log(51)))-1, 49)]
	if d.Float64() >= 0.02 {
		row.Device = devices[d.IntN(len(devices))]
	}
	if d.Float64() >= 0.3 {
		row.Note = d.note()
	}
}

func (d dice) behaviour(row *Customer, shift float64) {
	switch u := d.Float64() - 0.05*shift; {
	case u < 0.6:
		row.Plan = "free"
	case u < 0.9:
		row.Plan = "pro"
	default:
		row.Plan = "team"
	}
	row.CreatedAt = 1672531200 + int64(d.IntN(365*86400)) // from 2023-01-01
	row.EventDate = row.CreatedAt/86400 + int64(d.IntN(400))
	row.Score = round(1/(1+math.Exp(-1.5*d.NormFloat64())), 1e6)
	row.Amount = round(5*math.Pow(1-d.Float64(), -0.65), 100)
	row.Churned = d.Float64() < 1/(1+math.Exp(3-4*row.Score-shift))
}

func (d dice) note() string {
	var b []byte
	for i := range 1 + d.IntN(6) {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, words[d.IntN(len(words))]...)
	}
	switch d.IntN(40) {
	case 0:
		b = append(b, ", later"...)
	case 1:
		b = append(b, ` "urgent"`...)
	case 2:
		b = append(b, " café"...)
	}
	return string(b)
}

// round gives x to the nearest 1/unit.
func round(x, unit float64) float64 { return math.Round(x*unit) / unit }

var devices = [...]string{"android", "ios", "web", "desktop"}

var countries = [...]string{"US", "IN", "DE", "BR", "GB", "FR", "ID", "JP", "MX", "IT", "ES", "CA", "PL", "TR", "NL", "VN", "AU",
	"KR", "AR", "PH", "CO", "TH", "SE", "BE", "EG", "NG", "CH", "AT", "PT", "CZ", "GR", "RO", "CL", "NO", "DK", "FI",
	"IE", "HU", "IL", "NZ", "SG", "PE", "MA", "KE", "UA", "SK", "HR", "BG", "LT", "EE"}

var words = [...]string{"call", "back", "asked", "for", "refund", "likes", "the", "new", "plan", "moved", "house", "no",
	"answer", "invoice", "late", "paid", "twice", "happy", "wants", "discount", "offer", "spoke", "with", "support"}
