"""Reports of shards joined into one: the same bytes as one run over all plans would have written."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import msgspec

from planlint.errors import UsageError
from planlint.report.json import encode
from planlint.report.sarif import RESULTS
from planlint.schema import validate


def join(reports: Sequence[tuple[str, bytes]]) -> str:
    """Join reports of one format, JSON or SARIF.

    Args:
        reports: The name of each, for messages, and its content.

    Raises:
        UsageError: one of them is no report of planlint's, or they do not belong together.
    """
    decoded = [(name, _decoded(name, content)) for name, content in reports]
    kinds = {"runs" in one for _, one in decoded}
    if len(kinds) != 1:
        raise UsageError("the reports are of different formats; join JSON with JSON and SARIF with SARIF")
    try:
        return _sarif(decoded) if kinds == {True} else _json(decoded)
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"the reports cannot be joined: {error!r} is missing or odd in one of them"
        ) from None


def _decoded(name: str, content: bytes) -> dict[str, Any]:
    try:
        data = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{name} is not JSON: {error}") from None
    if not isinstance(data, dict):
        raise UsageError(f"{name} is no report of planlint's")
    if "runs" not in data:
        wrong = validate(data, "report")
        if wrong:
            raise UsageError(f"{name} is no report of planlint's: {wrong[0].values['reason']}")
    return data


def _same(reports: Sequence[tuple[str, Any]], what: str) -> None:
    for name, value in reports[1:]:
        if value != reports[0][1]:
            raise UsageError(
                f"{reports[0][0]} and {name} are not of one run: {what} is {reports[0][1]} and {value}"
            )


def _json(reports: Sequence[tuple[str, dict[str, Any]]]) -> str:
    _same([(name, one["today"]) for name, one in reports], "the day")
    _same([(name, one["tool"]["version"]) for name, one in reports], "the version")
    parts = [one for _, one in reports]
    # What is wrong with a configuration is said by every shard.
    found = {msgspec.json.encode(d): d for one in parts for d in one["diagnostics"]}
    diagnostics = sorted(found.values(), key=_order)
    counts = ("files", "errors", "warnings", "infos", "suppressed", "baselined")
    summary = {key: sum(one["summary"][key] for one in parts) for key in counts}
    for level in ("error", "warning", "info"):
        summary[f"{level}s"] = sum(d["severity"] == level for d in diagnostics)
    return encode(
        {
            **parts[0],
            "plans": sorted((plan for one in parts for plan in one["plans"]), key=lambda plan: plan["path"]),
            "diagnostics": diagnostics,
            "summary": summary,
        }
    )


def _order(diagnostic: Mapping[str, Any]) -> tuple[Any, ...]:
    places = ((place["line"], place["column"]) for place in (diagnostic["start"], diagnostic["end"]))
    return (diagnostic["path"], *places, diagnostic["rule"], diagnostic["message"])


def _sarif(reports: Sequence[tuple[str, dict[str, Any]]]) -> str:
    runs = []
    for name, one in reports:
        if len(one["runs"]) != 1 or one["runs"][0]["tool"]["driver"]["name"] != "planlint":
            raise UsageError(f"{name} is no report of planlint's: one run of planlint is needed")
        if one["runs"][0].get("invocations"):
            raise UsageError(f"{name} leaves diagnostics out; use more shards, or join JSON")
        runs.append(one["runs"][0])
    drivers = [(name, one["runs"][0]["tool"]["driver"]) for name, one in reports]
    _same([(name, driver["version"]) for name, driver in drivers], "the version")
    rules = {rule["id"]: rule for _, driver in drivers for rule in driver["rules"]}
    names = sorted(rules)
    found = {msgspec.json.encode({**r, "ruleIndex": 0}): r for run in runs for r in run["results"]}
    if len(found) > RESULTS:
        raise UsageError(
            f"together they have {len(found):,} results; code scanning takes {RESULTS:,}: upload each"
        )
    results = [
        {**result, "ruleIndex": names.index(result["ruleId"])}
        for result in sorted(found.values(), key=_sarif_order)
    ]
    driver = {**drivers[0][1], "rules": [rules[name] for name in names]}
    return encode({**reports[0][1], "runs": [{**runs[0], "tool": {"driver": driver}, "results": results}]})


def _sarif_order(result: Mapping[str, Any]) -> tuple[Any, ...]:
    place = result["locations"][0]["physicalLocation"]
    region = place["region"]
    return (
        unquote(place["artifactLocation"]["uri"]),
        *(region[key] for key in ("startLine", "startColumn", "endLine", "endColumn")),
        result["ruleId"],
        result["message"]["text"],
    )
