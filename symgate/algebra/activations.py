"""The activation functions: one record each, which everybody reads.

What a language of numbers (NumPy, mpmath, C, JavaScript, intervals) does not know by name, it
works out from the record (`symgate.algebra.elementwise` says what that holds), so that a
function that a user registers works everywhere at once.
"""

from __future__ import annotations

import copyreg
from dataclasses import fields
from functools import partial
from typing import Any

import sympy as sp
from sympy import Rational, S, oo

from symgate.algebra.elementwise import (
    RECORDS,
    A,
    Activation,
    Elementwise,
    K,
    Y,
    maximum,
    minimum,
    step,
)


def _made(name: str, takes: tuple[int, ...] = (1,), module: str = __name__) -> Any:
    """A SymPy function class, of this module unless another is named."""
    kind: Any = type(Elementwise)
    return kind(name, (Elementwise,), {"nargs": takes, "__module__": module})


sigmoid = _made("sigmoid")
relu = _made("relu")
leaky_relu = _made("leaky_relu", (1, 2))
elu = _made("elu", (1, 2))
gelu = _made("gelu")
silu = _made("silu")
softplus = _made("softplus")
softsign = _made("softsign")
hard_sigmoid = _made("hard_sigmoid", (1, 2))
hard_tanh = _made("hard_tanh", (1, 2))
normal_cdf = _made("normal_cdf")
normal_pdf = _made("normal_pdf")
log1p = _made("log1p")
expm1 = _made("expm1")
spike = _made("spike", (1, 2))
surrogate = _made("surrogate", (1, 2))

_ZERO = S.Zero

_STATED = (
    Activation(
        "sigmoid",
        sigmoid,
        closed=1 / (1 + sp.exp(-A)),
        slope=Y * (1 - Y),
        range=(_ZERO, S.One),
        slopes=(_ZERO, Rational(1, 4)),
        parity="mirrored",
        rising=True,
        latex=r"\sigma",
        text="σ",
        open=True,
        reduced=(1 + sp.tanh(A / 2)) / 2,
        inverse=sp.log(Y / (1 - Y)),
    ),
    Activation(
        "tanh",
        sp.tanh,
        slope=1 - Y**2,
        range=(-S.One, S.One),
        slopes=(_ZERO, S.One),
        parity="odd",
        rising=True,
        latex=r"\tanh",
        open=True,
        ends=(-S.One, S.One),
        inverse=sp.log((1 + Y) / (1 - Y)) / 2,
    ),
    Activation(
        "relu",
        relu,
        closed=maximum(A, 0),
        slope=step(Y),
        range=(_ZERO, oo),
        slopes=(_ZERO, S.One),
        parity="turned",
        rising=True,
        ends=(_ZERO, A),
        kinks=(_ZERO,),
        spellings=("ReLU",),
        inverse=Y,
    ),
    Activation(
        "leaky_relu",
        leaky_relu,
        closed=A * (K + (1 - K) * step(A)),
        slope=K + (1 - K) * step(Y),
        slopes=(sp.Min(K, S.One, evaluate=False), sp.Max(K, S.One, evaluate=False)),
        rising=True,
        reduced=K * A + (1 - K) * relu(A),
        kinks=(_ZERO,),
        constant="the slope left of zero",
        default=Rational(1, 100),
        spellings=("LeakyReLU", "leakyrelu"),
    ),
    Activation(
        "elu",
        elu,
        closed=A * step(A) + (1 - step(A)) * K * (sp.exp(A) - 1),
        slope=step(Y) + (1 - step(Y)) * (Y + K),
        stable=maximum(A, 0) + K * expm1(minimum(A, 0)),
        range=(-K, oo),
        slopes=(_ZERO, sp.Max(K, S.One, evaluate=False)),
        rising=True,
        open=True,
        ends=(-K, A),
        kinks=(_ZERO,),
        constant="the depth left of zero",
        spellings=("ELU",),
    ),
    Activation(
        "gelu",
        gelu,
        closed=A * normal_cdf(A),
        slope=normal_cdf(A) + A * normal_pdf(A),
        range=(Rational(-171, 1000), oo),
        slopes=(Rational(-13, 100), Rational(113, 100)),
        parity="turned",
        ends=(_ZERO, A),
        spellings=("GELU",),
    ),
    Activation(
        "silu",
        silu,
        closed=A / (1 + sp.exp(-A)),
        slope=sigmoid(A) + Y * (1 - sigmoid(A)),
        range=(Rational(-279, 1000), oo),
        slopes=(Rational(-1, 10), Rational(11, 10)),
        reduced=A * sigmoid(A),
        spellings=("SiLU", "swish"),
    ),
    Activation(
        "softplus",
        softplus,
        closed=sp.log(1 + sp.exp(A)),
        slope=sigmoid(A),
        stable=maximum(A, 0) + log1p(sp.exp(-sp.Abs(A))),
        range=(_ZERO, oo),
        slopes=(_ZERO, S.One),
        parity="turned",
        rising=True,
        ends=(_ZERO, A),
        spellings=("Softplus",),
        open=True,
        inverse=sp.log(sp.exp(Y) - 1),
    ),
    Activation(
        "softsign",
        softsign,
        closed=A / (1 + sp.Abs(A)),
        slope=(1 - sp.Abs(Y)) ** 2,
        range=(-S.One, S.One),
        slopes=(_ZERO, S.One),
        parity="odd",
        rising=True,
        open=True,
        inverse=Y / (1 - sp.Abs(Y)),
    ),
    Activation(
        "hard_sigmoid",
        hard_sigmoid,
        closed=maximum(0, minimum(1, K * A + S.Half)),
        slope=K * step(Y) * step(1 - Y),
        range=(_ZERO, S.One),
        slopes=(_ZERO, K),
        parity="mirrored",
        rising=True,
        reduced=relu(K * A + S.Half) - relu(K * A - S.Half),
        kinks=(-1 / (2 * K), 1 / (2 * K)),
        constant="the slope",
        default=Rational(1, 6),  # of PyTorch and Keras 3; 0.2 of Theano and Keras 2
        spellings=("hardsigmoid", "hsigmoid"),
        inverse=(2 * Y - 1) / (2 * K),
    ),
    Activation(
        "hard_tanh",
        hard_tanh,
        closed=maximum(-1, minimum(1, K * A)),
        slope=K * step(1 + Y) * step(1 - Y),
        range=(-S.One, S.One),
        slopes=(_ZERO, K),
        parity="odd",
        rising=True,
        reduced=relu(K * A + 1) - relu(K * A - 1) - 1,
        kinks=(-1 / K, 1 / K),
        constant="the slope",
        spellings=("hardtanh",),
        inverse=Y / K,
    ),
    Activation(
        "exp",
        sp.exp,
        slope=Y,
        range=(_ZERO, oo),
        slopes=(_ZERO, oo),
        rising=True,
        latex=r"\exp",
        spellings=("Exp",),
        open=True,
        inverse=sp.log(Y),
    ),
    Activation(
        "log",
        sp.log,
        slope=1 / A,
        slopes=(_ZERO, oo),
        rising=True,
        latex=r"\ln",
        text="ln",
        inverse=sp.exp(Y),
    ),
    Activation(
        "sqrt",
        sp.sqrt,
        slope=1 / (2 * Y),
        range=(_ZERO, oo),
        slopes=(_ZERO, oo),
        rising=True,
        inverse=Y**2,
    ),
    Activation(
        "abs",
        sp.Abs,
        range=(_ZERO, oo),
        slopes=(-S.One, S.One),
        parity="even",
        reduced=2 * relu(A) - A,
        kinks=(_ZERO,),
        bars=True,
    ),
    Activation(
        "sin", sp.sin, range=(-S.One, S.One), slopes=(-S.One, S.One), parity="odd", latex=r"\sin"
    ),
    Activation(
        "cos", sp.cos, range=(-S.One, S.One), slopes=(-S.One, S.One), parity="even", latex=r"\cos"
    ),
    Activation("max", maximum, slopes=(_ZERO, S.One), latex=r"\max"),
    Activation("min", minimum, slopes=(_ZERO, S.One), latex=r"\min"),
    Activation(
        "spike",
        spike,
        closed=step(A),
        slope=surrogate(A, K),
        range=(_ZERO, S.One),
        slopes=(_ZERO, S.One),
        rising=True,
        kinks=(_ZERO,),
        constant="the sharpness of the surrogate slope",
        surrogate=True,
    ),
    Activation(
        "surrogate",
        surrogate,
        closed=1 / (1 + K * sp.Abs(A)) ** 2,
        slope=-2 * K * sp.sign(A) / (1 + K * sp.Abs(A)) ** 3,
        range=(_ZERO, S.One),
        parity="even",
        kinks=(_ZERO,),
        constant="the sharpness of the slope",
        in_language=False,
    ),
    Activation("step", step, range=(_ZERO, S.One), rising=True, kinks=(_ZERO,), in_language=False),
    Activation(
        "sign",
        sp.sign,
        closed=step(A) - step(-A),
        range=(-S.One, S.One),
        parity="odd",
        rising=True,
        kinks=(_ZERO,),
        in_language=False,
    ),
    Activation(
        "normal_cdf",
        normal_cdf,
        closed=(1 + sp.erf(A / sp.sqrt(2))) / 2,
        slope=normal_pdf(A),
        stable=sp.erfc(-A / sp.sqrt(2), evaluate=False) / 2,  # SymPy would turn the sign
        range=(_ZERO, S.One),
        slopes=(_ZERO, Rational(2, 5)),
        parity="mirrored",
        rising=True,
        latex=r"\Phi",
        text="Φ",
        in_language=False,
        open=True,
    ),
    Activation(
        "normal_pdf",
        normal_pdf,
        closed=sp.exp(-(A**2) / 2) / sp.sqrt(2 * sp.pi),
        slope=-A * Y,
        range=(_ZERO, Rational(2, 5)),
        parity="even",
        latex=r"\varphi",
        text="φ",
        in_language=False,
        open=True,
    ),
    Activation(
        "log1p", log1p, closed=sp.log(1 + A), slope=1 / (1 + A), rising=True, in_language=False
    ),
    Activation(
        "expm1",
        expm1,
        closed=sp.exp(A) - 1,
        slope=1 + Y,
        range=(-S.One, oo),
        slopes=(_ZERO, oo),
        rising=True,
        in_language=False,
    ),
)

#: Every function by its name in the language; those not of the language are needed by others.
ACTIVATIONS = {record.name: record for record in _STATED}
RECORDS.update((record.function, record) for record in _STATED)


def record_of(function: Any) -> Activation:
    """The record of a function: of `sigmoid(a)`, or of the class `sigmoid`.

    >>> record_of(sp.tanh(A)).parity, record_of(sigmoid).text
    ('odd', 'σ')
    """
    found = known_record(function)
    if found is None:
        kind = function if isinstance(function, type) else type(function)
        raise TypeError(f"{kind.__name__} is not a function of the language")
    return found


def known_record(function: Any) -> Activation | None:
    """The record of a function, or None where it is not a function of the language."""
    return RECORDS.get(function if isinstance(function, type) else type(function))


#: The functions of the language of equations, by the name they have there.
FUNCTIONS: dict[str, Any] = {
    **{name: record.function for name, record in ACTIVATIONS.items() if record.in_language},
    "identity": lambda a: a,
}

#: Those that take two vectors.
OF_TWO = ("max", "min")

#: Those that take a constant as a second argument, and what it must be.
WITH_CONSTANT = {n: r.constant for n, r in ACTIVATIONS.items() if r.constant and n in FUNCTIONS}

#: The functions that users registered, by name.
REGISTERED: dict[str, str] = {}


def register(**known: Any) -> Activation:
    """Make a function one of the language, where it is none as yet."""
    name = known["name"]
    if name not in ACTIVATIONS:
        function = _made(name, module="symgate.algebra.registered")
        record = Activation(function=function, **known)
        ACTIVATIONS[name] = RECORDS[function] = record
        FUNCTIONS[name] = function
        REGISTERED[name] = name
    return ACTIVATIONS[name]


def _reduced(record: Activation) -> tuple[Any, ...]:
    """For pickle: another process makes the function, where it has none of this name."""
    kept = {f.name: getattr(record, f.name) for f in fields(record) if f.name != "function"}
    return partial(register, **kept), ()


copyreg.pickle(Activation, _reduced)
