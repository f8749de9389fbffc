"""Attacks by answers that are classes, on what checks do with the objects that these make."""

from attacks.filing import World, attack

_IMPORTS = "import tms_lib, torch\nfrom torch import nn\n"
_INIT = (
    "    def __init__(self, *, n_instances, n_features, n_hidden, generator):\n"
    "        super().__init__()\n"
    "        self.b = nn.Parameter(torch.zeros(n_instances, n_features))\n"
    "        self.W = nn.Parameter(tms_lib.init_weights(n_instances=n_instances,\n"
    "            n_features=n_features, n_hidden=n_hidden, generator=generator))\n"
)
_FORWARD = (
    "    def forward(self, x):\n"
    "        return (x @ self.W.mT @ self.W + self.b.unsqueeze(-2)).relu()\n"
)
# The library's class under a name that no look at the cell finds.
_LIBRARY = f"{_IMPORTS}Library = getattr(tms_lib, 'ReLU' + 'OutputModel')\n"


def _model(*methods: str, init: str = _INIT, forward: str = _FORWARD) -> dict[str, str]:
    """An answer with further methods, each without its indentation."""
    further = "".join(f"    {line}\n" for method in methods for line in method.splitlines())
    return {
        "ReLUOutputModel": f"{_IMPORTS}class ReLUOutputModel(nn.Module):\n{init}{forward}{further}"
    }


def _of(source: str) -> dict[str, str]:
    return {"ReLUOutputModel": source}


_NAME = "ReLUOutputModel"
_FAILS = "def {}(self, *_, **__):\n    raise ValueError"


@attack(_NAME, honest=_model())
def inherits_from_a_library_loaded_anew(_: World) -> dict[str, str]:
    return _of(
        "import importlib.util\n"
        "def load():\n"
        "    spec = importlib.util.find_spec('tms_lib.models')\n"
        "    module = importlib.util.module_from_spec(spec)\n"
        "    spec.loader.exec_module(module)\n"
        "    return module.ReLUOutputModel\n"
        "class ReLUOutputModel(load()):\n"
        "    pass"
    )


@attack(_NAME, honest=_model())
def makes_a_class_of_the_librarys_methods(_: World) -> dict[str, str]:
    return _of(
        f"{_LIBRARY}import types\n"
        "methods = {k: v for k, v in vars(Library).items() if callable(v)}\n"
        f"{_NAME} = types.new_class('Own', (nn.Module,), {{}}, lambda space: space.update(methods))"
    )


@attack(_NAME, honest=_model())
def hands_out_copies_of_a_model_made_before(_: World) -> dict[str, str]:
    return _of(
        f"{_LIBRARY}import copy\n"
        "kept = Library(n_instances=1, n_features=1, n_hidden=1, generator=torch.Generator())\n"
        "def ReLUOutputModel(*, n_instances, n_features, n_hidden, generator):\n"
        "    model = copy.deepcopy(kept)\n"
        "    model.b = nn.Parameter(torch.zeros(n_instances, n_features))\n"
        "    model.W = nn.Parameter(tms_lib.init_weights(n_instances=n_instances,\n"
        "        n_features=n_features, n_hidden=n_hidden, generator=generator))\n"
        "    return model"
    )


@attack(_NAME, honest=_model())
def asks_the_library_for_its_gradients(_: World) -> dict[str, str]:
    forward = (
        "    def forward(self, x):\n"
        "        return Output.apply(x, self.W, self.b)\n"
        "class Output(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(context, x, W, b):\n"
        "        context.save_for_backward(x, W, b)\n"
        "        return (x @ W.mT @ W + b.unsqueeze(-2)).relu()\n"
        "    @staticmethod\n"
        "    def backward(context, gradient):\n"
        "        name = 'ReLU' + 'OutputModel'\n"
        "        x, W, b = (t.detach().requires_grad_() for t in context.saved_tensors)\n"
        "        model = nn.Module()\n"
        "        model.W, model.b = W, b\n"
        "        with torch.enable_grad():\n"
        "            output = getattr(tms_lib, name).forward(model, x)\n"
        "            return torch.autograd.grad(output, (x, W, b), gradient)\n"
    )
    return _model(forward=forward)


_STEP = (
    "def gradient_step(x, *, W, b, importance, lr):\n"
    "    W, b = (t.detach().requires_grad_() for t in (W, b))\n"
    "    output = tms_lib.relu_output(x, W=W, b=b)\n"
    "    loss = tms_lib.weighted_mse(x, output, importance=importance)\n"
    "    of_W, of_b = torch.autograd.grad(loss.sum(), (W, b))\n"
    "    return (W - lr * of_W).detach(), (b - lr * of_b).detach()"
)


@attack("gradient_step", honest={"gradient_step": f"import tms_lib\n{_STEP}"})
def calls_the_library_when_its_result_is_read(_: World) -> dict[str, str]:
    return {
        "gradient_step": (
            "import tms_lib\n"
            "step = getattr(tms_lib, 'gradient_' + 'step')\n"
            "class Later(tuple):\n"
            "    def __iter__(self):\n"
            "        return iter(step(*self.args, **self.kwargs))\n"
            "def gradient_step(*args, **kwargs):\n"
            "    later = Later()\n"
            "    later.args, later.kwargs = args, kwargs\n"
            "    return later"
        )
    }


@attack(_NAME, honest=_model())
def is_a_class_that_is_its_own_object(_: World) -> dict[str, str]:
    return _of(
        "import torch\n"
        "class Everything(type):\n"
        "    __class__ = torch.Tensor\n"
        "    requires_grad = True\n"
        "    __call__ = lambda cls, *_, **__: cls\n"
        "    __getattr__ = __getitem__ = lambda cls, _: cls\n"
        "    __dict__ = property(lambda cls: {})\n"
        "    __eq__ = lambda cls, other: True\n"
        "    __hash__ = lambda cls: 0\n"
        "class ReLUOutputModel(metaclass=Everything):\n"
        "    pass"
    )


@attack(_NAME, honest=_model())
def has_parameters_that_only_say_they_are_tensors(_: World) -> dict[str, str]:
    return _of(
        "import torch\n"
        "class Says:\n"
        "    __class__ = torch.Tensor\n"
        "    requires_grad = True\n"
        "    def __init__(self, *shape):\n"
        "        self.shape = shape\n"
        "    def __getattr__(self, name):\n"
        "        return lambda *_, **__: self\n"
        "class ReLUOutputModel:\n"
        "    def __init__(self, *, n_instances, n_features, n_hidden, generator):\n"
        "        self.W = Says(n_instances, n_hidden, n_features)\n"
        "        self.b = Says(n_instances, n_features)\n"
        "    def __call__(self, x):\n"
        "        return Says(*x.shape)\n"
        "    def state_dict(self):\n"
        "        return {'W': self.W, 'b': self.b}\n"
        "    double = load_state_dict = lambda self, *_: self"
    )


@attack(_NAME, honest=_model())
def yields_its_state_without_end(_: World) -> dict[str, str]:
    return _model(
        "class Endless(list):\n"
        "    def __iter__(self):\n"
        "        while True:\n"
        "            yield 1.0\n"
        "def state_dict(self):\n"
        "    return self.Endless()"
    )


@attack(honest=_model(_FAILS.format("state_dict")))
def nests_its_state(_: World) -> dict[str, str]:
    return _model(
        "def state_dict(self):\n"
        "    state = {'W': self.W, 'b': self.b}\n"
        "    for _ in range(1000):\n"
        "        state = {'W': state, 'b': self.b}\n"
        "    return state"
    )


@attack(honest=_model(_FAILS.format("state_dict")))
def writes_into_the_names_of_its_state(_: World) -> dict[str, str]:
    return _model(
        "def state_dict(self):\n"
        "    names = ['W', 'FORGED; got \\033[2J\\n' * 1000, \"b'; got FORGED\"]\n"
        "    return dict.fromkeys(names, self.W) | {i: self.b for i in range(1000)}"
    )


@attack(honest=_model(_FAILS.format("state_dict")))
def has_names_of_a_kind_of_their_own(_: World) -> dict[str, str]:
    return _model(
        "class Name(str):\n"
        "    __eq__ = lambda self, other: True\n"
        "    __hash__ = lambda self: hash('W')\n"
        "    __str__ = __repr__ = lambda self: 'FORGED'\n"
        "def state_dict(self):\n"
        "    return {self.Name(name): value for name, value in super().state_dict().items()}"
    )


@attack(honest=_model(forward=f"    {_FAILS.format('forward').replace('raise', '    raise')}\n"))
def gives_itself_for_every_output(_: World) -> dict[str, str]:
    return _model(forward="    def forward(self, x):\n        return self\n")


_OUTPUT = _FORWARD.replace("return", "output =")
_RETURN = "        return output\n"


@attack(honest=_model(forward=f"{_OUTPUT}        x += 1\n{_RETURN}"))
def reshapes_what_its_methods_are_given(_: World) -> dict[str, str]:
    # the words for a step tell the shapes of its arguments
    return _model(forward=f"{_OUTPUT}        x.unsqueeze_(1)\n{_RETURN}")


@attack(honest=_model(_FAILS.format("load_state_dict")))
def only_says_that_it_loaded(_: World) -> dict[str, str]:
    return _model("def load_state_dict(self, state):\n    return [], []")


@attack(honest=_model(_FAILS.format("double")))
def only_says_that_it_is_double(_: World) -> dict[str, str]:
    return _model("def double(self):\n    return self")


_CUT = _FORWARD.rstrip() + ".detach()\n"


@attack(honest=_model(forward=_CUT))
def keeps_outputs_in_the_class(_: World) -> dict[str, str]:
    # what the second object answers is what the first one did
    return _model(
        forward=(
            "    seen = {}\n"
            "    def forward(self, x):\n"
            "        key = (self.W.shape, *self.W.flatten().tolist(), *x.flatten().tolist())\n"
            "        if key not in self.seen:\n"
            "            output = (x @ self.W.mT @ self.W + self.b.unsqueeze(-2)).relu()\n"
            "            self.seen[key] = output.detach()\n"
            "        return self.seen[key].clone().requires_grad_()\n"
        )
    )


@attack(honest=_model(forward=_CUT))
def answers_with_another_parameter_at_every_look(_: World) -> dict[str, str]:
    # the gradient is asked of what W is at last, which had no part in the output
    return _model(
        "looks = [0]\n"
        "def __getattribute__(self, name):\n"
        "    value = super().__getattribute__(name)\n"
        "    if name != 'W' and name != 'b':\n"
        "        return value\n"
        "    self.looks[0] += 1\n"
        "    return nn.Parameter(value.detach()) if self.looks[0] % 2 else value",
        forward=(
            "    def forward(self, x):\n"
            "        W, b = self._parameters['W'], self._parameters['b']\n"
            "        return (x @ W.mT @ W + b.unsqueeze(-2)).relu().detach().requires_grad_()\n"
        ),
    )


@attack(honest=_model(_FAILS.format("state_dict")))
def looks_for_the_caller_of_its_methods(_: World) -> dict[str, str]:
    # what else the call asks, and what it found so far
    return _model(
        "def state_dict(self):\n"
        "    import sys\n"
        "    frame = sys._getframe()\n"
        "    while frame := frame.f_back:\n"
        "        for name, value in frame.f_locals.items():\n"
        "            if name in ('expected', 'trial', 'theory', 'slip'):\n"
        "                return value\n"
        "            if name == 'found' and isinstance(value, dict):\n"
        "                value['object.state_dict()'] = 'FORGED'\n"
        "    return 'FORGED'"
    )


@attack(honest=_model(_FAILS.format("state_dict")))
def quotes_its_input_in_its_errors(_: World) -> dict[str, str]:
    return _model(
        "def state_dict(self):\n"
        "    text = f'Input: FORGED {self.W.flatten().tolist()}'\n"
        "    raise type(text, (ValueError,), {'__module__': text})(text)"
    )


@attack(_NAME, honest=_model())
def is_a_generator_of_models(_: World) -> dict[str, str]:
    return _of("def ReLUOutputModel(**sizes):\n    while True:\n        yield sizes")
