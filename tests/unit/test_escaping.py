"""Hostile titles change nothing but the text, in every context and on real renderers."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from planlint.render import escaping
from planlint.render.escaping import Safe, clean

NASTY = (
    "| a | b |",
    "`code`",
    "``",
    "<b>x</b>",
    "<!--",
    "-->",
    "](javascript:alert(1))",
    "![x](https://a.b/c.png)",
    "[a](javascript:alert(1))",
    "\n# head",
    "\r\n",
    "\u2028",
    "%%{init: {}}%%",
    "%% x",
    "section x",
    "title y",
    "end",
    "click a",
    "2026-01-01",
    "1. one",
    "12) two",
    "- item",
    "+ plus",
    "* star",
    "**bold**",
    "_it_",
    "$$x$$",
    "#quot;",
    "#12;",
    "&amp;",
    "&#38;",
    "\u202e\u05e9\u05dc\u05d5\u05dd",
    "😀",
    ":smile:",
    "https://x.y",
    "www.x.y",
    "a@b.c",
    "fa:fa-x",
    "\\n",
    "\\|",
    "{{ x }}",
    "{% x %}",
    "~~gone~~",
    "==mark==",
    "++ins++",
    "^^",
    "--8<-- x",
    "(c)",
    "(tm)",
    "===",
    "---",
    '"',
    "'",
    ";",
    ":",
    "```",
    "~~~",
    "> q",
    "=",
    "?",
    "!",
    "@x",
    "::: note",
    "[^1]",
    "[x]: y",
    "vert, v1",
    "subgraph",
    "\x00",
    "\x1b[31m",
    "\t",
    "ﬁ",
)
texts = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=8)), min_size=1, max_size=6).map("".join)
SOME = settings(deadline=None, max_examples=150)


@pytest.fixture(scope="module")
def gfm() -> Any:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _shown(tokens: Any) -> str:
    """Return the text that a renderer shows, or what it made of it instead."""
    children = [child for token in tokens for child in token.children or ()]
    text = {"text", "text_special"}
    return "".join(child.content if child.type in text else f"<<{child.type}>>" for child in children)


@SOME
@given(texts)
def test_a_table_cell_shows_the_text_and_nothing_else(gfm: Any, text: str) -> None:
    tokens = gfm.parse(f"| a | b |\n|---|---|\n| {escaping.markdown(text)} | x |\n")
    cells = [tokens[i + 1] for i, token in enumerate(tokens) if token.type == "td_open"]
    assert len(cells) == 2
    assert _shown(cells[:1]) == clean(text)


@SOME
@given(texts)
def test_a_paragraph_a_heading_and_a_list_item_show_the_text(gfm: Any, text: str) -> None:
    expected = clean(text)
    if not expected:
        return
    for before, opening in (("", "paragraph_open"), ("# ", "heading_open")):
        tokens = gfm.parse(f"{before}{escaping.markdown(text)}\n\nend\n")
        assert tokens[0].type == opening
        assert _shown(tokens[1:2]) == expected
    item = gfm.parse(f"- **x:** {escaping.markdown(text)}\n")
    assert _shown(item).replace("<<strong_open>>x:<<strong_close>>", "").strip() == expected


@SOME
@given(texts)
def test_markdown_of_a_description_is_closed_and_harmless(gfm: Any, text: str) -> None:
    tokens = gfm.parse(f"{escaping.blocks(text)}\n\n# After\n\nthe end\n")
    assert [token.type for token in tokens[-6:]] == [
        *("heading_open", "inline", "heading_close"),
        *("paragraph_open", "inline", "paragraph_close"),
    ]
    assert _shown(tokens[-5:-4]) == "After"
    allowed = {
        "paragraph_open",
        "inline",
        "paragraph_close",
        "bullet_list_open",
        "bullet_list_close",
        "list_item_open",
    }
    allowed |= {"list_item_close", "ordered_list_open", "ordered_list_close"}
    assert {token.type for token in tokens[:-6]} <= allowed
    for token in tokens:
        for child in token.children or ():
            assert child.type not in {"html_inline", "image"}
            if child.type == "link_open":
                assert re.match(r"(?:https?|mailto):|[^:]*(?:[/?#]|$)", child.attrs["href"])


def test_a_description_keeps_what_it_may_use(gfm: Any) -> None:
    shown = gfm.render(
        escaping.blocks(
            "Move **all** of _it_, see [the page](https://a.b/c?d=e&f) and `x_y`.\n- one\n- two\n\nThen 1 < 2."
        )
    )
    assert "<strong>all</strong>" in shown
    assert "<em>it</em>" in shown
    assert '<a href="https://a.b/c?d=e&amp;f">the page</a>' in shown
    assert "<code>x_y</code>" in shown
    assert shown.count("<li>") == 2
    assert "1 &lt; 2." in shown


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:x",
        "java\nscript:x",
        "data:text/html,x",
        "vbscript:x",
        "//evil.example",
        "",
        "\x01javascript:x",
        "file:///etc",
    ],
)
def test_only_harmless_addresses_become_links(url: str) -> None:
    assert escaping.link("text", url) == "text"


@pytest.mark.parametrize(
    "url", ["https://a.b/c?d=e&f=g", "mailto:a@b.c", "docs/run book.md", "../x.md#L3", "#a"]
)
def test_harmless_addresses_become_links(gfm: Any, url: str) -> None:
    tokens = gfm.parseInline(str(escaping.link("text", url)))
    (link,) = [child for child in tokens[0].children if child.type == "link_open"]
    assert link.attrs["href"].replace("%20", " ") == url


@SOME
@given(texts)
def test_an_address_never_leaves_its_link(gfm: Any, text: str) -> None:
    tokens = gfm.parse(f"| a |\n|---|\n| {escaping.link('t', 'https://x.y/' + text)} |\n")
    assert [t.type for t in tokens].count("td_open") == 1
    kinds = [child.type for token in tokens for child in token.children or ()]
    assert kinds.count("link_open") == 1
    assert not {"html_inline", "image", "code_inline"} & set(kinds)


@SOME
@given(texts)
def test_svg_text_is_well_formed(text: str) -> None:
    tree = ET.fromstring(f'<svg><text a="{escaping.svg(text)}">{escaping.svg(text)}</text></svg>')
    assert tree[0].text == tree[0].attrib["a"] or (tree[0].text is None and not clean(text))
    assert (tree[0].text or "") == clean(text)[:400]


def test_what_is_safe_loses_it_when_it_is_changed() -> None:
    safe = escaping.markdown("a|b")
    assert type(safe) is Safe
    assert type(safe + "|") is str
    assert type(safe.upper()) is str
    assert escaping.code("task-1") == "`task-1`"
    assert "`" not in escaping.code("x` <b>")


def test_titles_of_every_kind_come_out_of_mermaid_as_they_went_in(tmp_path: Path) -> None:
    modules = os.environ.get("PLANLINT_NODE_MODULES")
    if not modules:
        pytest.skip("PLANLINT_NODE_MODULES is not set: Mermaid and jsdom are not here")
    words = [
        "section",
        "title",
        "gantt",
        "click",
        "weekday",
        "weekend",
        "href",
        "call",
        "topAxis",
        "dateFormat",
    ]
    titles = [
        *NASTY,
        *(word + rest for word in words for rest in ("", " x", "X")),
        *(a + b for a in NASTY for b in NASTY[::7]),
    ]
    titles = [title for title in titles if clean(title)]
    tasks = "\n".join(f"    {escaping.gantt(t)} :t{n}, 2026-01-05, 2026-01-06" for n, t in enumerate(titles))
    nodes = "\n".join(f'    n{n}["{escaping.label(t)}"]' for n, t in enumerate(titles))
    one = "gantt\n    dateFormat YYYY-MM-DD\n    section {}\n    a :t1, 2026-01-05, 2026-01-06\n"
    diagrams = [
        f"gantt\n    dateFormat YYYY-MM-DD\n    section s\n{tasks}\n",
        *(one.format(escaping.gantt(t)) for t in titles[:80]),
        f"flowchart LR\n{nodes}\n",
    ]
    script = tmp_path / "run.mjs"
    script.write_text(NODE, "utf-8")
    (tmp_path / "in.json").write_text(json.dumps(diagrams), "utf-8")
    done = subprocess.run(
        ["node", script, tmp_path / "in.json"],
        env={**os.environ, "PLANLINT_NODE_MODULES": modules},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    gantt, *sections, flow = json.loads(done.stdout)
    assert [clean(name) for name in gantt["tasks"]] == [clean(t)[:120].strip() for t in titles]
    assert [clean(found["sections"][0]) for found in sections] == [clean(t) for t in titles[:80]]
    assert [clean(name) for name in flow["nodes"]] == [clean(t)[:80].strip() for t in titles]


NODE = """
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
const require = createRequire(process.env.PLANLINT_NODE_MODULES + '/x.js');
const { JSDOM } = require('jsdom');
const dom = new JSDOM('<body></body>');
globalThis.window = dom.window; globalThis.document = dom.window.document;
const core = process.env.PLANLINT_NODE_MODULES + '/mermaid/dist/mermaid.core.mjs';
const mermaid = (await import(pathToFileURL(core))).default;
const character = (_, number) => String.fromCodePoint(+number);
const plain = s => s.replace(/ﬂ°°(\\d+)¶ß/g, character).replace(/ﬂ°(\\w+)¶ß/g, '&$1;');
const out = [];
for (const text of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  await mermaid.parse(text);
  const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
  out.push(text.startsWith('gantt')
    ? { tasks: db.getTasks().map(t => plain(t.task)), sections: db.getSections().map(plain) }
    : { nodes: [...db.getVertices().values()].map(v => plain(v.text)) });
}
console.log(JSON.stringify(out));
"""
