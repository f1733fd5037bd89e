"""What a list costs as a file: of one campaign, and of ten."""

import tracemalloc
from collections.abc import Iterator

from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.roles import Role
from tests.benchmark.scale import processor


def files() -> Iterator[tuple[str, str, Role]]:
    """Yield (name, path, who asks for it), without the kind of file."""
    conventions = reverse("admin:conventions_convention_export", args=["csv"])
    for name, query in (("ouvertes", ""), ("toutes les années", "?campaign=all")):
        yield f"Conventions, {name}", f"{conventions}{query}", Role.RECTORAT
    yield "Créances d'une année", reverse("claims_export", args=["csv"]), Role.FINANCE
    yield "Restes dus", reverse("owed_export", args=["csv"]), Role.FINANCE


def measures(people: dict[Role, User]) -> Iterator[tuple[str, float, str]]:
    """Yield (name, seconds of processor, note) of each file, read to its end as it is sent."""
    for name, path, role in files():
        for kind in ("csv", "xlsx"):
            address = path.replace("csv", kind)
            client = Client(SERVER_NAME="127.0.0.1")
            client.force_login(people[role])
            _length(client, address)  # What a process keeps is there from here on.
            start = processor()
            length = _length(client, address)
            seconds = processor() - start
            tracemalloc.start()
            _length(client, address)
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            note = f"{length / 1e6:.1f} Mo, {most / 1e6:.0f} Mo de Python au plus"
            yield f"{name}, {kind}", seconds, note


def _length(client: Client, address: str) -> int:
    response = client.get(address)
    assert response.status_code == 200, f"{address}: {response.status_code}"
    return sum(map(len, response))
