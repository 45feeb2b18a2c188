package metric

// A Task is what a model was asked to do.
type Task uint8

const (
	Binary     Task = iota + 1 // one of two classes, by a score
	Multiclass                 // one of several classes
	Regression                 // a number
	Ranking                    // an order within each group
	Forecast                   // a number, of a series in time
)

var taskNames = [...]string{"", "binary", "multiclass", "regression", "ranking", "forecast"}

// String returns the task in lower case, or "" for none of them.
func (t Task) String() string {
	if int(t) >= len(taskNames) {
		return ""
	}
	return taskNames[t]
}

// Tasks returns all tasks.
func Tasks() []Task { return []Task{Binary, Multiclass, Regression, Ranking, Forecast} }

// FindTask returns the task called name, and false if there is none.
func FindTask(name string) (Task, bool) {
	for _, t := range Tasks() {
		if t.String() == name {
			return t, true
		}
	}
	return 0, false
}
