package render

import (
	"html"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/report"
)

// The sizes of drawings, in CSS pixels.
const (
	chartWidth, chartHeight                          = 720.0, 260.0
	marginLeft, marginRight, marginTop, marginBottom = 64.0, 96.0, 12.0, 34.0
	historyHeight                                    = 120.0
	barWidth, barHeight, barMid                      = 120.0, 16.0, 60.0
	maxPlotPoints                                    = 400 // of a line
)

// A drawing is an SVG image; its title says in words what it shows.
type drawing struct{ b *strings.Builder }

// newDrawing begins a drawing in b.
func newDrawing(b *strings.Builder, class string, w, h float64, title string) drawing {
	d := drawing{b}
	d.raw(`<svg class="`, class, `" xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 `, px(w), " ", px(h), `" width="`, px(w), `" height="`, px(h), `"><title>`, html.EscapeString(title), "</title>")
	return d
}

func (d drawing) raw(ss ...string) {
	for _, s := range ss {
		d.b.WriteString(s)
	}
}

func (d drawing) line(class string, x1, y1, x2, y2 float64) {
	d.raw(`<line class="`, class, `" x1="`, px(x1), `" y1="`, px(y1), `" x2="`, px(x2), `" y2="`, px(y2), `"/>`)
}

func (d drawing) text(class, anchor string, x, y float64, s string) {
	if class != "" {
		class = ` class="` + class + `"`
	}
	d.raw("<text", class, ` text-anchor="`, anchor, `" x="`, px(x), `" y="`, px(y), `">`, html.EscapeString(s), "</text>")
}

func (d drawing) end() { d.raw("</svg>") }

// px writes a coordinate.
func px(v float64) string {
	if !finite(v) {
		v = 0
	}
	tenths := int64(math.Round(v * 10)) // far faster than FormatFloat, and a page has many thousands
	if tenths%10 == 0 {
		return strconv.FormatInt(tenths/10, 10)
	}
	out := make([]byte, 0, 16)
	if tenths < 0 {
		out, tenths = append(out, '-'), -tenths
	}
	out = append(strconv.AppendInt(out, tenths/10, 10), '.', byte('0'+tenths%10))
	return string(out)
}

// svg draws a change and its interval on a line whose middle is no change.
func (b *bar) svg(to *strings.Builder) {
	d := newDrawing(to, "plot", barWidth, barHeight, b.label)
	x := func(v float64) float64 { return barMid + v*(barMid-6) }
	d.line("axis", 0, barHeight/2, barWidth, barHeight/2)
	d.line("axis", barMid, 0, barMid, barHeight)
	if b.interval {
		d.raw(`<rect class="`, b.tone, `" fill-opacity="0.35" x="`, px(min(x(b.low), x(b.high))), `" y="4" width="`, px(max(math.Abs(x(b.high)-x(b.low)), 1)), `" height="8"/>`)
	}
	d.raw(`<circle class="`, b.tone, `" cx="`, px(x(b.change)), `" cy="8" r="3.5"/>`)
	d.end()
}

// An area places steps and values of a chart.
type area struct {
	x0, x1, low, high float64 // the ends of both axes
	height            float64
}

func newArea(x0, x1, low, high, height float64) area {
	if x0 == x1 {
		x1 = x0 + 1
	}
	if pad := high/20 - low/20; pad > 0 {
		low, high = low-pad, high+pad
	} else {
		room := max(math.Abs(high)/20, 1e-12)
		low, high = low-room, high+room
	}
	return area{x0, x1, low, high, height}
}

func (a area) x(v float64) float64 {
	return marginLeft + share(v, a.x0, a.x1)*(chartWidth-marginLeft-marginRight)
}

func (a area) y(v float64) float64 {
	return a.height - marginBottom - share(v, a.low, a.high)*(a.height-marginTop-marginBottom)
}

// share is how far v is on the way from low to high; it halves first, so that
// the range cannot overflow.
func share(v, low, high float64) float64 {
	if s := (v/2 - low/2) / (high/2 - low/2); finite(s) {
		return min(max(s, 0), 1)
	}
	return 0.5
}

// ticks is how many lines a grid has beside the axis.
const ticks = 4

// grid draws the axes with their numbers.
func (d drawing) grid(a area, from, label, to string) {
	d.levels(a)
	base := a.height - marginBottom + 16
	d.text("", "start", marginLeft, base, from)
	d.text("", "middle", (marginLeft+chartWidth-marginRight)/2, base, label)
	d.text("", "end", chartWidth-marginRight, base, to)
}

// levels draws the lines of a grid with their values.
func (d drawing) levels(a area) {
	s := scaleOf(0, a.high/ticks-a.low/ticks, a.low, a.high)
	for i := range ticks + 1 {
		v := a.low + (a.high/ticks-a.low/ticks)*float64(i)
		y := a.y(v)
		d.line("axis", marginLeft, y, chartWidth-marginRight, y)
		d.text("", "end", marginLeft-6, y+4, minus(span{text: s.value(v), style: number}))
	}
}

// svg draws the chart: the baseline dashed, the candidate whole.
func (c chart) svg(to *strings.Builder) {
	low, high := c.extent()
	a := newArea(c.steps[0], c.steps[len(c.steps)-1], low, high, chartHeight)
	d := newDrawing(to, "chart", chartWidth, chartHeight, c.tale())
	d.grid(a, lone(a.x0, mostDigits), clip(clean(c.x), maxWord), lone(a.x1, mostDigits))
	var taken []float64
	own := 0
	for _, s := range c.series {
		pen := strokeOf(s.role, own)
		own += btoi(s.role == "")
		last := apart(taken, d.series(a, pen.class, pen.dash, s.points))
		taken = append(taken, last)
		d.text(pen.class, "start", chartWidth-marginRight+6, last+4, shortName(s.name))
	}
	d.end()
	d.raw("\n")
}

// labelHeight is how far labels must be apart so as not to cover each other.
const labelHeight = 14.0

// apart returns the place nearest to y that is far enough from those taken.
func apart(taken []float64, y float64) float64 {
	places := []float64{y}
	for _, t := range taken {
		side := math.Copysign(labelHeight, y-t)
		places = append(places, t+side, t-side)
	}
	best := math.Inf(1)
	for _, p := range places {
		free := !slices.ContainsFunc(taken, func(t float64) bool { return math.Abs(t-p) < labelHeight })
		if free && math.Abs(p-y) < math.Abs(best-y) {
			best = p
		}
	}
	return best
}

// A stroke is how a series is drawn: no two only by their colours, up to a few.
type stroke struct{ class, dash string }

// strokeOf returns the stroke of a series; own counts those before it that are the run's own.
func strokeOf(r report.Role, own int) stroke {
	switch r {
	case report.RoleBaseline:
		return stroke{"base", ` stroke-dasharray="6 4"`}
	case report.RoleReference:
		return stroke{"guide", ` stroke-dasharray="2 4"`}
	}
	classes := [...]string{"head", "second", "third", "fourth"}
	dashes := [...]string{"", ` stroke-dasharray="10 3"`, ` stroke-dasharray="10 3 2 3"`}
	return stroke{classes[own%len(classes)], dashes[own/len(classes)%len(dashes)]}
}

// shortName is a foreign name beside a drawing, which has little room.
func shortName(s string) string { return clip(clean(s), maxBeside) }

// maxBeside is how long a name beside a drawing may be, in bytes.
const maxBeside = 16

// series draws a line with gaps where there is no finite value, and returns
// the height at which it ends.
func (d drawing) series(a area, class, dash string, ps []report.Point) (last float64) {
	d.raw(`<path class="`, class, `"`, dash, ` stroke-width="2" d="`)
	move := "M"
	for i, p := range ps {
		if i%(len(ps)/maxPlotPoints+1) != 0 && i != len(ps)-1 {
			continue
		}
		if !finite(p.Value) {
			move = "M"
			continue
		}
		last = a.y(p.Value)
		d.raw(move, px(a.x(p.Step)), " ", px(last))
		if move == "M" {
			d.raw("h0") // a dot, if nothing follows
		}
		move = "L"
	}
	d.raw(`"/>`)
	return last
}

// tale says in words what a chart shows.
func (c chart) tale() string {
	parts := []string{clip(clean(c.key), maxField) + " by " + shortName(c.x)}
	low, high := c.extent()
	s := scaleOf((high-low)/100, 0, low, high)
	for _, one := range c.series {
		var vs []float64
		for _, p := range one.points {
			vs = append(vs, p.Value)
		}
		if from, to, ok := ends(vs); ok {
			parts = append(parts, shortName(one.name)+" from "+s.value(from)+" to "+s.value(to))
		}
	}
	return strings.Join(parts, "; ")
}

// maxBars is how many runs a history shows.
const maxBars = 60

// svg draws the runs before as points, and this one behind them.
func (h history) svg(to *strings.Builder) {
	ps := slices.Clone(h.points[max(0, len(h.points)-maxBars):])
	past := len(ps)
	if h.row.metric.Head != nil {
		ps = append(ps, report.Point{Value: float64(*h.row.metric.Head)})
	}
	_, low, high := history{h.row, ps}.values()
	if low > high {
		low, high = 0, 1
	}
	a := newArea(0, float64(len(ps)-1), low, high, historyHeight)
	d := newDrawing(to, "history", chartWidth, historyHeight, h.line().plain())
	d.grid(a, "oldest", "runs", "newest")
	for i, p := range ps {
		if !finite(p.Value) {
			continue
		}
		x, y, class := a.x(float64(i)), a.y(p.Value), "past"
		if i >= past {
			class = "now"
			d.text("head", "start", x+8, y+4, "this run")
		}
		d.raw(`<circle class="`, class, `" r="3.5" cx="`, px(x), `" cy="`, px(y), `"/>`)
	}
	d.end()
	d.raw("\n")
}
