package runner

import (
	"encoding/json"
	"math"
	"strconv"
)

// plainMetric is a MetricValue as JSON has it.
type plainMetric struct {
	Name   string `json:"name"`
	Value  any    `json:"value"`
	Better string `json:"better,omitempty"`
	Unit   string `json:"unit,omitempty"`
}

// MarshalJSON writes NaN and the infinities as "NaN", "Infinity" and "-Infinity".
func (m MetricValue) MarshalJSON() ([]byte, error) {
	p := plainMetric{m.Name, m.Value, m.Better, m.Unit}
	switch {
	case math.IsNaN(m.Value):
		p.Value = "NaN"
	case math.IsInf(m.Value, 1):
		p.Value = "Infinity"
	case math.IsInf(m.Value, -1):
		p.Value = "-Infinity"
	}
	return json.Marshal(p)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *MetricValue) UnmarshalJSON(data []byte) error {
	var p plainMetric
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	*m = MetricValue{Name: p.Name, Better: p.Better, Unit: p.Unit}
	switch v := p.Value.(type) {
	case float64:
		m.Value = v
	case string:
		f, err := strconv.ParseFloat(v, 64)
		m.Value = f
		return err
	}
	return nil
}
