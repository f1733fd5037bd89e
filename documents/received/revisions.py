"""The states that a PDF went through: what was added to it since, and what that changed.

A PDF is changed by appending to it (ISO 32000-2, 7.5.6): each earlier state still stands in
the file, byte for byte, and ends where the update that follows it begins.
"""

import hashlib
import io
import logging
import re
from collections.abc import Iterable, Iterator

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader, RawPdfPath
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    DiffResult,
    ModificationLevel,
    StandardDiffPolicy,
    SuspiciousModification,
)
from pyhanko.sign.diff_analysis.form_rules_api import FormUpdate, FormUpdatingRule
from pyhanko.sign.diff_analysis.rules.form_field_rules import (
    DSSCompareRule,
    GenericFieldModificationRule,
    SigFieldCreationRule,
    SigFieldModificationRule,
)
from pyhanko.sign.diff_analysis.rules_api import Context, ReferenceUpdate, WhitelistRule
from pyhanko.sign.fields import enumerate_sig_fields

logger = logging.getLogger(__name__)

MAX_REVISIONS = 20

_END_OF_REVISION = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF(\r\n|\r|\n)?")
# Adding a signature is, to pyHanko, filling a form in.
_ONLY_SIGNATURES = ModificationLevel.FORM_FILLING


class Reader(PdfFileReader):
    """pyHanko's reader, strict or not; it would read the index of an object stream anew for
    each object: half a minute for the convention of a town of 190 schools.
    """

    def __init__(self, content: bytes, *, strict: bool = True) -> None:
        self._indexes: dict[int, tuple[bytes, dict[int, tuple[int, int]]]] = {}
        super().__init__(io.BytesIO(content), strict=strict)

    def _get_object_from_stream(self, idnum, stmnum, idx):
        data, index = self._index_of(stmnum)
        rank, offset = index.get(idnum, (None, 0))
        if rank is None and not self.strict:
            return generic.NullObject()
        if rank != idx and self.strict:
            raise PdfReadError(f"Object {idnum} is not where it should be in stream {stmnum}.")
        content = io.BytesIO(data)
        content.seek(offset)
        found = generic.read_object(content, generic.Reference(idnum, 0, self))
        if isinstance(found, (generic.StreamObject, generic.IndirectObject)):
            raise PdfReadError(f"Object {idnum} may not stand in an object stream.")
        return found

    def _index_of(self, stmnum: int) -> tuple[bytes, dict[int, tuple[int, int]]]:
        """Return what an object stream holds: its data, and (rank, offset) of each object."""
        if stmnum not in self._indexes:
            stream = generic.Reference(stmnum, 0, self).get_object()
            if not isinstance(stream, generic.StreamObject) or stream["/Type"] != "/ObjStm":
                raise PdfReadError(f"Object {stmnum} is not an object stream.")
            data, first = stream.read_data(DecodePurpose.OBJECT_STREAM), stream["/First"]
            numbers = [int(number) for number in data[:first].split()[: 2 * stream["/N"]]]
            index: dict[int, tuple[int, int]] = {}
            for rank, (number, offset) in enumerate(zip(numbers[::2], numbers[1::2], strict=True)):
                index.setdefault(number, (rank, first + offset))
            self._indexes[stmnum] = data, index
        return self._indexes[stmnum]


class _SecurityStoreRule(WhitelistRule):
    """Lets the security store (DSS, ISO 32000-2, 12.8.4.3) be kept in order.

    It holds certificates and proofs, and nothing that is ever shown: programs rewrite its
    entries, replace its proofs by fresher ones and drop those of no more use, which pyHanko's
    own rule takes for a change of the file. What stands elsewhere too is not let through.
    """

    _PATH = ("/Root", "/DSS")

    def apply(self, old: HistoricalResolver, new: HistoricalResolver) -> Iterable[ReferenceUpdate]:
        for ref in new.explicit_refs_in_revision():
            for path in old._get_usages_of_ref(ref):
                if path.path[:2] == self._PATH:
                    yield ReferenceUpdate(ref, context_checked=Context.from_absolute(old, path))
        if "/DSS" not in new.root:
            return
        store = new.root.raw_get("/DSS")
        # Always by that path: an approval without a path would clear every other use as well.
        by_store = Context.from_absolute(old, RawPdfPath(*self._PATH))
        for ref in new.collect_dependencies(store, since_revision=old.revision + 1):
            yield ReferenceUpdate(ref, context_checked=by_store)


class _NothingDefinedLateRule(WhitelistRule):
    """Refuses an object that was called for before it was there.

    A page may call for an object that its file lacks; pyHanko, whose strict reader stops at
    such a page, would take the object for an orphan when an update brings it.
    """

    def apply(self, old: HistoricalResolver, new: HistoricalResolver) -> Iterable[ReferenceUpdate]:
        for ref in new.explicit_refs_in_revision():
            if old.is_ref_unassignable(ref) and old._get_usages_of_ref(ref):
                raise SuspiciousModification(f"{ref} was in use before it was defined.")
        return ()


class _FormRule(FormUpdatingRule):
    """pyHanko's own, which names each field with a picture as if every update filled it in."""

    def apply(
        self, old: HistoricalResolver, new: HistoricalResolver
    ) -> Iterable[tuple[ModificationLevel, FormUpdate]]:
        written = new.explicit_refs_in_revision()
        for level, update in super().apply(old, new):
            if update.updated_ref in written:
                yield level, update


# pyHanko's comparison, with these rules in place of its own on the store and on forms.
COMPARISON = StandardDiffPolicy(
    global_rules=[
        *(
            rule
            for rule in DEFAULT_DIFF_POLICY.global_rules
            if not isinstance(getattr(rule, "rule", None), DSSCompareRule)
        ),
        _SecurityStoreRule().as_qualified(ModificationLevel.LTA_UPDATES),
        _NothingDefinedLateRule().as_qualified(ModificationLevel.LTA_UPDATES),
    ],
    form_rule=_FormRule(
        [SigFieldCreationRule(), SigFieldModificationRule(), GenericFieldModificationRule()]
    ),
)


class _EarlierState(HistoricalResolver):
    """A revision to compare with what came after: one without form is shown with an empty one.

    Signing adds the form that holds the signatures; pyHanko only compares forms.
    """

    @property
    def root(self) -> generic.DictionaryObject:
        root = super().root
        if "/AcroForm" in root:
            return root
        form = generic.DictionaryObject({pdf_name("/Fields"): generic.ArrayObject()})
        flags = self.reader.root["/AcroForm"].get("/SigFlags")
        if flags is not None:
            form[pdf_name("/SigFlags")] = flags
        shown = generic.DictionaryObject(root)
        shown.container_ref = root.container_ref
        shown[pdf_name("/AcroForm")] = form
        return shown


def fields_completed(reader: PdfFileReader, changes: DiffResult) -> set[str]:
    """Return the names of the form's fields that were filled in or added: all but signatures."""
    signed = {name for name, _, _ in enumerate_sig_fields(reader, filled_status=True)}
    return changes.changed_form_fields - signed


def contained_states(content: bytes, reader: PdfFileReader) -> Iterator[str]:
    """Yield the SHA-256 of the earlier states of the file that only signatures were added to."""
    revisions = {
        reader.xrefs.get_startxref_for_revision(number): number
        for number in range(min(reader.xrefs.total_revisions - 1, MAX_REVISIONS))
    }
    hashed, done = hashlib.sha256(), 0
    for match in _END_OF_REVISION.finditer(content):
        revision = revisions.pop(int(match[1]), None)
        if revision is None:
            continue
        if not _only_signed_since(reader, revision):
            continue
        # The file may have ended with its last word, or with the line.
        for end in _ends(match):
            hashed.update(content[done:end])
            done = end
            yield hashed.hexdigest()


def _only_signed_since(reader: PdfFileReader, revision: int) -> bool:
    try:
        review = COMPARISON.review_file(reader, _EarlierState(reader, revision))
    except Exception as error:  # What cannot be compared is not taken for the same.
        logger.info("Two states of a PDF could not be compared: %s", error)
        return False
    return (
        isinstance(review, DiffResult)
        and review.modification_level <= _ONLY_SIGNATURES
        and not fields_completed(reader, review)
    )


def _ends(match: re.Match) -> Iterable[int]:
    line_end = len(match[2] or b"")
    return range(match.end() - line_end, match.end() + 1)
