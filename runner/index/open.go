package index

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	"github.com/pressly/goose/v3"

	"github.com/mlops-runner/mlops/runner/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// format is the version of the rows, beside that of the tables: it is raised when
// the same files come to other rows, and makes an index be built anew.
const format = "1"

// File is the name of the SQLite file in a store.
const File = "index.db"

// Options say where an index is. The zero value means the store's own file.
type Options struct {
	// Address of a PostgreSQL database, postgres://…, or path of an SQLite file; ""
	// means index.db in the store.
	Address string
	// Notice, if not nil, is called with what a person should know: that the index
	// is built anew, and that it takes long. Never by two goroutines at once.
	Notice func(text string)
	Now    func() time.Time // the clock; nil means time.Now
}

// An Index is an open database. It is safe for concurrent use.
type Index struct {
	root    string // of the store
	path    string // of the SQLite file; "" for PostgreSQL
	store   string // id under which the database has what this store holds
	db      *sql.DB
	dialect dialect
	options Options
	recent  int // see the constant; tests lower it
}

// Open opens the index of the store at root, makes it if there is none, and brings
// it up to date. A file that is damaged, no index, or of another version is
// replaced. It is the caller's to close.
func Open(ctx context.Context, root string, o Options) (*Index, error) {
	x, err := connect(ctx, root, o)
	if err != nil {
		return nil, err
	}
	if err := x.Refresh(ctx); err != nil {
		return nil, errors.Join(err, x.Close())
	}
	return x, nil
}

// connect opens the database without looking at the store's runs.
func connect(ctx context.Context, root string, o Options) (*Index, error) {
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	x := &Index{root: root, options: o, recent: recent}
	if strings.HasPrefix(o.Address, "postgres://") || strings.HasPrefix(o.Address, "postgresql://") {
		return x, x.openPostgres(ctx)
	}
	if strings.Contains(o.Address, "://") {
		return nil, &AddressError{o.Address}
	}
	if x.path = o.Address; x.path == "" {
		x.path = filepath.Join(root, File)
	}
	return x, x.openSQLite(ctx)
}

// Close ends the connections.
func (x *Index) Close() error { return x.db.Close() }

// Place says where the index is, without a password.
func (x *Index) Place() string {
	if x.path != "" {
		return x.path
	}
	u, err := url.Parse(x.options.Address)
	if err != nil {
		return "PostgreSQL"
	}
	return u.Redacted()
}

func (x *Index) openSQLite(ctx context.Context) error {
	x.dialect, x.store = sqliteDialect, "local"
	err := x.tryOpen(ctx)
	if closed(err) || errors.Is(err, fs.ErrPermission) {
		return &FileError{x.path, err}
	}
	if !damaged(err) && !errors.Is(err, errForeign) {
		return err
	}
	x.options.Notice(fmt.Sprintf("%s is not a sound index (%v); it is built anew", x.path, reason(err)))
	return x.replace(ctx)
}

// replace makes a new file instead of one that cannot be used.
func (x *Index) replace(ctx context.Context) error {
	release, err := store.Lock(ctx, x.path+".lock")
	if err != nil {
		return err
	}
	if x.db != nil {
		x.db.Close()
	}
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		if rmErr := os.Remove(x.path + end); rmErr != nil && !errors.Is(rmErr, fs.ErrNotExist) {
			err = errors.Join(err, rmErr)
		}
	}
	release()
	if err != nil {
		return err
	}
	return x.tryOpen(ctx)
}

func (x *Index) tryOpen(ctx context.Context) (err error) {
	if st, err := os.Lstat(x.path); err == nil && !st.Mode().IsRegular() {
		return fmt.Errorf("index %s: not a regular file", x.path)
	}
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(20000)", "journal_mode(WAL)", "synchronous(NORMAL)", "cache_size(-65536)", "mmap_size(1073741824)", "temp_store(MEMORY)"}}
	x.db, err = sql.Open(x.dialect.driver, (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: x.path}).EscapedPath(), RawQuery: q.Encode()}).String())
	if err != nil {
		return fmt.Errorf("index %s: %w", x.path, err)
	}
	if err := x.prepare(ctx); err != nil {
		x.db.Close()
		return fmt.Errorf("index %s: %w", x.path, err)
	}
	return nil
}

func (x *Index) openPostgres(ctx context.Context) (err error) {
	x.dialect = postgresDialect
	if x.db, err = sql.Open(x.dialect.driver, x.options.Address); err != nil {
		return &ConnectError{x.Place(), err}
	}
	if err = x.db.PingContext(ctx); err != nil {
		x.db.Close()
		return &ConnectError{x.Place(), err}
	}
	if x.store, err = identity(x.root); err == nil {
		err = x.prepare(ctx)
	}
	if err != nil {
		x.db.Close()
		return fmt.Errorf("index %s: %w", x.Place(), err)
	}
	return nil
}

// identity returns the name by which a database of several stores knows this one.
func identity(root string) (string, error) {
	path := filepath.Join(root, "index.id")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", err
	}
	for range 2 {
		data, err := os.ReadFile(path)
		if id, bad := uuid.Parse(strings.TrimSpace(string(data))); bad == nil {
			return id.String(), nil
		}
		if err == nil {
			return "", fmt.Errorf("%s holds no id; remove it to get a new one", path)
		}
		temp := path + "." + strconv.Itoa(os.Getpid())
		if err := os.WriteFile(temp, []byte(uuid.NewString()+"\n"), 0o444); err != nil {
			return "", err
		}
		err = os.Link(temp, path) // of two, the first stays
		if err = errors.Join(dropExist(err), os.Remove(temp)); err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("%s cannot be read", path)
}

func dropExist(err error) error {
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// prepare makes the tables, if need be.
func (x *Index) prepare(ctx context.Context) error {
	switch have, err := x.tableFormat(ctx); {
	case err == nil && have == format:
		return nil
	case err == nil:
		return x.foreign(fmt.Sprintf("it is of format %s and not %s", have, format))
	case !noTable(err) && !errors.Is(err, sql.ErrNoRows):
		return err
	}
	if x.path != "" {
		if err := os.MkdirAll(filepath.Dir(x.path), 0o755); err != nil {
			return err
		}
	}
	return x.exclusive(ctx, x.migrate)
}

// foreign is the error for tables that this version does not understand.
func (x *Index) foreign(why string) error {
	if x.path != "" {
		return fmt.Errorf("%w: %s", errForeign, why)
	}
	return &FormatError{x.Place(), why}
}

func (x *Index) tableFormat(ctx context.Context) (have string, err error) {
	err = x.db.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'format'").Scan(&have)
	return have, err
}

func (x *Index) migrate(ctx context.Context) error {
	if have, err := x.tableFormat(ctx); err == nil && have == format {
		return nil // somebody else did it meanwhile
	}
	if err := x.empty(ctx); err != nil {
		return err
	}
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(x.dialect.goose, x.db, tables{sub, x.path == ""}, goose.WithTableName("mlops_index_version"))
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("make tables: %w", err)
	}
	_, err = x.db.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES ('format', "+x.dialect.bound(1)+") ON CONFLICT (name) DO UPDATE SET value = excluded.value", format)
	return err
}

// empty fails if an SQLite file has tables that are not ours.
func (x *Index) empty(ctx context.Context) error {
	if x.path == "" {
		return nil
	}
	var n int
	err := x.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").Scan(&n)
	if err == nil && n > 0 {
		err = fmt.Errorf("%w: it has tables of something else", errForeign)
	}
	return err
}

// advisory is the number of the lock that writers of a PostgreSQL index take: "mlops" in ASCII.
const advisory = 0x6d6c6f7073

// exclusive runs f while no other process writes the index.
func (x *Index) exclusive(ctx context.Context, f func(context.Context) error) (err error) {
	if x.path != "" {
		release, err := store.Lock(ctx, x.path+".lock")
		if err != nil {
			return err
		}
		defer release()
		return f(ctx)
	}
	c, err := x.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(advisory)); err != nil {
		return err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_, unlockErr := c.ExecContext(end, "SELECT pg_advisory_unlock($1)", int64(advisory))
		err = errors.Join(err, unlockErr)
	}()
	return f(ctx)
}
