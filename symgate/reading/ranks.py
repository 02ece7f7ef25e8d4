"""Lines with matrices of the step: outer and inner products, by what is a row and a column.

Ranks decide what a product is: `v kᵀ` is a matrix, `kᵀ v` a number, `S q` a vector. They follow
from the transposes that stand in the lines, so that nothing is guessed from letters but the rank
of what stands alone. The lines come out in the language of equations.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from symgate.algebra.names import name_parts
from symgate.reading import symbols
from symgate.reading.calls import Calls
from symgate.reading.context import Context, Foreign
from symgate.reading.lines import LaidOutLine
from symgate.reading.meaning import Meaning
from symgate.reading.names import Reference, is_ones, is_transpose, leaves, reference
from symgate.reading.terms import time_text
from symgate.reading.tokens import FormulaError, Token
from symgate.reading.trees import (
    Digits,
    Factors,
    Fraction,
    Group,
    Scripted,
    Terms,
    TimedSymbol,
    Tree,
    WrittenRoot,
)

#: What a value is: a number, a column, a row, a matrix.
NUMBER, COLUMN, ROW, MATRIX = "number", "column", "row", "matrix"
TURNED = {COLUMN: ROW, ROW: COLUMN}
#: The kind of the error of a sum of matrices and others.
UNLIKE = "unlike"
#: How tightly a text binds.
SUM, PRODUCT, ACT, ATOM = 1, 2, 3, 5
#: What two neighbours of a product make, in the order in which they are joined.
NEIGHBOURS = (
    (MATRIX, COLUMN, COLUMN, "{0} @ {1}"),
    (ROW, MATRIX, ROW, "{0} @ {1}"),
    (MATRIX, MATRIX, MATRIX, "{0} @ {1}"),
    (ROW, COLUMN, NUMBER, "dot({0}, {1})"),
    (COLUMN, ROW, MATRIX, "outer({0}, {1})"),
)

Value = tuple[str, str, int]


class RankedReader:
    """Reads lines with the ranks that are known so far; `rows` says that vectors are rows."""

    def __init__(self, context: Context, rows: bool, memories: Sequence[str]) -> None:
        self.context, self.rows, self.memories = context, rows, memories
        self.kinds = dict.fromkeys(memories, MATRIX)
        self.numbers, self.scales = set[str](), set[str]()  # scales multiply matrices
        self.meaning = Meaning(context)
        self.calls = Calls(context, self.meaning.term)

    def line(self, line: LaidOutLine) -> str:
        """One line; what its right side is, its name is from now on."""
        if line.right is None:
            raise FormulaError("no line of its own", line.target.start, line.target.stop)
        self.context.target = line.name
        shown, kind, _ = self.value(line.right)
        if line.stacked is not None:
            shown, kind, _ = self.row_of((shown, kind, SUM), line.right, *line.stacked)
        if kind == COLUMN and line.name in self.numbers:
            rows = re.findall(r"\b(\w+) @ ", shown)  # β = σ(W x), a number: W is a row
            self.kinds.update(dict.fromkeys(rows, ROW))
            shown, kind = self.value(line.right)[0] if rows else shown, NUMBER
        if line.name in self.memories and kind != MATRIX:
            raise Foreign(f"{line.name} is a matrix, and its value is none", line.right)
        self.kinds[line.name] = kind
        return f"{line.name}{time_text(line.target.time)} = {shown}"

    def row_of(self, inner: Value, whole: Tree, function: Tree | None, gate: str) -> Value:
        """The row of a stacked product that belongs to one gate: its matrices, biases, function."""
        every = self.context.defined | self.context.inputs
        own = {n for n, kind in self.kinds.items() if kind != NUMBER} - every
        shown = re.sub(
            r"\b\w+\b(?![\[(])", lambda m: f"{m[0]}_{gate}" if m[0] in own else m[0], inner[0]
        )
        ref = None if function is None else reference(function, self.context.indices)
        row = shown, *inner[1:]
        return row if ref is None else self.called(ref, whole, [row])

    # -- values --------------------------------------------------------------------------

    def value(self, node: Tree) -> Value:
        match node:
            case Terms(terms=terms):
                return self.sum(node, terms)
            case Factors(factors=factors):
                return self.product(node, self.meaning.with_times(factors))
            case Digits(text=number):
                return number, NUMBER, ATOM
            case Fraction(above=above, below=below):
                return self.quotient(self.value(above), self.value(below), node)
            case WrittenRoot(inside=inside):
                inner = self.value(inside)
                return f"sqrt({inner[0]})", inner[1], ATOM
            case Group(opening=opening, items=(item,)):
                inner = self.value(item)
                size = "abs" if inner[1] == NUMBER else "norm"
                return inner if opening != "|" else (f"{size}({inner[0]})", NUMBER, ATOM)
            case Group(opening="[" | "(", items=items) if len(items) > 1:
                shown = ", ".join(self.value(item)[0] for item in items)
                return f"[{shown}]", ROW if self.rows else COLUMN, ATOM
            case Scripted(base=Group() as group) if not reference(node, self.context.indices):
                return self.scripted(node, self.value(group))
            case TimedSymbol(symbol=symbol, time=time):
                own = reference(symbol, self.context.indices)
                assert own is not None
                return self.named(own, time)
        ref = reference(node, self.context.indices)
        if ref is None:
            raise Foreign("no value", node)
        return self.named(ref, ref.time)

    def named(self, ref: Reference, time: int | None) -> Value:
        """A name where it stands; a transposed column is a row."""
        if is_ones(ref):
            return "1", NUMBER, ATOM
        if ref.kind == "FUNCTION" or ref.power:
            raise FormulaError("a function or a power", ref.start, ref.stop)
        timed = time is not None or ref.name in self.context.defined | self.context.inputs
        kind = self.kinds.setdefault(ref.name, self.guess(ref, timed))
        if time is None and ref.name in self.context.inputs - self.context.defined:
            time = 0
        shown = f"{ref.name}{time_text(time)}"
        if ref.transposed and kind == MATRIX:
            return f"{shown}.T", kind, ATOM
        return shown, TURNED.get(kind, kind) if ref.transposed else kind, ATOM

    def guess(self, ref: Reference, timed: bool) -> str:
        """The rank of a name by its letter: Greek numbers, capital weights, vectors."""
        greek = ref.letter == "lamda" or name_parts(ref.letter).greek
        if ref.letter.isupper() and not timed and (not greek or not ref.letter.startswith("Delta")):
            return MATRIX
        if greek and not ref.transposed:
            return NUMBER
        return ROW if self.rows and timed else COLUMN

    def sum(self, node: Tree, terms: Sequence[tuple[int, Tree]]) -> Value:
        values = [(sign, self.value(inner)) for sign, inner in terms]
        kinds = {kind for _, (shown, kind, _) in values if not self.is_bias(shown)} - {NUMBER}
        number = any(k == NUMBER and not t.isdigit() for _, (t, k, _) in values)
        if len(kinds) > 1 or (MATRIX in kinds and number):
            for _, (shown, _, _) in values:  # S_{t-1} G_t beside a matrix
                if found := re.search(r"@ (\w+)\[t\]$", shown):
                    self.kinds[found[1]] = MATRIX
            odd = (
                (t, v[1]) for (_, t), (_, v) in zip(terms, values, strict=True) if v[1] != MATRIX
            )
            place, kind = next(odd, (node, ""))
            why = f"this is a {kind} and is added to a matrix"
            raise FormulaError(
                why, place.start, place.stop, UNLIKE if MATRIX in kinds else "foreign"
            )
        out = ""
        for sign, own in values:
            plus = ("-" if sign < 0 else "") if not out else " - " if sign < 0 else " + "
            out += plus + bound(own, PRODUCT)
        return out, next(iter(kinds), NUMBER), SUM

    def is_bias(self, shown: str) -> bool:
        """Whether a summand is a parameter alone, which is whatever it is added to."""
        return (
            shown.isidentifier() and shown not in {"I"} | self.context.defined | self.context.inputs
        )

    def quotient(self, above: Value, below: Value, node: Tree) -> Value:
        if below[1] == MATRIX:
            raise Foreign("a quotient by a matrix", node)
        return f"{bound(above, PRODUCT)} / {bound(below, ATOM)}", above[1], PRODUCT

    def scripted(self, node: Scripted, inner: Value) -> Value:
        """A bracket with a transpose or a power behind it."""
        for script in node.scripts:
            label = "".join(t.value for t in leaves(script.inside))
            if script.kind == "SUP" and is_transpose(script):
                if inner[1] == MATRIX:
                    raise Foreign("a transposed matrix", node)
                inner = inner[0], TURNED.get(inner[1], inner[1]), inner[2]
            elif script.kind == "SUP":
                inner = f"{bound(inner, ATOM)} ** {_power(script.inside)}", inner[1], ACT
            elif label not in ("2", "F"):
                raise Foreign("an index of a bracket", node)
        return inner

    def product(self, node: Tree, factors: Sequence[tuple[str, Tree]]) -> Value:
        """Parts between ⊙ component by component, each of them a chain."""
        parts: list[list[Value]] = [[]]
        circled, outers, at = False, False, 0
        while at < len(factors):
            sign, factor = factors[at]
            at += 1
            outer = sign == "tensor" and self.context.target in self.memories
            starred = sign == "star" and self.context.spelled_products
            starred = starred and not (parts[-1] and parts[-1][-1][0].startswith("diag("))
            circled = circled or sign in ("hadamard", "tensor")
            outers = outers or outer
            if sign == "at" and len(parts) > 1:  # a * b @ c from left to right
                values = [self.chain(node, part) for part in parts]
                if self.context.target in self.memories:
                    self.take_for_number(*values[0][:2])  # i * v @ k.T
                parts = [[self.multiplied(node, values, circled)]]
            elif (starred or sign in ("hadamard", "tensor")) and parts[-1]:
                parts.append([])
            if sign == "concat":
                raise Foreign("a concatenation", node)
            value = self.function(factor, factors[at:])
            if value is not None:
                at += 1
            own = value or self.value(factor)
            pair = [*parts[-1][-1:], own] if sign == "at" else []
            if [kind for _, kind, _ in pair] == [COLUMN, COLUMN] and all(
                text.endswith("]") and text[0].islower() for text, _, _ in pair
            ):  # n @ q of two vectors of the step
                parts[-1][-1] = (f"dot({pair[0][0]}, {pair[1][0]})", NUMBER, ATOM)
                continue
            if sign == "/" and parts[-1]:
                parts[-1] = [self.quotient(self.chain(node, parts[-1]), own, node)]
            else:
                parts[-1].append(own)
        values = [self.chain(node, part) for part in parts]
        if outers and [kind for _, kind, _ in values] == [COLUMN, COLUMN]:
            return f"outer({values[0][0]}, {values[1][0]})", MATRIX, ATOM
        return self.multiplied(node, values, circled)

    def multiplied(self, node: Tree, values: Sequence[Value], circled: bool = False) -> Value:
        if len(values) == 1:
            return values[0]
        kinds = {kind for _, kind, _ in values} - {NUMBER}
        if circled and MATRIX in kinds and len(kinds) > 1:
            for shown, kind, _ in values:  # G_t ⊙ S_{t-1}: a matrix that each step has anew
                if kind != MATRIX and shown[0].isupper() and shown.endswith("[t]"):
                    self.kinds[shown[:-3]] = kind = MATRIX
                    kinds = {MATRIX}
        if len(kinds) > 1:
            for shown, kind, _ in values if MATRIX in kinds else ():
                self.take_for_number(shown, kind)
            raise Foreign("a product of a matrix and a vector by components", node)
        if circled and kinds:
            names = {t[:-3] for t, k, _ in values if k == NUMBER and t.endswith("[t]")}
            self.kinds.update(dict.fromkeys(names - self.scales, COLUMN))
        text = " * ".join(bound(v, PRODUCT if not i else ACT + 1) for i, v in enumerate(values))
        return text, next(iter(kinds), NUMBER), PRODUCT

    def take_for_number(self, shown: str, kind: str) -> None:
        """A name, or a function of one, that multiplies a matrix is a number from now on."""
        found = re.fullmatch(r"(?:\w+\()?(\w+)(?:\[t\])?\)?", shown)
        if kind == COLUMN and found is not None:
            self.kinds[found[1]] = NUMBER
            self.scales.add(found[1])

    def chain(self, node: Tree, values: Sequence[Value]) -> Value:
        """What stands side by side: numbers in front, then neighbours that make one value."""
        scalars = [v for v in values if v[1] == NUMBER]
        rest = [v for v in values if v[1] != NUMBER]
        while len(rest) > 1:
            rest = self.contracted(node, rest, scalars)
        whole = [*scalars, *rest]
        return self.multiplied(node, whole)

    def contracted(self, node: Tree, rest: list[Value], scalars: list[Value]) -> list[Value]:
        for one, other, kind, form in NEIGHBOURS:
            for i in range(len(rest) - 1):
                if (rest[i][1], rest[i + 1][1]) != (one, other):
                    continue
                binds = 0 if "(" in form else ACT
                pair = [bound(v, binds and binds + j) for j, v in enumerate(rest[i : i + 2])]
                value = (form.format(*pair), kind, ATOM if "(" in form else ACT)
                return [*rest[:i], value, *rest[i + 2 :]]
        read_out = rest[0][0][0].isupper() or self.context.target not in self.memories
        query = read_out and rest[1][0].endswith("[t]")  # Q_t S_t of rows
        if (rest[0][1], rest[1][1]) == (COLUMN, MATRIX) and (query or rest[1][0].isidentifier()):
            pair = [bound(v, ACT + j) for j, v in enumerate(rest[:2])]
            return [("{} @ {}".format(*pair), COLUMN, ACT), *rest[2:]]  # x W of columns
        name, other = rest[0][0].split("[")[0], rest[1][0]
        written = {name.lower(), other.split("[")[0].lower()} == {"k", "v"}
        if (
            written and not scalars and self.context.target in self.memories
        ):  # K_t V_t, which lacks its transpose
            return [(f"outer({rest[0][0]}, {other})", MATRIX, ATOM), *rest[2:]]
        capital = name.isidentifier() and name[0].isupper() and rest[0][1] != MATRIX
        if capital and other[0].islower():
            self.kinds[name] = MATRIX  # C_t h_t: a matrix that each step has anew
            return [(rest[0][0], MATRIX, ATOM), *rest[1:]]
        if rest[0][2] == ATOM and name.isidentifier() and "(" not in rest[0][0]:
            self.kinds[name] = NUMBER  # f_t C_{t-1}, i_t v_t k_tᵀ: a number of the step
            self.numbers.add(name)
            scalars.append((rest[0][0], NUMBER, ATOM))
            return rest[1:]
        if rest[1][1] == MATRIX:
            self.take_for_number(*rest[0][:2])
        raise Foreign("a product that is neither of rows and columns nor of numbers", node)

    def function(self, factor: Tree, rest: Sequence[tuple[str, Tree]]) -> Value | None:
        """A function with its bracket; None for anything else."""
        ref = None if isinstance(factor, TimedSymbol) else reference(factor, self.context.indices)
        if ref is None or not rest or rest[0][0] != "":
            return None
        after = rest[0][1]
        group = after.base if isinstance(after, Scripted) else after
        named = ref.letter in {*symbols.WHOLE, "diag", "Diag", "max", "min", "spike", "outer"}
        if not isinstance(group, Group) or not (named or self.calls.is_function(ref, True)):
            return None
        value = self.called(ref, group, [self.value(item) for item in group.items])
        return self.scripted(after, value) if isinstance(after, Scripted) else value

    def called(self, ref: Reference, group: Tree, inner: list[Value]) -> Value:
        letter = ref.letter
        if letter == "outer" and [kind for _, kind, _ in inner] == [COLUMN, COLUMN]:
            return f"outer({inner[0][0]}, {inner[1][0]})", MATRIX, ATOM
        if letter in ("max", "min", "spike") and len(inner) == 2:
            return f"{letter}({inner[0][0]}, {inner[1][0]})", inner[0][1], ATOM
        if len(inner) != 1:
            raise Foreign(f"{letter} of several arguments", group)
        if letter in ("diag", "Diag"):
            name = inner[0][0].split("[")[0]
            if inner[0][1] == NUMBER and name.isidentifier():
                self.kinds[name] = COLUMN
            return f"diag({inner[0][0]})", MATRIX, ATOM
        if letter in symbols.LINEAR:
            return f"{ref.name}_{self.context.target} @ {bound(inner[0], ACT + 1)}", COLUMN, ACT
        own = self.context.functions.get(ref.name) or symbols.FUNCTIONS.get(letter)
        function = own or symbols.WHOLE.get(letter)
        if letter in symbols.NORMALISATIONS and function is None:
            return inner[0]
        function = function or ("sigmoid" if letter == "sigma" else "tanh")
        return f"{function}({inner[0][0]})", inner[0][1], ATOM


def bound(value: Value, binds: int) -> str:
    """A value's text, in brackets where its surroundings bind more tightly."""
    return f"({value[0]})" if value[2] < binds else value[0]


def _power(inside: Sequence[Token]) -> str:
    """An exponent: a number, or a fraction of two."""
    digits = [t.value for t in leaves(inside) if t.value.isdigit()]
    if len(digits) not in (1, 2):
        raise FormulaError("an exponent that is not a number", 0, 0)
    return digits[0] if len(digits) == 1 else f"({digits[0]} / {digits[1]})"
