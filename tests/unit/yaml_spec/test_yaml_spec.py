"""The examples of the YAML specification, revision 1.2.2 (https://yaml.org/spec/1.2.2/), by their numbers.

Each is the input of the example with that number, some shortened to what the example is about; beside it stands
what a plan's data would be: keys as text, scalars by the core schema, only the first document of several.
"""
# The text of an example stays on one line, however long.

from typing import Any, NamedTuple

import pytest

from planlint import reader as module
from planlint.reader import read

ERROR = object()
KEY = "invalid-value"  # a list or a mapping as a key: no plan has one
SECOND = "multiple-documents"


class Example(NamedTuple):
    """An example: its number, its text, the data (or ERROR), and what is reported beside the data."""

    number: str
    text: str
    data: Any
    rules: tuple[str, ...] = ()


EXAMPLES = [
    # Chapter 2, language overview
    Example(
        "2.1", "- Mark McGwire\n- Sammy Sosa\n- Ken Griffey\n", ["Mark McGwire", "Sammy Sosa", "Ken Griffey"]
    ),
    Example(
        "2.2",
        "hr:  65    # Home runs\navg: 0.278 # Batting average\nrbi: 147   # Runs Batted In\n",
        {"hr": 65, "avg": 0.278, "rbi": 147},
    ),
    Example(
        "2.3",
        "american:\n- Boston Red Sox\n- Detroit Tigers\nnational:\n- New York Mets\n- Chicago Cubs\n",
        {"american": ["Boston Red Sox", "Detroit Tigers"], "national": ["New York Mets", "Chicago Cubs"]},
    ),
    Example(
        "2.4",
        "-\n  name: Mark McGwire\n  hr:   65\n-\n  name: Sammy Sosa\n  hr:   63\n",
        [{"name": "Mark McGwire", "hr": 65}, {"name": "Sammy Sosa", "hr": 63}],
    ),
    Example(
        "2.5",
        "- [name        , hr, avg  ]\n- [Mark McGwire, 65, 0.278]\n",
        [["name", "hr", "avg"], ["Mark McGwire", 65, 0.278]],
    ),
    Example(
        "2.6",
        "Mark McGwire: {hr: 65, avg: 0.278}\nSammy Sosa: {\n    hr: 63,\n    avg: 0.288,\n }\n",
        {"Mark McGwire": {"hr": 65, "avg": 0.278}, "Sammy Sosa": {"hr": 63, "avg": 0.288}},
    ),
    Example(
        "2.7",
        "# Ranking\n---\n- Mark McGwire\n- Sammy Sosa\n\n# Team\n---\n- Cubs\n",
        ["Mark McGwire", "Sammy Sosa"],
        (SECOND,),
    ),
    Example(
        "2.8",
        "---\ntime: 20:03:20\nplayer: Sammy Sosa\n...\n---\ntime: 20:03:47\n...\n",
        {"time": "20:03:20", "player": "Sammy Sosa"},
        (SECOND,),
    ),
    Example(
        "2.9",
        "---\nhr: # 1998 hr ranking\n- Mark McGwire\n- Sammy Sosa\n# 1998 rbi ranking\nrbi:\n- Sammy Sosa\n",
        {"hr": ["Mark McGwire", "Sammy Sosa"], "rbi": ["Sammy Sosa"]},
    ),
    Example(
        "2.10",
        "---\nhr:\n- Mark McGwire\n# Following node labeled SS\n- &SS Sammy Sosa\nrbi:\n- *SS # Subsequent occurrence\n- Ken\n",
        {"hr": ["Mark McGwire", "Sammy Sosa"], "rbi": ["Sammy Sosa", "Ken"]},
    ),
    Example("2.11", "? - Detroit Tigers\n  - Chicago cubs\n: - 2001-07-23\n", {}, (KEY,)),
    Example(
        "2.12",
        "---\n# Products purchased\n- item    : Super Hoop\n  quantity: 1\n- item    : Basketball\n  quantity: 4\n",
        [{"item": "Super Hoop", "quantity": 1}, {"item": "Basketball", "quantity": 4}],
    ),
    Example("2.13", "# ASCII Art\n--- |\n  \\//||\\/||\n  // ||  ||__\n", "\\//||\\/||\n// ||  ||__\n"),
    Example(
        "2.14",
        "--- >\n  Mark McGwire's\n  year was crippled\n  by a knee injury.\n",
        "Mark McGwire's year was crippled by a knee injury.\n",
    ),
    Example(
        "2.15",
        "--- >\n Sammy Sosa completed another\n fine season.\n\n   63 Home Runs\n   0.288 Average\n\n What a year!\n",
        "Sammy Sosa completed another fine season.\n\n  63 Home Runs\n  0.288 Average\n\nWhat a year!\n",
    ),
    Example(
        "2.16",
        "name: Mark McGwire\naccomplishment: >\n  Mark set a record\n  in 1998.\nstats: |\n  65 Home Runs\n  0.278 Average\n",
        {
            "name": "Mark McGwire",
            "accomplishment": "Mark set a record in 1998.\n",
            "stats": "65 Home Runs\n0.278 Average\n",
        },
    ),
    Example(
        "2.17",
        'unicode: "Sosa did fine.\\u263A"\ncontrol: "\\b1998\\t1999\\t2000\\n"\nhex esc: "\\x0d\\x0a is \\r\\n"\n\n'
        "single: '\"Howdy!\" he cried.'\nquoted: ' # Not a ''comment''.'\ntie-fighter: '|\\-*-/|'\n",
        {
            "unicode": "Sosa did fine.\u263a",
            "control": "\b1998\t1999\t2000\n",
            "hex esc": "\r\n is \r\n",
            "single": '"Howdy!" he cried.',
            "quoted": " # Not a 'comment'.",
            "tie-fighter": "|\\-*-/|",
        },
    ),
    Example(
        "2.18",
        'plain:\n  This unquoted scalar\n  spans many lines.\n\nquoted: "So does this\n  quoted scalar.\\n"\n',
        {"plain": "This unquoted scalar spans many lines.", "quoted": "So does this quoted scalar.\n"},
    ),
    Example(
        "2.19",
        "canonical: 12345\ndecimal: +12345\noctal: 0o14\nhexadecimal: 0xC\n",
        {"canonical": 12345, "decimal": 12345, "octal": 12, "hexadecimal": 12},
    ),
    Example(
        "2.20",
        "canonical: 1.23015e+3\nexponential: 12.3015e+02\nfixed: 1230.15\nnegative infinity: -.inf\n",
        {"canonical": 1230.15, "exponential": 1230.15, "fixed": 1230.15, "negative infinity": float("-inf")},
    ),
    Example(
        "2.21",
        "null:\nbooleans: [ true, false ]\nstring: '012345'\n",
        {"null": None, "booleans": [True, False], "string": "012345"},
    ),
    Example(
        "2.22",
        "canonical: 2001-12-15T02:59:43.1Z\niso8601: 2001-12-14t21:59:43.10-05:00\ndate: 2002-12-14\n",
        {
            "canonical": "2001-12-15T02:59:43.1Z",
            "iso8601": "2001-12-14t21:59:43.10-05:00",
            "date": "2002-12-14",
        },
    ),
    Example(
        "2.23",
        "---\nnot-date: !!str 2002-04-28\n\npicture: !!binary |\n R0lGODlhDAAMAIQAAP//9/X17unp5WZmZgAAAOfn515eXv\n",
        {"not-date": "2002-04-28", "picture": "R0lGODlhDAAMAIQAAP//9/X17unp5WZmZgAAAOfn515eXv\n"},
    ),
    Example(
        "2.24",
        "%TAG ! tag:clarkevans.com,2002:\n--- !shape\n- !circle\n  center: &ORIGIN {x: 73, y: 129}\n  radius: 7\n"
        "- !line\n  start: *ORIGIN\n  finish: { x: 89, y: 102 }\n",
        [
            {"center": {"x": 73, "y": 129}, "radius": 7},
            {"start": {"x": 73, "y": 129}, "finish": {"x": 89, "y": 102}},
        ],
    ),
    Example("2.25", "--- !!set\n? Mark McGwire\n? Sammy Sosa\n", {"Mark McGwire": None, "Sammy Sosa": None}),
    Example(
        "2.26",
        "--- !!omap\n- Mark McGwire: 65\n- Sammy Sosa: 63\n",
        [{"Mark McGwire": 65}, {"Sammy Sosa": 63}],
    ),
    Example(
        "2.27",
        "--- !<tag:clarkevans.com,2002:invoice>\ninvoice: 34843\nbill-to: &id001\n  given  : Chris\n  lines: |\n"
        "    458 Walkman Dr.\n    Suite #292\nship-to: *id001\ncomments:\n    Late afternoon is best.\n    Backup contact is Nancy.\n",
        {
            "invoice": 34843,
            "bill-to": {"given": "Chris", "lines": "458 Walkman Dr.\nSuite #292\n"},
            "ship-to": {"given": "Chris", "lines": "458 Walkman Dr.\nSuite #292\n"},
            "comments": "Late afternoon is best. Backup contact is Nancy.",
        },
    ),
    Example(
        "2.28",
        "---\nTime: 2001-11-23 15:01:42 -5\nWarning:\n  This is an error message\n  for the log file\n---\nUser: ed\n",
        {"Time": "2001-11-23 15:01:42 -5", "Warning": "This is an error message for the log file"},
        (SECOND,),
    ),
    # Chapter 5, characters
    Example("5.1", "\ufeff# Comment only.\n", ERROR),
    Example("5.2", "- Invalid use of BOM\n\ufeff\n- Inside a document.\n", ERROR),
    Example(
        "5.3",
        "sequence:\n- one\n- two\nmapping:\n  ? sky\n  : blue\n  sea : green\n",
        {"sequence": ["one", "two"], "mapping": {"sky": "blue", "sea": "green"}},
    ),
    Example(
        "5.4",
        "sequence: [ one, two, ]\nmapping: { sky: blue, sea: green }\n",
        {"sequence": ["one", "two"], "mapping": {"sky": "blue", "sea": "green"}},
    ),
    Example("5.5", "# Comment only.\n", ERROR),
    Example(
        "5.6", "anchored: !local &anchor value\nalias: *anchor\n", {"anchored": "value", "alias": "value"}
    ),
    Example(
        "5.7",
        "literal: |\n  some\n  text\nfolded: >\n  some\n  text\n",
        {"literal": "some\ntext\n", "folded": "some text\n"},
    ),
    Example("5.8", "single: 'text'\ndouble: \"text\"\n", {"single": "text", "double": "text"}),
    Example("5.9", "%YAML 1.2\n--- text\n", "text"),
    Example("5.10", "commercial-at: @text\n", ERROR),
    Example("5.10", "grave-accent: `text\n", ERROR),
    Example(
        "5.11",
        "|\n  Line break (no glyph)\n  Line break (glyphed)\u2193\n",
        "Line break (no glyph)\nLine break (glyphed)\u2193\n",
    ),
    Example(
        "5.12",
        '# Tabs and spaces\nquoted: "Quoted \t"\nblock:\t|\n  void main() {\n  \tprintf("Hello, world!\\n");\n  }\n',
        {"quoted": "Quoted \t", "block": 'void main() {\n\tprintf("Hello, world!\\n");\n}\n'},
    ),
    Example(
        "5.13",
        '- "Fun with \\\\"\n- "\\" \\a \\b \\e \\f"\n- "\\n \\r \\t \\v \\0"\n- "\\  \\_ \\N \\L \\P \\\n  \\x41 \\u0041 \\U00000041"\n',
        ["Fun with \\", '" \x07 \b \x1b \f', "\n \r \t \v \0", "\x20 \xa0 \x85 \u2028 \u2029 A A A"],
    ),
    Example("5.14", 'Bad escapes:\n  "\\c\n  \\xq-"\n', ERROR),
    # Chapter 6, structures
    Example(
        "6.1",
        "  # Leading comment line spaces are\n  # neither content nor indentation.\n\nNot indented:\n By one space: |\n    By four\n      spaces\n"
        " Flow style: [    # Leading spaces\n   By two,        # in flow style\n  Also by two,    # are neither\n  \tStill by two   # content nor\n    ]             # indentation.\n",
        {
            "Not indented": {
                "By one space": "By four\n  spaces\n",
                "Flow style": ["By two", "Also by two", "Still by two"],
            }
        },
    ),
    Example("6.2", "? a\n: -\tb\n  -  -\tc\n     - d\n", {"a": ["b", ["c", "d"]]}),
    Example("6.3", "- foo:\t bar\n- - baz\n  -\tbaz\n", [{"foo": "bar"}, ["baz", "baz"]]),
    Example(
        "6.4",
        'plain: text\n  lines\nquoted: "text\n  \tlines"\nblock: |\n  text\n   \tlines\n',
        {"plain": "text lines", "quoted": "text lines", "block": "text\n \tlines\n"},
    ),
    Example(
        "6.5",
        'Folding:\n  "Empty line\n   \t\n  as a line feed"\nClipped empty lines: |\n  a\n \n',
        {"Folding": "Empty line\nas a line feed", "Clipped empty lines": "a\n"},
    ),
    Example("6.6", ">-\n  trimmed\n  \n \n\n  as\n  space\n", "trimmed\n\n\nas space"),
    Example("6.7", ">\n  foo \n \n  \t bar\n\n  baz\n", "foo \n\n\t bar\n\nbaz\n"),
    Example("6.8", '"\n  foo \n \n  \t bar\n\n  baz\n"', " foo\nbar\nbaz "),
    Example("6.9", "key:    # Comment\n  value\n", {"key": "value"}),
    Example("6.10", "  # Comment\n   \n\n", ERROR),
    Example("6.11", "key:    # Comment\n        # lines\n  value\n\n", {"key": "value"}),
    Example(
        "6.12",
        "{ first: Sammy, last: Sosa }:\n# Statistics:\n  hr:  # Home runs\n     65\n  avg: # Average\n   0.278\n",
        {},
        (KEY,),
    ),
    Example("6.13", '%FOO  bar baz # Should be ignored\n--- "foo"\n', "foo"),
    Example("6.14", '%YAML 1.1 # Attempt parsing\n---\n"foo"\n', "foo"),
    Example("6.15", "%YAML 1.2\n%YAML 1.1\nfoo\n", ERROR),
    Example("6.16", '%TAG !yaml! tag:yaml.org,2002:\n---\n!yaml!str "foo"\n', "foo"),
    Example("6.17", "%TAG ! !foo\n%TAG ! !foo\nbar\n", ERROR),
    Example(
        "6.18",
        '# Private\n!foo "bar"\n...\n# Global\n%TAG ! tag:example.com,2000:app/\n---\n!foo "bar"\n',
        "bar",
        (SECOND,),
    ),
    Example("6.19", "%TAG !! tag:example.com,2000:app/\n---\n!!int 1 - 3 # Interval, not integer\n", "1 - 3"),
    Example("6.20", '%TAG !e! tag:example.com,2000:app/\n---\n!e!foo "bar"\n', "bar"),
    Example("6.21", "%TAG !m! !my-\n--- # Bulb here\n!m!light fluorescent\n...\n", "fluorescent"),
    Example("6.22", '%TAG !e! tag:example.com,2000:app/\n---\n- !e!foo "bar"\n', ["bar"]),
    Example("6.23", '!!str &a1 "foo":\n  !!str bar\n&a2 baz : *a1\n', {"foo": "bar", "baz": "foo"}),
    Example("6.24", "!<tag:yaml.org,2002:str> foo :\n  !<!bar> baz\n", {"foo": "baz"}),
    Example("6.25", "- !<!> foo\n- !<$:?> bar\n", ERROR),
    Example(
        "6.26",
        "%TAG !e! tag:example.com,2000:app/\n---\n- !local foo\n- !!str bar\n- !e!tag%21 baz\n",
        ["foo", "bar", "baz"],
    ),
    Example("6.27", "%TAG !e! tag:example,2000:app/\n---\n- !e! foo\n", ERROR),
    Example("6.27", "- !h!bar baz\n", ERROR),
    Example("6.28", '# Assuming conventional resolution:\n- "12"\n- 12\n- ! 12\n', ["12", 12, "12"]),
    Example(
        "6.29",
        "First occurrence: &anchor Value\nSecond occurrence: *anchor\n",
        {"First occurrence": "Value", "Second occurrence": "Value"},
    ),
    # Chapter 7, flow styles
    Example(
        "7.1",
        "First occurrence: &anchor Foo\nSecond occurrence: *anchor\nOverride anchor: &anchor Bar\nReuse anchor: *anchor\n",
        {
            "First occurrence": "Foo",
            "Second occurrence": "Foo",
            "Override anchor": "Bar",
            "Reuse anchor": "Bar",
        },
    ),
    Example("7.2", "{\n  foo : !!str,\n  !!str : bar,\n}\n", {"foo": "", "": "bar"}),
    Example("7.3", "{\n  ? foo :,\n  : bar,\n}\n", {"foo": None, "": "bar"}),
    Example(
        "7.8",
        "'implicit block key' : [\n  'implicit flow key' : value,\n ]\n",
        {"implicit block key": [{"implicit flow key": "value"}]},
    ),
    Example(
        "7.4",
        '"implicit block key" : [\n  "implicit flow key" : value,\n ]\n',
        {"implicit block key": [{"implicit flow key": "value"}]},
    ),
    Example(
        "7.5",
        '"folded \nto a space,\t\n \nto a line feed, or \t\\\n \\ \tnon-content"',
        "folded to a space,\nto a line feed, or \t \tnon-content",
    ),
    Example(
        "7.6",
        '" 1st non-empty\n\n 2nd non-empty \n\t3rd non-empty "',
        " 1st non-empty\n2nd non-empty 3rd non-empty ",
    ),
    Example("7.7", " 'here''s to \"quotes\"'\n", 'here\'s to "quotes"'),
    Example(
        "7.9",
        "' 1st non-empty\n\n 2nd non-empty \n\t3rd non-empty '",
        " 1st non-empty\n2nd non-empty 3rd non-empty ",
    ),
    Example(
        "7.10",
        '# Outside flow collection:\n- ::vector\n- ": - ()"\n- Up, up, and away!\n- -123\n- https://example.com/foo#bar\n'
        '# Inside flow collection:\n- [ ::vector,\n  ": - ()",\n  "Up, up and away!",\n  -123,\n  https://example.com/foo#bar ]\n',
        [
            "::vector",
            ": - ()",
            "Up, up, and away!",
            -123,
            "https://example.com/foo#bar",
            ["::vector", ": - ()", "Up, up and away!", -123, "https://example.com/foo#bar"],
        ],
    ),
    Example(
        "7.11",
        "implicit block key : [\n  implicit flow key : value,\n ]\n",
        {"implicit block key": [{"implicit flow key": "value"}]},
    ),
    Example(
        "7.12",
        "1st non-empty\n\n 2nd non-empty \n\t3rd non-empty\n",
        "1st non-empty\n2nd non-empty 3rd non-empty",
    ),
    Example("7.13", "- [ one, two, ]\n- [three ,four]\n", [["one", "two"], ["three", "four"]]),
    Example(
        "7.14",
        "[\n\"double\n quoted\", 'single\n           quoted',\nplain\n text, [ nested ],\nsingle: pair,\n]\n",
        ["double quoted", "single quoted", "plain text", ["nested"], {"single": "pair"}],
    ),
    Example(
        "7.15",
        "- { one : two , three: four , }\n- {five: six,seven : eight}\n",
        [{"one": "two", "three": "four"}, {"five": "six", "seven": "eight"}],
    ),
    Example(
        "7.16",
        "{\n? explicit: entry,\nimplicit: entry,\n?\n}\n",
        {"explicit": "entry", "implicit": "entry", "": None},
    ),
    Example(
        "7.17",
        '{\nunquoted : "separate",\nhttps://foo.com,\nomitted value:,\n: omitted key,\n}\n',
        {"unquoted": "separate", "https://foo.com": None, "omitted value": None, "": "omitted key"},
    ),
    Example(
        "7.18",
        '{\n"adjacent":value,\n"readable": value,\n"empty":\n}\n',
        {"adjacent": "value", "readable": "value", "empty": None},
    ),
    Example("7.19", "[\nfoo: bar\n]\n", [{"foo": "bar"}]),
    Example("7.20", "[\n? foo\n bar : baz\n]\n", [{"foo bar": "baz"}]),
    Example(
        "7.21",
        '- [ YAML : separate ]\n- [ "JSON like":adjacent ]\n',
        [[{"YAML": "separate"}], [{"JSON like": "adjacent"}]],
    ),
    Example("7.21", "- [ {JSON: like}:adjacent ]\n", [[{}]], (KEY,)),
    Example("7.22", "[ foo\n bar: invalid ]\n", ERROR),
    Example("7.23", "- [ a, b ]\n- { a: b }\n- \"a\"\n- 'b'\n- c\n", [["a", "b"], {"a": "b"}, "a", "b", "c"]),
    Example("7.24", '- !!str "a"\n- \'b\'\n- &anchor "c"\n- *anchor\n- !!str\n', ["a", "b", "c", "c", ""]),
    # Chapter 8, block styles
    Example(
        "8.1",
        "- | # Empty header\n literal\n- >1 # Indentation indicator\n  folded\n- |+ # Chomping indicator\n keep\n\n- >1- # Both indicators\n  strip\n",
        ["literal\n", " folded\n", "keep\n\n", " strip"],
    ),
    Example(
        "8.2",
        "- |\n detected\n- >\n \n  \n  # detected\n- |1\n  explicit\n- >\n \t\n detected\n",
        ["detected\n", "\n\n# detected\n", " explicit\n", "\t\ndetected\n"],
    ),
    Example("8.3", "- |\n  \n text\n", ERROR),
    Example("8.3", "- |2\n text\n", ERROR),
    Example(
        "8.4",
        "strip: |-\n  text\nclip: |\n  text\nkeep: |+\n  text\n",
        {"strip": "text", "clip": "text\n", "keep": "text\n"},
    ),
    Example(
        "8.5",
        " # Strip\n  # Comments:\nstrip: |-\n  # text\n  \n # Clip\n  # comments:\n\nclip: |\n  # text\n \n # Keep\n  # comments:\n\nkeep: |+\n  # text\n\n # Trail\n  # comments.\n",
        {"strip": "# text", "clip": "# text\n", "keep": "# text\n\n"},
    ),
    Example("8.6", "strip: >-\n\nclip: >\n\nkeep: |+\n\n", {"strip": "", "clip": "", "keep": "\n"}),
    Example("8.7", "|\n literal\n \ttext\n\n\n", "literal\n\ttext\n"),
    Example("8.8", "|\n \n  \n  literal\n   \n  \n  text\n\n # Comment\n", "\n\nliteral\n \n\ntext\n"),
    Example("8.9", ">\n folded\n text\n\n\n", "folded text\n"),
    Example(
        "8.10",
        ">\n\n folded\n line\n\n next\n line\n   * bullet\n\n   * list\n   * lines\n\n last\n line\n\n# Comment\n",
        "\nfolded line\nnext line\n  * bullet\n\n  * list\n  * lines\n\nlast line\n",
    ),
    Example(
        "8.14", "block sequence:\n  - one\n  - two : three\n", {"block sequence": ["one", {"two": "three"}]}
    ),
    Example(
        "8.15",
        "- # Empty\n- |\n block node\n- - one # Compact\n  - two # sequence\n- one: two # Compact mapping\n",
        [None, "block node\n", ["one", "two"], {"one": "two"}],
    ),
    Example("8.16", "block mapping:\n key: value\n", {"block mapping": {"key": "value"}}),
    Example(
        "8.17",
        "? explicit key # Empty value\n? |\n  block key\n: - one # Explicit compact\n  - two # block value\n",
        {"explicit key": None, "block key\n": ["one", "two"]},
    ),
    Example(
        "8.18",
        'plain key: in-line value\n: # Both empty\n"quoted key":\n- entry\n',
        {"plain key": "in-line value", "": None, "quoted key": ["entry"]},
    ),
    Example("8.19", "- sun: yellow\n- ? earth: blue\n  : moon: white\n", [{"sun": "yellow"}, {}], (KEY,)),
    Example(
        "8.20",
        '-\n  "flow in block"\n- >\n Block scalar\n- !!map # Block collection\n  foo : bar\n',
        ["flow in block", "Block scalar\n", {"foo": "bar"}],
    ),
    Example(
        "8.21",
        "literal: |2\n  value\nfolded:\n   !foo\n  >1\n value\n",
        {"literal": "value\n", "folded": "value\n"},
    ),
    Example(
        "8.22",
        "sequence: !!seq\n- entry\n- !!seq\n - nested\nmapping: !!map\n foo: bar\n",
        {"sequence": ["entry", ["nested"]], "mapping": {"foo": "bar"}},
    ),
    # Chapter 9, streams
    Example("9.1", "\ufeff# Comment\n# lines\nDocument\n", "Document"),
    Example("9.2", "%YAML 1.2\n---\nDocument\n... # Suffix\n", "Document"),
    Example(
        "9.3",
        "Bare\ndocument\n...\n# No document\n...\n|\n%!PS-Adobe-2.0 # Not the first line\n",
        "Bare document",
        (SECOND,),
    ),
    Example("9.4", "---\n{ matches\n% : 20 }\n...\n---\n# Empty\n...\n", {"matches %": 20}, (SECOND,)),
    Example(
        "9.5", "%YAML 1.2\n--- |\n%!PS-Adobe-2.0\n...\n---\n# Empty\n...\n", "%!PS-Adobe-2.0\n", (SECOND,)
    ),
    Example("9.6", "Document\n---\n# Empty\n...\n%YAML 1.2\n---\nmatches %: 20\n", "Document", (SECOND,)),
    # Chapter 10, schemas
    Example(
        "10.1",
        "Block style: !!map\n  Clark : Evans\n  Ingy  : dot Net\n",
        {"Block style": {"Clark": "Evans", "Ingy": "dot Net"}},
    ),
    Example(
        "10.2",
        "Block style: !!seq\n- Clark Evans\n- Ingy dot Net\n\nFlow style: !!seq\n  [ Clark Evans ]\n",
        {"Block style": ["Clark Evans", "Ingy dot Net"], "Flow style": ["Clark Evans"]},
    ),
    Example(
        "10.3",
        'Block style: !!str |-\n  String: just a theory.\n\nFlow style: !!str "String: just a theory."\n',
        {"Block style": "String: just a theory.", "Flow style": "String: just a theory."},
    ),
    Example(
        "10.4",
        "!!null null: value for null key\nkey with null value: !!null null\n",
        {"null": "value for null key", "key with null value": None},
    ),
    Example(
        "10.5",
        "YAML is a superset of JSON: !!bool true\nPluto is a planet: !!bool false\n",
        {"YAML is a superset of JSON": True, "Pluto is a planet": False},
    ),
    Example(
        "10.6",
        "negative: !!int -12\nzero: !!int 0\npositive: !!int 34\n",
        {"negative": -12, "zero": 0, "positive": 34},
    ),
    Example(
        "10.7",
        "negative: !!float -1\nzero: !!float 0\npositive: !!float 2.3e4\ninfinity: !!float .inf\n",
        {"negative": -1.0, "zero": 0.0, "positive": 23000.0, "infinity": float("inf")},
    ),
    Example(
        "10.8",
        "Integers: [ 0, -0, 3, -19 ]\nFloats: [ 0., -0.0, 12e03, -2E+05 ]\n",
        {"Integers": [0, 0, 3, -19], "Floats": [0.0, -0.0, 12000.0, -200000.0]},
    ),
    Example(
        "10.9",
        'A null: null\nAlso a null: # Empty\nNot a null: ""\nBooleans: [ true, True, false, FALSE ]\nIntegers: [ 0, 0o7, 0x3A, -19 ]\n',
        {
            "A null": None,
            "Also a null": None,
            "Not a null": "",
            "Booleans": [True, True, False, False],
            "Integers": [0, 7, 58, -19],
        },
    ),
]

TAB = "takes a tab after `-` or `:` for indentation"
EMPTY_KEY = "a key that is not there needs a `?`"
DEVIATIONS = {
    ("5.2", "libyaml"): "takes a byte-order mark inside a document as text",
    ("5.12", "pure"): TAB,
    ("6.2", "libyaml"): TAB,
    ("6.2", "pure"): TAB,
    ("6.3", "libyaml"): TAB,
    ("6.3", "pure"): TAB,
    ("6.13", "libyaml"): "an unknown directive is an error, not a warning",
    ("6.25", "libyaml"): "any text is a tag inside `!<>`; planlint ignores such tags",
    ("6.25", "pure"): "any text is a tag inside `!<>`; planlint ignores such tags",
    ("7.2", "pure"): EMPTY_KEY,
    ("7.3", "libyaml"): EMPTY_KEY,
    ("7.3", "pure"): "a `:` before a comma belongs to the text",
    ("7.10", "libyaml"): "no text starts with `:` in a flow collection",
    ("7.12", "pure"): "takes a tab that starts a line of a text for indentation",
    ("7.17", "libyaml"): EMPTY_KEY,
    ("7.17", "pure"): "a `:` before a comma belongs to the text",
    ("7.21", "pure"): "no value stands next to the `:` of a quoted key",
    ("8.2", "libyaml"): "a tab where the indentation of a block is still open is an error",
    ("8.2", "pure"): "a tab where the indentation of a block is still open is an error",
    ("8.8", "pure"): "blank lines that are indented less than the block are an error",
    ("8.18", "libyaml"): EMPTY_KEY,
    ("9.4", "libyaml"): "a key in a flow mapping stands on one line",
    ("9.4", "pure"): "a key in a flow mapping stands on one line",
    ("9.5", "libyaml"): "a `%` that starts a line of a block at the margin is a directive",
}
"""Where a parser does not follow the specification, and how: (example, parser). Nothing here is usual in a plan,
most of it is at least a syntax error at its line, and the remedy would be a scanner of our own."""


@pytest.mark.parametrize("parser", ["libyaml", "pure"])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.number)
def test_examples_of_the_specification(
    example: Example, parser: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if parser == "pure":
        monkeypatch.setattr(module, "_events", module._pure_events)
    document, findings = read("plan.yaml", example.text.encode())
    if example.data is ERROR:
        as_specified = document is None and len(findings) == 1
    else:
        rules = tuple(finding.rule for finding in findings)
        as_specified = document is not None and (document.data, rules) == (example.data, example.rules)
    deviation = DEVIATIONS.get((example.number, parser))
    if deviation is None:
        assert as_specified, (document and document.data, findings)
    else:
        assert not as_specified, f"no longer so: {deviation}"
