package metric

// Reference returns the documentation of all metrics as Markdown: a table for each task.
func Reference() string { panic("soon") }
