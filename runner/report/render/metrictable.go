package render

// A cell is a column of the metric table: its head, and what it shows of a row.
// A column without anything to show is left out.
type cell struct {
	column
	of func(row) text
}

func (p *page) metricTable(rows []row, plots bool) table {
	cells := []cell{
		{column{title: say("metric")}, row.title},
		{column{title: say("better"), center: true}, func(r row) text { return sayIf(r.better()) }},
		{column{title: p.baseTitle(), right: true}, func(r row) text { return numIf(r.base) }},
		{column{title: say("candidate"), right: true}, func(r row) text { return numIf(r.head) }},
		{column{title: say("Δ"), right: true}, row.delta},
		{column{title: levelTitle(rows), right: true}, row.interval},
	}
	if plots {
		cells = append(cells, cell{column{title: say("change")}, row.plot})
	}
	cells = append(cells, cell{column{title: say("verdict")}, row.verdict}, cell{column{title: say("gate")}, row.gateCell})
	return fill(cells, rows)
}

// fill makes the table, without the columns that are empty in all rows.
func fill(cells []cell, rows []row) table {
	t := table{rows: make([][]text, len(rows))}
	for _, c := range cells {
		texts, any := make([]text, len(rows)), false
		for i, r := range rows {
			texts[i] = c.of(r)
			any = any || len(texts[i]) > 0 && texts[i][0].text != missing
		}
		if !any {
			continue
		}
		t.columns = append(t.columns, c.column)
		for i := range rows {
			t.rows[i] = append(t.rows[i], texts[i])
		}
	}
	return t
}

func sayIf(s string) text {
	if s == "" {
		return nil
	}
	return say(s)
}

func numIf(s string) text {
	if s == "" {
		return nil
	}
	return num(s)
}

// title is the metric's name with its unit; what gates read is bold.
func (r row) title() text {
	t := name(r.key)
	if r.metric.Gated {
		t = t.bold()
	}
	if u := r.unit(); len(u) > 0 {
		t = cat(t, say(" ("), u, say(")"))
	}
	return t
}

// delta is the change with its share of the baseline's value.
func (r row) delta() text {
	t := numIf(r.change)
	if r.relative != "" {
		t = cat(t, say(" ("), num(r.relative), say(")"))
	}
	return t
}

// maxGates is how many gates a cell names.
const maxGates = 3

func (r row) gateCell() text {
	var all []text
	for i, g := range r.gates {
		if i == maxGates {
			all = append(all, say("+"+count(len(r.gates)-i)+" more"))
			break
		}
		all = append(all, gateText(g, maxField))
	}
	return list(" · ", all...)
}

// baseTitle heads the column of the baseline with its name.
func (p *page) baseTitle() text {
	if b := p.report.Base; b != nil && b.Name != "" {
		return cat(say("baseline "), nameIn(b.Name, maxField/5))
	}
	return say("baseline")
}

// levelTitle heads the column of intervals with their level, if they have one in common.
func levelTitle(rows []row) text {
	level := ""
	for _, r := range rows {
		switch l := r.level(); {
		case l == "":
		case level == "":
			level = l
		case level != l:
			return say("CI of Δ")
		}
	}
	return say(level + "CI of Δ")
}
