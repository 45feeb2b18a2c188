package metric

// A Confusion is what metrics need of a confusion matrix: its margins and its
// diagonal, by class. Of a binary task class 1 is the positive one.
type Confusion struct {
	True      []float64 // weight of the rows whose label is the class
	Predicted []float64 // weight of the rows that are predicted to be of it
	Correct   []float64 // weight of the rows that are both
}

// NewConfusion returns one of n classes without rows.
func NewConfusion(n int) Confusion {
	return Confusion{make([]float64, n), make([]float64, n), make([]float64, n)}
}

// Add adds weight w of rows of class label that are predicted to be of class predicted.
func (c Confusion) Add(label, predicted int, w float64) {
	c.True[label] += w
	c.Predicted[predicted] += w
	if label == predicted {
		c.Correct[label] += w
	}
}

// Matrix returns the whole confusion matrix, Matrix[label][predicted] in weights, at
// the threshold of the rows.
func Matrix(r *Rows) ([][]float64, error) { panic("soon") }
