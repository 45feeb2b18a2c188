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

// ClassCount returns how many classes the task of the rows has.
func (r *Rows) ClassCount() int {
	if r.Task == Binary {
		return 2
	}
	return len(r.Classes)
}

// Guess returns the class that each row is predicted to have: its prediction, else 1
// from the threshold of the rows on, else that of the highest score, the first of equal
// ones. The result must not be changed.
func (r *Rows) Guess() []int32 {
	o := r.origin()
	return o.shared.guess.get(func() []int32 {
		switch {
		case o.Prediction != nil:
			out := make([]int32, o.Len())
			for i, p := range o.Prediction {
				out[i] = int32(p)
			}
			return out
		case o.Task == Binary:
			return above(o.Score, o.threshold())
		}
		return highest(o.Scores, o.Len())
	})
}

func (r *Rows) threshold() float64 {
	if r.Threshold == 0 {
		return 0.5
	}
	return r.Threshold
}

// above returns 1 for scores from the threshold on.
func above(scores []float64, threshold float64) []int32 {
	out := make([]int32, len(scores))
	for i, s := range scores {
		if s >= threshold {
			out[i] = 1
		}
	}
	return out
}

// highest returns the column that is highest in each of n rows.
func highest(columns [][]float64, n int) []int32 {
	out := make([]int32, n)
	for k, c := range columns {
		for i, v := range c {
			if v > columns[out[i]][i] {
				out[i] = int32(k)
			}
		}
	}
	return out
}

// confusionOf counts rows by label and predicted class.
func (r *Rows) confusionOf(predicted []int32) Confusion {
	c := NewConfusion(r.ClassCount())
	for i, p := range predicted {
		c.Add(int(r.Label[i]), int(p), r.weight(i))
	}
	return c
}

// Confusion returns that of the rows as [Rows.Guess] has them. It must not be changed.
func (r *Rows) Confusion() Confusion {
	return r.shared.confusion.get(func() Confusion { return r.confusionOf(r.Guess()) })
}

// matrixClasses is how many classes a matrix is drawn of at most.
const matrixClasses = 1000

// Matrix returns the whole confusion matrix, Matrix[label][predicted] in weights, as
// [Rows.Guess] has the rows. It fails as [Value] does, and for more than 1000 classes.
func Matrix(r *Rows) ([][]float64, error) {
	m := Metric{Name: "the confusion matrix", Tasks: []Task{Binary, Multiclass}, Needs: NeedClass}
	if err := m.Check(r); err != nil {
		return nil, err
	}
	if r.ClassCount() > matrixClasses {
		return nil, &RowsError{Fault: TooMany, Metric: m.Name, Field: "Classes", Value: float64(r.ClassCount())}
	}
	out := make([][]float64, r.ClassCount())
	for i := range out {
		out[i] = make([]float64, len(out))
	}
	for i, p := range r.Guess() {
		out[int(r.Label[i])][p] += r.weight(i)
	}
	return out, nil
}
