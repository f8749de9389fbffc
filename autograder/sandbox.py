"""The room in which a student's process runs: bubblewrap builds it, a forked process moves in.

bubblewrap makes the namespaces and the mounts: the Python environment read-only, one small empty
folder to write to, no network, nothing else. A process that is already warm, with torch imported,
then joins them, drops every privilege for good and only after that meets a student's code.

bubblewrap: https://github.com/containers/bubblewrap
"""

import ctypes
import importlib.util
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.seccomp import forbid_system_calls

HOME = "/tmp/home"
ENVIRONMENT = {
    "HOME": HOME,
    "IPYTHONDIR": f"{HOME}/.ipython",
    "MPLCONFIGDIR": f"{HOME}/.matplotlib",
    "LANG": "C.UTF-8",
    "LOGNAME": "student",
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
    "PATH": "/usr/bin:/bin",
    "PYTHONHASHSEED": "0",
    "TMPDIR": "/tmp",
    "USER": "student",
}
_NOBODY = 65534
_N_FILES_ON_DISK = 4096

_CLONE_NEWUSER = 0x10000000
_JOINED = (  # user, mount, pid, network, ipc, uts and cgroup namespaces
    _CLONE_NEWUSER | 0x20000 | 0x20000000 | 0x40000000 | 0x8000000 | 0x4000000 | 0x2000000
)
_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 24, 38
_MS_NOSUID, _MS_NODEV, _MS_REMOUNT = 2, 4, 32
_CAPABILITY_VERSION_3 = 0x20080522


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a notebook may use.

    Attributes:
        seconds_per_cell: Time for one cell with answers.
        seconds_per_notebook: Time for everything together.
        memory: Bytes beyond those of the imported libraries, all processes together.
        processes: How many at once.
        disk: Bytes that can be written.
    """

    seconds_per_cell: float = 30.0
    seconds_per_notebook: float = 600.0
    memory: int = 2 * 2**30
    processes: int = 32
    disk: int = 2**26


class SandboxError(OSError):
    """The sandbox cannot be built on this machine."""


def visible_folders() -> list[Path]:
    """What Python needs to run: its own folders, the installed packages and `tms_lib`."""
    library = importlib.util.find_spec(
        "tms_lib"
    )  # not imported: a refusal should not wait for torch
    assert library is not None
    assert library.submodule_search_locations is not None
    wanted = [Path("/usr"), Path(sys.base_prefix), Path(sys.prefix)]
    wanted += [Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")]
    wanted.append(Path(library.submodule_search_locations[0]))
    return [
        folder
        for i, folder in enumerate(wanted)
        if folder.is_dir() and not any(folder.is_relative_to(other) for other in wanted[:i])
    ]


def bubblewrap_arguments(*, hidden: list[Path], disk: int) -> list[str]:
    """The arguments that describe the mounts and namespaces.

    Args:
        hidden: Folders that stay empty even where a visible one holds them.
        disk: Size of the one writable folder in bytes.
    """
    arguments = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    arguments += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"]
    arguments += ["--hostname", "grading", "--chdir", "/"]
    # First, since what has to be visible may itself be in a temporary folder.
    arguments += ["--perms", "1777", "--size", str(disk), "--tmpfs", "/tmp"]
    folders = visible_folders()
    for folder in folders:
        for above in reversed(folder.parents[:-1]):  # readable also for nobody
            arguments += ["--perms", "0755", "--dir", str(above)]
        arguments += ["--ro-bind", str(folder), str(folder)]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            arguments += ["--symlink", os.readlink(path), str(path)]
        else:
            arguments += ["--ro-bind-try", str(path), str(path)]
    arguments += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for folder in hidden:
        if folder.is_dir() and any(folder.is_relative_to(other) for other in folders):
            arguments += ["--size", "4096", "--tmpfs", str(folder), "--remount-ro", str(folder)]
    arguments += ["--proc", "/proc", "--perms", "0755", "--dir", "/dev"]
    for name in ("null", "zero", "urandom", "random"):
        arguments += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    return [*arguments, "--remount-ro", "/"]


class UserNamespace:
    """A user namespace in which no other can be made; rooms are built in it one after another.

    A grader who is root gets a second user in it, so that a student's code is never root's.

    Raises:
        SandboxError: If the system does not allow it.
    """

    def __init__(self) -> None:
        ours, theirs = os.pipe(), os.pipe()
        pid = os.fork()
        if pid == 0:
            _hold_namespace(told=ours[0], tells=theirs[1])
        try:
            if os.read(theirs[0], 1) != b"m":
                raise SandboxError("user namespaces are not allowed")
            self._map(pid)
            os.write(ours[1], b"m")
            if os.read(theirs[0], 1) != b"d":
                raise SandboxError("a user namespace cannot be set up")
            self.fd = os.open(f"/proc/{pid}/ns/user", os.O_RDONLY)
        except OSError as error:
            raise SandboxError(str(error)) from None
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            for end in (*ours, *theirs):
                os.close(end)

    def _map(self, pid: int) -> None:
        folder = Path("/proc", str(pid))
        uid, gid = os.getuid(), os.getgid()
        nobody = f"{_NOBODY} {_NOBODY} 1\n" if uid == 0 else ""
        if uid != 0:
            (folder / "setgroups").write_text("deny")
        (folder / "uid_map").write_text(f"{uid} {uid} 1\n{nobody}")
        (folder / "gid_map").write_text(f"{gid} {gid} 1\n{nobody}")


def _hold_namespace(*, told: int, tells: int) -> None:
    try:
        os.set_inheritable(told, False)
        _call("unshare", _CLONE_NEWUSER)
        os.write(tells, b"m")
        os.read(told, 1)
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
        os.write(tells, b"d")
        signal.pause()
    finally:
        os._exit(1)


class Room:
    """A sandbox without anybody in it yet.

    Args:
        namespace: Where it is built.
        arguments: From `bubblewrap_arguments`.

    Raises:
        SandboxError: If bubblewrap is missing or cannot build it.
    """

    def __init__(self, namespace: UserNamespace, arguments: list[str]) -> None:
        bubblewrap = shutil.which("bwrap")
        if bubblewrap is None:
            raise SandboxError("the program bwrap is not installed")
        info, info_end = os.pipe()
        listing, listing_end = os.pipe()
        # By a file descriptor, or the student's process could read our paths off bwrap's own.
        os.write(listing_end, b"".join(a.encode() + b"\0" for a in arguments))
        os.close(listing_end)
        command = [bubblewrap, "--args", str(listing), "--userns", str(namespace.fd)]
        command += ["--info-fd", str(info_end)]
        try:
            self._process = process = subprocess.Popen(
                [*command, "/bin/sh", "-c", "echo ready; exec sleep infinity"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[listing, namespace.fd, info_end],
                cwd="/",
                env={},
            )
        finally:
            os.close(listing)
            os.close(info_end)
        assert process.stdout is not None
        assert process.stderr is not None
        with process.stdout, process.stderr, os.fdopen(info) as info_file:
            if process.stdout.readline() != b"ready\n":
                raise SandboxError(process.stderr.read().decode(errors="replace").strip())
            self._pidfd = os.pidfd_open(json.load(info_file)["child-pid"])

    def enter(self, disk: int, *, left_outside: Sequence[int] = ()) -> None:
        """Moves into the room, in a process of one thread, and returns in a child of it.

        A process's pid namespace is its children's, so the caller itself stays outside: it waits
        for the child and ends as it did.

        Args:
            disk: Size of the one writable folder in bytes.
            left_outside: File descriptors that the waiting process closes.
        """
        _call("setns", self._pidfd, _JOINED)
        options = f"size={disk},nr_inodes={_N_FILES_ON_DISK},mode=1777".encode()
        flags = _MS_REMOUNT | _MS_NOSUID | _MS_NODEV
        _call("mount", b"tmpfs", b"/tmp", b"tmpfs", flags, options)
        pid = os.fork()
        if pid == 0:
            return
        for descriptor in left_outside:
            os.close(descriptor)
        _, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status):
            os.kill(os.getpid(), os.WTERMSIG(status))
        os._exit(os.WEXITSTATUS(status))

    def close(self) -> None:
        """Forgets the room; its processes are the caller's to end."""
        os.close(self._pidfd)

    def end(self) -> None:
        """Ends the room and everything in it."""
        self.close()
        self._process.kill()
        self._process.wait()


def missing() -> str:
    """Why there is no sandbox on this machine; "" if there is one."""
    if sys.platform != "linux":
        return "it needs Linux"
    try:
        namespace = UserNamespace()
        try:
            Room(namespace, bubblewrap_arguments(hidden=[], disk=2**20)).end()
        finally:
            os.close(namespace.fd)
    except SandboxError as error:
        return str(error)
    return ""


def die_with_parent() -> None:
    """Has the kernel kill this process when its parent ends."""
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def drop_privileges() -> None:
    """Gives up root, every capability and some system calls, and makes sure of it.

    Raises:
        SandboxError: If anything is left.
    """
    for capability in range(64):
        if _libc().prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # the kernel knows no more
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _call("capset", ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)()))
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    status = dict(
        line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines()
    )
    left = [status[f"Cap{kind}"].strip("0") for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")]
    if any(left) or status["NoNewPrivs"] != "1" or os.geteuid() == 0:
        raise SandboxError("some privileges are left")
    try:
        forbid_system_calls()
    except OSError as error:
        raise SandboxError(str(error)) from None


def limit_resources(limits: Limits, *, isolated: bool) -> None:
    """Sets the kernel's limits on this process and its children.

    Args:
        limits: The numbers.
        isolated: Whether the process has a user namespace: elsewhere the number of processes is
            counted over everything that the user runs.
    """
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    seconds = int(limits.seconds_per_notebook) + 1
    values = {
        resource.RLIMIT_AS: used + limits.memory,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: limits.disk,
        resource.RLIMIT_NOFILE: 256,
    }
    if isolated:
        values[resource.RLIMIT_NPROC] = 256
    for kind, value in values.items():
        resource.setrlimit(kind, (value, value))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object) -> None:
    """Calls a function of the C library that Python does not have before version 3.12."""
    function: Callable[..., int] = getattr(_libc(), name)
    if function(*arguments) != 0:
        code = ctypes.get_errno()
        raise SandboxError(f"{name}: {os.strerror(code)}")
