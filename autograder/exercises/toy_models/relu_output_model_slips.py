"""The slips of `ReLUOutputModel`. Each is a class of its own, as `tms demo` hands it in."""

import torch
from torch import nn

import tms_lib
from autograder.exercise import Slip
from tms_lib import init_weights


class _LinearForward(nn.Module):
    def __init__(self, *, n_instances, n_features, n_hidden, generator):
        super().__init__()
        sizes = {"n_instances": n_instances, "n_hidden": n_hidden, "n_features": n_features}
        self.W = nn.Parameter(init_weights(**sizes, generator=generator))
        self.b = nn.Parameter(torch.zeros(n_instances, n_features))

    def forward(self, x):
        return tms_lib.linear_output(x, W=self.W, b=self.b)


class _NeuronsOnTheHidden(nn.Module):
    def __init__(self, *, n_instances, n_features, n_hidden, generator):
        super().__init__()
        sizes = {"n_instances": n_instances, "n_hidden": n_hidden, "n_features": n_features}
        self.W = nn.Parameter(init_weights(**sizes, generator=generator))
        self.b = nn.Parameter(torch.zeros(n_instances, n_features))

    def forward(self, x):
        return tms_lib.relu_hidden(x, W=self.W, b=self.b)


class _BiasOutside(nn.Module):
    def __init__(self, *, n_instances, n_features, n_hidden, generator):
        super().__init__()
        sizes = {"n_instances": n_instances, "n_hidden": n_hidden, "n_features": n_features}
        self.W = nn.Parameter(init_weights(**sizes, generator=generator))
        self.b = nn.Parameter(torch.zeros(n_instances, n_features))

    def forward(self, x):
        return torch.relu(x @ self.W.mT @ self.W) + self.b.unsqueeze(-2)


class _BiasOnSamples(nn.Module):
    def __init__(self, *, n_instances, n_features, n_hidden, generator):
        super().__init__()
        sizes = {"n_instances": n_instances, "n_hidden": n_hidden, "n_features": n_features}
        self.W = nn.Parameter(init_weights(**sizes, generator=generator))
        self.b = nn.Parameter(torch.zeros(n_instances, n_features))

    def forward(self, x):
        return torch.relu(x @ self.W.mT @ self.W + self.b)


class _LooseTensors(nn.Module):
    def __init__(self, *, n_instances, n_features, n_hidden, generator):
        super().__init__()
        sizes = {"n_instances": n_instances, "n_hidden": n_hidden, "n_features": n_features}
        self.W = init_weights(**sizes, generator=generator).requires_grad_()
        self.b = torch.zeros(n_instances, n_features, requires_grad=True)

    def forward(self, x):
        return tms_lib.relu_output(x, W=self.W, b=self.b)


class _LooseBias(nn.Module):
    def __init__(self, *, n_instances, n_features, n_hidden, generator):
        super().__init__()
        sizes = {"n_instances": n_instances, "n_hidden": n_hidden, "n_features": n_features}
        self.W = nn.Parameter(init_weights(**sizes, generator=generator))
        self.b = torch.zeros(n_instances, n_features)

    def forward(self, x):
        return tms_lib.relu_output(x, W=self.W, b=self.b)


class _OneBiasForAll(nn.Module):
    def __init__(self, *, n_instances, n_features, n_hidden, generator):
        super().__init__()
        sizes = {"n_instances": n_instances, "n_hidden": n_hidden, "n_features": n_features}
        self.W = nn.Parameter(init_weights(**sizes, generator=generator))
        self.b = nn.Parameter(torch.zeros(n_features))

    def forward(self, x):
        return torch.relu(x @ self.W.mT @ self.W + self.b)


class _DecoderOfItsOwn(nn.Module):
    def __init__(self, *, n_instances, n_features, n_hidden, generator):
        super().__init__()
        sizes = {"n_instances": n_instances, "n_hidden": n_hidden, "n_features": n_features}
        self.W = nn.Parameter(init_weights(**sizes, generator=generator))
        self.W_dec = nn.Parameter(init_weights(**sizes, generator=generator))
        self.b = nn.Parameter(torch.zeros(n_instances, n_features))

    def forward(self, x):
        return torch.relu(x @ self.W.mT @ self.W_dec + self.b.unsqueeze(-2))


class _RandomBias(nn.Module):
    def __init__(self, *, n_instances, n_features, n_hidden, generator):
        super().__init__()
        sizes = {"n_instances": n_instances, "n_hidden": n_hidden, "n_features": n_features}
        self.W = nn.Parameter(init_weights(**sizes, generator=generator))
        self.b = nn.Parameter(torch.randn(n_instances, n_features, generator=generator))

    def forward(self, x):
        return tms_lib.relu_output(x, W=self.W, b=self.b)


class _StandardNormalStart(nn.Module):
    def __init__(self, *, n_instances, n_features, n_hidden, generator):
        super().__init__()
        self.W = nn.Parameter(torch.randn(n_instances, n_hidden, n_features, generator=generator))
        self.b = nn.Parameter(torch.zeros(n_instances, n_features))

    def forward(self, x):
        return tms_lib.relu_output(x, W=self.W, b=self.b)


class _XavierStart(nn.Module):
    def __init__(self, *, n_instances, n_features, n_hidden, generator):
        super().__init__()
        self.W = nn.Parameter(torch.empty(n_instances, n_hidden, n_features))
        self.b = nn.Parameter(torch.zeros(n_instances, n_features))
        nn.init.xavier_normal_(self.W, generator=generator)

    def forward(self, x):
        return tms_lib.relu_output(x, W=self.W, b=self.b)


class _SameStartEverywhere(nn.Module):
    def __init__(self, *, n_instances, n_features, n_hidden, generator):
        super().__init__()
        W = init_weights(
            n_instances=1, n_hidden=n_hidden, n_features=n_features, generator=generator
        )
        self.W = nn.Parameter(W.repeat(n_instances, 1, 1))
        self.b = nn.Parameter(torch.zeros(n_instances, n_features))

    def forward(self, x):
        return tms_lib.relu_output(x, W=self.W, b=self.b)


SLIPS = (
    Slip(
        answer=_LinearForward,
        says="You left out the ReLU: your outputs can be negative.",
    ),
    Slip(
        answer=_NeuronsOnTheHidden,
        says="You applied a ReLU to the hidden vector as well. Only the output has one.",
    ),
    Slip(
        answer=_BiasOutside,
        says="You added the bias after the ReLU. It belongs inside, where it can silence "
        "small interference.",
    ),
    Slip(
        answer=_BiasOnSamples,
        says="Your bias met the batch axis: instance k's bias went to sample k. "
        "Give b a batch axis of size 1 with b.unsqueeze(-2).",
    ),
    Slip(
        answer=_LooseTensors,
        says="The module does not know W and b, so no optimiser gets them and no state_dict saves "
        "them. Make each a parameter: self.W = nn.Parameter(...).",
    ),
    Slip(
        answer=_LooseBias,
        says="The module does not know b, so it is neither trained nor saved. "
        "Make it a parameter: self.b = nn.Parameter(...).",
    ),
    Slip(
        answer=_OneBiasForAll,
        says="Your instances share one bias. Each has its own: the shape is instances x features.",
    ),
    Slip(
        answer=_DecoderOfItsOwn,
        says="Your model has a decoder of its own. The decoder is the transpose of W; "
        "the only parameters are W and b.",
    ),
    Slip(
        answer=_RandomBias,
        says="Your biases start at random. They start at 0.",
    ),
    Slip(
        answer=_StandardNormalStart,
        says="W starts with standard deviation 1. "
        "Take init_weights, whose scale fits the sizes of the model.",
    ),
    Slip(
        answer=_XavierStart,
        # any start that is as small gets this sentence
        says="W starts too near 0. Did you leave out the root, or call xavier_normal_ for all "
        "instances at once, so that it took their number for a fan? Take init_weights.",
    ),
    Slip(
        answer=_SameStartEverywhere,
        says="All instances start from the same weights. Tell init_weights how many there are, "
        "so that each instance is a new try.",
    ),
)
