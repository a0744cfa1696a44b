"""Pages out of reports: one a plan, the index over all of them, a wiki's home and sidebar."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from planlint import __version__
from planlint.errors import UsageError
from planlint.model import Task
from planlint.render import content
from planlint.render.escaping import Safe, blocks, clean, code, inline, link, markdown
from planlint.render.load import bar
from planlint.render.outlook import doubtful
from planlint.render.report import Options, Page, Report, Section
from planlint.render.rows import Row, name, rows
from planlint.render.sandbox import Sandbox
from planlint.render.svg import gantt_svg
from planlint.render.words import NBSP, language

MOST_BYTES = 500 * 1024
RESERVED = frozenset({"index", "home", "_sidebar"})

Pages = dict[str, str]
"""File name → content."""


class Shared(Struct, frozen=True):
    """A file that planlint shares with people: it writes `body` between the markers of `name` only."""

    name: str
    body: str
    head: str


def marker(plan: str) -> str:
    """Return the line that every page of planlint's begins with."""
    return f"<!-- planlint:page {plan} -->"


END = "<!-- planlint:end -->"


def filled(section: str, text: str) -> str:
    """Return text that planlint fills in, between the lines that mark its place."""
    return f"<!-- planlint:begin {section} -->\n\n{text}\n\n{END}"


def check_names(reports: Sequence[Report]) -> None:
    """Refuse plans whose pages would overwrite each other or planlint's own.

    Raises:
        UsageError: two plans have one id, or an id is that of a page of planlint's own.
    """
    taken: dict[str, str] = {}
    for report in reports:
        plan, key = report.plan, report.plan.id.lower()
        if key in RESERVED:
            raise UsageError(f"{plan.file}: the plan id '{plan.id}' is the name of a page of planlint's own")
        if key in taken:
            raise UsageError(f"{plan.file}: the plan id '{plan.id}' is also that of {taken[key]}")
        taken[key] = plan.file


class Renderer:
    """Renders reports in one way: options, language and templates."""

    def __init__(self, options: Options, templates: Path | None = None) -> None:
        """Load the language; templates in the folder `templates` replace the built-in ones."""
        self.options = options
        self.language = language(options.language)
        self.sandbox = Sandbox(self.language, templates)

    def page(self, report: Report) -> Pages:
        """Return a plan's page, its Gantt, and what had to be split off to keep it small enough to show."""
        plan = report.plan.id
        text = self._document(report, self.body(report))
        found = {f"{plan}.md": text}
        if self.options.images and "timeline" in self.options.chosen:
            drawn = gantt_svg(report, self.language)
            if drawn is not None:
                found[f"{plan}.svg"] = f"{self._marked(report, xml=True)}\n{drawn}"
        if len(text.encode()) > MOST_BYTES:
            found |= self._split(report)
        return found

    def body(self, report: Report, work: Mapping[str, Any] | None = None) -> str:
        """Return what is on a page: title, description, sections; `work` replaces the work table's data."""
        plan, sections = report.plan, list(self.options.chosen)
        parts = [f"# {markdown(plan.title or plan.id)}"]
        if not self.options.sections and doubtful(report):
            sections = ["findings", *(section for section in sections if section != "findings")]
        for section in sections:
            parts.append(self.section(section, report, work if section == "work" else None))
            if section == "summary" and not self.options.sections:
                parts.append(blocks(plan.description))
        source = self.language.say("Source: {file}", file=plan.file)
        as_of = self.language.say("status as of {day}", day=report.as_of)
        parts += ["---", f"{source} · {as_of} · planlint {__version__}"]
        return "\n\n".join(part for part in parts if part)

    def section(self, section: Section, report: Report, data: Mapping[str, Any] | None = None) -> str:
        """Return one section, empty when the plan has nothing for it."""
        page = self._of(report)
        if data is None:
            data = content.DATA[section](page) if section in content.DATA else {}
        return self._template(section, page, data)

    def _of(self, report: Report) -> Page:
        return Page(report, self.language, self.options)

    def index(self, reports: Sequence[Report]) -> str:
        """Return the portfolio: every plan with its light."""
        return self._template("index", None, content.portfolio([self._of(one) for one in reports]))

    def front(self, reports: Sequence[Report]) -> tuple[Pages, tuple[Shared, ...]]:
        """Return the page over all plans; in a wiki the parts of its home page and sidebar instead."""
        title = self.language.say("Plans")
        if not self.options.wiki:
            return {"index.md": f"{marker('index')}\n\n# {title}\n\n{self.index(reports)}\n"}, ()
        lines = [f"- **{link(r.plan.title or r.plan.id, r.plan.id)}**" for r in reports]
        gitlab = self.options.flavor == "gitlab"
        home, side = ("home.md", "_sidebar.md") if gitlab else ("Home.md", "_Sidebar.md")
        head = f"---\ntitle: {title}\n---\n" if gitlab else ""
        return {}, (
            Shared(home, filled("index", self.index(reports)), f"{head}# {title}\n\n"),
            Shared(side, filled("sidebar", "\n".join(lines)), ""),
        )

    def _template(self, template: str, page: Page | None, data: Mapping[str, Any]) -> str:
        """Render a template; several empty lines become one, spaces at the end of lines go."""
        self.sandbox.reset()
        text = self.sandbox.render(f"{template}.md.j2", {**self._words(page), "data": data})
        lines = [line.rstrip() for line in text.split("\n")]
        return "\n".join(line for n, line in enumerate(lines) if line or (n and lines[n - 1])).strip("\n")

    def _marked(self, report: Report, *, xml: bool = False) -> str:
        """Return the lines that say whose page it is, and which file it goes with.

        A comment in XML must not have two hyphens on end.
        """
        plan, file = report.plan.id, quote(report.plan.file)
        if xml or "--" in file:
            plan, file = plan.replace("--", "-%2D") if xml else plan, file.replace("--", "-%2D")
        return f"{marker(plan)}\n<!-- planlint:source {file} -->"

    def _document(self, report: Report, body: str, title: str = "") -> str:
        head = ""
        if self.options.wiki and self.options.flavor == "gitlab":
            shown = clean(title or report.plan.title or report.plan.id)
            shown = shown.replace("\\", "\\\\").replace('"', '\\"')
            head = f'---\ntitle: "{shown}"\n---\n'
        return f"{head}{self._marked(report)}\n\n{body}\n"

    def _split(self, report: Report) -> Pages:
        """Put the work table on pages of its own, one an outermost summary."""
        plan, parts, found = report.plan, [], Pages()
        groups: dict[str, list[Row]] = {}
        for row in rows(report):
            if isinstance(row.item, Task):
                groups.setdefault(row.wbs.partition(".")[0], []).append(row)
        for first, *inner in groups.values():
            if not inner:
                continue
            file, title = f"{plan.id}--{first.id}", f"{plan.title or plan.id}: {first.title}"
            parts.append((file, first.title))
            text = self.section("work", report, content.table([first, *inner], alone=True))
            back = link(self.language.say("Back to the plan"), self.options.page(plan.id))
            found[f"{file}.md"] = self._document(report, f"# {markdown(title)}\n\n{text}\n\n{back}", title)
        body = self.body(report, content.table([first for first, *_ in groups.values()], parts))
        return {f"{plan.id}.md": self._document(report, body), **found}

    def _words(self, page: Page | None) -> dict[str, Any]:
        """Return what every template gets; docs/reports.md lists it."""
        speak, options = self.language, self.options
        report = page.report if page else None
        currency = report.plan.currency if report else None
        values = {
            "options": options,
            "jargon": options.audience != "sponsor",
            "say": speak.say,
            "count": speak.count,
            "word": speak.word,
            "days": speak.days,
            "signed": speak.signed_days,
            "percent": speak.percent,
            "money": lambda value: Safe("") if value is None else speak.money(value, currency),
            "short": partial(speak.date, style="short"),
            "week": speak.week,
            "number": speak.number,
            "meter": lambda percent: Safe(f"{bar(percent)}{NBSP}{speak.percent(round(percent))}"),
            "indent": lambda depth: Safe("\N{EM SPACE}" * depth),
            "code": code,
            "link": link,
            "inline": inline,
            "blocks": blocks,
            "page": options.page,
        }
        if page is None or report is None:
            return values
        return values | {
            "plan": report.plan,
            "schedule": report.schedule,
            "deadlines": report.deadlines,
            "diagnostics": report.diagnostics,
            "chance": report.chance,
            "baseline": report.baseline,
            "as_of": report.as_of,
            "name": partial(name, report.plan),
            "title": page.title,
        }
