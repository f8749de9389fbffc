"""Attacks on the worker from inside: its connection, its signals, its interpreter."""

from attacks.filing import World, attack

_FRAME = (
    "import json, os, struct\n"
    "def frame(header):\n"
    "    text = json.dumps(header).encode()\n"
    "    return struct.pack('>II', len(text), 0) + text\n"
)


@attack("gram")
def forges_a_reply_with_a_score(_: World) -> dict[str, str]:
    return {
        "gram": (
            f"{_FRAME}import sys\n"
            "def gram(W):\n"
            "    frame_ = sys._getframe()\n"
            "    while 'header' not in frame_.f_locals:\n"
            "        frame_ = frame_.f_back\n"
            "    identity = frame_.f_locals['header']['id']\n"
            "    reply = {'id': identity, 'score': 100.0, 'points': 100.0, 'value': True,\n"
            "             'in_graph': False, 'after': [], 'gradients': []}\n"
            "    os.write(3, frame(reply))\n"
            "    return W"
        )
    }


@attack("gram")
def floods_the_connection(_: World) -> dict[str, str]:
    return {
        "gram": (
            "import os, threading\n"
            "begun = threading.Event()\n"
            "def flood():\n"
            "    while True:\n"
            "        os.write(3, b'\\xff' * 2**10)\n"
            "        begun.set()\n"
            "def gram(W):\n"
            "    threading.Thread(target=flood, daemon=True).start()\n"
            "    begun.wait()\n"
            "    return W.mT @ W"
        )
    }


@attack("gram")
def closes_the_connection(_: World) -> dict[str, str]:
    return {"gram": "import os\ndef gram(W):\n    os.close(3)\n    return W.mT @ W"}


@attack("gram")
def talks_after_its_answer(_: World) -> dict[str, str]:
    # a thread that outlives the call replaces what the next answers say
    return {
        "gram": (
            f"{_FRAME}import threading, time\n"
            "def later():\n"
            "    for _ in range(100):\n"
            "        time.sleep(0.01)\n"
            "        os.write(3, frame({'id': 'x', 'value': 100.0}))\n"
            "def gram(W):\n"
            "    threading.Thread(target=later, daemon=True).start()\n"
            "    time.sleep(0.1)\n"
            "    return W.mT @ W"
        )
    }


@attack()
def leaves_a_copy_of_itself_that_answers(_: World) -> dict[str, str]:
    # two processes read the same connection; both have the same answers
    return {"before": "import os\nimport torch\nif os.fork() == 0:\n    os.setsid()"}


@attack()
def signals_everybody(_: World) -> str:
    return (
        "import os, signal\n"
        "for target in (-1, 1, 2, os.getppid() or 1, os.getsid(0)):\n"
        "    for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):\n"
        "        if target != os.getpid():\n"
        "            try:\n"
        "                os.kill(target, number)\n"
        "            except OSError:\n"
        "                pass\n"
        "os.kill(0, signal.SIGKILL)"
    )


@attack()
def debugs_its_parents(_: World) -> str:
    return (
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None)\n"
        "for target in range(-1, 10):\n"
        "    if target != os.getpid():\n"
        "        libc.ptrace(16, target, 0, 0); libc.ptrace(0x4206, target, 0, 0)\n"
        "        try:\n"
        "            open(f'/proc/{target}/mem', 'r+b').write(b'x')\n"
        "        except OSError:\n"
        "            pass"
    )


@attack()
def ends_its_cell_with_sys_exit(_: World) -> str:
    return "import sys\nsys.exit(0)"


@attack()
def ends_its_process(_: World) -> str:
    return "import os\nos._exit(0)"


@attack("gram")
def ends_its_process_when_called(_: World) -> dict[str, str]:
    return {"gram": "import os\ndef gram(W):\n    os._exit(0)"}


@attack("gram")
def crashes_when_called(_: World) -> dict[str, str]:
    return {"gram": "import ctypes\ndef gram(W):\n    ctypes.string_at(0)"}


@attack()
def aborts(_: World) -> str:
    return "import os\nos.abort()"


@attack("gram")
def raises_what_ends_programs(_: World) -> dict[str, str]:
    return {"gram": "def gram(W):\n    raise KeyboardInterrupt"}


@attack("gram")
def raises_what_cannot_be_printed(_: World) -> dict[str, str]:
    return {
        "gram": (
            "class Odd(Exception):\n"
            "    def __str__(self):\n"
            "        raise self\n"
            "    __repr__ = __getattribute__ = __str__\n"
            "def gram(W):\n"
            "    raise Odd"
        )
    }


@attack("gram")
def traces_the_worker(_: World) -> dict[str, str]:
    return {
        "gram": (
            "import sys\n"
            "def trace(frame, event, argument):\n"
            "    if frame.f_code.co_name in ('send', '_outcome', '_result', 'plain'):\n"
            "        raise SystemExit\n"
            "    return trace\n"
            "def gram(W):\n"
            "    sys.settrace(trace)\n"
            "    sys.setprofile(trace)\n"
            "    return W.mT @ W"
        )
    }


@attack()
def leaves_hooks_for_the_end(_: World) -> str:
    return (
        "import atexit, gc, os, sys, threading\n"
        "atexit.register(os.system, 'sleep 97531')\n"
        "gc.callbacks.append(lambda *_: os.getpid())\n"
        "sys.excepthook = threading.excepthook = sys.unraisablehook = lambda *_: print('FORGED')\n"
        "sys.addaudithook(lambda *_: None)\n"
        "os.register_at_fork(after_in_child=lambda: os.write(3, b'FORGED'))"
    )


@attack()
def replaces_the_builtins(_: World) -> str:
    # costs nothing but this cell: a worker without it takes over
    return "import builtins\nbuiltins.len = builtins.isinstance = lambda *_: True"


@attack()
def replaces_the_workers_functions(_: World) -> str:
    return (
        "import sys\n"
        "worker = sys.modules['autograder.worker']\n"
        "original = worker._outcome\n"
        "worker._outcome = lambda *args: {**original(*args), 'score': 100.0, 'points': 100.0}\n"
        "sys.modules['autograder.checks'] = worker"
    )


@attack()
def turns_the_clock_back(_: World) -> str:
    return (
        "import signal, time\n"
        "time.monotonic = time.time = time.perf_counter = lambda: 0.0\n"
        "signal.setitimer = signal.alarm = lambda *_: None\n"
        "try:\n"
        "    time.clock_settime(time.CLOCK_REALTIME, 0)\n"
        "except OSError:\n"
        "    pass\n"
        "while True:\n"
        "    pass"
    )


@attack("gram")
def returns_a_nested_answer(_: World) -> dict[str, str]:
    return {
        "gram": (
            "def gram(W):\n"
            "    value = ()\n"
            "    for _ in range(900):\n"
            "        value = (value,)\n"
            "    return value"
        )
    }


@attack("gram")
def returns_many_small_answers(_: World) -> dict[str, str]:
    return {"gram": "def gram(W):\n    return tuple(torch.zeros(()) for _ in range(30_000))"}


@attack("gram")
def returns_an_answer_of_impossible_shape(_: World) -> dict[str, str]:
    return {
        "gram": (
            "import sys\n"
            "def gram(W):\n"
            "    writer = sys.modules['autograder.wire'].Writer\n"
            "    writer.value = lambda *_: {'tensor': ['float32', [0, 2**26, 2**26, 2**26]]}\n"
            "    return W"
        )
    }


@attack("gram")
def returns_odd_kinds_of_numbers(_: World) -> dict[str, str]:
    return {
        "gram": (
            "kinds = [torch.complex64, torch.uint16, torch.float8_e4m3fn, torch.bool]\n"
            "def gram(W):\n"
            "    kinds.append(kinds.pop(0))\n"
            "    return (W.mT @ W).to(kinds[0])"
        )
    }


@attack("gram")
def returns_not_a_number_everywhere(_: World) -> dict[str, str]:
    return {"gram": "def gram(W):\n    return W.mT @ W * float('nan')"}


@attack("gram")
def returns_text_that_no_file_can_hold(_: World) -> dict[str, str]:
    return {"gram": "def gram(W):\n    return {'\\ud800\\x1b[2J': '\\ud800FORGED' * 1000}"}
