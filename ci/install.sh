#!/usr/bin/env bash
# Install planlint for the action, beside whatever Python the workflow uses.
set -euo pipefail

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "::error title=planlint::Python 3.11 or later is needed; add actions/setup-python before this step."
  exit 2
fi
python3 -m venv "$RUNNER_TEMP/planlint"
"$RUNNER_TEMP/planlint/bin/python" -m pip install --quiet "${REQUIREMENT:-$GITHUB_ACTION_PATH}"
echo "$RUNNER_TEMP/planlint/bin" >> "$GITHUB_PATH"
