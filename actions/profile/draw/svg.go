package draw

import (
	"encoding/xml"
	"fmt"
	"math"
	"strings"
)

// The size of a drawing in CSS pixels.
const (
	width  = 320
	height = 96
	margin = 2
)

// SVG draws bars as an image for a light page as for a dark one: now filled, the
// reference as an outline. title is what it shows, for those who cannot see it
// and as a tooltip. The image names no font, script or address.
func SVG(title string, b Bars) string {
	var s strings.Builder
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">`, width, height, width, height)
	fmt.Fprintf(&s, `<title>%s</title>`, escaped(title))
	s.WriteString(`<style>.n{fill:#2f6feb}.r{fill:none;stroke:#57606a;stroke-width:1.5}.a{stroke:#8c959f}` +
		`@media(prefers-color-scheme:dark){.n{fill:#58a6ff}.r{stroke:#c9d1d9}.a{stroke:#6e7681}}</style>`)
	top := 0.0
	for _, shares := range [][]float64{b.Now, b.Reference} {
		for _, share := range shares {
			top = math.Max(top, share)
		}
	}
	for i, share := range b.Now {
		x, w := place(i, len(b.Now))
		h := tall(share, top)
		if h == 0 {
			continue
		}
		fmt.Fprintf(&s, `<rect class="n" x="%.1f" y="%.1f" width="%.1f" height="%.1f">`, x, height-margin-h, w, h)
		fmt.Fprintf(&s, `<title>%s</title></rect>`, escaped(tooltip(b, i)))
	}
	outline(&s, b.Reference, top)
	fmt.Fprintf(&s, `<path class="a" d="M0 %[1]d.5H%[2]d"/></svg>`, height-margin, width)
	return s.String()
}

// outline draws shares as steps.
func outline(s *strings.Builder, shares []float64, top float64) {
	if len(shares) == 0 {
		return
	}
	fmt.Fprintf(s, `<path class="r" d="M%d %d`, margin, height-margin)
	for i, share := range shares {
		x, w := place(i, len(shares))
		fmt.Fprintf(s, `H%.1fV%.1fH%.1f`, x, height-margin-tall(share, top), x+w)
	}
	fmt.Fprintf(s, `V%d"/>`, height-margin)
}

// place returns where bar i of n starts and how wide it is.
func place(i, n int) (x, w float64) {
	each := float64(width-2*margin) / float64(n)
	return margin + float64(i)*each, math.Max(each-1, each*0.8)
}

func tall(share, top float64) float64 {
	if !(share > 0) {
		return 0
	}
	return math.Max(1, share/top*(height-2*margin))
}

// tooltip says what bar i shows.
func tooltip(b Bars, i int) string {
	var what string
	if b.Labels != nil {
		what = b.Labels[i]
	} else {
		each := (b.High - b.Low) / float64(len(b.Now))
		what = fmt.Sprintf("%.4g to %.4g", b.Low+float64(i)*each, b.Low+float64(i+1)*each)
	}
	text := fmt.Sprintf("%s: %.1f %%", what, 100*b.Now[i])
	if b.Reference != nil {
		text += fmt.Sprintf(", before %.1f %%", 100*b.Reference[i])
	}
	return text
}

// escaped returns text as it may stand in XML.
func escaped(text string) string {
	var b strings.Builder
	// A builder does not fail.
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}
