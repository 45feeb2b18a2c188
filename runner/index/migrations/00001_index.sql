-- The index over a store's files. Times are microseconds since 1970 in UTC,
-- flags 0 or 1; a column whose name begins with folded_ holds the form in which
-- texts are compared. SQLite keeps tables in the order of their primary key:
-- the words between the stars below are for it alone.

-- +goose Up
CREATE TABLE meta (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);
-- Which store holds which runs, and what its folders looked like when they were read.
CREATE TABLE holders (
  store TEXT NOT NULL, month TEXT NOT NULL, run_id TEXT NOT NULL,
  PRIMARY KEY (store, month, run_id)
) /*WITHOUT ROWID*/;
CREATE INDEX holders_run ON holders (run_id);
CREATE TABLE folders (
  store TEXT NOT NULL, name TEXT NOT NULL, stamp TEXT NOT NULL,
  PRIMARY KEY (store, name)
) /*WITHOUT ROWID*/;
CREATE TABLE runs (
  id TEXT NOT NULL PRIMARY KEY,
  pipeline TEXT NOT NULL, folded_pipeline TEXT NOT NULL,
  status TEXT NOT NULL, reason TEXT NOT NULL,
  event TEXT NOT NULL, folded_event TEXT NOT NULL,
  actor TEXT NOT NULL, folded_actor TEXT NOT NULL,
  branch TEXT NOT NULL, folded_branch TEXT NOT NULL,
  author TEXT NOT NULL, folded_author TEXT NOT NULL,
  subject TEXT NOT NULL, folded_subject TEXT NOT NULL,
  executor TEXT NOT NULL, folded_executor TEXT NOT NULL,
  host TEXT NOT NULL, folded_host TEXT NOT NULL,
  commit_hash TEXT NOT NULL, dirty BIGINT NOT NULL,
  pull_request BIGINT,
  started BIGINT NOT NULL, ended BIGINT, seconds DOUBLE PRECISION,
  content TEXT NOT NULL, sealed BIGINT NOT NULL, damage TEXT NOT NULL
) /*WITHOUT ROWID*/;
CREATE INDEX runs_commit ON runs (commit_hash);
CREATE INDEX runs_sealed ON runs (sealed);
CREATE TABLE jobs (
  run_id TEXT NOT NULL, job TEXT NOT NULL, status TEXT NOT NULL,
  cached BIGINT NOT NULL, seconds DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (run_id, job)
) /*WITHOUT ROWID*/;
CREATE INDEX jobs_job ON jobs (job, status);
CREATE TABLE params (
  run_id TEXT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL,
  number DOUBLE PRECISION, text TEXT, folded_text TEXT,
  PRIMARY KEY (run_id, key)
) /*WITHOUT ROWID*/;
CREATE INDEX params_number ON params (key, number);
CREATE INDEX params_text ON params (key, folded_text);
-- value is NULL for NaN; special is nan, inf, -inf or empty.
CREATE TABLE metrics_latest (
  run_id TEXT NOT NULL, key TEXT NOT NULL, slice TEXT NOT NULL,
  value DOUBLE PRECISION, special TEXT NOT NULL,
  PRIMARY KEY (run_id, key, slice)
) /*WITHOUT ROWID*/;
CREATE INDEX metrics_value ON metrics_latest (key, slice, value, run_id);
-- role: in, out, or data for the version of a dataset that a run read.
CREATE TABLE artifacts (
  run_id TEXT NOT NULL, role TEXT NOT NULL, name TEXT NOT NULL, job TEXT NOT NULL,
  path TEXT NOT NULL, digest TEXT NOT NULL, size BIGINT NOT NULL,
  PRIMARY KEY (run_id, role, name, job, path)
) /*WITHOUT ROWID*/;
CREATE INDEX artifacts_digest ON artifacts (digest);
CREATE INDEX artifacts_name ON artifacts (role, name);
CREATE TABLE datasets (
  store TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, path TEXT NOT NULL,
  files BIGINT NOT NULL, size BIGINT NOT NULL, run_id TEXT NOT NULL, seen BIGINT NOT NULL,
  PRIMARY KEY (store, name, digest)
) /*WITHOUT ROWID*/;
CREATE TABLE model_versions (
  store TEXT NOT NULL, name TEXT NOT NULL, version BIGINT NOT NULL, digest TEXT NOT NULL,
  run_id TEXT NOT NULL, actor TEXT NOT NULL, created BIGINT NOT NULL,
  PRIMARY KEY (store, name, version)
) /*WITHOUT ROWID*/;
CREATE INDEX model_versions_run ON model_versions (name, run_id);
CREATE TABLE aliases (
  store TEXT NOT NULL, name TEXT NOT NULL, alias TEXT NOT NULL, version BIGINT NOT NULL,
  PRIMARY KEY (store, name, alias)
) /*WITHOUT ROWID*/;
