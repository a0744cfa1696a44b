"""Plan text made harmless: one function for each place it can stand, so that it changes nothing but the text.

The tables were measured on the renderers that wikis use (Mermaid 10.7 to 12.3, cmark-gfm, comrak,
Python-Markdown with pymdownx, markdown-it): numeric entities survive everywhere, backslashes do not.
"""

import re


class Safe(str):
    """Text that is already escaped for where it stands; any operation on it gives plain text again."""

    __slots__ = ()


_SPACES = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_REMOVED = re.compile("[\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")

_ENTITY = re.compile(
    r"""[\\`*_\[\]<>|~$&{}^#]      # code, emphasis, links, tables, mathematics, attributes, headings
    |=(?==)|\+(?=\+)|-(?=-8<)      # marked and inserted text, snippets
    |\((?=(?:c|r|tm|p)\))          # typographic symbols
    |:(?=//|[\w+-]+:)|(?<=www)\.   # addresses, emoji
    |^[-+=?!:%"@.]""",  # what only means something at the beginning
    re.VERBOSE | re.IGNORECASE,
)
_NUMBERED = re.compile(r"\d+([.)])")
_ID = re.compile(r"[a-z0-9][a-z0-9_-]*")

_GANTT = re.compile(r"[^A-Za-z0-9 .,()\-/'!?+=@|~^$*_\[\]\x80-\U0010ffff]")
_GANTT_WORDS = re.compile(
    r"[-\d]|(?:section|title|dateformat|excludes|includes|todaymarker|axisformat|tickinterval|acctitle"
    r"|accdescr|gantt|click|call|inclusiveenddates|topaxis|weekday|weekend|href)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[^A-Za-z0-9 .,()\-/'!?+=@|^\x80-\U0010ffff]")
_LABEL_START = re.compile(r"[-+\d]")

_SCHEME = re.compile(r"([^/?#]*):")
_SCHEMES = frozenset({"http", "https", "mailto"})
_URL_UNSAFE = re.compile(r"[^A-Za-z0-9\-._/?#@:=,;%&+]")

_INLINE = re.compile(
    r"`(?P<code>[^`|]+)`"
    r"|(?<!!)\[(?P<text>[^\[\]`]+)\]\((?P<url>[^()\s`]+)\)"
    r"|(?<!\w)(?P<mark>\*\*|_)(?P<marked>\w(?:[^*_`]*\w)?)(?P=mark)(?!\w)"
)
_LIST_ITEM = re.compile(r"(?P<bullet>[-*+]|\d{1,9}[.)])\s+(?P<text>\S.*)")


def clean(text: str) -> str:
    """Return `text` on one line, without control characters and direction overrides."""
    return _REMOVED.sub("", _SPACES.sub(" ", text)).strip()


def shorten(text: str, most: int) -> str:
    """Cut cleaned text to `most` characters, the last one then an ellipsis."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _html(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"


def markdown(text: str) -> Safe:
    """Escape text for a Markdown paragraph, heading, table cell or list item."""
    text = clean(text)
    number = _NUMBERED.match(text)
    if number:
        rest = _ENTITY.sub(_html, text)[number.end() :]
        return Safe(f"{text[: number.end() - 1]}&#{ord(number[1])};{rest}")
    return Safe(_ENTITY.sub(_html, text))


def code(identifier: str) -> Safe:
    """Return an id as a code span; anything that is no id as escaped text."""
    return Safe(f"`{identifier}`") if _ID.fullmatch(identifier) else markdown(identifier)


def address(url: str) -> str | None:
    """Return `url` fit for a link's destination, or None unless it is http, https, mailto or relative."""
    url = clean(url)
    scheme = _SCHEME.match(url)
    if not url or url.startswith(("//", "\\")) or (scheme and scheme[1].lower() not in _SCHEMES):
        return None
    quoted = _URL_UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), url)
    return quoted.replace("&", "&#38;")


def link(text: str, url: str | None) -> Safe:
    """Return a Markdown link, or the text alone where the address is not one to follow."""
    shown = text if isinstance(text, Safe) else markdown(text)
    target = address(url) if url else None
    return Safe(f"[{shown}]({target})") if target and shown else shown


def inline(text: str) -> Safe:
    """Escape text that may use Markdown (`description`, `rationale`) on one line.

    Closed emphasis, code spans and links to harmless addresses stay; everything else is text.
    """
    text = clean(text)
    parts, end = [], 0
    for match in _INLINE.finditer(text):
        parts.append(_between(text[end : match.start()], first=not end))
        if match["code"]:
            parts.append(match[0])
        elif match["url"]:
            parts.append(link(match["text"], match["url"]) if address(match["url"]) else markdown(match[0]))
        else:
            parts.append(f"{match['mark']}{_between(match['marked'], first=False)}{match['mark']}")
        end = match.end()
    parts.append(_between(text[end:], first=not end))
    return Safe("".join(parts))


def _between(text: str, *, first: bool) -> str:
    """Escape a piece of a line; only the first piece stands where a block could begin."""
    return markdown(text) + " " * (text != text.rstrip()) if first else _ENTITY.sub(_html, "x" + text)[1:]


def blocks(text: str) -> Safe:
    """Escape text that may use Markdown over several lines: paragraphs and flat lists, all closed."""
    out: list[str] = []
    previous = ""
    for line in text.splitlines():
        item = _LIST_ITEM.match(line.strip())
        kind = ("-" if item["bullet"] in "-*+" else "1.") if item else ("text" if clean(line) else "")
        if kind != previous or not kind:
            out.append("")
        if item:
            out.append(f"{kind} {inline(item['text'])}")
        elif kind:
            out.append(inline(line))
        previous = kind
    return Safe("\n".join(out).strip("\n"))


def gantt(text: str, most: int = 120) -> Safe:
    """Escape text for a Mermaid gantt: a task's name, a section or the title."""
    return _mermaid(shorten(clean(text), most), _GANTT, _GANTT_WORDS)


def label(text: str, most: int = 80) -> Safe:
    """Escape text for a quoted Mermaid flowchart label."""
    return _mermaid(shorten(clean(text), most), _LABEL, _LABEL_START)


def _mermaid(text: str, special: re.Pattern[str], beginning: re.Pattern[str]) -> Safe:
    """Escape special characters, and the first one of a text whose beginning Mermaid would understand."""
    means_something = text[:1].isascii() and beginning.match(text)
    first = f"#{ord(text[0])};" if means_something else ""
    rest = text[1:] if means_something else text
    return Safe(first + special.sub(lambda match: f"#{ord(match[0])};", rest))


def svg(text: str) -> Safe:
    """Escape text for an SVG text node or attribute."""
    text = shorten(clean(text), 400)
    return Safe(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;"))
