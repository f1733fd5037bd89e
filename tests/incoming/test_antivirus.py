"""Files are shown to ClamAV where the site has one: asked over a socket, as its daemon answers."""

import socket
import struct
import threading
import time
from contextlib import suppress

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import get_resolver
from PIL import Image

from documents.received.uploads import read_copy, read_pdf, read_piles
from incoming import antivirus
from incoming.fields import IncomingFileField
from tests.documents import hostile, papers

# What every antivirus takes for a virus, to be tried with; in halves, lest this file be one.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD" + b"-ANTIVIRUS-TEST-FILE!$H+H*"
FOUND = b"stream: Eicar-Test-Signature FOUND"


class Daemon(threading.Thread):
    """Answers as clamd(8) does: chunks after their lengths until an empty one, then a line.

    A slow one says nothing, then a letter at a time.
    """

    def __init__(self, listening: socket.socket, answer: bytes = b"", pause: float = 0) -> None:
        super().__init__(daemon=True)
        self.listening, self.answer, self.pause = listening, answer, pause
        self.received: list[bytes] = []
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            with client, client.makefile("rb") as asked:
                assert asked.read(10) == b"zINSTREAM\0"
                content = b""
                while size := struct.unpack("!L", asked.read(4))[0]:
                    content += asked.read(size)
                self.received.append(content)
                found = FOUND if EICAR in content else b"stream: OK"
                self.say(client, (self.answer or found) + b"\0")

    def say(self, client: socket.socket, answer: bytes) -> None:
        if not self.pause:
            client.sendall(answer)
            return
        with suppress(OSError):  # Nobody listens any more.
            for letter in answer:
                time.sleep(self.pause)
                client.sendall(bytes([letter]))


@pytest.fixture(params=["tcp", "unix"])
def clamav(request, settings, tmp_path):
    """Function that starts a daemon and tells the site where it listens."""
    opened = []

    def start(answer: bytes = b"", pause: float = 0) -> Daemon:
        if request.param == "tcp":
            listening = socket.create_server(("127.0.0.1", 0))
            settings.CLAMAV_SOCKET = f"tcp://127.0.0.1:{listening.getsockname()[1]}"
        else:
            listening = socket.socket(socket.AF_UNIX)
            listening.bind(str(tmp_path / "clamd"))
            listening.listen()
            settings.CLAMAV_SOCKET = f"unix://{tmp_path / 'clamd'}"
        opened.append(listening)
        return Daemon(listening, answer, pause)

    yield start
    for listening in opened:
        listening.close()


def upload(content: bytes, name: str = "acte.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def infected() -> bytes:
    pdf = hostile.blank()
    pdf.Root.Note = pdf.make_stream(EICAR)
    return hostile.unchanged(pdf)


def photograph(name: str, end: bytes = b"") -> SimpleUploadedFile:
    file = upload(b"", name)
    Image.new("L", (30, 40), 200).save(file, "JPEG")
    file.write(end)
    return file


def test_what_it_finds_is_refused_and_named(clamav):
    clamav()
    for read in (read_pdf, lambda file: read_copy([file]), lambda file: read_piles([file])):
        with pytest.raises(ValidationError) as refused:
            read(upload(infected()))
        assert refused.value.code == "infected"
        assert "« acte.pdf »" in refused.value.message


def test_what_it_lets_through_is_kept_and_was_seen_whole(clamav):
    daemon = clamav()
    content = papers.pile(papers.sheet(), quality=95) + bytes(2_000_000)
    read_piles([upload(content[: len(content) - 2_000_000])])
    with pytest.raises(ValidationError):
        read_pdf(upload(content[:-1] + b"x"))  # Larger than a chunk; not a PDF to its end.
    assert daemon.received == [content[: len(content) - 2_000_000], content[:-1] + b"x"]


def test_each_photograph_is_shown(clamav):
    daemon = clamav()
    with pytest.raises(ValidationError, match=r"« deux\.jpg »"):
        read_copy([photograph("un.jpg"), photograph("deux.jpg", EICAR)])
    assert len(daemon.received) == 2


@pytest.mark.parametrize("answer", [b"INSTREAM size limit exceeded. ERROR", b"?", b"stream: O"])
def test_nothing_passes_unless_it_says_so(clamav, answer):
    clamav(answer)
    with pytest.raises(ValidationError, match="dans quelques minutes") as refused:
        read_pdf(upload(hostile.saved(hostile.blank())))
    assert refused.value.code == "not_scanned"


def test_nothing_passes_while_it_is_down(settings, tmp_path):
    for nowhere in (f"unix://{tmp_path}/absent", "tcp://127.0.0.1:1"):
        settings.CLAMAV_SOCKET = nowhere
        with pytest.raises(ValidationError) as refused:
            read_pdf(upload(hostile.saved(hostile.blank())))
        assert refused.value.code == "not_scanned"


def test_nothing_is_asked_where_there_is_none(settings):
    settings.CLAMAV_SOCKET = ""
    assert read_pdf(upload(hostile.saved(hostile.blank()))).pages == 1


def fields_for_files(form: type[forms.BaseForm] = forms.BaseForm):
    """Yield (name, field) of each field of a form of this site that takes a file."""
    for each in form.__subclasses__():
        if not each.__module__.startswith(("django.", "tests.")):
            for name, field in getattr(each, "base_fields", {}).items():
                if isinstance(field, forms.FileField):
                    yield f"{each.__qualname__}.{name}", field
        yield from fields_for_files(each)


def test_every_file_that_a_form_takes_is_shown(clamav):
    clamav()
    assert get_resolver().url_patterns  # Imports the pages, and their forms with them.
    fields = dict(fields_for_files())
    assert len(fields) > 15
    for name, field in fields.items():
        file = upload(EICAR, "liste.csv")
        sent = [file] if getattr(field.widget, "allow_multiple_selected", False) else file
        with pytest.raises(ValidationError) as refused:
            field.clean(sent)
        assert [error.code for error in refused.value.error_list] == ["infected"], name


def test_one_that_answers_too_slowly_lets_nothing_through(clamav, monkeypatch):
    monkeypatch.setattr(antivirus, "MAX_SECONDS", 0.3)
    clamav(pause=0.1)
    with pytest.raises(ValidationError, match="dans quelques minutes") as refused:
        read_copy([photograph("un.jpg"), photograph("deux.jpg")])
    assert refused.value.code == "not_scanned"


def test_the_files_of_a_pile_have_one_deadline_between_them(clamav, monkeypatch):
    monkeypatch.setattr(antivirus, "MAX_SECONDS", 60)
    asked = []
    monkeypatch.setattr(antivirus, "_refuse_infected", lambda *told: asked.append(told[2]))
    clamav()
    pile = hostile.saved(hostile.blank())
    assert len(read_piles([upload(pile, "un.pdf"), upload(pile, "deux.pdf")]).read) == 2
    assert len(asked) == 2
    assert len(set(asked)) == 1


def test_a_list_is_read_again_after_it_was_shown(clamav):
    clamav()
    assert IncomingFileField().clean(upload(b"code;nom", "liste.csv")).read() == b"code;nom"
