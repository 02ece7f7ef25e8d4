"""Random well-formed cells, as text, from a seed.

A cell has one to three states, gates that read one another in the same step, inputs, and
expressions nested at random: activations in matrix products in activations, peepholes,
concatenations, matrix expressions, row vectors, scalars, vector parameters, matrices used
twice, sums split over lines. Values stay moderate: what could leave the domain of a function
or grow fast is kept in bounds.
"""

from __future__ import annotations

from random import Random

import symgate as sg
from tests.retyped import split

#: Functions of any real number, and those with their constant given.
ANYWHERE = (
    "sigmoid",
    "tanh",
    "relu",
    "leaky_relu",
    "elu",
    "gelu",
    "silu",
    "softplus",
    "softsign",
    "hard_sigmoid",
    "hard_tanh",
    "sin",
    "cos",
    "abs",
    "identity",
)
WITH_CONSTANT = ("leaky_relu({}, 0.2)", "elu({}, 0.5)", "hard_sigmoid({}, 0.2)", "hard_tanh({}, 2)")
#: Functions that need a bounded or a positive argument, with one that gives it.
GUARDED = (
    "exp(tanh({}))",
    "exp(-softplus({}))",
    "log(2 + sin({}))",
    "sqrt(1 + tanh({})**2)",
    "sqrt(2 + cos({}))",
    "tanh({})**2",
    "sigmoid({})**3",
    "(1.5 + tanh({}))**-2",
    "sigmoid({})**0.5",
    "1 / (1 + exp(tanh({})))",
)
#: The common ones, so that a drawn cell looks like a cell; and all whose values are bounded.
GATES = ("sigmoid({})", "tanh({})")
BOUNDED = (*GATES, "softsign({})", "sin({})", "hard_tanh({})", "hard_sigmoid({})", "tanh({})")
BELOW = ("2", "(2 + tanh({}))", "(1 + abs({}))", "(1 + sigmoid({}))", "(1 + {}**2)")

#: What a person may still write, and what SymPy differentiates in a tenth of a second.
MAX_CHARACTERS = 400

SCALARS = ("alpha", "beta", "gamma", "kappa", "zeta")
STATES = ("h", "c", "s")
OTHERS = ("z", "r", "f_hat", "o")


class Writer:
    """Writes the equations of one cell; `sizes` holds what can be read so far."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.sizes: dict[str, str] = {"x[t]": "m"}
        self.matrices: dict[tuple[str, str], list[str]] = {}
        self.count = 0

    def one_of(self, *choices: str) -> str:
        return self.rng.choice(choices)

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent

    def fresh(self, letter: str) -> str:
        self.count += 1
        return f"{letter}_{self.count}"

    # -- vectors ---------------------------------------------------------------------------

    def activation(self, inner: str) -> str:
        kind = self.rng.randrange(10)
        if kind < 5:
            return self.one_of(*GATES).format(inner)
        if kind < 8:
            return f"{self.one_of(*ANYWHERE)}({inner})"
        return self.one_of(*(WITH_CONSTANT if kind == 8 else GUARDED)).format(inner)

    def leaf(self, size: str) -> str:
        known = self.known(size)
        if known and self.chance(85):
            return self.one_of(*known)
        return self.fresh("b")

    def known(self, size: str) -> list[str]:
        return [name for name, its in self.sizes.items() if its == size]

    def vector(self, size: str, depth: int) -> str:
        """An expression that can stand in a sum or a product without parentheses."""
        if depth <= 0:
            return self.leaf(size)
        match self.rng.randrange(12):
            case 0 | 1:
                return self.leaf(size)
            case 2 | 3 | 4:
                return f"({self.product(size, depth)})"
            case 5 | 6:
                return self.activation(self.sum(size, depth - 1))
            case 7 | 8:
                return f"{self.vector(size, depth - 1)} * {self.vector(size, depth - 1)}"
            case 9:
                below = self.one_of(*BELOW).format(self.leaf(size))
                return f"{self.vector(size, depth - 1)} / {below}"
            case 10:
                scale = self.one_of("0.5", "1/3", "-1", self.scalar())
                return f"{scale} * {self.vector(size, depth - 1)}"
        return f"({self.sum(size, depth - 1)})"

    def sum(self, size: str, depth: int) -> str:
        parts = [self.vector(size, depth) for _ in range(self.rng.randint(1, 2))]
        match self.rng.randrange(6):
            case 0 | 1:
                parts.append(self.leaf(size))
            case 2 | 3 | 4:
                parts.append(self.product(size, depth))
            case 5:
                parts.append("1")
        sign = self.one_of(" + ", " - ") if len({*parts}) == len(parts) else " + "
        return sign.join(parts)

    def scalar(self) -> str:
        name = self.one_of(*SCALARS)
        return f"sigmoid({name})" if self.chance(30) else name

    # -- matrices --------------------------------------------------------------------------

    def product(self, rows: str, depth: int) -> str:
        """A matrix times a vector, a row vector times a matrix, or one on a stack."""
        cols = self.one_of("n", "n", "n", "m", "p")
        match self.rng.randrange(10):
            case 9:
                other = self.one_of("n", "m")
                parts = [self.sum(cols, depth - 2), self.leaf(other)]
                return f"{self.fresh('W')} @ [{', '.join(parts)}]"
            case 8 if self.known(cols):  # a row vector is known by its time
                return f"{self.one_of(*self.known(cols))} @ {self.matrix(cols, rows)}"
            case 7 if self.known(rows):
                return f"diag({self.one_of(*self.known(rows))}) @ {self.atom(rows, depth)}"
        return f"{self.matrix(rows, cols)} @ {self.atom(cols, depth)}"

    def atom(self, size: str, depth: int) -> str:
        if self.chance(60):
            return self.leaf(size) if self.chance(90) else f"({self.leaf(size)})"
        return f"({self.sum(size, depth - 2)} + {self.leaf(size)})"

    def matrix(self, rows: str, cols: str) -> str:
        match self.rng.randrange(20):
            case 19:
                return f"{self.symbol(cols, rows)}.T"
            case 18:
                return f"({self.symbol(rows, cols)} + {self.symbol(cols, rows)}.T)"
            case 17:
                return f"({self.scalar()} * {self.symbol(rows, cols)})"
            case 16:
                return f"{self.symbol(rows, 'p')} @ {self.symbol('p', cols)}"
            case 15:
                return f"(-{self.symbol(rows, cols)} / 2)"
            case 14 if rows == cols:
                one = self.symbol(rows, cols)
                return f"({one} - {one}.T - {self.one_of(*SCALARS)} * I)"
            case 13 if rows == cols:
                return f"({self.symbol(rows, cols)} + diag({self.fresh('d')}))"
            case 12 if rows == cols:
                return "I"
            case 11:
                inner = f"{self.symbol(cols, 'p')} @ {self.symbol('p', rows)}"
                return f"({inner} - 2 * {self.symbol(cols, rows)}).T"
        return self.symbol(rows, cols)

    def symbol(self, rows: str, cols: str) -> str:
        """A matrix's name: a new one, or now and then one that is used already."""
        known = self.matrices.setdefault((rows, cols), [])
        if known and self.chance(25):
            return self.one_of(*known)
        known.append(self.fresh("W"))
        return known[-1]

    # -- equations -------------------------------------------------------------------------

    def depth(self) -> int:
        return self.rng.choice((0, 1, 1, 2))

    def gate(self, size: str) -> str:
        inner = self.sum(size, self.depth())
        return self.bounded(inner) if self.chance(70) else self.activation(inner)

    def bounded(self, inner: str) -> str:
        return self.one_of(*BOUNDED).format(inner)

    def state(self, name: str, size: str) -> str:
        old = f"{name}[t-1]"
        present = [n for n in self.known(size) if n.endswith("[t]")]
        inner = self.sum(size, self.depth())
        match self.rng.randrange(8):
            case 0 if present:
                gate = self.one_of(*present)
                return f"{gate} * {old} + (1 - {gate}) * {self.bounded(inner)}"
            case 1 if len(present) > 1:
                one, two = self.one_of(*present), self.one_of(*present)
                return f"{one} * {self.activation(two)} + {self.matrix(size, size)} @ {old}"
            case 2:
                return f"{old} + {self.scalar()} * {self.bounded(inner)}"
            case 3:
                return f"{self.matrix(size, size)} @ {old} + {self.bounded(inner)}"
            case 4:
                return f"(1 - {self.leaf(size)}) * {old} + {self.gate(size)} * {self.gate(size)}"
            case 5:
                below = self.one_of(*BELOW[1:]).format(old)
                return f"{self.bounded(f'{self.matrix(size, size)} @ {old} + {inner}')} / {below}"
        return self.bounded(f"{self.matrix(size, size)} @ {old} + {inner}")


def random_text(rng: Random) -> str:
    """The text of a random cell; now and then it cancels out, which the language refuses."""
    write = Writer(rng)
    states = STATES[: rng.choice((1, 1, 2, 2, 3))]
    others = OTHERS[: rng.randint(0, 4 - len(states))]
    sizes = {name: "n" if name == "h" or write.chance(75) else "p" for name in (*states, *others)}
    for name in states:
        write.sizes[f"{name}[t-1]"] = sizes[name]
    if write.chance(30):
        write.sizes["u[t]"] = "q"
    lines = []
    for name in (*others, *rng.sample(states, len(states))):
        if name in states:
            lines.append(f"{name}[t] = {write.state(name, sizes[name])}")
        else:
            lines.append(f"{name}[t] = {write.gate(sizes[name])}")
            if write.chance(10):  # a gate that is read at the next step as well
                write.sizes[f"{name}[t-1]"] = sizes[name]
        write.sizes[f"{name}[t]"] = sizes[name]
    text = "\n".join(rng.sample(lines, len(lines)))
    while write.chance(25):
        text = split(text, rng) or text
    return text


def random_cell(rng: Random) -> sg.Cell:
    """A random cell that a person may still write, drawn again where the language refuses."""
    while True:
        text = random_text(rng)
        if len(text) <= MAX_CHARACTERS:
            try:
                return sg.Cell.from_text(text)
            except sg.EquationError as error:  # x - x, say
                if "cancels out" not in str(error) and "this is 0" not in str(error):
                    raise
