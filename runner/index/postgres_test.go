package index

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

var databases atomic.Int64

// backends runs a test on SQLite, and on PostgreSQL where MLOPS_TEST_POSTGRES is the
// address of a server; .ci/postgres starts one. With MLOPS_NEED_POSTGRES=1 it must be.
func backends(t *testing.T, test func(t *testing.T, o Options)) {
	t.Run("sqlite", func(t *testing.T) { test(t, Options{Now: later}) })
	t.Run("postgres", func(t *testing.T) { test(t, Options{Now: later, Address: postgres(t)}) })
}

// postgres makes an empty database and returns its address.
func postgres(t testing.TB) string {
	server := os.Getenv("MLOPS_TEST_POSTGRES")
	if server == "" {
		if os.Getenv("MLOPS_NEED_POSTGRES") == "1" {
			t.Fatal("MLOPS_NEED_POSTGRES=1, but MLOPS_TEST_POSTGRES names no server; .ci/postgres COMMAND starts one")
		}
		t.Skip("MLOPS_TEST_POSTGRES names no server; .ci/postgres COMMAND starts one")
	}
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("index_%d_%d", os.Getpid(), databases.Add(1))
	if _, err := db.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.ExecContext(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		db.Close()
	})
	return strings.Replace(server, "/postgres?", "/"+name+"?", 1)
}
