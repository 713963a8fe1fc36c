"""The embedded PostgreSQL, through its public face: start, share, survive, refuse."""

import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from clinic.embedded import binaries
from clinic.embedded.errors import PostgresRefuses
from clinic.embedded.server import Server, wait_until

ROOT = Path(__file__).resolve().parents[2]
STRANGER = 1  # daemon, whom every system knows


@contextmanager
def a_server(folder):
    server = Server(folder / "postgres", throw_away=True)
    try:
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    """Data as they are after a first start and a stop; a test works on a copy."""
    with a_server(tmp_path_factory.mktemp("pristine")) as server:
        server.ensure_running()
        server.stop()
        yield server.data


@pytest.fixture
def server(pristine, tmp_path):
    subprocess.run(["cp", "-a", pristine, tmp_path / "postgres"], check=True)
    with a_server(tmp_path) as server:
        yield server


def one(server, query, database="cicatrix"):
    with server.connect(database) as connection:
        return connection.execute(query).fetchone()[0]


def start(folder):
    Server(folder, throw_away=True).ensure_running()


# ---- what it is


def test_it_keeps_checksums_and_sorts_by_c_utf8(server):
    server.ensure_running()

    assert one(server, "SHOW data_checksums") == "on"
    query = "SELECT (datlocprovider, datlocale)::text FROM pg_database WHERE datname = 'cicatrix'"
    assert one(server, query) == "(b,C.UTF-8)"
    assert one(server, "SELECT upper('müller') || (initcap('ægir'))") == "MÜLLERÆgir"


def test_it_has_no_tcp_port(server):
    server.ensure_running()

    assert one(server, "SHOW listen_addresses") == ""
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host="127.0.0.1", port=5432, user="cicatrix", dbname="cicatrix")


def test_only_its_account_may_open_the_folder_of_the_socket(server):
    server.ensure_running()

    assert server.socket_folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("extension", ["btree_gist", "pg_trgm", "unaccent"])
def test_the_extensions_that_we_need_can_be_loaded(server, extension):
    server.ensure_running()

    with server.connect("cicatrix") as connection:
        connection.execute(f"CREATE EXTENSION {extension}")


def test_its_log_holds_no_words_of_a_statement_that_failed(server):
    server.ensure_running()

    with server.connect("cicatrix", autocommit=True) as connection:
        connection.execute("CREATE TABLE person (name text PRIMARY KEY)")
        connection.execute("INSERT INTO person VALUES ('Zebedee')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO person VALUES ('Zebedee')")

    assert "duplicate key" in server.log.read_text()
    assert "Zebedee" not in server.log.read_text()


# ---- who starts it


def test_a_second_caller_shares_it(server):
    server.ensure_running()
    first = server.postmaster()

    Server(server.data, throw_away=True).ensure_running()

    assert server.postmaster() == first


def test_many_starters_at_once_start_one(server):
    context = multiprocessing.get_context("spawn")
    starters = [context.Process(target=start, args=[server.data]) for _ in range(4)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join(60)

    assert [starter.exitcode for starter in starters] == [0, 0, 0, 0]
    assert server.log.read_text().count("starting PostgreSQL") == 1


def test_it_outlives_a_starter_that_is_killed(server):
    words = "import sys, time; from clinic.embedded.server import Server;"
    words += "Server(sys.argv[1], throw_away=True).ensure_running(); print('up', flush=True);"
    words += "time.sleep(600)"
    starter = subprocess.Popen(
        [sys.executable, "-c", words, server.data], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert starter.stdout.readline() == b"up\n"

    os.killpg(os.getpgid(server.postmaster()), 0)  # a group of its own …
    assert os.getpgid(server.postmaster()) != os.getpgid(starter.pid)
    starter.kill()
    starter.wait()

    assert one(server, "SELECT 1") == 1


def test_a_long_path_gets_a_short_socket(tmp_path):
    server = Server(tmp_path / ("long-" * 30) / "postgres")

    assert len(bytes(server.socket_folder / ".s.PGSQL.5432")) <= 103


# ---- what it survives


def test_what_was_committed_survives_kill_9(pristine, tmp_path):
    subprocess.run(["cp", "-a", pristine, tmp_path / "postgres"], check=True)
    durable = Server(tmp_path / "postgres")  # with fsync, unlike the others
    try:
        durable.ensure_running()
        with durable.connect("cicatrix") as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(durable.postmaster(), signal.SIGKILL)
        assert wait_until(lambda: not durable.is_running(), 10)

        durable.ensure_running()

        assert one(durable, "SELECT answer FROM kept") == 42
    finally:
        durable.remove()


def test_a_stale_pid_of_a_stranger_does_not_hinder_it(server):
    server.ensure_running()
    pid_file = server.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    server.ensure_running()

    assert server.postmaster() != os.getpid()
    assert one(server, "SELECT 1") == 1


def test_a_first_start_that_was_cut_off_is_done_again(tmp_path):
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new/half").write_text("done")

    with a_server(tmp_path) as server:
        server.ensure_running()

        assert one(server, "SELECT 1") == 1


# ---- what it refuses


def test_data_of_another_major_version_are_refused_and_left_alone(server):
    (server.data / "PG_VERSION").write_text("17\n")

    with pytest.raises(PostgresRefuses, match=r"were made by PostgreSQL 17, and this is 18"):
        server.ensure_running()

    assert (server.data / "PG_VERSION").read_text() == "17\n"
    assert server.postmaster() is None


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres/letter.txt").write_text("not yours")

    with pytest.raises(PostgresRefuses, match="neither empty nor a PostgreSQL data folder"):
        Server(tmp_path / "postgres").ensure_running()


def test_a_configuration_that_it_cannot_read_is_told_in_its_own_words(server):
    (server.data / "postgresql.auto.conf").write_text("shared_buffers = 'plenty'\n")

    with pytest.raises(PostgresRefuses, match=r"(?s)did not start.*shared_buffers"):
        server.ensure_running()


# ---- when it stops


def test_it_stops_only_when_nobody_else_is_connected(server):
    server.ensure_running()

    with server.connect("cicatrix"):
        assert not server.stop(only_if_idle=True)
        assert server.is_running()

    wait_until(lambda: server.others_connected() == 0, 10)
    assert server.stop(only_if_idle=True)
    assert not server.is_running()


# ---- as whom it runs


def account_of(server):
    status = Path(f"/proc/{server.postmaster()}/status").read_text()
    uid = int(re.search(r"^Uid:\s+(\d+)", status, re.MULTILINE)[1])
    capabilities = int(re.search(r"^CapEff:\s+(\w+)", status, re.MULTILINE)[1], 16)
    return uid, capabilities


as_root = pytest.mark.skipif(
    os.geteuid() != 0 or sys.platform != "linux", reason="only root on Linux hands it over"
)


@as_root
def test_root_hands_it_to_an_ordinary_user_without_any_power(server, tmp_path):
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == 0 and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o055)
    if not binaries.program("postgres").stat().st_mode & 0o005:
        pytest.skip("this checkout is closed to others")

    server.ensure_running()

    uid, capabilities = account_of(server)
    assert uid != 0
    assert capabilities in (0, 1 << 1)  # the way in, where the checkout is root's only


@as_root
def test_it_works_in_a_checkout_that_only_root_may_enter():
    closed = Path(tempfile.mkdtemp(prefix="closed-"))
    assert closed.stat().st_mode & 0o077 == 0
    package = binaries.package().relative_to(ROOT)
    shutil.copytree(ROOT / "clinic/embedded", closed / "clinic/embedded")
    shutil.copytree(ROOT / package, closed / package, symlinks=True)
    for program in (closed / package / "native/bin").iterdir():
        program.chmod(0o700)  # as npm leaves it under umask 077
    words = "from clinic.embedded.server import Server;"
    words += "Server('var/postgres', throw_away=True).ensure_running()"

    done = subprocess.run([sys.executable, "-c", words], cwd=closed, capture_output=True, text=True)

    with a_server(closed / "var") as server:
        assert done.returncode == 0, done.stderr
        assert one(server, "SELECT 1") == 1
        assert account_of(server) == (server.data.stat().st_uid, 1 << 1)
        assert account_of(server)[0] != 0
    shutil.rmtree(closed)


@as_root
def test_an_ordinary_user_runs_it_alone():
    python = python_that_others_may_use()
    home = Path(tempfile.mkdtemp(prefix="theirs-"))
    os.chown(home, STRANGER, STRANGER)
    words = "import sys; from clinic.embedded.server import Server;"
    words += "s = Server(sys.argv[1] + '/postgres', throw_away=True); s.ensure_running();"
    words += "print(s.connect('cicatrix').execute('SELECT current_user').fetchone()[0]); s.remove()"
    try:
        done = as_stranger(python, "-c", words, home)
    finally:
        shutil.rmtree(home)

    assert done.stdout == "cicatrix\n", done.stderr


def as_stranger(*words):
    return subprocess.run(
        words,
        cwd=ROOT,
        env={"PYTHONPATH": str(Path(psycopg.__file__).parents[1])},
        user=STRANGER,
        group=STRANGER,
        extra_groups=[],
        capture_output=True,
        text=True,
    )


def python_that_others_may_use():
    """Ours may lie in root's own home; the system's then does as well, with our packages."""
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info[1]}"):
        try:
            if as_stranger(python, "-c", "import psycopg, clinic.embedded").returncode == 0:
                return python
        except OSError:
            continue
    pytest.skip("this checkout and its Python are closed to others")


@as_root
def test_the_database_of_one_user_is_refused_to_another(server, monkeypatch):
    server.ensure_running()
    server.stop()
    monkeypatch.setattr(os, "geteuid", lambda: STRANGER)

    with pytest.raises(PostgresRefuses, match=r"(?s)belongs to \w+.*as that user or as root"):
        server.ensure_running()
