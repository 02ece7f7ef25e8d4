"""Functions of polynomials, and changes that go through a polynomial however deep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from symgate.comparing import polynomials as poly
from symgate.comparing.polynomials import (
    Act,
    Applied,
    Exp,
    Generator,
    Inverse,
    Matrix,
    Monomial,
    Param,
    Polynomial,
    Var,
    generator,
    number,
    of_monomial,
)

HALF = Fraction(1, 2)
ODD = ("tanh", "softsign", "sin")
EVEN = ("cos",)
ANGLES = ("sin", "cos")


def apply(matrix: Matrix, vector: Polynomial) -> Polynomial:
    """A matrix on a polynomial: scalars go in front, the rest is what the matrix acts on."""
    result = poly.ZERO
    for monomial, coefficient in vector:
        scalars = frozenset((g, e) for g, e in monomial if is_scalar(g))
        feature = monomial - scalars
        acted = generator(Applied(matrix, feature))
        result = result + acted * of_monomial(scalars, coefficient)
    return result


def is_scalar(g: Generator) -> bool:
    """Whether a generator is one number for all components."""
    match g:
        case Param(scalar=scalar):
            return scalar
        case Act(argument=inner) | Inverse(of=inner):
            return all(is_scalar(h) for m, _ in inner for h, _ in m)
        case Exp(of=monomial):
            return all(is_scalar(h) for h, _ in monomial)
    return False


def activation(kind: str, a: Polynomial, extra: Fraction | None = None) -> Polynomial:
    """An activation in the functions that the normal form keeps."""
    match kind:
        case "sigmoid":
            return activation("tanh", a.scaled(HALF)).scaled(HALF) + number(HALF)
        case "silu":
            return a * activation("sigmoid", a)
        case "exp":
            return _exponential(a)
        case "leaky_relu":
            slope = extra if extra is not None else Fraction(1, 100)
            return a.scaled(slope) + activation("relu", a).scaled(1 - slope)
        case "hard_sigmoid":
            b = a.scaled(extra if extra is not None else Fraction(1, 6))
            return activation("relu", b + number(HALF)) - activation("relu", b - number(HALF))
        case "hard_tanh":
            b = a.scaled(extra if extra is not None else Fraction(1))
            return activation("relu", b + number(1)) - activation("relu", b - number(1)) - number(1)
        case "abs":
            return activation("relu", a).scaled(Fraction(2)) - a
    if not a and kind in (*ODD, "relu", "gelu", "elu"):
        return poly.ZERO
    if not a and kind == "cos":
        return poly.UNIT
    if kind in ODD and poly.leading(a) < 0:
        return -generator(Act(kind, -a, extra))
    if kind in EVEN and a and poly.leading(a) < 0:
        return generator(Act(kind, -a, extra))
    if kind == "relu":
        scale = poly.content(a)
        return generator(Act(kind, a.scaled(1 / scale))).scaled(scale)
    return generator(Act(kind, a, extra))


def _exponential(a: Polynomial) -> Polynomial:
    """e to a sum is the product of e to its terms."""
    powers: dict[Generator, Fraction] = {}
    for monomial, coefficient in a:
        powers[Exp(monomial)] = coefficient
    return of_monomial(frozenset(powers.items()))


def one_angle(p: Polynomial) -> Polynomial:
    """Products of sin and cos written as sums, by 2 sin a sin b = cos(a - b) - cos(a + b)."""
    result = poly.ZERO
    changed = False
    for monomial, coefficient in p:
        angles = [
            g
            for g, e in monomial
            if isinstance(g, Act) and g.kind in ANGLES
            for _ in range(int(e) if e.denominator == 1 and e > 0 else 0)
        ]
        if len(angles) < 2:
            result = result + of_monomial(monomial, coefficient)
            continue
        changed = True
        one, other = angles[:2]
        rest = poly.times(monomial, frozenset({(one, Fraction(-1))}))
        rest = poly.times(rest, frozenset({(other, Fraction(-1))}))
        a, b = one.argument, other.argument
        if one.kind == other.kind:
            sign = 1 if one.kind == "cos" else -1
            both = activation("cos", a - b) + activation("cos", a + b).scaled(Fraction(sign))
        else:
            if one.kind == "cos":
                a, b = b, a
            both = activation("sin", a + b) + activation("sin", a - b)
        result = result + both * of_monomial(rest, coefficient / 2)
    return one_angle(result) if changed else result


class Change:
    """Sends every generator of a polynomial, however deep, through a function."""

    def __init__(self) -> None:
        self.known: dict[Generator, Polynomial] = {}

    def __call__(self, p: Polynomial) -> Polynomial:
        return one_angle(poly.rebuilt(p, self.generator))

    def generator(self, g: Generator) -> Polynomial:
        found = self.known.get(g)
        if found is None:
            found = self.known[g] = self.made(g)
        return found

    def made(self, g: Generator) -> Polynomial:
        match g:
            case Var():
                return self.variable(g)
            case Param():
                return self.parameter(g)
            case Applied(matrix=matrix, feature=feature):
                return self.matrix(matrix, self(of_monomial(feature)))
            case Act(kind=kind, argument=argument, extra=extra):
                if kind.startswith("power "):
                    return poly.power(self(argument), Fraction(kind.removeprefix("power ")))
                return activation(kind, self(argument), extra)
            case Inverse(of=of):
                return poly.power(self(of), Fraction(-1))
            case Exp(of=monomial):
                return _exponential(self(of_monomial(monomial)))

    def variable(self, g: Var) -> Polynomial:
        return generator(g)

    def parameter(self, g: Param) -> Polynomial:
        return generator(g)

    def matrix(self, matrix: Matrix, vector: Polynomial) -> Polynomial:
        return apply(matrix, vector)


class Renamed(Change):
    """Gives variables other names."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__()
        self.names = names

    def variable(self, g: Var) -> Polynomial:
        return generator(Var(self.names.get(g.name, g.name), g.lag))


class Diagonal(Change):
    """Takes some square matrices, or blocks, to be diagonal: U v becomes u ⊙ v."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self.names = frozenset(names)

    def matrix(self, matrix: Matrix, vector: Polynomial) -> Polynomial:
        if (matrix.name, matrix.block) in self.names:
            return generator(Param(diagonal_name(matrix.name, matrix.block), False)) * vector
        return apply(matrix, vector)


class Alone(Change):
    """Takes one matrix to be the identity."""

    def __init__(self, name: tuple[str, str]) -> None:
        super().__init__()
        self.name = name

    def matrix(self, matrix: Matrix, vector: Polynomial) -> Polynomial:
        return vector if (matrix.name, matrix.block) == self.name else apply(matrix, vector)


DIAGONAL = "diag "


def diagonal_name(name: str, block: str = "") -> str:
    """The name of the vector that stands for a diagonal matrix, or for a block of one."""
    return f"{DIAGONAL}{name}{'|' + block if block else ''}"


def plain_name(name: str) -> str:
    """The parameter that a name stands for: itself, or the matrix of a diagonal."""
    return name.removeprefix(DIAGONAL).partition("|")[0]


def variables(p: Polynomial) -> set[Var]:
    """All variables in a polynomial, however deep."""
    return {g for g in everything(p) if isinstance(g, Var)}


def everything(p: Polynomial) -> set[Generator]:
    """All generators in a polynomial, however deep."""
    found: set[Generator] = set()
    waiting: list[Monomial] = [m for m, _ in p]
    while waiting:
        for g, _ in waiting.pop():
            if g in found:
                continue
            found.add(g)
            match g:
                case Applied(feature=feature):
                    waiting.append(feature)
                case Act(argument=inner) | Inverse(of=inner):
                    waiting.extend(m for m, _ in inner)
                case Exp(of=monomial):
                    waiting.append(monomial)
    return found
