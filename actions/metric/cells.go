package metric

import "math"

// positives returns the rows of class 1 of a binary confusion: those with the label, the
// predicted ones, and those that are both.
func (c Confusion) positives() (labelled, predicted, correct float64) {
	return c.True[1], c.Predicted[1], c.Correct[1]
}

func precision(c Confusion) float64 {
	_, predicted, correct := c.positives()
	return correct / predicted
}

func recall(c Confusion) float64 {
	labelled, _, correct := c.positives()
	return correct / labelled
}

func specificity(c Confusion) float64 { return c.Correct[0] / c.True[0] }

func f1(c Confusion) float64 {
	labelled, predicted, correct := c.positives()
	return 2 * correct / (labelled + predicted)
}

func accuracy(c Confusion) float64 { return dot(nil, c.Correct) / dot(nil, c.True) }

// balancedAccuracy is the mean recall of the classes that have labels, of which there
// must be two.
func balancedAccuracy(c Confusion) float64 {
	var total, n float64
	for k, w := range c.True {
		if w > 0 {
			total += c.Correct[k] / w
			n++
		}
	}
	if n < 2 {
		return math.NaN()
	}
	return total / n
}

// mcc is Gorodkin's K-category correlation, which for two classes is Matthews'. It is 0
// where all rows are predicted to be of one class.
func mcc(c Confusion) float64 {
	n, correct := dot(nil, c.True), dot(nil, c.Correct)
	cross, labels, guesses := correct*n, n*n, n*n
	var classes, guessed int
	for k, t := range c.True {
		p := c.Predicted[k]
		cross -= t * p
		labels -= t * t
		guesses -= p * p
		classes += count(t > 0)
		guessed += count(p > 0)
	}
	switch {
	case classes < 2:
		return math.NaN()
	case guessed < 2:
		return 0
	}
	return cross / math.Sqrt(labels) / math.Sqrt(guesses)
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

// A share is one of precision, recall and F1 of a class, from the weights that it has by
// label, by prediction, and by both.
type share func(labelled, predicted, correct float64) float64

// ratio is 0 where there is nothing to divide by.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func precisionOf(_, predicted, correct float64) float64 { return ratio(correct, predicted) }
func recallOf(labelled, _, correct float64) float64     { return ratio(correct, labelled) }
func f1Of(labelled, predicted, correct float64) float64 {
	return ratio(2*correct, labelled+predicted)
}

// macro is the plain mean over the classes that occur as labels or predictions.
func macro(of share) func(Confusion) float64 {
	return func(c Confusion) float64 {
		var total, n float64
		for k, t := range c.True {
			if t > 0 || c.Predicted[k] > 0 {
				total += of(t, c.Predicted[k], c.Correct[k])
				n++
			}
		}
		return total / n
	}
}

// weighted is the mean over the classes, each by the weight of its labels.
func weighted(of share) func(Confusion) float64 {
	return func(c Confusion) float64 {
		var total float64
		for k, t := range c.True {
			total += t * of(t, c.Predicted[k], c.Correct[k])
		}
		return total / dot(nil, c.True)
	}
}
