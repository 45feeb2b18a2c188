#!/usr/bin/env bash
# Posts a bundle. All of it was written by a workflow run that a stranger may
# have changed, so mlops checks it against its schema and takes the pull
# request and the gates from the forge, not from the bundle.
set -euo pipefail
exec mlops --file "${REPORT_FILE:-mlops.yaml}" report --bundle "$REPORT_BUNDLE" --comment "${REPORT_COMMENT:-changed}" \
  --head-sha "$REPORT_SHA" --head-repo "$REPORT_HEAD" --head-branch "$REPORT_BRANCH"
