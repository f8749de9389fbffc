"""Attacks on the score: the checks, what they compare, and where the result is written."""

from attacks.filing import World, attack


@attack()
def replaces_the_checking_function(_: World) -> str:
    return (
        "import autograder, sys, types\n"
        "autograder.check = lambda *_, **__: 100.0\n"
        "sys.modules['autograder'] = types.SimpleNamespace(check=autograder.check)\n"
        "check = autograder.check"
    )


@attack()
def replaces_the_modules_that_compare(_: World) -> str:
    return (
        "import sys, types\n"
        "class Yes(types.ModuleType):\n"
        "    def __getattr__(self, name):\n"
        "        return lambda *_, **__: True\n"
        "for name in ('pytest', 'torch.testing', 'autograder.claims', 'autograder.compare',\n"
        "             'autograder.checks', 'autograder.exercises', 'nbgrader.utils'):\n"
        "    sys.modules[name] = Yes(name)"
    )


@attack()
def strips_assertions_from_the_syntax_tree(_: World) -> str:
    return (
        "import ast\n"
        "class Strip(ast.NodeTransformer):\n"
        "    def visit_Assert(self, node):\n"
        "        return ast.Pass()\n"
        "    visit_Raise = visit_Assert\n"
        "get_ipython().ast_transformers.append(Strip())"
    )


@attack()
def rewrites_the_text_of_checks(_: World) -> str:
    return (
        "def rewrite(lines):\n"
        "    return ['100.0\\n' if 'check(' in line else line for line in lines]\n"
        "get_ipython().input_transformers_cleanup.append(rewrite)\n"
        "get_ipython().input_transformers_post.append(rewrite)"
    )


@attack()
def looks_for_expected_values_in_frames(_: World) -> dict[str, str]:
    return {
        "gram": (
            "import sys\n"
            "def gram(W):\n"
            "    frame = sys._getframe()\n"
            "    while frame := frame.f_back:\n"
            "        for name, value in (*frame.f_locals.items(), *frame.f_globals.items()):\n"
            "            if name in ('expected', 'right', 'reference') and callable(value):\n"
            "                return value(W)\n"
            "            if name in ('expected', 'right', 'theory'):\n"
            "                return value\n"
            "    return (W.mT @ W).detach()"
        )
    }


@attack()
def looks_for_answers_among_all_objects(_: World) -> dict[str, str]:
    return {
        "embed": (
            "import gc\n"
            "for found in gc.get_objects():\n"
            "    if type(found).__name__ in ('Exercise', 'Trial', 'Check', 'Slip'):\n"
            "        embed = getattr(found, 'also_right', None)"
        )
    }


@attack()
def searches_the_history(_: World) -> dict[str, str]:
    return {
        "embed": (
            "shell = get_ipython()\n"
            "texts = [*In, *map(str, Out.values()), *shell.user_ns.get('_ih', [])]\n"
            "texts += [t for _, _, t in shell.history_manager.get_range()]\n"
            "exec(next((t for t in texts if 'def embed' in t and 'mT' in t), ''))"
        )
    }


@attack("gram")
def is_equal_to_everything(_: World) -> dict[str, str]:
    return {
        "gram": (
            "class Equal:\n"
            "    __eq__ = __le__ = __ge__ = lambda self, other: True\n"
            "    __class__ = torch.Tensor\n"
            "    __getattr__ = lambda self, name: self\n"
            "    __call__ = lambda self, *args, **kwargs: self\n"
            "    __float__ = __bool__ = lambda self: True\n"
            "def gram(W):\n"
            "    return Equal()"
        )
    }


@attack("gram")
def overrides_how_tensors_compare(_: World) -> dict[str, str]:
    return {
        "gram": (
            "class Equal(torch.Tensor):\n"
            "    @classmethod\n"
            "    def __torch_function__(cls, function, types, args=(), kwargs=None):\n"
            "        return torch.tensor(True)\n"
            "def gram(W):\n"
            "    return (W.mT @ W + 1).as_subclass(Equal)"
        )
    }


@attack("gram")
def claims_to_be_a_plain_tensor(_: World) -> dict[str, str]:
    return {
        "gram": (
            "class Meta(type):\n"
            "    __eq__ = __instancecheck__ = __subclasscheck__ = lambda cls, other: True\n"
            "    __hash__ = lambda cls: hash(torch.Tensor)\n"
            "class Liar(metaclass=Meta):\n"
            "    shape, dtype, device = (1, 2, 2), torch.float32, torch.device('cpu')\n"
            "def gram(W):\n"
            "    return Liar()"
        )
    }


@attack("gram")
def returns_a_score(_: World) -> dict[str, str]:
    return {"gram": "def gram(W):\n    return '100.0'\n'100.0'"}


@attack()
def formats_text_as_a_score(_: World) -> str:
    return (
        "plain = get_ipython().display_formatter.formatters['text/plain']\n"
        "for kind in (str, float, int, type(None), object):\n"
        "    plain.for_type(kind, lambda value, printer, cycle: printer.text('100.0'))\n"
        "class Score:\n"
        "    __repr__ = lambda self: '100.0'\n"
        "display(Score())\n"
        "get_ipython().displayhook = lambda *_: print('100.0')\n"
        "100.0"
    )


@attack()
def replaces_how_the_kernel_runs_cells(_: World) -> str:
    return (
        "shell = get_ipython()\n"
        "original = shell.run_cell\n"
        "def run_cell(raw, *args, **kwargs):\n"
        "    return original(raw.replace('check(', '100.0 or ('), *args, **kwargs)\n"
        "shell.run_cell = run_cell\n"
        "shell.do_execute = lambda *_, **__: {'status': 'ok', 'result': 100.0}"
    )


@attack()
def patches_what_torch_compares_with(_: World) -> str:
    return (
        "import torch\n"
        "torch.equal = torch.allclose = torch.isclose = lambda *_, **__: True\n"
        "torch.Tensor.equal = torch.Tensor.allclose = lambda *_, **__: True\n"
        "torch.testing.assert_close = lambda *_, **__: None\n"
        "torch.Tensor.isnan = torch.Tensor.__le__ = lambda self, *_: self == self\n"
        "torch.autograd.gradcheck = lambda *_, **__: True"
    )


@attack()
def patches_randomness_to_foresee_draws(_: World) -> str:
    return (
        "import random, torch\n"
        "torch.manual_seed = torch.seed = lambda *_: torch.default_generator\n"
        "random.seed(0)\n"
        "seeds = [torch.initial_seed(), random.random()]\n"
        "torch.randn = lambda *shape, **_: torch.zeros(shape)"
    )


@attack()
def remembers_earlier_inputs(_: World) -> dict[str, str]:
    return {
        "gram": (
            "seen = {}\n"
            "def gram(W):\n"
            "    key = tuple(W.flatten().tolist())\n"
            "    if key in seen:\n"
            "        return seen[key].requires_grad_()\n"
            "    seen[key] = (W.mT @ W).detach()\n"
            "    return seen[key].clone()"
        )
    }


@attack()
def prints_a_report_of_its_own(_: World) -> str:
    return (
        "import os, sys\n"
        "report = '\\033[2J<script>FORGED</script>\\n# FORGED\\ngram: 100 of 1 points\\n\\u202e'\n"
        "print(report); print(report, file=sys.stderr); sys.__stdout__.write(report)\n"
        "os.write(1, report.encode()); os.write(2, report.encode())"
    )


@attack("gram")
def raises_a_report_of_its_own(_: World) -> dict[str, str]:
    return {
        "gram": (
            "class Report(Exception):\n"
            "    pass\n"
            "def gram(W):\n"
            "    Report.__name__ = 'FORGED: 1 of 1 points\\n  ok'\n"
            "    report = Report('<b>FORGED</b>\\n\\033[31mgram: 1 of 1 points\\ud800')\n"
            "    raise report"
        )
    }


@attack()
def has_names_that_only_look_right(_: World) -> dict[str, str]:
    # a Cyrillic a and e; Python knows them as other letters
    return {"embed": "def \u0435mbed(x, W):\n    return x @ W.mT\n\ndef gr\u0430m(W):\n    1 / 0"}


_SPOILS = "def gram(W):\n    result = (W.mT @ W).detach()\n    W += 1\n    return result"


@attack(honest={"gram": _SPOILS})
def claims_to_have_changed_nothing(_: World) -> dict[str, str]:
    return {
        "before": (
            "import sys\n"
            "Call = sys.modules['autograder.answer'].Call\n"
            "Call.changed = lambda *_: ()\n"
            "Call.drawn = lambda *_: True"
        ),
        "gram": _SPOILS,
    }
