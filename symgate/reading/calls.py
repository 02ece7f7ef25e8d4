"""Functions and what they are applied to: activations, normalisations, maps, maxima."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from symgate.algebra.names import GREEK
from symgate.reading import symbols
from symgate.reading.context import Context, Foreign
from symgate.reading.grammar import tree as parsed
from symgate.reading.names import Reference, is_power, reference
from symgate.reading.structure import factors
from symgate.reading.terms import AnyTerm, Apply, Call, Cat, Num, Par, Plus, Raised, Times, Var
from symgate.reading.tokens import Token
from symgate.reading.trees import Factors, Group, Scripted, Spelled, Terms, TimedSymbol, Tree


class Calls:
    """Reads functions in a context; `term` reads what they are applied to."""

    def __init__(self, context: Context, term: Callable[[Tree], AnyTerm]) -> None:
        self.context, self.term = context, term

    def call(
        self, factor: Tree, factors: Sequence[tuple[str, Tree]], at: int
    ) -> tuple[AnyTerm, int] | None:
        """A function and its argument, and how far they reach; None where there is none."""
        if isinstance(factor, TimedSymbol):
            return self.timed(factor), at
        exponential = self.exponential(factor)
        if exponential is not None:
            return exponential, at
        ref = reference(factor, self.context.indices)
        if ref is None:
            return None
        follows = factors[at] if at < len(factors) else None
        group = follows[1] if follows is not None and follows[0] == "" else None
        raised = None
        if isinstance(group, Scripted) and isinstance(group.base, Group):
            raised, group = group, group.base
        bracket = isinstance(group, Group) and group.opening in "([{\\{|"
        if raised is None and isinstance(group, Group):
            before = factors[at - 2][1] if at > 1 and factors[at - 1][0] == "" else None
            entering = self.of_input(ref, group, before)
            if entering is not None:
                return entering, at + 1
        if not self.is_function(ref, bracket) and not (
            isinstance(group, Group) and (self.is_outer(ref, group) or self.is_named(ref, group))
        ):
            return None
        if bracket and not (raised is not None and self.is_symbol(raised)):
            assert isinstance(group, Group)
            value = self.applied(ref, factor, list(group.items), group)
            if raised is not None:
                value = self.with_exponent(value, raised)
            return value, at + 1
        argument: list[tuple[str, Tree]] = []
        while at < len(factors) and (factors[at][0] == "" or not argument):
            inner = reference(factors[at][1], self.context.indices)
            if argument and inner is not None and self.is_function(inner, False):
                break
            argument.append(("" if not argument else factors[at][0], factors[at][1]))
            at += 1
        if not argument:
            raise Foreign(f"{ref.name} without an argument", factor)
        whole: Tree = argument[0][1]
        if len(argument) > 1:
            whole = Factors(whole.start, argument[-1][1].stop, tuple(argument))
        return self.applied(ref, factor, [whole], whole), at

    def timed(self, factor: TimedSymbol) -> AnyTerm:
        ref = reference(factor.symbol, self.context.indices)
        assert ref is not None
        ref = replace(ref, time=factor.time, stop=factor.stop, style="call")
        return Var(ref.start, ref.stop, ref.name, ref.time, ref)

    def exponential(self, factor: Tree) -> AnyTerm | None:
        """e with an expression above it."""
        if not isinstance(factor, Scripted) or len(factor.scripts) != 1:
            return None
        base, script = factor.base, factor.scripts[0]
        if not (isinstance(base, Spelled) and base.name == "e" and script.kind == "SUP"):
            return None
        ref = reference(factor, self.context.indices)
        named = "e" in self.context.defined or (ref is not None and ref.time is not None)
        if named or len(script.inside) < 2:
            return None
        items, _ = parsed(script.inside)
        return Call(
            factor.start, factor.stop, "exp", "e", self.term(items[0]), (base.start, base.stop)
        )

    def is_symbol(self, raised: Scripted) -> bool:
        r"""Whether braces hold a name and its index stands behind them, as in \mathbf{c}_t."""
        ref = reference(raised, self.context.indices)
        braces = isinstance(raised.base, Group) and raised.base.opening == "{"
        return braces and ref is not None and (ref.time is not None or bool(ref.labels))

    def is_outer(self, ref: Reference, group: Group) -> bool:
        """Whether a bare capital stands before W x + U h + b: a function, as in H(…)."""
        bare = ref.name == ref.letter and len(ref.name) == 1 and ref.name.isupper()
        known = ref.name in self.context.defined | self.context.inputs | self.context.timed
        if not bare or known or ref.time is not None or len(group.items) != 1:
            return False
        inner = group.items[0]
        if not isinstance(inner, Terms):
            return False
        matrices = 0
        for _, part in inner.terms:
            first = part.factors[0][1] if isinstance(part, Factors) else None
            found = reference(first, self.context.indices) if first is not None else None
            matrices += found is not None and found.time is None and found.letter.isupper()
        return matrices >= 2

    def of_input(self, ref: Reference, group: Group, before: Tree | None) -> Var | None:
        """A function of an input is an input: W e(x_t), emb(x_t); not u(x_t), which is weighted."""
        context, indices = self.context, self.context.indices
        inner = reference(group.items[0], indices) if len(group.items) == 1 else None
        if inner is None or inner.name not in context.inputs or inner.time is None:
            return None
        weight = reference(before, indices) if before is not None else None
        weighted = weight is not None and weight.time is None and weight.letter.isupper()
        word = len(ref.letter) > 1 and ref.kind != "FUNCTION" and ref.letter not in GREEK
        word &= weighted or ref.letter.lower().startswith("emb") or not self.is_named(ref, group)
        lower = len(ref.letter) == 1 and ref.letter.islower() and (weighted or ref.letter == "e")
        known = ref.name in context.defined | context.inputs or ref.time is not None or ref.power
        if known or group.opening != "(" or not (word or lower) or self.is_function(ref, True):
            return None
        name = f"{ref.name}_{inner.name}"
        context.inputs |= {name}
        context.notes[name] = "input"
        own = replace(inner, name=name, start=ref.start, stop=group.stop, style="call")
        return Var(own.start, own.stop, name, own.time, own)

    def is_named(self, ref: Reference, group: Group) -> bool:
        """Whether a word, or the letter of a state, names a function: gate_nl(…), h(c_t)."""
        if ref.time is not None or ref.power or ref.accents or group.opening != "(":
            return False
        if ref.name in self.context.defined_untimed | self.context.inputs:
            return False
        if len(ref.letter) == 1:
            inner = reference(group.items[0], self.context.indices) if group.items else None
            of_state = inner is not None and inner.time == 0 and inner.name in self.context.defined
            return ref.letter in "ahk" and ref.name == ref.letter and of_state
        return is_map(ref) or (ref.name not in self.context.defined and _is_word(ref.letter))

    def is_function(self, ref: Reference, bracket: bool) -> bool:
        if ref.kind == "FUNCTION":
            return bracket or ref.letter not in symbols.LINEAR
        if ref.time is not None or ref.power:
            return False
        if ref.letter == "sigma" and ref.name not in self.context.defined:
            return bracket or not ref.labels
        word = ref.kind == "NAME" and (
            ref.letter in symbols.LINEAR
            or ref.letter in symbols.NORMALISATIONS
            or ref.letter in symbols.PRODUCTS
        )
        if word:
            return bracket
        if not bracket or ref.accents:
            return False
        if ref.letter not in symbols.ACTIVATION_LETTERS:
            return False
        if ref.name in self.context.defined_untimed or ref.name in self.context.inputs:
            return False
        return not (ref.letter in "ahk" and ref.name in self.context.defined)

    def applied(self, ref: Reference, head: Tree, items: Sequence[Tree], group: Tree) -> AnyTerm:
        """A function at its argument."""
        letter = ref.letter
        start, stop = head.start, max(group.stop, head.stop)
        if letter == "max" and len(items) == 2:
            return self.greater(head, items, stop)
        if letter in symbols.OUTPUT_FUNCTIONS or letter in symbols.UNKNOWN_FUNCTIONS:
            raise Foreign(f"the function {letter}", head)
        if letter in symbols.CONCATENATIONS:
            return Cat(start, stop, tuple(map(self.term, items)))
        if letter in symbols.PRODUCTS and len(items) == 2:
            one, other = items
            return self.term(Factors(start, stop, (("", one), ("times", other))))
        if letter in symbols.LINEAR or is_map(ref):
            return self.linear(ref, items, start, stop)
        if len(items) != 1 and letter not in symbols.NORMALISATIONS:  # LN(a; gain, shift)
            raise Foreign(f"{ref.name} of several arguments", head)
        argument = self.term(items[0])
        if isinstance(argument, Par) and argument.kind == "matrix" and letter != "diag":
            argument = replace(argument, kind="vector")
        if letter == "exp" and isinstance(argument, Apply):
            argument = self.decay(argument)
        return self.wrapped(ref, head, argument, stop)

    def decay(self, argument: Apply) -> AnyTerm:
        """Δ_t A in exp(Δ_t A), where a line gives the step size Δ_t: A is a diagonal."""
        step, own = argument.vector, argument.matrix
        given = isinstance(step, Var) and step.time == 0 and step.name in self.context.defined
        if not (argument.row and given and isinstance(own, Par)):
            return argument
        self.context.saw(own.name, "hadamard")
        return Times(argument.start, argument.stop, (step, replace(own, kind="vector")), ("",))

    def wrapped(self, ref: Reference, head: Tree, argument: AnyTerm, stop: int = 0) -> AnyTerm:
        """A function of one argument that has been read."""
        place, letter, start = (head.start, head.stop), ref.letter, head.start
        if "prime" in ref.accents:
            raise Foreign("the derivative of a function", head)
        stop = max(stop, argument.stop)
        if letter in symbols.NORMALISATIONS:
            self.context.notes[ref.name] = "normalisation"
            return argument
        if letter == "diag":
            if isinstance(argument, Par):
                self.context.saw(argument.name, "hadamard")
                return replace(argument, kind="vector")
            return argument
        known = self.context.functions.get(ref.name) or symbols.FUNCTIONS.get(letter)
        function = known or ("sigmoid" if letter == "sigma" else None)
        assumed = known is None and (function is None or bool(ref.labels))
        call: AnyTerm = Call(start, stop, function or "?", ref.name, argument, place, assumed)
        return Raised(start, stop, call, ref.power) if ref.power else call

    def greater(self, head: Tree, items: Sequence[Tree], stop: int) -> AnyTerm:
        """The greater of two values, b + relu(a - b)."""
        one, other = map(self.term, items)
        for zero, value in ((one, other), (other, one)):
            if isinstance(zero, Num) and float(zero.text) == 0:
                return Call(head.start, stop, "relu", "max", value, (head.start, head.stop))
        gap = Plus(one.start, other.stop, ((1, one), (-1, other)))
        place = (head.start, head.stop)
        return Plus(
            head.start, stop, ((1, other), (1, Call(head.start, stop, "relu", "max", gap, place)))
        )

    def linear(self, ref: Reference, items: Sequence[Tree], start: int, stop: int) -> AnyTerm:
        """`Linear(x)`: a matrix of its own in each equation."""
        parts = tuple(map(self.term, items))
        vector: AnyTerm = parts[0] if len(parts) == 1 else Cat(start, stop, parts)
        if "onv" in ref.letter:
            self.context.notes["convolution"] = ref.letter
        own = "" if is_map(ref) else self.context.target
        name = "_".join(p for p in (ref.name, own) if p)
        par = Par(start, stop, name, "matrix", replace(ref, name=name))
        return Apply(start, stop, par, vector)

    def with_exponent(self, value: AnyTerm, raised: Scripted) -> AnyTerm:
        """A value with the exponent that stands behind its bracket."""
        for script in raised.scripts:
            label = "".join(t.value for t in script.inside)
            if script.kind == "SUP" and label.lstrip("-").isdigit():
                return Raised(value.start, raised.stop, value, label)
            if is_power(script, "", self.context.indices):
                return self.power(value, script)
        return value

    def power(self, base: AnyTerm, script: Token) -> AnyTerm:
        """A power with an expression as exponent: exp(r log(a)) for a^r."""
        exponent = self.term(parsed(script.inside)[0][0])
        log = Call(base.start, base.stop, "log", "log", base, (base.start, base.start))
        inside = Times(base.start, script.stop, (*factors(exponent), log))
        place = (script.start, script.start + 1)
        return Call(base.start, script.stop, "exp", "^", inside, place)


def is_map(ref: Reference) -> bool:
    """Whether a label says that a name is an affine map, as in dt_projection(x_t)."""
    return any(label in symbols.MAPS for label in ref.labels)


def _is_word(letter: str) -> bool:
    greek = letter in GREEK or letter == "lamda"
    return len(letter) > 3 and letter.isalpha() and letter.islower() and not greek
