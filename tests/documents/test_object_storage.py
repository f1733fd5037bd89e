"""Documents in a bucket: a real server process speaks S3 on this machine."""

import io
import os
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from django.core.files.storage import storages
from django.urls import reverse
from django.utils import timezone

from conventions.authority import record_act
from conventions.dossiers import archive
from conventions.models import Convention, issue_documents, latest_piece
from documents.models import Document
from documents.storage import document_storage

pytestmark = pytest.mark.one_database

BUCKET = "conventions"
STARTS_WITHIN = 60  # seconds, on a busy machine


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Address of the server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [Path(sys.executable).with_name("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    log = tmp_path_factory.mktemp("s3") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="module")
def environment(server):
    """What a deployer sets: boto3's own variables."""
    return {
        "AWS_ENDPOINT_URL_S3": server,
        "AWS_ACCESS_KEY_ID": "essai",
        "AWS_SECRET_ACCESS_KEY": "essai",
        "AWS_DEFAULT_REGION": "eu-west-3",
    }


@pytest.fixture(scope="module")
def client_of_s3(environment):
    """The bucket's owner, who made it."""
    client = boto3.Session(
        aws_access_key_id="essai", aws_secret_access_key="essai", region_name="eu-west-3"
    ).client("s3", endpoint_url=environment["AWS_ENDPOINT_URL_S3"])
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            client.create_bucket(
                Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"}
            )
        except EndpointConnectionError:
            assert time.monotonic() < deadline, "the S3 server did not start"
            time.sleep(0.2)
        else:
            yield client
            client.close()
            return


@pytest.fixture
def bucket(client_of_s3, environment, settings, monkeypatch):
    """Function that lists the bucket, which keeps the documents of the test."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings.STORAGES = {
        **settings.STORAGES,
        "documents": {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {"bucket_name": BUCKET},
        },
    }
    # Django asks for a field's storage once, when the process starts.
    monkeypatch.setattr(Document._meta.get_field("file"), "storage", storages["documents"])

    def listed() -> dict[str, str]:
        found = client_of_s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {item["Key"]: str(item["LastModified"]) for item in found}

    yield listed
    for key in listed():
        client_of_s3.delete_object(Bucket=BUCKET, Key=key)
    document_storage().connection.meta.client.close()


@pytest.fixture
def issued(bucket, convention):
    """A convention with its two documents, in the bucket."""
    convention.send(by=None)
    convention.accept(by=None)
    record_act(
        convention, by=None, kind="decision", number="2022D01", dated_on=timezone.localdate()
    )
    issue_documents(convention, by=None)
    return convention


@pytest.mark.django_db
class TestBucket:
    def test_a_document_is_frozen_and_read_back(self, bucket, private_media):
        document = Document.freeze(b"%PDF-1.7 convention", pages=1, by=None)
        assert list(bucket()) == [document.file.name]
        assert not private_media.exists()
        with Document.objects.get().file.open("rb") as file:
            assert file.read() == b"%PDF-1.7 convention"

    def test_what_is_there_is_never_written_again(self, bucket):
        Document.freeze(b"%PDF-1.7 convention", pages=1, by=None)
        before = bucket()
        Document.freeze(b"%PDF-1.7 convention", pages=1, by=None)
        assert bucket() == before

    def test_a_selection_is_sent_as_one_archive(self, issued):
        selection = archive.latest_pieces(Convention.objects.all())
        content = b"".join(archive.stream(selection))
        with zipfile.ZipFile(io.BytesIO(content)) as received:
            assert len(received.namelist()) == 2
            assert all(received.read(name).startswith(b"%PDF-") for name in received.namelist())

    def test_a_town_hall_downloads_a_piece_through_the_site(self, client, town_hall, issued):
        client.force_login(town_hall)
        piece = latest_piece(issued, "act")
        response = client.get(reverse("piece", args=[piece.pk]))
        assert response.status_code == 200
        assert len(response.getvalue()) == piece.document.size

    def test_a_file_that_the_bucket_lost_is_a_missing_page(
        self, client, town_hall, issued, client_of_s3
    ):
        client.force_login(town_hall)
        piece = latest_piece(issued, "act")
        client_of_s3.delete_object(Bucket=BUCKET, Key=piece.document.file.name)
        assert client.get(reverse("piece", args=[piece.pk])).status_code == 404


def test_the_environment_chooses_the_bucket(client_of_s3, environment, settings):
    script = (
        "import django; django.setup();"
        "from django.core.files.base import ContentFile;"
        "from documents.models import Document;"
        "storage = Document._meta.get_field('file').storage;"
        "storage.save('documents/ab/abcd.pdf', ContentFile(b'%PDF'));"
        "print(storage.open('documents/ab/abcd.pdf').read())"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            **environment,
            "S3_BUCKET": BUCKET,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        },
        check=False,
    )
    assert run.stdout.strip() == "b'%PDF'", run.stderr
    client_of_s3.delete_object(Bucket=BUCKET, Key="documents/ab/abcd.pdf")
