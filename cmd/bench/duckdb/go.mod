module github.com/mlops-runner/mlops/cmd/bench/duckdb

go 1.26.8

require github.com/duckdb/duckdb-go/v2 v2.10506.0
