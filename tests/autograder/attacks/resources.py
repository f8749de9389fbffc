"""Submissions that use up what a machine has, on purpose or not."""

from attacks.filing import HONEST, REWARD, World, attack


@attack()
def loops(_: World) -> str:
    return "while True:\n    pass"


@attack("gram")
def loops_when_called(_: World) -> dict[str, str]:
    return {"gram": "def gram(W):\n    while True:\n        pass"}


@attack()
def loops_and_ignores_interrupts(_: World) -> str:
    return "sum(range(10**13))"


@attack("gram")
def loops_and_swallows_every_exception(_: World) -> dict[str, str]:
    return {
        "gram": (
            "def gram(W):\n"
            "    while True:\n"
            "        try:\n"
            "            while True:\n"
            "                pass\n"
            "        except BaseException:\n"
            "            pass"
        )
    }


@attack()
def sleeps_in_c_and_holds_the_interpreter(_: World) -> str:
    return "import ctypes\nctypes.PyDLL(None).sleep(600)"


@attack()
def forks_without_end(_: World) -> str:
    return "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass"


@attack()
def forks_daemons_without_end(_: World) -> str:
    return (
        "import os\n"
        "while True:\n"
        "    try:\n"
        "        if os.fork() == 0:\n"
        "            os.setsid()\n"
        "            os.closerange(0, 64)\n"
        "    except OSError:\n"
        "        pass"
    )


@attack()
def starts_threads_without_end(_: World) -> str:
    return (
        "import threading\n"
        "try:\n"
        "    while True:\n"
        "        threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "except RuntimeError:\n"
        "    pass"
    )


@attack("gram")
def hogs_memory(_: World) -> dict[str, str]:
    return {"gram": "def gram(W):\n    return [bytearray(2**26) for _ in range(10**6)]"}


@attack()
def hogs_memory_in_many_processes(_: World) -> str:
    return (
        "import os, time\n"
        "for _ in range(8):\n"
        "    if os.fork() == 0:\n"
        "        kept = [b'x' * 2**20 for _ in range(200)]\n"
        "        time.sleep(97531)\n"
        "time.sleep(97531)"
    )


@attack()
def hides_memory_from_the_watch(_: World) -> dict[str, str]:
    source = (
        f"{HONEST['gram']}\n"
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None)\n"
        "libc.shmat.restype = ctypes.c_void_p\n"
        "for _ in range(100):\n"
        "    try:\n"
        "        os.write(os.memfd_create('x'), bytes(2**20))\n"
        "    except OSError:\n"
        "        if libc.shmget(0, 2**20, 0o1600) < 0:\n"
        "            continue\n"
        f"    {REWARD}"
    )
    return {"gram": source}


@attack()
def fills_the_disk(_: World) -> str:
    return (
        "import itertools, os\n"
        "for folder in ('/tmp', os.path.expanduser('~'), '/var/tmp', '/dev/shm', '/dev'):\n"
        "    try:\n"
        "        for i in itertools.count():\n"
        "            open(f'{folder}/{i}', 'wb').write(bytes(2**18))\n"
        "    except OSError:\n"
        "        pass"
    )


@attack()
def uses_up_the_names_of_files(_: World) -> str:
    return (
        "import os\n"
        "try:\n"
        "    for i in range(10**5):\n"
        "        os.mkdir(f'/tmp/{i}')\n"
        "except OSError:\n"
        "    pass"
    )


@attack()
def opens_files_without_end(_: World) -> str:
    return (
        "import os\n"
        "kept = []\n"
        "try:\n"
        "    while True:\n"
        "        kept.append(os.pipe())\n"
        "except OSError:\n"
        "    kept = [os.close(end) for ends in kept for end in ends]"
    )


@attack()
def prints_without_end(_: World) -> dict[str, str]:
    return {
        "before": "import sys, torch\nfor _ in range(30):\n    print('FORGED' * 10**6)\n"
        "    print('FORGED' * 10**6, file=sys.stderr)",
        "density": "def density(sparsity):\n    print('FORGED' * 10**6)\n    return 1 - sparsity",
    }


@attack("gram")
def recurses_without_end(_: World) -> dict[str, str]:
    return {"gram": ("import sys\nsys.setrecursionlimit(10**9)\ndef gram(W):\n    return gram(W)")}


@attack("gram")
def returns_more_than_can_be_sent(_: World) -> dict[str, str]:
    return {"gram": "def gram(W):\n    return torch.zeros(2**25)"}
