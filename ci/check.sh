#!/usr/bin/env bash
# Check for the action: everything as SARIF, then annotations; the last step exits with the code noted here.
set -euo pipefail

paths=()
while IFS= read -r path; do
  if [[ -n $path ]]; then paths+=("$path"); fi
done <<< "${PATHS:-}"

options=(--fail-on "${FAIL_ON:-error}")
if [[ -n ${GITHUB_BASE_REF:-} && ${ONLY_CHANGED:-true} == true ]]; then
  options+=(--changed-since "origin/$GITHUB_BASE_REF")
fi

sarif=$RUNNER_TEMP/planlint.sarif
errors=$RUNNER_TEMP/planlint.err
code=0
# "${x[@]+...}": the bash of macOS takes an empty list for an unset one.
planlint check --fail-on never --format sarif --output "$sarif" -- ${paths[@]+"${paths[@]}"} || code=$?
if [[ $code == 0 ]]; then
  echo "sarif=$sarif" >> "$GITHUB_OUTPUT"
  planlint check "${options[@]}" --format github -- ${paths[@]+"${paths[@]}"} 2> "$errors" || code=$?
  cat "$errors" >&2
  if [[ $code == 2 ]] && grep -q "shallow clone" "$errors"; then
    echo "::error title=planlint::The history is missing: give actions/checkout 'fetch-depth: 0'."
  fi
fi
echo "exit-code=$code" >> "$GITHUB_OUTPUT"
