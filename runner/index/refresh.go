package index

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mlops-runner/mlops/runner/record"
)

// settled is how old a folder's last change must be to tell that nothing
// happened since: file systems count time in ticks of some milliseconds, some in seconds.
const settled = 2 * time.Second

// batch is how many runs one transaction holds.
const batch = 256

// many is from how many new runs on a person is told that it takes a while.
const many = 2000

// A change is what is to be done to bring the index up to date.
type change struct {
	read   []found             // runs that are new or unsealed, oldest first
	gone   map[string][]string // month → ids
	stamps map[string]string   // folder → what it looks like now
	models []string
	data   []string
	forget []string // folders that are no more
}

// A found run is one to read.
type found struct {
	record.Entry
	month string
	known string // content that the index has; "" for a new one
}

func (c *change) nothing() bool {
	return len(c.read)+len(c.gone)+len(c.stamps)+len(c.models)+len(c.data)+len(c.forget) == 0
}

// Refresh brings the index up to date with the store's files.
func (x *Index) Refresh(ctx context.Context) error {
	err := x.sound(ctx, func() error { return x.refresh(ctx) })
	if err != nil {
		return fmt.Errorf("index %s: %w", x.Place(), err)
	}
	return nil
}

// sound does something with the index, again if it is found damaged and was built anew.
func (x *Index) sound(ctx context.Context, work func() error) error {
	err := work()
	if !damaged(err) || x.path == "" {
		return err
	}
	x.options.Notice(fmt.Sprintf("%s is damaged (%v); it is built anew", x.path, reason(err)))
	if err := x.replace(ctx); err != nil {
		return err
	}
	if err := x.refresh(ctx); err != nil {
		return err
	}
	return work()
}

func (x *Index) refresh(ctx context.Context) error {
	c, err := x.look(ctx)
	if err != nil || c.nothing() {
		return err
	}
	return x.exclusive(ctx, func(ctx context.Context) error {
		c, err := x.look(ctx) // another process may have done it
		if err != nil || c.nothing() {
			return err
		}
		return x.apply(ctx, c)
	})
}

// look compares the store's folders with what the index knows of them.
func (x *Index) look(ctx context.Context) (*change, error) {
	c := &change{gone: map[string][]string{}, stamps: map[string]string{}}
	known, err := x.pairs(ctx, "SELECT name, stamp FROM folders WHERE store = ?", x.store)
	if err != nil {
		return nil, err
	}
	open, err := x.pairs(ctx, "SELECT id, content FROM runs WHERE sealed = 0") // with the damaged ones
	if err != nil {
		return nil, err
	}
	if err := x.lookRuns(ctx, c, known, open); err != nil {
		return nil, err
	}
	if err := x.lookModels(c, known); err != nil {
		return nil, err
	}
	if err := x.lookData(c, known); err != nil {
		return nil, err
	}
	for name := range known {
		c.forget = append(c.forget, name)
	}
	sort.Slice(c.read, func(i, j int) bool { return c.read[i].Time.Before(c.read[j].Time) })
	return c, nil
}

// pairs reads two columns of text.
func (x *Index) pairs(ctx context.Context, query string, args ...any) (map[string]string, error) {
	rs, err := x.db.QueryContext(ctx, x.dialect.number(query), args...)
	if err != nil {
		return nil, err
	}
	defer rs.Close()
	out := map[string]string{}
	for rs.Next() {
		var k, v string
		if err := rs.Scan(&k, &v); err != nil {
			return nil, err
		}
		out[k] = v
	}
	return out, rs.Err()
}

// stamp is what a folder or file looks like; "" if that does not tell it from a
// later one.
func (x *Index) stamp(path string) (string, error) {
	st, err := os.Stat(path)
	if err != nil || x.options.Now().Sub(st.ModTime()) < settled {
		return "", err
	}
	return strconv.FormatInt(st.ModTime().UnixNano(), 10) + " " + strconv.FormatInt(st.Size(), 10), nil
}

// lookRuns finds what runs came and went. It takes the months that it meets out of known.
func (x *Index) lookRuns(ctx context.Context, c *change, known, open map[string]string) error {
	for m, err := range record.Months(x.root) {
		if err != nil {
			return err
		}
		folder := "runs/" + m.Name
		now, err := x.stamp(m.Dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		was, listed := known[folder]
		delete(known, folder)
		if listed && was == now && now != "" {
			if len(open) > 0 {
				if err := x.lookOpen(ctx, c, m, open); err != nil {
					return err
				}
			}
			continue
		}
		if err := x.lookMonth(ctx, c, m, open); err != nil {
			return err
		}
		if !listed || was != now {
			c.stamps[folder] = now
		}
	}
	return x.lookGone(ctx, c, known)
}

// lookGone removes the runs of months whose folders are no more.
func (x *Index) lookGone(ctx context.Context, c *change, known map[string]string) error {
	for folder := range known {
		month, ok := cutPrefix(folder, "runs/")
		if !ok {
			continue
		}
		held, err := x.pairs(ctx, "SELECT run_id, '' FROM holders WHERE store = ? AND month = ?", x.store, month)
		if err != nil {
			return err
		}
		for id := range held {
			c.gone[month] = append(c.gone[month], id)
		}
	}
	return nil
}

// lookMonth lists a month.
func (x *Index) lookMonth(ctx context.Context, c *change, m record.Month, open map[string]string) error {
	held, err := x.pairs(ctx, "SELECT run_id, '' FROM holders WHERE store = ? AND month = ?", x.store, m.Name)
	if err != nil {
		return err
	}
	es, err := m.Runs()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range es {
		_, have := held[e.ID]
		delete(held, e.ID)
		if content, again := open[e.ID]; !have || again {
			c.read = append(c.read, found{e, m.Name, content})
		}
	}
	for id := range held {
		c.gone[m.Name] = append(c.gone[m.Name], id)
	}
	return nil
}

// lookOpen takes the unsealed runs of a month that did not change.
func (x *Index) lookOpen(ctx context.Context, c *change, m record.Month, open map[string]string) error {
	ids, err := x.pairs(ctx, "SELECT h.run_id, '' FROM runs r CROSS JOIN holders h WHERE r.sealed = 0 AND h.run_id = r.id AND h.store = ? AND h.month = ?", x.store, m.Name)
	if err != nil {
		return err
	}
	for id := range ids {
		e, err := record.Find(x.root, id)
		if err == nil && e.ID == id {
			c.read = append(c.read, found{e, m.Name, open[id]})
		}
	}
	return nil
}

// apply does what a change says.
func (x *Index) apply(ctx context.Context, c *change) error {
	if len(c.read) >= many {
		x.options.Notice(fmt.Sprintf("indexing %d runs", len(c.read)))
	}
	for chunk := range slices.Chunk(c.read, batch) {
		if err := x.add(ctx, c, chunk); err != nil {
			return err
		}
	}
	return x.write(ctx, func(w *writer) error { return x.finish(w, c) })
}

// add reads runs and writes their rows.
func (x *Index) add(ctx context.Context, c *change, runs []found) error {
	read, err := readRuns(ctx, runs)
	if err != nil {
		return err
	}
	return x.write(ctx, func(w *writer) error {
		byTable := make([][][]any, len(runTables))
		for i, r := range read {
			if r == nil { // removed meanwhile: the month is to be listed again
				c.stamps["runs/"+runs[i].month] = ""
				continue
			}
			if err := w.hold(x.store, runs[i].month, r.id); err != nil {
				return err
			}
			if r.content == runs[i].known {
				continue
			}
			if err := w.drop(r.id); err != nil {
				return err
			}
			for t := range r.tables {
				byTable[t] = append(byTable[t], r.tables[t]...)
			}
		}
		for t, rs := range byTable {
			if err := w.insert(runTables[t], rs); err != nil {
				return err
			}
		}
		return nil
	})
}

// readRuns reads records, several at once. What is not there any more is nil.
func readRuns(ctx context.Context, runs []found) ([]*rows, error) {
	out := make([]*rows, len(runs))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range runs {
		g.Go(func() error {
			s, err := f.Sheet()
			switch {
			case err == nil:
				out[i] = rowsOf(s)
			case !exists(f.Dir):
			default:
				out[i] = damagedRow(f.Entry, err)
			}
			return ctx.Err()
		})
	}
	return out, g.Wait()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (w *writer) hold(store, month, id string) error {
	return w.exec("INSERT INTO holders (store, month, run_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", store, month, id)
}

// finish removes what is gone, and notes what the folders looked like.
func (x *Index) finish(w *writer, c *change) error {
	for month, ids := range c.gone {
		for _, id := range ids {
			if err := w.release(x.store, month, id); err != nil {
				return err
			}
		}
	}
	for _, name := range c.models {
		if err := x.writeModel(w, name); err != nil {
			return err
		}
	}
	for _, name := range c.data {
		if err := x.writeDataset(w, name); err != nil {
			return err
		}
	}
	for _, folder := range c.forget {
		if err := x.forgetFolder(w, folder); err != nil {
			return err
		}
	}
	for folder, stamp := range c.stamps {
		err := w.exec("INSERT INTO folders (store, name, stamp) VALUES (?, ?, ?) ON CONFLICT (store, name) DO UPDATE SET stamp = excluded.stamp", x.store, folder, stamp)
		if err != nil {
			return err
		}
	}
	return nil
}

// release removes a run from a store, and its rows if no other store holds it.
func (w *writer) release(store, month, id string) error {
	if err := w.exec("DELETE FROM holders WHERE store = ? AND month = ? AND run_id = ?", store, month, id); err != nil {
		return err
	}
	s, err := w.prepare("SELECT COUNT(*) FROM holders WHERE run_id = ?")
	if err != nil {
		return err
	}
	var n int
	if err := s.QueryRowContext(w.ctx, id).Scan(&n); err != nil || n > 0 {
		return err
	}
	return w.drop(id)
}
