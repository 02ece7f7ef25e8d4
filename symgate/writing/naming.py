"""Which glyph each name of a cell gets in a notation; where it has none, the rule.

What a notation does not know falls back gate by gate to the cell's own names, and two
names never look alike: where they would, the later one keeps its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from sympy import Basic, Indexed, MatrixSymbol

from symgate.algebra.activations import known_record
from symgate.algebra.names import name_parts
from symgate.algebra.vectors import name_of, parts_of, time_of
from symgate.cells import named
from symgate.equations.cell import Cell
from symgate.equations.zoo import once_a_cell
from symgate.linear.linearise import linearise
from symgate.linear.terms import Linearisation, ParameterTerm
from symgate.writing.notation import Glyph, Letter, Notation, conventions


@dataclass(frozen=True)
class Use:
    """What a parameter does: its kind, the gate it serves, what it acts on."""

    kind: str
    owner: str
    source: str


class Naming:
    """The glyphs of one cell in one notation.

    >>> import symgate as sg
    >>> from symgate.writing.notation import notation
    >>> naming = Naming(sg.cell("gru"), notation("ng"))
    >>> naming.glyph("z").base, naming.glyph("z").below, naming.fallen_back
    ('Gamma', ('u',), ())
    """

    def __init__(self, cell: Cell | None, notation: Notation) -> None:
        self.cell, self.notation = cell, notation
        self.glyphs: dict[str, Glyph] = {}
        self.guessed: dict[str, Glyph] = {}
        self.uses: dict[str, Use] = {}
        self.letters: dict[str, Letter] = {}
        self.concatenated: dict[frozenset[str], Glyph] = {}
        self.fallen_back: tuple[str, ...] = ()
        self.collided: tuple[str, ...] = ()
        if cell is not None:
            self._name(cell, linearise(cell))

    def glyph(self, name: str) -> Glyph:
        """How a name of the cell, of the engine or a δ of either is written."""
        if name in self.glyphs:
            return self.glyphs[name]
        if name not in self.guessed:
            if name.startswith("letter:"):  # a letter of the document's own
                self.guessed[name] = Glyph.of(name[7:])
            elif name.startswith("later:"):  # what step t + 1 hands back
                self.guessed[name] = Glyph("delta", ("hat",), (self.glyph(name[6:]),))
            elif name.startswith("delta_") and name[6:] in self.glyphs:
                self.guessed[name] = Glyph("delta", below=(self.glyphs[name[6:]],))
            else:
                self.guessed[name] = self._guess(name)
        return self.guessed[name]

    def block(self, matrix: str, source: str) -> Glyph:
        """The columns of a concatenated matrix that act on a source."""
        tag, source = self._tag(matrix), self._plain_source(source)
        kind = "input" if self.cell and source in self.cell.inputs else "recurrent"
        if self.notation.blocks and kind in self.notation.parameters:
            filled = self._filled(self.notation.parameters[kind], tag, source)
            return filled.in_layer(Glyph.of(matrix))
        own = self.glyph(matrix)
        letter = self.glyph(source)
        if own.above:
            return Glyph(own.base, own.accents, (*own.below, letter), own.above)
        return Glyph(own.base, own.accents, (*own.below, letter))

    @cached_property
    def jacobian(self) -> str:
        """The letter of the one-step Jacobian: J, or the next that the cell does not use."""
        return self.free("J", "D", "M", "P", "Q")

    def free(self, *wanted: str) -> str:
        """The first of some letters that no name of the cell has."""
        names = (*self.letters, *(self.cell.parameters if self.cell else ()))
        taken = {self.glyph(name).flat for name in names}
        return next((w for w in wanted if Glyph(w).flat not in taken), wanted[-1])

    def joint(self, one: MatrixSymbol, other: MatrixSymbol) -> Glyph | None:
        """The one matrix that W and U together are, in notations that concatenate."""
        return self.concatenated.get(frozenset((one.name, other.name)))

    # -- naming a cell -------------------------------------------------------------------

    def _name(self, cell: Cell, lin: Linearisation) -> None:
        self.uses = uses(cell)
        values = list(dict.fromkeys((*cell.states, *cell.equations, *cell.inputs)))
        self.letters = {name: self._letter(cell, name) for name in values}
        fallen = self._told_apart({n: letter.glyph for n, letter in self.letters.items()})
        for name in fallen:
            self.letters[name] = Letter(Glyph.of(name), (Glyph.of(name),), known=False)
        if self.notation.letters:
            self.fallen_back = tuple(n for n in cell.equations if not self.letters[n].known)
        if self.notation.concatenates:
            self._concatenate(cell)
        wanted = {name: letter.glyph for name, letter in self.letters.items()}
        wanted.update((name, self._parameter(name)) for name in cell.parameters)
        self.collided = tuple(n for n in self._told_apart(wanted) if n in cell.parameters)
        self.glyphs.update(wanted)
        taken = {glyph.flat for glyph in wanted.values()}
        self.concatenated = {
            pair: g for pair, g in self.concatenated.items() if g.flat not in taken
        }
        for node in lin:
            if node.name not in self.glyphs:
                self.glyphs[node.name] = self._engine(lin, node.name)

    def _told_apart(self, wanted: dict[str, Glyph]) -> list[str]:
        """Let all that look alike fall back to their own names; say which did."""
        fallen: list[str] = []
        while True:
            looks = Counter(glyph.flat for glyph in wanted.values())
            alike = [n for n, glyph in wanted.items() if looks[glyph.flat] > 1]
            changed = [n for n in alike if wanted[n] != Glyph.of(n) and not wanted[n].verbatim]
            if not changed:
                break
            for name in changed:
                wanted[name] = Glyph.of(name)
            fallen += changed
        for name in alike[1:]:  # as a_b and a__b, the parameter h_t and h at t
            wanted[name] = Glyph(name, verbatim=True)
        return fallen

    def _letter(self, cell: Cell, name: str) -> Letter:
        found = self._known_letter(cell, name)
        own = Glyph.of(name)
        if found is None:
            raised = own.upper() if self.notation.upper else own
            known = name in cell.inputs or not self.notation.letters
            return Letter(raised, () if name in cell.states else (own,), known)
        glyph = Glyph.of(found.get("letter", name)).in_layer(own)
        tag = found.get("tag")
        tags: tuple[str | Glyph, ...] = (Glyph.of(tag),) if tag else ()
        if tag is None:
            tags = () if name in cell.states else (Glyph.of(found.get("letter", name)),)
        return Letter(glyph, tags)

    def _known_letter(self, cell: Cell, name: str) -> dict[str, str] | None:
        role = role_of(cell, name)
        tables = [self.notation.letters]
        family = family_of(cell)
        if family in self.notation.families:
            tables.insert(0, self.notation.families[family])
        for table in tables:
            for key in sorted(table, key=len, reverse=True):
                if role == key or role.startswith(f"{key} "):
                    return dict(table[key])
        return None

    def _parameter(self, name: str) -> Glyph:
        use = self.uses.get(name)
        if use is None or use.kind not in self.notation.parameters:
            return Glyph.of(name)
        template = self.notation.parameters[use.kind]
        return self._filled(template, self._tag(name), use.source).in_layer(Glyph.of(name))

    def _tag(self, parameter: str) -> tuple[str | Glyph, ...]:
        """The gate's tag: of the gate that the parameter's index names, or of its owner."""
        index = name_parts(parameter).subscripts
        use = self.uses.get(parameter)
        named = index[0] if index else ""
        if use is not None and named in ("", use.source) and use.owner in self.letters:
            return self.letters[use.owner].tag
        return self.letters[named].tag if named in self.letters else index

    def _filled(self, template: str, tag: tuple[str | Glyph, ...], source: str) -> Glyph:
        """A template with the tag and the source's letter put in."""
        letter = self.letters[source].glyph if source in self.letters else Glyph.of(source or "h")
        base, _, rest = template.partition("_") if "_" in template else template.partition("^")
        below, above = (rest, "") if "_" in template else ("", rest.strip("()"))
        if "^" in below:
            below, _, above = below.partition("^")
            above = above.strip("()")

        def put(pattern: str) -> tuple[str | Glyph, ...]:
            pieces: list[str | Glyph] = []
            for sign in pattern:
                if sign == "*":
                    pieces.extend(tag)
                elif sign == "@":
                    pieces.append(letter)
                else:
                    pieces.append(sign)
            return tuple(pieces)

        return Glyph(base, (), put(below), put(above), tight=True)

    def _concatenate(self, cell: Cell) -> None:
        """The pairs U, W of a gate that are written as one matrix."""
        by_owner: dict[tuple[str, str], list[str]] = {}
        for name, use in self.uses.items():
            if use.kind in ("input", "recurrent"):
                by_owner.setdefault((use.owner, use.kind), []).append(name)
        for (owner, kind), inputs in by_owner.items():
            recurrent = by_owner.get((owner, "recurrent"), [])
            if kind == "input" and len(inputs) == len(recurrent) == 1:
                template = self.notation.parameters.get("concatenated", "W_*")
                glyph = self._filled(template, self._tag(inputs[0]), "")
                glyph = glyph.in_layer(Glyph.of(inputs[0]))
                self.concatenated[frozenset((inputs[0], recurrent[0]))] = glyph

    # -- names that the engine made, and names without a cell --------------------------------

    def _engine(self, lin: Linearisation, name: str) -> Glyph:
        node = lin[name]
        letter = {
            "pre": self.notation.pre,
            "inner": self.notation.inner,
            "part": self.notation.part,
        }
        about = node.owner
        if node.kind == "pre":
            read = {n.name: {name_of(v) for v in n.expression.atoms(Indexed)} for n in lin}
            about = next((n for n, names in read.items() if name in names), about)
        mark = self.letters[about].tag if about in self.letters else (self._engine(lin, about),)
        if not mark:
            mark = (self.glyphs[about],)
        twin = name.rpartition("_")[2]
        count = (twin,) if twin.isdigit() and not about.endswith(f"_{twin}") else ()
        layer = Glyph.of(about).above  # stands above the whole
        below = [replace(m, above=()) if isinstance(m, Glyph) and layer else m for m in mark]
        glyph = Glyph(letter[node.kind], below=(*below, *count), above=layer)
        own = Glyph(letter[node.kind], below=(Glyph.of(about), *count))
        taken = {g.flat for n, g in self.glyphs.items() if n != name}
        second = Glyph(letter[node.kind], below=(*mark, "2"))
        ways = (glyph, own, Glyph.of(name), second, Glyph(name, verbatim=True))
        return next(way for way in ways if way.flat not in taken)

    def _guess(self, name: str) -> Glyph:
        """A name that no cell explains: by its spelling, W_z, U_z, b_z or a gate's letter."""
        table = conventions()
        parts = name_parts(name)
        kind = table["spelling"].get(parts.base, "")
        if kind in self.notation.parameters and len(parts.subscripts) <= 1 and not parts.accents:
            tag: tuple[str | Glyph, ...] = ()
            if parts.subscripts:
                tag = self._guessed_letter(parts.subscripts[0]).tag
            source = "x" if kind == "input" else "h"
            self.letters.setdefault("h", self._guessed_letter("h"))
            return self._filled(self.notation.parameters[kind], tag, source)
        return self._guessed_letter(name).glyph

    def _guessed_letter(self, name: str) -> Letter:
        table = conventions()
        for group in ("sigmoid", "tanh", "state"):
            role = table[group].get(name)
            found = self.notation.letters.get(role) if role else None
            if found is not None:
                tag = found.get("tag", found.get("letter", name))
                is_state = group == "state" and "tag" not in found
                tags: tuple[str | Glyph, ...] = (Glyph.of(tag),) if tag and not is_state else ()
                return Letter(Glyph.of(found.get("letter", name)), tags)
        own = Glyph.of(name)
        known = name in table["sigmoid"] or name in table["tanh"] or name in table["state"]
        return Letter(own.upper() if self.notation.upper and known else own, (own,), False)

    def _plain_source(self, source: str) -> str:
        """The state that an inner node of the engine stands for."""
        if self.cell is None or source in self.letters:
            return source
        lin = linearise(self.cell)
        if source not in lin.nodes:
            return source
        return next(
            (name_of(t.source) for t in lin[source].terms if name_of(t.source) in self.cell.states),
            source,
        )


def role_of(cell: Cell, name: str) -> str:
    """The role of a value: as given, or as people mean its bare letter."""
    if given := cell.role(name):
        return given
    table = conventions()
    if name in cell.states:
        return table["state"].get(name, "")
    record = known_record(cell.equations.get(name))
    if record is None:
        return ""
    kind = "sigmoid" if record.opens else "tanh" if record.range == (-1, 1) else ""
    return table.get(kind, {}).get(name, "")


def family_of(cell: Cell) -> str:
    """The family of a zoo cell; a cell of one's own has none."""
    entry = named(cell.name)
    return entry.family if entry is not None else ""


@once_a_cell
def _uses(cell: Cell) -> tuple[tuple[str, Use], ...]:
    lin = linearise(cell)
    found: dict[str, list[Use]] = {}
    for node in lin:
        for term in node.parameter_terms:
            use = _use(cell, lin, node.owner, term)
            found.setdefault(term.parameter, []).append(use)
    return tuple((name, all_uses[0]) for name, all_uses in found.items() if len(all_uses) == 1)


def uses(cell: Cell) -> dict[str, Use]:
    """What each parameter that is used once does."""
    return dict(_uses(cell))


def _use(cell: Cell, lin: Linearisation, owner: str, term: ParameterTerm) -> Use:
    if cell.parameters[term.parameter].kind == "scalar":
        return Use("scalar", owner, "")
    if term.map is not None:  # a dot product, say
        return Use("vector", owner, "")
    if term.vector is None:
        held = [v for f in term.coefficient for v in _variables(f)]
        if not held:
            return Use("bias", owner, "")
        states = [v for v in held if name_of(v) in cell.states]
        kind = "peephole" if states else "inner_bias"
        return Use(kind, owner, name_of(states[0]) if states else "")
    if parts_of(term.vector):
        return Use("concatenated", owner, "")
    return _matrix(cell, lin, owner, term.vector)


def _matrix(cell: Cell, lin: Linearisation, owner: str, vector: Basic) -> Use:
    for v in _variables(vector):
        name = name_of(v)
        if name in cell.inputs:
            return Use("input", owner, name)
        if name in cell.states and time_of(v) != 0:
            return Use("recurrent", owner, name)
        if name in lin.nodes and lin[name].kind == "inner":
            return _matrix(cell, lin, owner, lin[name].expression)
    for v in _variables(vector):
        return Use("present", owner, name_of(v))
    return Use("other", owner, "")


def _variables(expression: Basic) -> Iterator[Indexed]:
    atoms = expression.atoms(Indexed)
    past = [a for a in atoms if time_of(a) != 0]
    yield from sorted(past, key=str)
    yield from sorted(atoms - set(past), key=str)
