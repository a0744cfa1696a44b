#!/usr/bin/env bash
# Keep one comment in a pull request on what it does to the plans. Where a comment may not be written (forks,
# Dependabot) it becomes the step summary, and nothing fails.
set -euo pipefail

body=$RUNNER_TEMP/planlint-comment.md
options=(--format markdown --output "$body")
if [[ -n ${KEY:-} ]]; then options+=(--key "$KEY"); fi
planlint diff "${options[@]}" -- "origin/$GITHUB_BASE_REF"

MARK=$(head -n 1 "$body")
export MARK
export GH_HOST=${GITHUB_SERVER_URL#https://}
comments=repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments

write() {
  local found
  # Only a bot's own comment: whoever quotes the mark must not have their words replaced.
  found=$(gh api --paginate "$comments?per_page=100" --jq \
    '.[] | select(.user.type == "Bot" and (.body | startswith(env.MARK))) | .id') || return 1
  found=${found%%$'\n'*}
  if [[ -n $found ]]; then
    gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$found" -F "body=@$body"
  elif ! grep -qxF '**No plan changed in meaning.**' "$body"; then
    gh api --silent --method POST "$comments" -F "body=@$body"
  fi
}

if ! write; then
  echo "::notice title=planlint::No comment could be written here; what changes is in the step summary."
  cat "$body" >> "$GITHUB_STEP_SUMMARY"
fi
