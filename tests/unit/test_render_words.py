"""Languages: the catalogue is complete and current, and values look as people there write them."""

import ast
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from babel.messages import mofile, pofile
from jinja2 import nodes

from planlint.model import Cadence, Duration, Estimate
from planlint.render import words
from planlint.render.sandbox import Sandbox
from planlint.render.words import LOCALE, MONTHS, PATTERNS, WORDS, language

RENDER = Path(words.__file__).parent
RULES = Path(__file__).parents[2] / "rules"
SPEAKING = {"say": 1, "count": 2, "plain": 1}


def summaries() -> dict[str, str]:
    """Return what each of planlint's rules asks for, by its file."""
    read = yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader
    return {
        f"{file.parent.name}/{file.name}": " ".join(
            yaml.load(file.read_text("utf-8"), read)["summary"].split()
        )
        for file in sorted(RULES.glob("*/*.yaml"))
        if file.parent.name != "packs"
    }


def spoken() -> set[tuple[str, ...]]:
    """Return every fixed text in the sources: from Python, templates, rules and the tables of words."""
    found: set[tuple[str, ...]] = {(word,) for word in (*WORDS, *MONTHS, *summaries().values())}
    for file in RENDER.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                texts = tuple(str(a.value) for a in node.args if isinstance(a, ast.Constant))
                if name in SPEAKING and len(texts) >= SPEAKING[name]:
                    found.add(texts[: SPEAKING[name]])
    parser = Sandbox(language("en"), None)
    for file in (RENDER / "templates").glob("*.j2"):
        for call in parser.parse(file.read_text("utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in SPEAKING:
                arguments: Any = call.args[: SPEAKING[call.node.name]]
                found.add(tuple(argument.value for argument in arguments))
    return {texts for texts in found if texts != (".",)}


@pytest.mark.parametrize("tag", [tag for tag in PATTERNS if tag != "en"])
def test_what_every_rule_asks_for_is_translated(tag: str) -> None:
    plain = language(tag).plain
    missing = [f"{file}: {text}" for file, text in summaries().items() if plain(text) == text]
    assert missing == []


@pytest.mark.parametrize("tag", [tag for tag in PATTERNS if tag != "en"])
def test_the_catalogue_has_every_text_and_no_other(tag: str) -> None:
    with (LOCALE / f"{tag}.po").open("rb") as file:
        catalogue = pofile.read_po(file, locale=tag)
    known = {m.id if isinstance(m.id, tuple) else (m.id,) for m in catalogue if m.id}
    assert spoken() - known == set()
    assert known - spoken() == set()
    for message in catalogue:
        if not message.id:
            continue
        pairs = (
            zip(message.id, message.string or (), strict=True)
            if message.pluralizable
            else [(message.id, message.string)]
        )
        for original, translated in pairs:
            assert translated, original
            assert fields(str(translated)) == fields(str(original))


def fields(text: str) -> list[str]:
    return sorted(part.partition("}")[0] for part in text.split("{")[1:])


@pytest.mark.parametrize("tag", [tag for tag in PATTERNS if tag != "en"])
def test_the_compiled_catalogue_is_current(tag: str) -> None:
    with (LOCALE / f"{tag}.po").open("rb") as file:
        catalogue = pofile.read_po(file, locale=tag)
    compiled = BytesIO()
    mofile.write_mo(compiled, catalogue)
    compiled.seek(0)
    with (LOCALE / f"{tag}.mo").open("rb") as file:
        committed = messages(mofile.read_mo(file))
    assert committed == messages(mofile.read_mo(compiled)), (
        f"run: pybabel compile -l {tag} -i {tag}.po -o {tag}.mo"
    )


def messages(catalogue: Any) -> dict[str, Any]:
    """Return all but the header, in which Babel writes the time."""
    return {str(message.id): message.string for message in catalogue if message.id}


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [
        (date(2026, 3, 5), "5 Mar 2026", "05.03.2026"),
        (datetime(2026, 6, 6, 6, 0), "6 Jun 2026, 06:00", "06.06.2026, 06:00"),  # noqa: DTZ001 - local time
        (1234567.5, "1,234,567.5", "1.234.567,5"),
        (0, "0", "0"),
        (-3, "\N{MINUS SIGN}3", "\N{MINUS SIGN}3"),
        (-0.001, "0", "0"),
        (Duration(1.5, "d"), "1.5 d", "1,5 Tg."),
        (
            Estimate(Duration(5, "d"), Duration(3, "d"), Duration(10, "d")),
            "5 d (3 d\N{EN DASH}10 d)",
            "5 Tg. (3 Tg.\N{EN DASH}10 Tg.)",
        ),
        (Cadence(1, "w"), "weekly", "wöchentlich"),
        (Cadence(2, "w"), "every 2 weeks", "alle 2 Wochen"),
        (True, "yes", "ja"),
        (None, "", ""),
    ],
)
def test_values_are_written_as_people_write_them(value: object, english: str, german: str) -> None:
    for tag, expected in (("en", english), ("de", german)):
        text = language(tag).text(value)
        assert text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ") == expected


def test_money_and_percent() -> None:
    german, english = language("de"), language("en")
    assert german.money(12500.4, "EUR") == "12.500\N{NO-BREAK SPACE}EUR"
    assert english.money(12500.4, "EUR") == "EUR\N{NO-BREAK SPACE}12,500"
    assert german.percent(97.25) == "97,2\N{NO-BREAK SPACE}%"
    assert english.percent(100) == "100%"
    assert german.days(1) == "1\N{NO-BREAK SPACE}Tag"
    assert german.days(1.5) == "1,5\N{NO-BREAK SPACE}Tage"
    assert english.signed_days(-2) == "2 days earlier"


def test_a_list_in_a_template_is_a_mistake_that_says_so() -> None:
    with pytest.raises(TypeError, match="cannot print a list"):
        language("en").text([1])
