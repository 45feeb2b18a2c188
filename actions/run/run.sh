#!/usr/bin/env bash
# Runs the pipeline as a step of a workflow. The exit status is that of the run:
# jobs and gates decide, never whether a comment could be written.
set -euo pipefail
read -ra jobs <<<"${RUN_JOBS:-}"
read -ra flags <<<"${RUN_ARGS:-}"
report=${RUNNER_TEMP:-/tmp}/mlops-report
exec mlops run --ci --comment "${RUN_COMMENT:-changed}" --report-dir "$report" ${flags[@]+"${flags[@]}"} -- ${jobs[@]+"${jobs[@]}"}
