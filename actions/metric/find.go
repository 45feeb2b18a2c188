package metric

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Find returns the metric of a name as people write it: upper or lower case, words
// joined by spaces, - or _, an argument behind it.
//
//	auc                    pr_auc               log loss
//	f1 at 0.5              f1 at best           f1
//	ndcg@10                map@5                top3 accuracy
//	quantile loss 0.9      lift at 10%          ece 10
//
// Names and displayed names of metrics are found too, so that Find(m.Name) is m. It
// fails with a [*NameError].
func Find(name string) (Metric, error) {
	key, argument := words(name)
	for _, f := range families() {
		if f.Name != key && !slices.Contains(f.aliases, key) {
			continue
		}
		a, problem := f.argument(argument)
		if problem != "" {
			return Metric{}, &NameError{Name: name, What: problem}
		}
		return f.metric(a), nil
	}
	e := &NameError{Name: name}
	for _, f := range families() {
		e.Known = append(e.Known, f.Name)
	}
	return Metric{}, e
}

// fillers are words that say nothing.
var fillers = []string{"at", "of", "with", "bins", "threshold"}

// words splits a name into the words of the metric, joined by _, and its argument. Several
// arguments are joined by spaces.
func words(name string) (key, argument string) {
	var plain, arguments []string
	sign := ""
	for _, w := range split(name) {
		switch {
		case w == "minus":
			sign = "-"
		case w == "best", isNumber(w):
			arguments = append(arguments, sign+w)
			sign = ""
		case !slices.Contains(fillers, w):
			plain = append(plain, w)
		}
	}
	if sign != "" {
		plain = append(plain, "minus")
	}
	return strings.Join(plain, "_"), strings.Join(arguments, " ")
}

func isNumber(w string) bool {
	w = strings.TrimLeft(w, "+-")
	return w != "" && (w[0] == '.' || w[0] >= '0' && w[0] <= '9')
}

// split returns the words of a name in lower case. The - of a number stays with it, and so
// does a _ between digits.
func split(name string) []string {
	var out []string
	for _, field := range strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return unicode.IsSpace(r) || r == '@' || r == ',' }) {
		if isNumber(field) && !strings.ContainsAny(field, "_") {
			out = append(out, field)
			continue
		}
		out = append(out, splitWord(field)...)
	}
	return out
}

func splitWord(field string) []string {
	var out []string
	start := 0
	digit := func(i int) bool { return i >= 0 && i < len(field) && field[i] >= '0' && field[i] <= '9' }
	cut := func(end int) {
		if end > start {
			out = append(out, field[start:end])
		}
	}
	for i := range len(field) {
		c := field[i]
		switch {
		case c == '_' && digit(i-1) && digit(i+1):
		case c == '_' || c == '-':
			cut(i)
			start = i + 1
		case digit(i) && field[start:i] == "top":
			cut(i)
			start = i
		}
	}
	cut(len(field))
	return out
}

// argument reads what stands behind the name of a family, and tells what is wrong with it.
func (f family) argument(text string) (Arg, string) {
	switch {
	case text == "" && f.must != "":
		return Arg{}, "it needs a number; write " + f.must
	case text == "":
		return Arg{Value: f.usual, Given: f.usual != 0}, ""
	case strings.Contains(text, " "):
		return Arg{}, "it has more than one argument: " + text
	case f.Arg.Kind == NoArg:
		return Arg{}, f.Name + " takes no " + text
	case text == "best" && !f.best:
		return Arg{}, f.Name + " has no best threshold; write " + f.example()
	case text == "best":
		return Arg{Best: true}, ""
	}
	v, ok := f.Arg.Kind.parse(text)
	if !ok {
		return Arg{}, text + " is no " + f.Arg.Kind.what() + "; write " + f.example()
	}
	return Arg{Value: v, Given: true}, ""
}

// example shows how an argument is written.
func (f family) example() string {
	v := map[ArgKind]float64{Threshold: 0.3, Count: 10, Quantile: 0.9, Share: 0.1}[f.Arg.Kind]
	return f.metric(Arg{Value: v, Given: true}).Display
}

func (k ArgKind) what() string {
	return [...]string{"argument", "threshold", "count from 1 to 1000000", "quantile between 0 and 1", "share above 0% up to 100%"}[k]
}

// parse reads a number and rounds it to what names hold.
func (k ArgKind) parse(text string) (float64, bool) {
	if k == Count {
		n, err := strconv.Atoi(strings.ReplaceAll(text, "_", ""))
		return float64(n), err == nil && n >= 1 && n <= 1_000_000
	}
	text = strings.Replace(text, "_", ".", 1)
	number := strings.TrimSuffix(strings.TrimSuffix(text, "%"), "pct")
	percent := number != text
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || percent && k != Share || !(math.Abs(v) <= 1e9) {
		return 0, false
	}
	if k == Share && !percent {
		v *= 100
	}
	v = rounded(v)
	switch k {
	case Quantile:
		return v, v >= 1e-9 && v < 1
	case Share:
		return v / 100, v >= 1e-9 && v <= 100
	}
	return v + 0, v == 0 || math.Abs(v) >= 1e-9
}
