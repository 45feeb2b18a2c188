package index

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
)

// A dialect is what differs between the two databases.
type dialect struct {
	name      string
	driver    string // of database/sql
	goose     goose.Dialect
	mark      string // before the number of a bound value
	collation string // orders texts by their bytes
	position  string // function that finds a text in another, from 1
}

var (
	sqliteDialect   = dialect{"SQLite", "sqlite", goose.DialectSQLite3, "?", "BINARY", "instr"}
	postgresDialect = dialect{"PostgreSQL", "pgx", goose.DialectPostgres, "$", `"C"`, "strpos"}
)

// bound is the place of the n-th bound value, counted from 1.
func (d dialect) bound(n int) string { return d.mark + strconv.Itoa(n) }

// suffix is the last characters of a text, as many as a bound value says.
func (d dialect) suffix(text, count string) string {
	if d.driver == "sqlite" {
		return "substr(" + text + ", -" + count + ")"
	}
	return "right(" + text + ", " + count + ")"
}

// SQLite's result codes for a file that is damaged or was never a database.
const (
	sqliteCorrupt = 11
	sqliteNotADB  = 26
	sqliteFull    = 13
)

// damaged reports whether an error says that the database itself is broken.
func damaged(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code()&0xff == sqliteCorrupt || e.Code()&0xff == sqliteNotADB)
}

// noTable reports whether a table or column is missing: the database is another one.
func noTable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "42P01" || pg.Code == "42703"
	}
	return err != nil && (strings.Contains(err.Error(), "no such table") || strings.Contains(err.Error(), "no such column"))
}

// tables are the migrations with what only one of the databases understands.
type tables struct {
	fs.FS
	rowids bool // whether tables have them anyway
}

func (t tables) ReadFile(name string) ([]byte, error) {
	data, err := fs.ReadFile(t.FS, name)
	if !t.rowids {
		data = []byte(strings.ReplaceAll(string(data), "/*WITHOUT ROWID*/", "WITHOUT ROWID"))
	}
	return data, err
}

func (t tables) Open(name string) (fs.File, error) {
	f, err := t.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return f, err
	}
	defer f.Close()
	data, err := t.ReadFile(name)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	return &memoryFile{strings.NewReader(string(data)), st}, err
}

// A memoryFile is a file whose text was changed after reading.
type memoryFile struct {
	*strings.Reader
	info fs.FileInfo
}

func (f *memoryFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *memoryFile) Close() error               { return nil }

// micros is a time as the database has it.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}
