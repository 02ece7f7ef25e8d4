"""Derivatives as a formula names them: ∂a/∂b, ∂L/∂a, ∇_a L, δ_a, and lists of states."""

from __future__ import annotations

from dataclasses import replace

from symgate.checking.derivatives import change, delta, partial, whole
from symgate.checking.names import key
from symgate.checking.partials import derivative
from symgate.checking.scope import WayToRead
from symgate.checking.values import NamedMoment, NotUnderstood, Transform, Value
from symgate.reading.names import Reference
from symgate.reading.trees import Factors, Group, Scripted, Tree
from symgate.reading.trees import Spelled as Sign

#: What a loss is called, where the cell has no such name.
LOSSES = {"L", "E", "J", "C", "ell", "loss", "Loss", "mathcalL", "mathcalE", "S", "cost", "l"}


def derivative_of(scope: WayToRead, tree: Tree) -> Transform | None:
    """∂a/∂b of two values, or of the loss by one; None where a tree is no such thing."""
    found = derivative(tree)
    if found is None:
        return None
    above, below = found
    of, wrt = listed(scope, above), listed(scope, below)
    if of and wrt:
        return of_the_state(scope, of, wrt, tree)
    one, other = moment_at(scope, above), moment_at(scope, below)
    if other is None:
        return None
    if one is not None:
        return partial(scope, one, other, tree)
    loss = loss_of(scope, above)
    return None if loss is None else delta(scope, other, tree, loss)


def moments(scope: WayToRead, tree: Tree) -> tuple[NamedMoment, NamedMoment] | None:
    """a and b of ∂a/∂b, where both are values of the cell."""
    found = derivative(tree)
    if found is None:
        return None
    one, other = (moment_at(scope, part) for part in found)
    return None if one is None or other is None else (one, other)


def listed(scope: WayToRead, tree: Tree) -> list[NamedMoment]:
    """The values in [h_t, c_t], where it lists all states at one time."""
    if not (isinstance(tree, Group) and len(tree.items) > 1):
        return []
    moments = [scope.moment(item) for item in tree.items]
    return [m for m in moments if m is not None]


def of_the_state(
    scope: WayToRead, of: list[NamedMoment], wrt: list[NamedMoment], tree: Tree
) -> Transform:
    """∂[h_t, c_t]/∂[h_{t-k}, c_{t-k}], the Jacobian of the whole state."""
    names = [[m.name for m in side] for side in (of, wrt)]
    times = [{m.time for m in side} for side in (of, wrt)]
    if any(sorted(n) != sorted(scope.cell.states) for n in names) or any(len(t) > 1 for t in times):
        raise NotUnderstood("this derivative is not understood here", tree)
    now, before = times[0].pop(), times[1].pop()
    return whole(scope, names[0], names[1], now, before, tree)


def moment_at(scope: WayToRead, tree: Tree) -> NamedMoment | None:
    if isinstance(tree, Factors) and len(tree.factors) == 2:
        return scope.timed(tree.factors[0][1], tree.factors[1][1])
    return scope.moment(tree)


def loss_of(scope: WayToRead, tree: Tree) -> str | None:
    """Whether a name is the loss: "" for all of it, "loss" for what it reads at t."""
    ref = scope.reference(tree)
    if ref is None or ref.name not in LOSSES or key(ref.name) in scope.names:
        return None
    timed = ref.time is not None and ref.time - scope.shift <= 0
    return "loss" if timed and scope.way("share") == "of the step" else ""


def nabla(scope: WayToRead, tree: Tree) -> Reference | None:
    base = tree.base if isinstance(tree, Scripted) else tree
    if not (isinstance(base, Sign) and base.kind == "PARTIAL" and "nabla" in base.name):
        return None
    letter = replace(base, kind="LETTER")
    return scope.reference(replace(tree, base=letter) if isinstance(tree, Scripted) else letter)


def gradient_by(scope: WayToRead, tree: Scripted, after: Tree) -> Value:
    """∇_{h_t} L."""
    ref, loss = nabla(scope, tree), loss_of(scope, after)
    assert ref is not None
    name = scope.names.get(key("_".join(ref.labels)))
    if name is None or loss is None:
        raise NotUnderstood("this gradient is not understood", tree)
    return delta(scope, NamedMoment(name, (ref.time or 0) - scope.shift), tree, loss)


def delta_of(scope: WayToRead, ref: Reference, tree: Tree) -> Transform | None:
    """δ_t, δ_{h,t} and δ̂_{h,t}, which is what step t + 1 passes back."""
    if ref.letter != "delta" or set(ref.accents) - {"hat"}:
        return None
    time = (ref.time or 0) - scope.shift
    part = "later" if ref.accents else ""
    if ref.labels:
        name = scope.names.get(key("_".join(ref.labels)))
        if name is None:
            raise NotUnderstood(f"δ of {'_'.join(ref.labels)!r} is not understood", tree)
    else:
        name = scope.cell.output
    if not part and (not ref.labels or name not in scope.cell.states):
        name = _argument(scope, name)
    found = delta(scope, NamedMoment(name, time), tree, part)
    return found.turned if ref.transposed else found


def small(scope: WayToRead, tree: Tree, after: Tree) -> Transform | None:
    """δ c_t: the derivative of the loss by c_t, or a small change in it. δ beside a transpose
    is a product."""
    ref, moment = scope.reference(after), scope.moment(after)
    is_delta = isinstance(tree, Sign) and tree.name == "delta" and key("delta") not in scope.names
    if not is_delta or ref is None or ref.transposed or moment is None:
        return None
    if moment.name not in scope.lin.nodes:
        return None
    if scope.way("small") == "change":
        return change(scope, moment, after)
    name = moment.name if moment.name in scope.cell.states else _argument(scope, moment.name)
    return delta(scope, NamedMoment(name, moment.time), after)


def _argument(scope: WayToRead, name: str) -> str:
    """δ_i may be the derivative by i or by what its activation acts on."""
    acts = f"a_{name}" in scope.lin.nodes and scope.way("delta") == "argument"
    return f"a_{name}" if acts else name
