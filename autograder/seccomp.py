"""System calls that a student's process may not make: what namespaces and limits do not cover.

Memory that belongs to no process escapes the watch on memory, the kernel's keyrings outlive a
sandbox, and some kinds of socket ignore network namespaces. The filter is the kernel's own; a
process can never take it off again, and its children inherit it.

Source: the kernel's Documentation/userspace-api/seccomp_filter.rst
"""

import ctypes
import platform
import socket
import struct
import sys

# Numbers on x86_64 and on aarch64, from the kernel's tables of system calls.
_FORBIDDEN = {
    # memory that no process is seen to hold
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    # keyrings, which submissions would share
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # other processes, and other sandboxes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "unshare": (272, 97),
    "setns": (308, 268),
    # large parts of the kernel that no answer needs
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
}
_SOCKET = {"socket": (41, 198), "socketpair": (53, 199)}
_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, 16)  # 16: netlink, as libc uses it
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32 = 0x40000000  # x86_64's other calling convention, with numbers of its own

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000  # 1 is EPERM
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # places in the kernel's struct seccomp_data


def forbid_system_calls() -> None:
    """Puts the filter on this process for good; it must not be able to gain privileges any more.

    Raises:
        OSError: If the kernel has no such filters, or the numbers for this machine are not known.
    """
    program = b"".join(struct.pack("HBBI", *step) for step in _steps(platform.machine()))
    buffer = ctypes.create_string_buffer(program)
    # struct sock_fprog: how many instructions, and where
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "system calls cannot be filtered on this kernel")


def _steps(machine: str) -> list[tuple[int, int, int, int]]:
    """The filter: what each instruction does, its two jumps from the next one, and its number."""
    if machine not in _ARCHITECTURES or sys.byteorder != "little":
        raise OSError(f"the system calls of a {machine} are not known")
    column, architecture = _ARCHITECTURES[machine]
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _REFUSE),
    ]
    for numbers in _FORBIDDEN.values():
        steps += [(_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _REFUSE)]
    for numbers in _SOCKET.values():
        families = [(_EQUAL, len(_FAMILIES) - i, 0, f) for i, f in enumerate(_FAMILIES)]
        steps.append((_EQUAL, 0, len(families) + 3, numbers[column]))
        steps += [(_LOAD, 0, 0, _FIRST_ARGUMENT), *families, (_RETURN, 0, 0, _REFUSE)]
        steps.append((_RETURN, 0, 0, _ALLOW))
    return [*steps, (_RETURN, 0, 0, _ALLOW)]
