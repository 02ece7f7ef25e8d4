"""Which cells are state spaces, h_t = Ā h_{t-1} + B̄ x_t, or keep a sum and its weight."""

from __future__ import annotations

import re
from collections.abc import Sequence

from symgate.reading.structure import PrintedSummand, Structure, summands, variables
from symgate.reading.terms import AnyTerm, Apply, Call, Par, Plus, Quot, Times, Var, subterms
from symgate.reading.understood import Understanding, Understood

#: A matrix or a diagonal that a step size has made: dA, deltaB_u.
_MADE = re.compile(r"(?:d|delta|exp)_?[AB]\w*|Delta[AB]\w*")


def is_state_space(found: Understanding, parts: Structure) -> bool:
    """Whether the states are matrices times themselves and the inputs, and nothing more."""
    lines = [u for u in found.lines if u.name in parts.states] or [
        u for u in found.lines if u.error is not None and "step" in u.error.message
    ]
    return bool(lines) and all(u.term is None or _is_linear(u) for u in lines)


def _is_linear(u: Understood) -> bool:
    """Whether a line is a sum of matrices times vectors: A h + B x, B̄_t x_t; no bias."""
    parts = summands(u.term) if u.term is not None else []
    small = u.line.target.letter.islower()
    return len(parts) > 1 and all(_is_scaled(p) or _is_of_step(p, small) for p in parts)


def _is_scaled(part: PrintedSummand) -> bool:
    """Whether a part is a matrix times a vector, weighed by functions of parameters."""
    acted = [f for f in part.factors if isinstance(f, Apply)]
    rest = [f for f in part.factors if not isinstance(f, Apply)]
    inside = [t for a in acted for t in subterms(a.vector)]
    plain = not any(isinstance(t, Call | Times) for t in inside)
    return len(acted) == 1 and plain and not any(any(variables(f)) for f in rest)


def _is_of_step(part: PrintedSummand, small: bool) -> bool:
    """Whether a part is a matrix of the step times a vector, Δ_t B_t x_t, or a diagonal, dA h."""
    own = [f.ref for f in part.factors if isinstance(f, Var | Par)]
    if len(own) < len(part.factors):
        return len(own) == 1 and len(part.factors) == 2 and any(map(_is_decay, part.factors))
    made = any(_MADE.fullmatch(ref.letter + "".join(ref.labels)) for ref in own)
    steps = not any(isinstance(f, Par) for f in part.factors)
    capital, last = [r for r in own if r.letter.isupper()], own[-1:]
    return made or (small and steps and len(own) < 4 and len(capital) == 1 and capital != last)


def _is_decay(factor: AnyTerm) -> bool:
    """Whether a factor is the exponential of a product, exp(Δ_t A)."""
    if not isinstance(factor, Call) or factor.function != "exp":
        return False
    inside = summands(factor.argument)
    return len(inside) == 1 and len(inside[0].factors) > 1


def normalised(lines: Sequence[Understood], carried: Sequence[str]) -> bool:
    """Whether one carried state divides another."""
    for term in (t for u in lines if u.term is not None for t in subterms(u.term)):
        below = term.below if isinstance(term, Quot) else getattr(term, "base", None)
        inside = variables(below) if isinstance(below, Var | Plus) else ()
        above = variables(term.above) if isinstance(term, Quot) else inside
        if any(v.name in carried for v in inside) and any(v.name in carried for v in above):
            return True
    return False


def is_of_norm_one(parts: Structure, state: str, kept: set[str]) -> bool:
    """Whether what is new is weighed by sqrt(1 - a²) where a is kept."""
    return any(
        isinstance(f, Call) and f.function == "sqrt" and kept & {v.name for v in variables(f)}
        for part in parts.news.get(state, ())
        for f in part.factors
    )
