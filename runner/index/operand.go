package index

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/mlops-runner/mlops/spec/spelling"
)

func decimal(n int) string { return strconv.Itoa(n) }

// kind is what values an operand has.
type kind uint8

const (
	number  kind = iota // a number
	boolean             // 0 or 1
	text                // compared in its folded form
	lower               // text that is in lower case always: statuses, hashes
	moment              // a time
	scalar              // of a parameter: its own kind stands beside it
)

// An operand is what a name of the language is in the database: expressions of
// SQL over r, the run, and a table joined to it under an alias of its own.
type operand struct {
	name    string // as it is shown: metrics.auc
	kind    kind
	join    string   // "table alias ON …" or "" for what is a column of r
	absent  string   // condition: the run has none
	number  string   // as a number; "" for texts
	folded  string   // as text to compare
	shown   string   // as text to show
	own     string   // of a scalar: its kind
	needed  bool     // runs without it cannot be in the result
	indexed *indexed // where its values are in order; nil if they are nowhere
}

// runField is a name of the run itself.
type runField struct {
	name, column string
	kind         kind
}

func runFields() []runField {
	return []runField{
		{"id", "id", lower}, {"pipeline", "pipeline", text}, {"status", "status", lower}, {"reason", "reason", lower}, {"event", "event", text},
		{"actor", "actor", text}, {"branch", "branch", text}, {"commit", "commit_hash", lower}, {"dirty", "dirty", boolean},
		{"author", "author", text}, {"subject", "subject", text}, {"executor", "executor", text}, {"host", "host", text},
		{"pull_request", "pull_request", number}, {"started", "started", moment}, {"ended", "ended", moment}, {"seconds", "seconds", number},
	}
}

func (f runField) operand() *operand {
	col := "r." + f.column
	o := &operand{name: f.name, kind: f.kind, number: "CAST(" + col + " AS DOUBLE PRECISION)", absent: col + " IS NULL"}
	switch f.kind {
	case text:
		o.number, o.folded, o.shown, o.absent = "", "r.folded_"+f.column, col, col+" = ''"
	case lower:
		o.number, o.folded, o.shown, o.absent = "", col, col, col+" = ''"
	case moment:
		o.number = col
	}
	if f.name == "seconds" {
		o.number = col
	}
	return o
}

// lookup makes the operand that a path means. What it cannot be is a QueryError
// without place.
func (q *compiler) lookup(ctx context.Context, path []string) (*operand, error) {
	name := strings.ToLower(path[0])
	rest := path[1:]
	if name == "run" || len(rest) == 0 && !slices.Contains(families(), name) {
		if name == "run" && len(rest) != 1 {
			return nil, &QueryError{Msg: "run is no value", Fix: "name a part of it, such as run.status"}
		}
		return runOperand(path[len(path)-1])
	}
	if len(rest) == 0 {
		return nil, &QueryError{Msg: name + " is no value", Fix: "name one of them, such as " + name + ".NAME"}
	}
	switch name {
	case "metrics":
		return q.metric(ctx, strings.Join(rest, "."))
	case "params":
		return q.param(ctx, strings.Join(rest, "."))
	case "jobs":
		return q.job(ctx, rest)
	case "data":
		return q.data(ctx, strings.Join(rest, "."))
	case "models":
		return q.model(ctx, rest)
	}
	return nil, &QueryError{Msg: "unknown name " + strconv.Quote(path[0]), Fix: meant(path[0], append(families(), "run"), "there are run, "+strings.Join(families(), ", "))}
}

// families are the names that have further names below them.
func families() []string { return []string{"metrics", "params", "jobs", "data", "models"} }

func runOperand(name string) (*operand, error) {
	known := families()
	for _, f := range runFields() {
		if strings.EqualFold(f.name, name) {
			return f.operand(), nil
		}
		known = append(known, f.name)
	}
	return nil, &QueryError{Msg: "unknown name " + strconv.Quote(name), Fix: meant(name, known, "there are "+strings.Join(known, ", "))}
}

// alias is a new name of a joined table.
func (q *compiler) alias() string {
	q.aliases++
	return "p" + strconv.Itoa(q.aliases)
}

func (q *compiler) metric(ctx context.Context, name string) (*operand, error) {
	key, slice := name, ""
	found, err := q.has(ctx, "SELECT 1 FROM metrics_latest WHERE key = ? AND slice = '' LIMIT 1", clean(key))
	if i := strings.IndexByte(name, '{'); err == nil && !found && i > 0 {
		key, slice = name[:i], name[i:]
		found, err = q.has(ctx, "SELECT 1 FROM metrics_latest WHERE key = ? AND slice = ? LIMIT 1", clean(key), clean(slice))
	}
	if err != nil {
		return nil, err
	}
	if !found && slice == "" {
		if key, err = q.nearest(ctx, "metric", "metrics.", name, "metrics_latest", "key", "slice = ''"); err != nil {
			return nil, err
		}
	} else if !found {
		return nil, &QueryError{Msg: "no run has a metric " + strconv.Quote(name), Fix: "a slice is written as mlops show names it: metrics['auc{plan=pro}']"}
	}
	a := q.alias()
	return &operand{name: "metrics." + key + slice, kind: number,
		indexed: &indexed{table: "metrics_latest", fixed: [][2]string{{"key", clean(key)}, {"slice", clean(slice)}}, value: "value"},
		join:    "metrics_latest " + a + " ON " + a + ".run_id = r.id AND " + a + ".key = " + q.bind(clean(key)) + " AND " + a + ".slice = " + q.bind(clean(slice)),
		absent:  a + ".run_id IS NULL", number: a + ".value", shown: a + ".special"}, nil
}

func (q *compiler) param(ctx context.Context, name string) (*operand, error) {
	key, err := q.key(ctx, "parameter", "params.", name, "params", "key", "1 = 1")
	if err != nil {
		return nil, err
	}
	a := q.alias()
	return &operand{name: "params." + key, kind: scalar,
		indexed: &indexed{table: "params", fixed: [][2]string{{"key", clean(key)}}, value: "number", text: "folded_text"},
		join:    "params " + a + " ON " + a + ".run_id = r.id AND " + a + ".key = " + q.bind(clean(key)),
		absent:  a + ".run_id IS NULL", number: a + ".number", folded: a + ".folded_text", shown: a + ".text", own: a + ".kind"}, nil
}

func (q *compiler) job(ctx context.Context, rest []string) (*operand, error) {
	const fix = "write jobs.NAME.status, jobs.NAME.cached or jobs.NAME.seconds"
	if len(rest) < 2 {
		return nil, &QueryError{Msg: "a job is no value", Fix: fix}
	}
	field := strings.ToLower(rest[len(rest)-1])
	if !slices.Contains([]string{"status", "cached", "seconds"}, field) {
		return nil, &QueryError{Msg: "a job has no " + strconv.Quote(field), Fix: fix}
	}
	job, err := q.key(ctx, "job", "jobs.", strings.Join(rest[:len(rest)-1], "."), "jobs", "job", "1 = 1")
	if err != nil {
		return nil, err
	}
	a := q.alias()
	o := &operand{name: "jobs." + job + "." + field, absent: a + ".run_id IS NULL", number: a + ".seconds",
		join: "jobs " + a + " ON " + a + ".run_id = r.id AND " + a + ".job = " + q.bind(clean(job))}
	switch field {
	case "status":
		o.kind, o.number, o.folded, o.shown = lower, "", a+".status", a+".status"
	case "cached":
		o.kind, o.number = boolean, "CAST("+a+".cached AS DOUBLE PRECISION)"
	}
	return o, nil
}

func (q *compiler) data(ctx context.Context, name string) (*operand, error) {
	key, err := q.key(ctx, "dataset", "data.", name, "artifacts", "name", "role = 'data'")
	if err != nil {
		return nil, err
	}
	a := q.alias()
	return &operand{name: "data." + key, kind: lower, absent: a + ".run_id IS NULL", folded: a + ".digest", shown: a + ".digest",
		join: "artifacts " + a + " ON " + a + ".run_id = r.id AND " + a + ".role = 'data' AND " + a + ".name = " + q.bind(clean(key)) + " AND " + a + ".job = '' AND " + a + ".path = ''"}, nil
}

func (q *compiler) model(ctx context.Context, rest []string) (*operand, error) {
	name := strings.Join(rest, ".")
	found, err := q.has(ctx, "SELECT 1 FROM model_versions WHERE name = ? LIMIT 1", clean(name))
	if err != nil {
		return nil, err
	}
	if len(rest) > 1 && !found {
		return q.modelAlias(ctx, rest[0], strings.Join(rest[1:], "."))
	}
	key, err := q.key(ctx, "model", "models.", name, "model_versions", "name", "1 = 1")
	if err != nil {
		return nil, err
	}
	a := q.alias()
	return &operand{name: "models." + key, kind: number, absent: a + ".run_id IS NULL", number: "CAST(" + a + ".version AS DOUBLE PRECISION)",
		join: "(SELECT run_id, MAX(version) AS version FROM model_versions WHERE name = " + q.bind(clean(key)) + " GROUP BY run_id) " + a + " ON " + a + ".run_id = r.id"}, nil
}

func (q *compiler) modelAlias(ctx context.Context, model, alias string) (*operand, error) {
	key, err := q.key(ctx, "model", "models.", model, "model_versions", "name", "1 = 1")
	if err != nil {
		return nil, err
	}
	if alias, err = q.key(ctx, "alias", "models."+key+".", alias, "aliases", "alias", "name = ?", clean(key)); err != nil {
		return nil, err
	}
	a := q.alias()
	return &operand{name: "models." + key + "." + alias, kind: boolean, absent: a + ".run_id IS NULL", number: "CAST(" + a + ".yes AS DOUBLE PRECISION)",
		join: "(SELECT DISTINCT v.run_id AS run_id, 1 AS yes FROM aliases a JOIN model_versions v ON v.store = a.store AND v.name = a.name AND v.version = a.version" +
			" WHERE a.name = " + q.bind(clean(key)) + " AND a.alias = " + q.bind(clean(alias)) + ") " + a + " ON " + a + ".run_id = r.id"}, nil
}

// has reports whether a query has a row.
func (q *compiler) has(ctx context.Context, query string, args ...any) (bool, error) {
	rs, err := q.x.db.QueryContext(ctx, q.x.dialect.number(query), args...)
	if err != nil {
		return false, err
	}
	defer rs.Close()
	return rs.Next(), rs.Err()
}

// key returns the name as the table has it: as written, or else in other case.
func (q *compiler) key(ctx context.Context, what, prefix, name, table, column, where string, args ...any) (string, error) {
	found, err := q.has(ctx, "SELECT 1 FROM "+table+" WHERE "+where+" AND "+column+" = ? LIMIT 1", append(args, clean(name))...)
	if found || err != nil {
		return name, err
	}
	return q.nearest(ctx, what, prefix, name, table, column, where, args...)
}

// compared is how many names are looked through for one that was meant.
const compared = 2000

// nearest finds a name in other case, or fails with what may have been meant.
// Names are looked up one after the other through the index, since each may have a row for each run.
func (q *compiler) nearest(ctx context.Context, what, prefix, name, table, column, where string, args ...any) (string, error) {
	query := "SELECT MIN(" + column + ") FROM " + table + " WHERE " + where + " AND " + column + " > ?"
	var known []string
	for last := ""; len(known) < compared; {
		var next *string
		if err := q.x.db.QueryRowContext(ctx, q.x.dialect.number(query), append(slices.Clone(args), last)...).Scan(&next); err != nil {
			return "", err
		}
		if next == nil {
			break
		}
		if strings.EqualFold(*next, name) {
			return *next, nil
		}
		last = *next
		known = append(known, last)
	}
	if len(known) == 0 {
		return name, nil // there is nothing yet that it could be mistaken for
	}
	list := "there are " + strings.Join(known[:min(12, len(known))], ", ")
	if len(known) > 12 {
		list += ", …"
	}
	fix := meant(name, known, "")
	if fix == "" {
		fix = list
	} else {
		fix = `did you mean "` + writePath(prefix, strings.TrimSuffix(strings.TrimPrefix(fix, `did you mean "`), `"?`)) + `"?`
	}
	return "", &QueryError{Msg: "no run has a " + what + " " + strconv.Quote(name), Fix: fix}
}

// writePath writes a name behind a prefix as the language takes it.
func writePath(prefix, name string) string {
	plain := strings.IndexFunc(name, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '-' && r != '.'
	}) < 0
	if plain {
		return prefix + name
	}
	return strings.TrimSuffix(prefix, ".") + "['" + strings.ReplaceAll(name, "'", "''") + "']"
}

// meant is `did you mean "x"?`, or other if no name is near.
func meant(wrong string, names []string, other string) string {
	best, least := "", 1+max(1, min(3, len(wrong)/3))
	for _, name := range names {
		if d := spelling.Distance(strings.ToLower(wrong), strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	if best == "" {
		return other
	}
	return `did you mean "` + best + `"?`
}
