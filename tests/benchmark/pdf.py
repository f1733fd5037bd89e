"""What a convention costs to print: the plain press, standing type, typst, Chromium.

Called by `script/bench`: one core, side by side, the same conventions in each round.
"""

import json
import os
import random
import re
import resource
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import typst
from playwright.sync_api import sync_playwright
from weasyprint import HTML

from documents.contexts import ActContext, ConventionContext, to_json
from documents.models import TextModel
from documents.press import plain as press
from documents.press import standing_type
from documents.press.typesetting import set_block
from documents.rendering import page_html, render
from documents.wording.fields import fields_of
from documents.wording.texts import newest_text

ROUNDS = 5
SAMPLE = 20
STYLE = press.PRINT_DIR / "print.css"
TEMPLATE = Path(__file__).with_name("convention.typ")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_FIELD = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_TYPST_SIGNS = re.compile(r"([\\#$*_`<>@~\[\]])")


def one_core(contexts: Sequence[ConventionContext]) -> Iterator[tuple[str, float, float, str]]:
    """Yield (way, milliseconds for a convention, times faster than write_pdf(), note).

    CPU time, but for Chromium, which works in processes of its own. Standing type prints every
    convention, from nothing: its mean counts the shapes that it lays out, its median is what a
    convention of a known shape takes. The others print some of the same in each round, warm;
    their figure is the median of rounds.
    """
    text = newest_text("convention")
    drawn = random.Random(0).sample(list(contexts), len(contexts))
    with _on_one_core(), _chromium() as chromium:
        ways: list[tuple[str, Callable, Callable[[], float]]] = [
            ("WeasyPrint, write_pdf()", _write_pdf, time.process_time),
            ("Presse chaude, sans réemploi", press.print_plainly, time.process_time),
            ("typst", _typst(text), time.process_time),
        ]
        if chromium:
            ways.append(("Chromium, déjà lancé", chromium, time.perf_counter))
        ours: list[float] = []
        others: dict[str, list[float]] = {name: [] for name, *_ in ways}
        for _, make, _ in ways:
            _duration(make, text, drawn[:1])
        standing_type._standing_type.cache_clear()
        set_block.cache_clear()
        for start in range(ROUNDS):
            conventions = drawn[start::ROUNDS]
            for context in conventions:
                ours.append(_duration(standing_type.print_pdf, text, [context]))
            for name, make, clock in ways:
                taken = _duration(make, text, conventions[:SAMPLE], clock)
                others[name].append(taken / len(conventions[:SAMPLE]))
    plain = statistics.median(others["WeasyPrint, write_pdf()"])
    yield from (
        (name, 1000 * milliseconds, plain / milliseconds, note)
        for name, milliseconds, note in (
            *((name, *_of_rounds(others[name], clock)) for name, _, clock in ways),
            ("Réemploi des pages, forme connue", statistics.median(ours), "médiane"),
            ("Réemploi des pages, formes comprises", statistics.mean(ours), "moyenne"),
        )
    )


def _duration(make, text, contexts, clock=time.process_time) -> float:
    start = clock()
    for context in contexts:
        if make.__name__ == "by_typst":
            make(context)
        else:
            make(page_html(text, context))
    return clock() - start


def _of_rounds(seconds: list[float], clock) -> tuple[float, str]:
    note = f"{1000 * min(seconds):.1f} à {1000 * max(seconds):.1f}"
    if clock is not time.process_time:
        note += ", temps écoulé"
    return statistics.median(seconds), note


def campaign(contexts: Sequence[ConventionContext]) -> tuple[int, float, int]:
    """Print an act and a convention for each context on all cores, from cold processes.

    Return the number of documents, the seconds that passed, and the memory of the largest
    process in MB.
    """
    texts = {kind: newest_text(kind) for kind in ("convention", "decision")}
    cores = os.cpu_count() or 1
    start = time.perf_counter()
    with get_context("fork").Pool(cores) as pool:
        shares = [(texts, contexts[share::cores]) for share in range(cores)]
        results = pool.map(_print_share, shares, chunksize=1)
    seconds = time.perf_counter() - start
    return sum(count for count, _ in results), seconds, max(memory for _, memory in results)


def _print_share(share) -> tuple[int, int]:
    texts, contexts = share
    for context in contexts:
        render(texts["convention"], context)
        render(texts["decision"], act_of(context))
    return 2 * len(contexts), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def act_of(context: ConventionContext) -> ActContext:
    """Return the act that would authorise a convention, with made-up references."""
    return ActContext(
        reference=context.reference,
        school_year=context.school_year,
        number=f"2026_{context.reference[-3:]}",
        dated_on=context.dated_on or context.ends_on,
        unit_fee=context.unit_fee,
        amount=context.amount,
        school_count=context.school_count,
        delegation_item="24°",
        delegation_reference="délibération n° 2026-014 du 28/03/2026",
        executor="",
        prefect="Préfet de l'Hérault",
        court=context.region.litigation_court,
        website="",
        publication_mode=f"sur le site internet {context.collectivity.of_article}",
        deposited_on=None,
        published_on=None,
        region=context.region,
        collectivity=context.collectivity,
    )


def _write_pdf(html: str) -> bytes:
    """WeasyPrint as its first page shows it, with the same standard asked for."""
    document = HTML(string=html, base_url=press.PRINT_URL, url_fetcher=press.PrintFiles())
    return document.write_pdf(stylesheets=[str(STYLE)], pdf_variant=press.VARIANT)


def _typst(text: TextModel) -> Callable[[ConventionContext], bytes]:
    compiler = typst.Compiler(
        str(TEMPLATE),
        font_paths=[str(press.PRINT_DIR / "fonts")],
        ignore_system_fonts=True,
    )

    def by_typst(context):
        facts = to_json(context) | {"title": text.title}
        inputs = {"facts": json.dumps(facts), "body": _typst_markup(text, context)}
        return compiler.compile(
            format="pdf", sys_inputs=inputs, pdf_standards=["a-3a", "ua-1"], timestamp=0
        )

    return by_typst


def _typst_markup(text: TextModel, context: ConventionContext) -> str:
    """Return the text with its values, as typst writes headings, lists and tables."""
    fields = fields_of(text.kind)
    lines = []
    for line in text.body.splitlines():
        level = len(line) - len(line.lstrip("#"))
        line = _TYPST_SIGNS.sub(r"\\\1", line[level:].strip())
        if "liste\\_des\\_ecoles" in line:
            lines.append("#schools")
            continue
        line = _FIELD.sub(
            lambda match: _TYPST_SIGNS.sub(
                r"\\\1", re.sub("<[^>]+>", "", str(fields[match[1]].take(context)))
            ),
            line.replace("\\_", "_"),
        )
        lines.append(f"{'=' * level} {line}" if level else line)
    return "\n".join(lines)


@contextmanager
def _on_one_core():
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


@contextmanager
def _chromium():
    """A function from HTML to a PDF by a browser that stays open, or None where there is none."""
    command = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not command:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=command, args=["--no-sandbox"])
        page = browser.new_page()
        style = STYLE.read_text().replace("url(fonts/", f"url({press.PRINT_URL}fonts/")

        def by_chromium(html):
            page.set_content(html.replace("</head>", f"<style>{style}</style></head>"))
            return page.pdf(prefer_css_page_size=True, tagged=True)

        yield by_chromium
        browser.close()
