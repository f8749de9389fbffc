"""What a student's code can reach from inside the sandbox. The probes run as its answers."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder import seccomp
from autograder import workers as workers_module
from autograder.answer import call
from autograder.errors import CourseError
from autograder.problems import LostError
from autograder.remote import RemoteAnswer, Session
from autograder.sandbox import Limits, bubblewrap_arguments
from autograder.workers import Workers

LIMITS = Limits(seconds_per_cell=20.0, memory=2**29, processes=16, disk=2**20)


@pytest.fixture(scope="module")
def workers():
    try:
        started = Workers(isolation="bubblewrap", limits=LIMITS)
    except CourseError as error:
        pytest.skip(f"no sandbox on this machine: {error}")
    with started:
        yield started


@pytest.fixture
def session(workers):
    opened = Session(workers)
    yield opened
    opened.close()


def probe(session, body, *, seconds=10.0):
    """What the body of a function returns inside."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    problem = session.run_cell(f"import os, pathlib, socket, subprocess\ndef probe():\n{lines}")
    assert problem is None, problem
    return RemoteAnswer("probe", session, seconds=seconds).outcome(call()).value


def fails(session, statement):
    """The name of the exception that a statement raises inside."""
    return probe(
        session,
        f"try:\n    {statement}\nexcept Exception as error:\n    return type(error).__name__\n"
        "return 'nothing'",
    )


@pytest.mark.parametrize(
    "path", ["autograder/exercises", "autograder/checks.py", "course", "tests", "solutions", ".git"]
)
def test_of_the_repository_only_the_library_is_there(session, repository, path):
    assert (repository / "tms_lib").is_dir()
    assert probe(session, f"return os.path.exists({str(repository / path)!r})") is False
    assert fails(session, "import autograder.exercises") == "ModuleNotFoundError"
    assert fails(session, "import tms_lib.metrics") == "nothing"
    assert probe(session, "import tms_lib\nreturn len(os.listdir(tms_lib.__path__[0]))") > 5


def test_a_hidden_folder_is_empty_even_inside_a_visible_one():
    inside = Path(sys.prefix, "lib")
    arguments = bubblewrap_arguments(hidden=[inside, Path("/nowhere")], disk=1)
    at = arguments.index(str(inside))
    assert arguments[at - 1] == "--tmpfs"
    assert arguments.index(str(Path(sys.prefix))) < at
    assert "/nowhere" not in arguments


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc/hostname", "/var", "/sys", "/run", "/mnt"])
def test_of_the_system_only_programs_are_there(session, path):
    assert probe(session, f"return os.path.exists({path!r})") is False


def test_homes_and_temporary_files_of_others_are_not_there(session, tmp_path):
    canary = tmp_path / "canary"
    canary.write_text("here")
    assert probe(session, f"return os.path.exists({str(canary)!r})") is False
    assert probe(session, "return os.listdir('.')") == ()


def test_nothing_but_the_temporary_folder_can_be_written(session):
    folders = probe(
        session,
        "found = []\n"
        "for folder, _, _ in os.walk('/'):\n"
        "    if folder.startswith('/proc'):\n"
        "        continue\n"
        "    try:\n"
        "        path = os.path.join(folder, 'written-by-a-student')\n"
        "        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))\n"
        "        found.append(folder)\n"
        "    except OSError:\n"
        "        pass\n"
        "return found",
    )
    assert all(folder.startswith("/tmp") for folder in folders)
    assert folders


def test_the_disk_is_small(session):
    assert fails(session, "open('a', 'wb').write(bytes(2**21))") == "OSError"
    many = "[open(f'f{i}', 'wb').write(bytes(2**18)) for i in range(8)]"
    assert fails(session, many) == "OSError"
    assert fails(session, "[open(f'e{i}', 'w').close() for i in range(5000)]") == "OSError"


def test_there_is_no_network(session):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        connect = f"socket.create_connection(('127.0.0.1', {port}), timeout=1)"
        assert fails(session, connect) in ("ConnectionRefusedError", "OSError")
    assert probe(session, "return len(socket.if_nameindex())") <= 1  # its own loopback


def test_other_processes_cannot_be_seen_or_signalled(session):
    pids = probe(session, "return [int(p) for p in os.listdir('/proc') if p.isdigit()]")
    assert len(pids) < 10
    assert max(pids) < 1000
    assert fails(session, f"os.kill({os.getpid() + 10**6}, 0)") == "ProcessLookupError"


def test_no_privilege_is_left_or_to_be_had(session):
    status = probe(session, "return pathlib.Path('/proc/self/status').read_text()")
    fields = dict(line.split(":\t", 1) for line in status.splitlines())
    assert {fields[f"Cap{kind}"].strip("0") for kind in ("Inh", "Prm", "Eff", "Bnd")} == {""}
    assert fields["NoNewPrivs"] == "1"
    assert probe(session, "return os.getuid()") != 0
    unshared = probe(session, "return subprocess.run(['unshare', '-U', 'true']).returncode")
    assert unshared != 0
    for sysctl in ("kernel/core_pattern", "user/max_user_namespaces"):
        assert fails(session, f"open('/proc/sys/{sysctl}', 'w').write('1')") != "nothing"


@pytest.mark.parametrize(
    "statement",
    [
        "os.memfd_create('memory that the watch on it does not see')",
        "socket.socket(socket.AF_VSOCK)",  # it knows no network namespaces
        "socket.socketpair(socket.AF_ALG)",
        "libc.shmget(0, 2**20, 0o1600)",
        "libc.ptrace(16, os.getppid(), 0, 0)",
        "libc.syscall({'x86_64': 250, 'aarch64': 219}[os.uname().machine], 0, -3, 0)",  # keyctl
    ],
)
def test_system_calls_that_reach_outside_are_refused(session, statement):
    told = probe(
        session,
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"try:\n    if {statement} == -1:\n        return os.strerror(ctypes.get_errno())\n"
        "except OSError as error:\n    return error.strerror\nreturn 'nothing'",
    )
    assert told == "Operation not permitted"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_jump_of_the_filter_stays_inside(machine):
    steps = seccomp._steps(machine)
    assert all(i + 1 + max(steps[i][1:3]) < len(steps) for i in range(len(steps) - 1))
    assert len(steps) < 4096


def test_an_unknown_machine_has_no_filter():
    with pytest.raises(OSError, match="of a pdp11 are not known"):
        seccomp._steps("pdp11")


@pytest.mark.usefixtures("workers")
def test_nothing_of_the_graders_environment_is_left(monkeypatch):
    monkeypatch.setenv("TMS_SEED", "very secret")
    with Workers(isolation="bubblewrap", limits=LIMITS) as started:
        other = Session(started)
        found = probe(other, "return str(dict(os.environ)) + str(pathlib.Path.home())")
        read = "open('/proc/self/environ').read()"
        found += probe(other, f"try:\n    return {read}\nexcept PermissionError:\n    return ''")
        other.close()
    assert "very secret" not in found
    assert os.environ["HOME"] + "'" not in found


def test_the_paths_of_the_grader_are_not_on_any_command_line(session):
    lines = probe(
        session,
        "return [open(f'/proc/{p}/cmdline').read() for p in os.listdir('/proc') if p.isdigit()]",
    )
    assert not any("ro-bind" in line for line in lines)


def test_no_open_file_leads_outside(session):
    links = probe(
        session,
        "links = []\nfor f in os.listdir('/proc/self/fd'):\n"
        "    if os.path.lexists(f'/proc/self/fd/{f}'):\n"
        "        links.append(os.readlink(f'/proc/self/fd/{f}'))\nreturn links",
    )
    assert all(link.startswith(("/dev/null", "socket:", "/proc/")) for link in links), links


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("while True: os.fork()", "too many processes"),
        (
            "for _ in range(3):\n"
            "    if os.fork() == 0:\n"
            "        kept = b'x' * (300 * 2**20)\n"
            "        import time; time.sleep(60)\n"
            "import time; time.sleep(60)",
            "more memory",
        ),
    ],
)
def test_a_bomb_costs_only_its_own_exercise(session, body, told):
    with pytest.raises(LostError, match=told):
        probe(session, body, seconds=20)
    assert probe(session, "return 1") == 1


def living(tag):
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return listed.stdout.count(tag)


def test_no_process_outlives_the_notebook(workers):
    session = Session(workers)
    probe(session, "subprocess.Popen(['sleep', '98765'], start_new_session=True)\nreturn 1")
    assert living("sleep 98765") == 1
    session.close()
    assert living("sleep 98765") == 0


def test_no_process_outlives_a_grader_that_is_killed():
    program = (
        "from autograder.workers import Workers\nfrom autograder.remote import Session\n"
        "session = Session(Workers(isolation='bubblewrap'))\n"
        'session.run_cell(\'import subprocess; subprocess.Popen(["sleep", "98766"])\')\n'
        "print('running', flush=True)\nimport time\ntime.sleep(60)"
    )
    grader = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert grader.stdout is not None
    if grader.stdout.readline() != "running\n":
        grader.communicate()
        pytest.skip("no sandbox on this machine")
    assert living("sleep 98766") == 1
    grader.kill()
    grader.wait()
    grader.stdout.close()
    deadline = time.monotonic() + 10
    while living("sleep 98766") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert living("sleep 98766") == 0


def test_without_bubblewrap_grading_is_refused_with_advice(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CourseError, match="bwrap is not installed") as raised:
        Workers(isolation="bubblewrap")
    for advice in ("apt install bubblewrap", "dnf install", "docker run", 'isolation "process"'):
        assert advice in str(raised.value)


def test_a_broken_bubblewrap_is_refused_with_its_own_words(monkeypatch, tmp_path):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho no namespaces today >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CourseError, match="no namespaces today"):
        Workers(isolation="bubblewrap")


def test_elsewhere_than_on_linux_grading_is_refused_with_advice(monkeypatch):
    monkeypatch.setattr(workers_module.sys, "platform", "darwin")
    with pytest.raises(CourseError, match="it needs Linux"):
        Workers(isolation="bubblewrap")


def test_an_unknown_isolation_is_refused():
    with pytest.raises(CourseError, match="must be one of"):
        Workers(isolation="docker")
