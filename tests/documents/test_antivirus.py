"""Files are shown to ClamAV where the site has one: asked over a socket, as its daemon answers."""

import socket
import struct
import threading

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from documents.received.uploads import read_copy, read_pdf, read_piles

from . import hostile, papers

# What every antivirus takes for a virus, to be tried with; in halves, lest this file be one.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD" + b"-ANTIVIRUS-TEST-FILE!$H+H*"
FOUND = b"stream: Eicar-Test-Signature FOUND"


class Daemon(threading.Thread):
    """Answers as clamd(8) does: chunks after their lengths until an empty one, then a line."""

    def __init__(self, listening: socket.socket, answer: bytes = b"") -> None:
        super().__init__(daemon=True)
        self.listening, self.answer = listening, answer
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
                client.sendall((self.answer or found) + b"\0")


@pytest.fixture(params=["tcp", "unix"])
def clamav(request, settings, tmp_path):
    """Function that starts a daemon and tells the site where it listens."""
    opened = []

    def start(answer: bytes = b"") -> Daemon:
        if request.param == "tcp":
            listening = socket.create_server(("127.0.0.1", 0))
            settings.CLAMAV_SOCKET = f"tcp://127.0.0.1:{listening.getsockname()[1]}"
        else:
            listening = socket.socket(socket.AF_UNIX)
            listening.bind(str(tmp_path / "clamd"))
            listening.listen()
            settings.CLAMAV_SOCKET = f"unix://{tmp_path / 'clamd'}"
        opened.append(listening)
        return Daemon(listening, answer)

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
