package metric

// A Curve is drawn from few points: those without which it would look different.
type Curve struct {
	X, Y  []float64
	Score []float64 // the threshold at each point; infinite where nothing is predicted
	Error float64   // how far the whole curve is from these points at most, in units of the plot
	Whole int       // how many points the whole curve has
}

// ROC returns the false positive rate (X) and true positive rate (Y) at each threshold, at most 200 points.
func ROC(r *Rows) (Curve, error) { panic("soon") }

// PR returns recall (X) and precision (Y) at each threshold, at most 200 points.
func PR(r *Rows) (Curve, error) { panic("soon") }

// A CalibrationBin says how often what was predicted with about equal probability came true.
type CalibrationBin struct {
	Low, High float64 // the scores of the bin
	Score     float64 // mean score
	Rate      float64 // share of label 1
	Weight    float64
	Rows      int
}

// Calibration returns n bins of equal width, the empty ones left out.
func Calibration(r *Rows, n int) ([]CalibrationBin, error) { panic("soon") }

// A ResidualBin says how labels differ from predictions about equal in size.
type ResidualBin struct {
	Low, High               float64 // the predictions of the bin
	Weight                  float64
	Rows                    int
	Mean                    float64 // of prediction − label
	Q05, Q25, Q50, Q75, Q95 float64 // quantiles of it
}

// Residuals returns at most n bins of about equal weight, by rising prediction.
func Residuals(r *Rows, n int) ([]ResidualBin, error) { panic("soon") }
