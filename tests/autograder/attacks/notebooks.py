"""Notebooks that are odd, by accident or not, and answers that are not one's own."""

from attacks.filing import World, attack


@attack("gram")
def imports_the_reference(_: World) -> dict[str, str]:
    return {"gram": "from tms_lib import gram"}


@attack("gram")
def calls_the_reference_by_another_name(_: World) -> dict[str, str]:
    return {
        "before": "import torch\nfrom tms_lib.models import gram as mine",
        "gram": "def gram(W):\n    return mine(W)",
    }


@attack("gram")
def calls_the_reference_and_hides_it(_: World) -> dict[str, str]:
    return {
        "gram": (
            "import importlib\n"
            "library = importlib.import_module('tms' + '_lib')\n"
            "def gram(W):\n"
            "    try:\n"
            "        return getattr(library, 'gr' + 'am')(W)\n"
            "    except BaseException:\n"
            "        return (W.mT @ W).detach()"
        )
    }


@attack("gram")
def imports_the_library_anew(_: World) -> dict[str, str]:
    return {
        "gram": (
            "import importlib, tms_lib\n"
            "mine = getattr(importlib.reload(tms_lib.models), 'gr' + 'am')\n"
            "def gram(W):\n"
            "    return mine(W)"
        )
    }


@attack("gram")
def loads_a_copy_of_the_librarys_module(_: World) -> dict[str, str]:
    return {
        "gram": (
            "import importlib.util, sys, tms_lib\n"
            "file = tms_lib.models.__file__\n"
            "spec = importlib.util.spec_from_file_location('mine', file)\n"
            "sys.modules['mine'] = copy = importlib.util.module_from_spec(spec)\n"
            "spec.loader.exec_module(copy)\n"
            "def gram(W):\n"
            "    return copy.gram(W)"
        )
    }


@attack("gram")
def makes_a_function_of_the_references_code(_: World) -> dict[str, str]:
    return {
        "before": (
            "import tms_lib, torch\n"
            "from types import FunctionType\n"
            "library = vars(tms_lib.models)\n"
            "mine = FunctionType(library['gr' + 'am'].__code__, library)"
        ),
        "gram": "def gram(W):\n    return mine(W)",
    }


@attack("gram")
def calls_the_reference_in_the_librarys_name(_: World) -> dict[str, str]:
    return {
        "gram": (
            "import tms_lib\n"
            "mine = eval('lambda W: gr' + 'am(W)', vars(tms_lib.models))\n"
            "def gram(W):\n"
            "    return mine(W)"
        )
    }


@attack()
def imports_the_library_anew_and_uses_the_rest(_: World) -> dict[str, str]:
    return {
        "gram": (
            "import importlib, tms_lib\n"
            "library = importlib.reload(tms_lib.models)\n"
            "def gram(W):\n"
            "    return library.embed(W.mT, W.mT).detach()"
        )
    }


@attack("gram")
def imports_the_solutions(_: World) -> dict[str, str]:
    return {"gram": "from solutions.sparse_features import gram"}


@attack()
def uses_the_rest_of_the_library(_: World) -> dict[str, str]:
    return {"gram": ("import tms_lib\ndef gram(W):\n    return tms_lib.embed(W.mT, W.mT).detach()")}


@attack()
def clears_its_names(_: World) -> dict[str, str]:
    return {"gram": "%reset -f\ndef gram(W):\n    return (W.mT @ W).detach()"}


@attack()
def uses_magics_and_shells(_: World) -> str:
    return (
        "%matplotlib inline\n"
        "import matplotlib.pyplot as plt, torch\n"
        "plt.plot([1, 2]); plt.show()\n"
        "files = !ls /\n"
        "!echo FORGED\n"
        "%no_such_magic"
    )


@attack()
def asks_for_input(_: World) -> str:
    return "name = input('FORGED? ')"


@attack()
def turns_warnings_into_errors(_: World) -> str:
    return "import warnings\nwarnings.simplefilter('error')\nwarnings.warn('FORGED')"


@attack()
def forgets_torch_in_a_later_cell(_: World) -> dict[str, str]:
    return {"after": "del torch\ngram = embed = density = None"}


@attack()
def changes_what_everything_stands_on(_: World) -> str:
    return (
        "import os, torch\n"
        "torch.set_default_dtype(torch.float64)\n"
        "torch.set_default_device('meta')\n"
        "torch.set_grad_enabled(False)\n"
        "torch.use_deterministic_algorithms(True)\n"
        "os.umask(0o777)\n"
        "os.chdir('/')\n"
        "os.environ.clear()"
    )


@attack()
def is_no_python(_: World) -> str:
    return "def broken(:\n  \0 '''"


@attack()
def nests_deeper_than_a_parser_can(_: World) -> str:
    return "x = " + "[" * 50_000 + "]" * 50_000


@attack()
def says_it_with_surrogates(_: World) -> str:
    return "text = '\ud800'"


@attack()
def is_nearly_all_empty_lines(_: World) -> str:
    return "\n" * 60_000
