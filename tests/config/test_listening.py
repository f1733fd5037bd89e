"""Where the site listens, and why it cannot, in a sentence."""

import os
import socket
import subprocess
import sys

import pytest

from config import listening


@pytest.fixture
def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@pytest.fixture(autouse=True)
def environment(monkeypatch, free_port):
    monkeypatch.delenv("HOST", raising=False)
    monkeypatch.setenv("PORT", free_port)


@pytest.fixture
def taken(free_port):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", int(free_port)))
        listener.listen()
        yield


def test_a_free_port_is_not_refused():
    assert listening.refusal() == ""


@pytest.mark.parametrize("port", ["abc", "0", "65536", "80 80", "-1"])
def test_a_port_is_a_number(monkeypatch, port):
    monkeypatch.setenv("PORT", port)

    assert listening.refusal().startswith(f"PORT={port} : un port est un nombre")


def test_an_empty_port_is_the_usual_one(monkeypatch):
    monkeypatch.setenv("PORT", "")

    assert listening.port() == "8000"


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
def test_a_port_that_this_very_site_holds_is_told_with_its_address(taken, free_port, monkeypatch):
    monkeypatch.chdir(listening.FOLDER)

    refusal = listening.refusal()

    assert f"Ce site tourne déjà (processus {os.getpid()})" in refusal
    assert f"http://127.0.0.1:{free_port}/" in refusal
    assert "PORT=8001 script/server" in refusal


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
def test_a_port_that_another_program_holds_is_told_with_it(taken, free_port, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    refusal = listening.refusal()

    assert f"Le port {free_port} est déjà pris par le processus {os.getpid()} (" in refusal


def test_an_address_of_another_machine_is_refused(monkeypatch):
    monkeypatch.setenv("HOST", "192.0.2.1")

    assert "n'est pas une adresse de cette machine" in listening.refusal()


def test_without_a_host_the_site_answers_to_this_machine_only(free_port):
    assert listening.bindings()[0] == f"127.0.0.1:{free_port}"
    assert set(listening.hosts()) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_an_ipv6_host_may_have_its_brackets_or_not(monkeypatch, free_port, host):
    monkeypatch.setenv("HOST", host)

    assert listening.bindings() == [f"[::1]:{free_port}"]
    assert listening.names()[0] == "[::1]"


def test_a_host_is_a_name_of_the_site_and_everywhere_is_none(monkeypatch):
    monkeypatch.setenv("HOST", "192.168.1.20")
    assert listening.names()[0] == "192.168.1.20"

    monkeypatch.setenv("HOST", "0.0.0.0")
    assert listening.names() == ["127.0.0.1", "localhost", "[::1]"]


def test_any_python_can_ask_before_anything_is_installed(monkeypatch):
    monkeypatch.setenv("PORT", "abc")

    asked = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            "import runpy, sys; sys.path.insert(0, '.');"
            "runpy.run_module('config.listening', run_name='__main__')",
        ],
        cwd=listening.FOLDER,
        capture_output=True,
        text=True,
    )

    assert asked.returncode == 1
    assert asked.stderr.startswith("PORT=abc")
