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
from documents.press.plain import EmbeddedFile
from documents.press.typesetting import set_block
from documents.references import mark_of, reference_of
from documents.rendering import page_html, render, source_of
from documents.wording.fields import fields_of
from documents.wording.texts import newest_text

# Ways take turns, so that what else the machine does weighs on all; each prints for a while, as
# in production, and finds the processor's caches its own.
ROUNDS = 24
SAMPLE = 2
CHROMIUM = "Chromium, déjà lancé"
STYLE = press.PRINT_DIR / "print.css"
TEMPLATE = Path(__file__).with_name("convention.typ")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_FIELD = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_TYPST_SIGNS = re.compile(r"([\\#$*_`<>@~\[\]])")


Way = Callable[[TextModel, ConventionContext], object]


def one_core(contexts: Sequence[ConventionContext]) -> Iterator[tuple[str, float, float, str]]:
    """Yield (way, mean and median of milliseconds for a convention, note).

    Each way makes the same whole document, as production does: reference, QR code, the values
    that it carries. CPU time, but for Chromium, which works in processes of its own. Ours and
    typst print every convention; ours starts from nothing, so its mean counts the shapes that
    it lays out and the documents that it prints twice. The others print some.
    """
    text = newest_text("convention")
    drawn = random.Random(0).sample(list(contexts), len(contexts))
    by_typst = _typst(text)
    with _on_one_core(), _chromium() as chromium:
        slow: dict[str, Way] = {
            "WeasyPrint, write_pdf()": _write_pdf,
            "Presse chaude, sans réemploi": _print_plainly,
        }
        clocks = {}
        if chromium:
            slow[CHROMIUM] = chromium
            clocks[CHROMIUM] = time.perf_counter
        ways = {"typst": by_typst, "Réemploi des pages": render} | slow
        for make in ways.values():
            make(text, drawn[0])
        standing_type._standing_type.cache_clear()
        set_block.cache_clear()
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for start in range(ROUNDS):
            for name, make in ways.items():
                for context in drawn[start::ROUNDS][: SAMPLE if name in slow else None]:
                    taken[name].append(_duration(make, text, context, clocks.get(name)))
    for name, seconds in taken.items():
        note = "temps écoulé, sans données jointes" if name in clocks else ""
        yield name, 1000 * statistics.mean(seconds), 1000 * statistics.median(seconds), note


def _duration(make: Way, text, context, clock) -> float:
    clock = clock or time.process_time
    start = clock()
    make(text, context)
    return clock() - start


def _whole(text: TextModel, context: ConventionContext) -> tuple[str, list[EmbeddedFile]]:
    """Return what is printed of a document, and the file that it carries."""
    facts = to_json(context)
    reference = reference_of(text, facts)
    return page_html(text, context, mark_of(reference)), [source_of(reference, text, facts)]


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


def _write_pdf(text, context) -> bytes:
    """WeasyPrint as its first page shows it, with the same standard asked for."""
    html, files = _whole(text, context)
    document = HTML(string=html, base_url=press.PRINT_URL, url_fetcher=press.PrintFiles())
    return document.write_pdf(
        stylesheets=[str(STYLE)],
        pdf_variant=press.VARIANT,
        attachments=[file.attachment() for file in files],
    )


def _print_plainly(text, context) -> tuple[bytes, int]:
    return press.print_plainly(*_whole(text, context))


def _typst(text: TextModel) -> Way:
    compiler = typst.Compiler(
        str(TEMPLATE),
        font_paths=[str(press.PRINT_DIR / "fonts")],
        ignore_system_fonts=True,
    )

    def by_typst(text, context):
        facts = to_json(context)
        reference = reference_of(text, facts)
        mark = mark_of(reference)
        printed = facts | {"title": text.title, "document": reference, "page": mark.page}
        inputs = {
            "facts": json.dumps(printed),
            "body": _typst_markup(text, context),
            "code": mark.qr_code.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1),
            "data": source_of(reference, text, facts).content,
        }
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

        def by_chromium(text, context):
            html, _ = _whole(text, context)
            page.set_content(html.replace("</head>", f"<style>{style}</style></head>"))
            return page.pdf(prefer_css_page_size=True, tagged=True)

        yield by_chromium
        browser.close()
