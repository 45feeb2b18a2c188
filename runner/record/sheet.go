package record

// A Sheet is what an index holds of a run.
type Sheet struct {
	Run     *Run // as from [Entry.Head]
	Inputs  []Input
	Outputs map[string][]Artifact // by the id of the job that wrote them
}

// Sheet reads what Head does, and what the run read and wrote, without its
// jobs' own files. It is meant for indexes over many runs.
func (e Entry) Sheet() (*Sheet, error) {
	r, err := open(e.Dir)
	if err != nil {
		return nil, err
	}
	if !r.sealed() {
		run := r.interrupted()
		return &Sheet{run, run.Inputs(), run.Outputs()}, nil
	}
	for _, s := range r.run.Summary {
		r.run.Jobs = append(r.run.Jobs, Job{ID: s.ID, Status: s.Status, Cached: s.Cached, Wall: s.Wall})
	}
	if err := r.metrics(); err != nil {
		return nil, err
	}
	sheet := &Sheet{Run: &r.run}
	if err := r.decode(inputsName, &sheet.Inputs); err != nil {
		return nil, err
	}
	return sheet, r.decode(outputsName, &sheet.Outputs)
}
