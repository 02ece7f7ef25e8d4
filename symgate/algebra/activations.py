"""The activation functions: one record each, which everybody reads.

A record says all that is known of a function: its closed form, its slope in its own value,
the form that floating point needs, its range, that of its slope, its parity, its kinks, and
how it is spelled. What a language of numbers (NumPy, mpmath, C, JavaScript, intervals) does
not know by name, it works out from the record, so that a function that a user registers
works everywhere at once.

Records are written in `A` (what the function acts on), `Y` (its own value) and `K` (its
constant, where it takes one).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import sympy as sp
from sympy import Expr, Function, Integer, Rational, S, Symbol, oo
from sympy.core.function import ArgumentIndexError

A = Symbol("a", real=True)
B = Symbol("b", real=True)
Y = Symbol("y", real=True)
K = Symbol("k", positive=True)


@dataclass(frozen=True)
class Activation:
    """What is known of a function that acts component by component.

    `function` is its SymPy class. `slope` is the derivative by the argument in A, Y and K,
    and `closed` the value in functions that are better known; both are None for SymPy's own,
    which SymPy differentiates. `stable` is the form for floating point, where the closed form
    overflows or cancels. `range` and `slopes` hold the lowest and highest value, over all real
    arguments, of the function and of its slope. `parity` is "odd", "even", "" or, for
    f(-a) = 1 - f(a), "mirrored". `rising` says that it never falls. At `kinks` it has no
    derivative. `constant` says what a second argument is, and `default` is its value.
    `latex`, `text` and `spellings` are how it is written and what else it is called; `formula`
    is what a user wrote who registered it.
    """

    name: str
    function: Any
    closed: Expr | None = None
    slope: Expr | None = None
    stable: Expr | None = None
    range: tuple[Expr, Expr] = (-oo, oo)
    slopes: tuple[Expr, Expr] = (-oo, oo)
    parity: str = ""
    rising: bool = False
    kinks: tuple[Expr, ...] = ()
    constant: str = ""
    default: Expr = S.One
    latex: str = ""
    text: str = ""
    spellings: tuple[str, ...] = ()
    surrogate: bool = False
    in_language: bool = True
    formula: str = ""

    def __reduce__(self) -> tuple[object, ...]:
        kept = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "function"}
        return _known, (kept,)

    def bound(self, form: Expr, function: Expr) -> Expr:
        """A form of this record for one function of an argument: A, Y and K put in.

        >>> record = ACTIVATIONS["hard_sigmoid"]
        >>> record.bound(record.closed, hard_sigmoid(Symbol("u")))
        maximum(0, minimum(1, u/6 + 1/2))
        """
        arguments = function.args
        other = arguments[1] if len(arguments) > 1 else self.default
        return form.xreplace({A: arguments[0], B: other, K: other, Y: function})


class Elementwise(Function):
    """A real function that acts component by component; its record says the rest."""

    is_real = True
    is_extended_real = True
    is_finite = True

    def fdiff(self, argindex: int = 1) -> Expr:
        record = record_of(self)
        if argindex != 1 or record.slope is None:
            raise ArgumentIndexError(self, argindex)
        return record.bound(record.slope, self)

    def closed_form(self) -> Expr:
        """The same value in functions that are better known."""
        record = record_of(self)
        if record.closed is None:
            raise TypeError(f"{self.func.__name__} has no closed form")
        return record.bound(record.closed, self)

    def _eval_evalf(self, prec: int) -> Any:
        if not all(a.is_number for a in self.args):
            return None
        return self.closed_form()._eval_evalf(prec)

    def _eval_rewrite(self, rule: Any, args: Any, **hints: Any) -> Any:
        if rule in (sp.exp, sp.Piecewise):
            return self.closed_form().rewrite(rule)
        return None


def made(
    name: str, takes: tuple[int, ...] = (1,), base: Any = Elementwise, module: str = __name__
) -> Any:
    """A SymPy function class, of this module unless another is named."""
    return type(base)(name, (base,), {"nargs": takes, "__module__": module})


class step(Elementwise):
    """1 where the argument is positive, else 0: the slope of relu.

    It has no derivative at 0 and is not differentiated: asking for it raises.
    """

    nargs = (1,)

    @classmethod
    def eval(cls, a: Expr) -> Expr | None:
        if a.is_number and a.is_comparable:
            return Integer(1) if a.is_positive else Integer(0)
        return None

    def fdiff(self, argindex: int = 1) -> Expr:
        raise ValueError("a step has no derivative: relu cannot be differentiated twice")

    def closed_form(self) -> Expr:
        return sp.Piecewise((1, self.args[0] > 0), (0, True))


class _OfTwo(Elementwise):
    """max and min: the slope goes to the argument that is taken, at a tie to the second."""

    @classmethod
    def eval(cls, a: Expr, b: Expr) -> Expr | None:
        if a.is_number and b.is_number and a.is_comparable and b.is_comparable:
            return (sp.Max if cls is maximum else sp.Min)(a, b)
        return None

    def fdiff(self, argindex: int = 1) -> Expr:
        one, other = self.args
        first = step(one - other if isinstance(self, maximum) else other - one)
        return first if argindex == 1 else 1 - first

    def closed_form(self) -> Expr:
        return (sp.Max if isinstance(self, maximum) else sp.Min)(*self.args)


maximum = made("maximum", (2,), _OfTwo)
minimum = made("minimum", (2,), _OfTwo)
sigmoid = made("sigmoid")
relu = made("relu")
leaky_relu = made("leaky_relu", (1, 2))
elu = made("elu", (1, 2))
gelu = made("gelu")
silu = made("silu")
softplus = made("softplus")
softsign = made("softsign")
hard_sigmoid = made("hard_sigmoid", (1, 2))
hard_tanh = made("hard_tanh", (1, 2))
normal_cdf = made("normal_cdf")
normal_pdf = made("normal_pdf")
log1p = made("log1p")
expm1 = made("expm1")
spike = made("spike", (1, 2))
surrogate = made("surrogate", (1, 2))

_ZERO, _HALF = S.Zero, S.Half
_CUT = maximum(0, minimum(1, K * A + _HALF))

#: Every function by its name in the language; those not of the language are needed by others.
ACTIVATIONS: dict[str, Activation] = {}

for _record in (
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
    ),
    Activation(
        "relu",
        relu,
        closed=maximum(A, 0),
        slope=step(Y),
        range=(_ZERO, oo),
        slopes=(_ZERO, S.One),
        rising=True,
        kinks=(_ZERO,),
        spellings=("ReLU",),
    ),
    Activation(
        "leaky_relu",
        leaky_relu,
        closed=A * (K + (1 - K) * step(A)),
        slope=K + (1 - K) * step(Y),
        slopes=(sp.Min(K, S.One, evaluate=False), sp.Max(K, S.One, evaluate=False)),
        rising=True,
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
        spellings=("GELU",),
    ),
    Activation(
        "silu",
        silu,
        closed=A / (1 + sp.exp(-A)),
        slope=sigmoid(A) + Y * (1 - sigmoid(A)),
        range=(Rational(-279, 1000), oo),
        slopes=(Rational(-1, 10), Rational(11, 10)),
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
        rising=True,
        spellings=("Softplus",),
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
    ),
    Activation(
        "hard_sigmoid",
        hard_sigmoid,
        closed=_CUT,
        slope=K * step(Y) * step(1 - Y),
        range=(_ZERO, S.One),
        slopes=(_ZERO, K),
        parity="mirrored",
        rising=True,
        kinks=(-1 / (2 * K), 1 / (2 * K)),
        constant="the slope",
        default=Rational(1, 6),  # of PyTorch and Keras 3; 0.2 of Theano and Keras 2
        spellings=("hardsigmoid", "hsigmoid"),
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
        kinks=(-1 / K, 1 / K),
        constant="the slope",
        spellings=("hardtanh",),
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
    ),
    Activation("log", sp.log, slope=1 / A, slopes=(_ZERO, oo), rising=True, latex=r"\log"),
    Activation(
        "sqrt", sp.sqrt, slope=1 / (2 * Y), range=(_ZERO, oo), slopes=(_ZERO, oo), rising=True
    ),
    Activation(
        "abs", sp.Abs, range=(_ZERO, oo), slopes=(-S.One, S.One), parity="even", kinks=(_ZERO,)
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
):
    ACTIVATIONS[_record.name] = _record


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
    return _BY_CLASS.get(function if isinstance(function, type) else type(function))


_BY_CLASS: dict[Any, Activation] = {record.function: record for record in ACTIVATIONS.values()}

#: The functions of the language of equations, by the name they have there.
FUNCTIONS: dict[str, Any] = {
    **{name: record.function for name, record in ACTIVATIONS.items() if record.in_language},
    "identity": lambda a: a,
}

#: Those that take a constant as a second argument, and what it must be.
WITH_CONSTANT = {n: r.constant for n, r in ACTIVATIONS.items() if r.constant and n in FUNCTIONS}


#: The functions that users registered, by name.
REGISTERED: dict[str, str] = {}


def register(**known: Any) -> Activation:
    """Make a function one of the language, where it is none as yet."""
    name = known["name"]
    if name not in ACTIVATIONS:
        function = made(name, module="symgate.algebra.registered")
        record = Activation(function=function, **known)
        ACTIVATIONS[name] = _BY_CLASS[function] = record
        FUNCTIONS[name] = function
        REGISTERED[name] = name
    return ACTIVATIONS[name]


def _known(kept: dict[str, Any]) -> Activation:
    """A record that comes from another process."""
    return register(**kept)


#: Those that take two vectors.
OF_TWO = ("max", "min")
