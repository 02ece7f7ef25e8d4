"""How expressions print: one walk over vector and operator expressions, a printer a language.

A printer has one rule a kind of node, `print_Diag` for Diag: what it prints, and how tightly
that binds, as a number. Here are the rules that all languages share; `Language` (symgate.
algebra.language) writes the equations, which the parser reads back, `Unicode` (symgate.algebra.
text) as on a board, and LaTeX stands in `symgate.writing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from sympy import Add, Expr, Indexed, MatAdd, MatMul, MatrixExpr, Mul, Pow, Rational, S, sstr

from symgate.algebra.activations import known_record
from symgate.algebra.elementwise import Activation
from symgate.algebra.operators import Diag
from symgate.algebra.printed import Printed
from symgate.algebra.shown import (
    ATOM,
    MATVEC,
    POWER,
    PRODUCT,
    SUM,
    Order,
    Shown,
    decimal,
    in_order,
    interspersed,
    is_below,
    is_beside_numbers,
    is_vector,
    level_of,
    made,
)
from symgate.algebra.values import EPSILON, Across, Down
from symgate.algebra.vectors import name_of, rank, time_of


class Printer:
    """Prints vector expressions and operators.

    A language is a subclass with its signs and the rules that it writes otherwise.
    """

    hadamard: str
    scalar_times: str
    matvec_times: str
    minus = "-"
    kronecker = " ⊗ "

    #: The rule for each class of nodes met so far.
    rules: ClassVar[dict[type, str]] = {}

    def __init_subclass__(cls) -> None:
        cls.rules = {}

    def __init__(self, order: Order | None = None) -> None:
        self.order = order

    def show(self, expression: Any, at_least: int = 0) -> str:
        """Print an expression, in parentheses where it binds less than `at_least`."""
        return self.at(expression, at_least).text

    def at(self, expression: Any, level: int) -> Shown:
        """An expression for a place where it has to bind as tightly as `level`."""
        shown = self.shown(expression)
        return self.parenthesised(shown) if shown.binds < level else shown

    def shown(self, expression: Any) -> Shown:
        """An expression by the rule of its class, or of what that is a kind of."""
        kind = type(expression)
        if kind not in self.rules:
            names = (f"print_{cls.__name__}" for cls in kind.__mro__)
            self.rules[kind] = next(name for name in names if hasattr(self, name))
        shown: Shown = getattr(self, self.rules[kind])(expression)
        return shown

    def print_object(self, e: Any) -> Shown:
        """What no rule knows, in its own words; a node of ours asks for them here."""
        if isinstance(e, Printed):
            raise TypeError(f"{type(self).__name__} has no print_{type(e).__name__}")
        return Shown(str(e), 0)

    def print_int(self, e: Any) -> Shown:
        return Shown(str(e), SUM if e < 0 else ATOM)

    def print_Float(self, e: Any) -> Shown:
        return Shown(sstr(e, full_prec=False), SUM if e < 0 else ATOM)

    # -- what a language decides -------------------------------------------------------------

    def name(self, name: str, time: Expr | None) -> str:
        """A variable at a time relative to t, or (time None) a parameter."""
        raise NotImplementedError

    def power(self, base: Expr, exponent: Expr) -> Shown:
        raise NotImplementedError

    def transposed(self, shown: Shown) -> Shown:
        raise NotImplementedError

    def norm(self, inside: Shown, kind: str) -> Shown:
        """`kind` is "2" for the spectral norm, "oo" for the largest component."""
        raise NotImplementedError

    def in_product(self, factor: Expr) -> int:
        """How tightly a factor of a product must bind to stand without parentheses."""
        return PRODUCT + 1

    def parenthesised(self, inside: Shown) -> Shown:
        return made(ATOM, "(", inside, ")")

    def call(self, function: str, arguments: Sequence[Shown]) -> Shown:
        return made(ATOM, f"{function}(", *interspersed(arguments, ", "), ")")

    def fraction(self, numerator: Sequence[Expr], denominator: Sequence[Expr]) -> Shown:
        below = self.product(denominator, POWER)
        below = self.parenthesised(below) if len(denominator) > 1 else below
        return made(PRODUCT, self.product(numerator), " / ", below)

    # -- names and numbers -------------------------------------------------------------------

    def print_Indexed(self, e: Indexed) -> Shown:
        return Shown(self.name(name_of(e), time_of(e)))

    def print_Symbol(self, e: Any) -> Shown:
        return Shown(self.name(e.name, None))

    def print_Rational(self, e: Rational) -> Shown:
        if (digits := decimal(e)) is not None:
            return Shown(digits, SUM if e.is_negative else ATOM)
        shown = self.ratio(abs(e.p), e.q)
        return made(SUM, self.minus, shown) if e.is_negative else shown

    def ratio(self, above: int, below: int) -> Shown:
        """A positive fraction of two numbers."""
        return Shown(f"{above}/{below}", PRODUCT)

    def print_NumberSymbol(self, e: Expr) -> Shown:
        return Shown(str(e))

    def print_ImaginaryUnit(self, e: Expr) -> Shown:
        return Shown("i")

    def print_Exp1(self, e: Expr) -> Shown:
        return self.call("exp", [Shown("1")])

    # -- vectors -----------------------------------------------------------------------------

    def print_Application(self, e: Expr) -> Shown:
        record = known_record(e)
        written = self.bars if record is not None and record.bars else self.call
        return written(self.function(e), [self.at(a, 0) for a in e.args])

    def bars(self, function: str, arguments: Sequence[Shown]) -> Shown:
        return self.call(function, arguments)

    def function(self, e: Any) -> str:
        """The name of a function, as its record spells it."""
        record = known_record(e)
        return type(e).__name__ if record is None else self.spelled(record)

    def spelled(self, record: Activation) -> str:
        return record.name

    def print_Stack(self, e: Any) -> Shown:
        return self.bracketed([self.at(part, 0) for part in e.parts])

    def bracketed(self, parts: Sequence[Shown]) -> Shown:
        return made(ATOM, "[", *interspersed(parts, ", "), "]")

    def print_Total(self, e: Any) -> Shown:
        return self.call("sum", [self.at(e.args[0], 0)])

    # -- scalars and matrices of the step, and what mixes components -------------------------

    def print_Mean(self, e: Any) -> Shown:
        return self.call(self.word("mean"), [self.at(e.args[0], 0)])

    def print_Spread(self, e: Any) -> Shown:
        return self.call(self.word("sd" if e.centred else "rms"), [self.at(e.vector, 0)])

    def print_Mixing(self, e: Any) -> Shown:
        constants = [a for a in e.args[1:] if a != EPSILON]
        inside = [self.at(part, 0) for part in (e.vector, *constants)]
        return self.call(self.word(e.name), inside)

    def word(self, name: str) -> str:
        """The name of a function that is no activation."""
        return name

    def print_StepProduct(self, e: Any) -> Shown:
        matrix = self.at(e.matrix, ATOM if e.transposed else MATVEC)
        matrix = self.transposed(matrix) if e.transposed else matrix
        return made(MATVEC, matrix, self.matvec_times, self.of_vector(e.operand, POWER))

    def print_RightTimes(self, e: Any) -> Shown:
        left, right = self.at(e.value, MATVEC), self.at(e.matrix, POWER)
        return made(MATVEC, left, self.matvec_times, right)

    def print_Across(self, e: Any) -> Shown:
        return self.scaled_sides([], [e])

    print_Down = print_Across

    def of_vector(self, e: Expr, level: int) -> Shown:
        """What stands where a vector must: the number 1 is the vector of ones."""
        return self.one() if e == 1 else self.at(e, level)

    def print_Column(self, e: Any) -> Shown:
        return self.of_vector(e.vector, PRODUCT)

    def print_Row(self, e: Any) -> Shown:
        return self.transposed(self.of_vector(e.vector, ATOM))

    def print_MatrixOf(self, e: Any) -> Shown:
        return self.at(e.value, ATOM)

    def print_Gram(self, e: Any) -> Shown:
        left, right = (self.at(part, ATOM) for part in e.args[:2])
        return made(MATVEC, self.transposed(left), " ", right)

    def print_KroneckerProduct(self, e: Any) -> Shown:
        left, right = (self.at(part, MATVEC) for part in e.args)
        return made(PRODUCT, left, self.kronecker, right)

    def print_SpectralNorm(self, e: Any) -> Shown:
        inside = self.at(e.matrix, 0)
        return self.bars("Abs", [inside]) if e.matrix.shape == (1, 1) else self.norm(inside, "2")

    def print_MaxNorm(self, e: Any) -> Shown:
        inside = self.at(e.vector, 0)
        return self.norm(inside, "oo") if rank(e.vector) else self.bars("Abs", [inside])

    def print_Ordered(self, e: Any) -> Shown:
        return replace(self.product(e.args), binds=PRODUCT)

    # -- sums and products -------------------------------------------------------------------

    def print_Add(self, e: Add) -> Shown:
        terms = sorted(in_order(e.args, self.order), key=self.is_last)
        return self.summed(map(self.signed, terms))

    def summed(self, terms: Iterable[tuple[bool, Shown]]) -> Shown:
        """Terms, each with whether it is subtracted, joined by + and -."""
        bits: list[str | Shown] = []
        for i, (negative, term) in enumerate(terms):
            sign = self.sign(negative) if i else self.minus if negative else ""
            bits += [sign, self.parenthesised(term) if term.binds == SUM else term]
        return made(SUM, *bits)

    def sign(self, negative: bool) -> str:
        """The sign between two terms."""
        return " - " if negative else " + "

    def signed(self, e: Any) -> tuple[bool, Shown]:
        """A term with its sign apart: whether it is subtracted, and what stands behind it."""
        if isinstance(e, MatMul):
            return self.signed_operator(e)
        if isinstance(e, Expr) and not isinstance(e, Add | MatrixExpr) and self.is_negative(e):
            return True, self.at(-e, self.after_sign(self.numerator(-e)))
        return False, self.shown(e)

    def print_Mul(self, e: Mul) -> Shown:
        if self.is_negative(e):
            _, rest = self.signed(e)
            return made(SUM, self.minus, rest)
        below = [1 / factor for factor in in_order(e.args, self.order) if is_below(factor)]
        above = self.numerator(e)
        return self.fraction(above, below) if below else self.product(above)

    def product(self, given: Sequence[Expr], alone: int = PRODUCT + 1) -> Shown:
        """Factors in the order given, those of a Mul as they were typed; one by itself binds
        at least as tightly as `alone`."""
        factors = [f for f in given if not isinstance(f, Across | Down)]
        if len(factors) < len(given):
            return self.scaled_sides(factors, given)
        if len(factors) == 1:
            return self.at(factors[0], alone)
        bits: list[str | Shown] = []
        vector_before = False
        for i, factor in enumerate(factors):
            vector = is_vector(factor)
            if i:
                bits.append(self.hadamard if vector and vector_before else self.scalar_times)
            bits.append(self.at(factor, self.in_product(factor)))
            vector_before = vector_before or vector
        return made(PRODUCT, *bits)

    def scaled_sides(self, factors: Sequence[Expr], given: Sequence[Expr]) -> Shown:
        """diag(u) S diag(w) for a product with u 1ᵀ and 1 wᵀ in it."""
        bits: list[str | Shown] = [self.product(factors or [S.One], MATVEC)]
        for side in given:
            if isinstance(side, Across | Down):
                diagonal: list[str | Shown] = [self.shown(Diag(S.One, side.args[0]))]
                left, right = (bits, diagonal) if isinstance(side, Across) else (diagonal, bits)
                bits = [*left, self.matvec_times, *right]
        return made(MATVEC, *bits)

    def is_negative(self, e: Expr) -> bool:
        """Whether an expression prints with a minus in front."""
        return bool(e.could_extract_minus_sign())

    def is_last(self, term: Expr) -> bool:
        """Whether a term stands behind the others: what is subtracted, or its number only."""
        return self.is_negative(term)

    def numerator(self, e: Expr) -> list[Expr]:
        """The factors of a product above the fraction bar: numbers of the step in front."""
        above = [f for f in in_order(Mul.make_args(e), self.order) if not is_below(f)]
        return sorted(above, key=is_beside_numbers) or [S.One]

    def after_sign(self, factors: Sequence[Expr]) -> int:
        """How tightly a product must bind to stand without parentheses behind a minus."""
        return PRODUCT

    def print_Pow(self, e: Pow) -> Shown:
        if is_below(e):
            return self.fraction([S.One], [1 / e])
        if e.exp == S.Half:
            return self.root(e.base)
        return self.power(e.base, e.exp)

    def root(self, base: Expr) -> Shown:
        return self.call("sqrt", [self.at(base, 0)])

    # -- operators ---------------------------------------------------------------------------

    print_MatrixSymbol = print_Symbol

    def print_Identity(self, e: MatrixExpr) -> Shown:
        return Shown("1" if e.rows == 1 else "I")

    def print_ZeroMatrix(self, e: MatrixExpr) -> Shown:
        return Shown("0")

    def print_OneMatrix(self, e: MatrixExpr) -> Shown:
        """A column of ones, a row of them, or the product of both."""
        if e.cols == 1:
            return self.one()
        row = self.transposed(self.one())
        return row if e.rows == 1 else made(PRODUCT, self.one(), self.matvec_times, row)

    def one(self) -> Shown:
        """The vector of ones."""
        return Shown("1")

    def print_Transpose(self, e: Any) -> Shown:
        return self.transposed(self.at(e.arg, ATOM))

    def print_BlockMatrix(self, e: Any) -> Shown:
        return self.blocks(e.blocks.tolist())

    def print_MatrixBase(self, e: Any) -> Shown:
        return self.blocks(e.tolist())

    def blocks(self, rows: Sequence[Sequence[Any]]) -> Shown:
        """Matrices in rows and columns."""
        return Shown("[" + "; ".join(", ".join(map(self.show, row)) for row in rows) + "]")

    def print_MatPow(self, e: Any) -> Shown:
        return self.power(e.base, e.exp)

    def print_MatAdd(self, e: MatAdd) -> Shown:
        return self.summed(map(self.signed, e.args))

    def print_MatMul(self, e: MatMul) -> Shown:
        negative, rest = self.signed_operator(e)
        return made(SUM, self.minus, rest) if negative else rest

    def signed_operator(self, e: MatMul) -> tuple[bool, Shown]:
        """An operator's sign and the rest, with its number in front."""
        number, matrices = e.as_coeff_matrices()
        negative = self.is_negative(number)
        chain = self.chain(matrices) if number == 1 else self.behind_number(matrices)
        number = -number if negative else number
        if number == 1:
            return negative, chain
        quotient = any(map(is_below, Mul.make_args(number)))
        level = self.after_sign(self.numerator(number)) if negative else PRODUCT
        front = self.at(number, self.in_product(number) if quotient else level)
        return negative, made(PRODUCT, front, self.scalar_times, chain)

    def behind_number(self, matrices: Sequence[MatrixExpr]) -> Shown:
        """Matrices side by side, where a number stands before them."""
        return self.chain(matrices)

    def chain(self, matrices: Sequence[MatrixExpr]) -> Shown:
        """Matrices side by side."""
        parts = [self.at(m, level_of(m, len(matrices) > 1)) for m in matrices]
        return made(PRODUCT, *interspersed(parts, self.matvec_times))
