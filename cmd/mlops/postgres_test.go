package main

import (
	"database/sql"
	"os"
	"strconv"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/rogpeppe/go-internal/testscript"
)

// postgres makes an empty database and sets MLOPS_DB to its address. Where
// MLOPS_TEST_POSTGRES names no server the story is skipped, or fails if MLOPS_NEED_POSTGRES=1.
func postgres(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: postgres")
	}
	server := os.Getenv("MLOPS_TEST_POSTGRES")
	t := ts.Value(testKey{}).(testscript.T)
	if server == "" {
		if os.Getenv("MLOPS_NEED_POSTGRES") == "1" {
			ts.Fatalf("MLOPS_TEST_POSTGRES names no server; .ci/postgres COMMAND starts one")
		}
		t.Skip("MLOPS_TEST_POSTGRES names no server; .ci/postgres COMMAND starts one")
	}
	db, err := sql.Open("pgx", server)
	ts.Check(err)
	name := "story_" + strconv.FormatInt(time.Now().UnixNano(), 36)
	_, err = db.Exec("CREATE DATABASE " + name)
	ts.Check(err)
	ts.Defer(func() {
		_, err := db.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		ts.Check(err)
		ts.Check(db.Close())
	})
	ts.Setenv("MLOPS_DB", strings.Replace(server, "/postgres?", "/"+name+"?", 1))
}
