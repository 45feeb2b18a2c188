// Command duckdb runs DuckDB's SUMMARIZE over a Parquet or CSV file, as the peer
// of our profiles. It needs cgo and some 150 MB of libraries, so it is a module
// of its own, which is built only when that row of the benchmarks runs.
//
//	duckdb FILE THREADS
package main

import (
	"database/sql"
	"fmt"
	"os"
	"strconv"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "duckdb:", err)
		os.Exit(1)
	}
}

// run counts the columns of the summary, so that all of it is computed.
func run(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: duckdb FILE THREADS")
	}
	threads, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.Exec(fmt.Sprintf("SET autoinstall_known_extensions=false; SET threads=%d", threads)); err != nil {
		return err
	}
	rows, err := db.Query("SUMMARIZE SELECT * FROM '" + strings.ReplaceAll(args[0], "'", "''") + "'")
	if err != nil {
		return err
	}
	defer rows.Close()
	columns := 0
	for rows.Next() {
		columns++
	}
	fmt.Println(columns, "columns")
	return rows.Err()
}
