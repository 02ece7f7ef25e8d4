"""A gated cell of one's own for each student, from a seed."""

from __future__ import annotations

from random import Random

from symgate.equations.cell import Cell, cell_of_text

#: What a gate may read beside the input, and how the candidate may read the old state.
_READS = ("U_{g} @ h[t-1]", "U_{g} @ h[t-1]", "u_{g} * h[t-1]")
_CANDIDATES = ("U_n @ h[t-1]", "U_n @ ({g}[t] * h[t-1])", "{g}[t] * (U_n @ h[t-1])")

#: How the new state is put together from two gates and the candidate.
_STATES = (
    "h[t] = {a}[t] * h[t-1] + (1 - {a}[t]) * n[t]",
    "h[t] = (1 - {a}[t]) * h[t-1] + {a}[t] * n[t]",
    "h[t] = {a}[t] * h[t-1] + {b}[t] * n[t]",
    "h[t] = tanh({a}[t] * h[t-1] + {b}[t] * n[t])",
    "c[t] = {a}[t] * c[t-1] + {b}[t] * n[t]\nh[t] = {b}[t] * tanh(c[t])",
    "c[t] = {a}[t] * c[t-1] + (1 - {a}[t]) * n[t]\nh[t] = {b}[t] * c[t]",
)


def random_cell(seed: str, title: str) -> Cell:
    """A cell of two gates and a candidate; the same seed makes the same cell.

    >>> print(random_cell("3", "A cell"))
    r[t] = sigmoid(W_r @ x[t] + u_r * h[t-1] + b_r)
    z[t] = sigmoid(W_z @ x[t] + U_z @ h[t-1] + b_z)
    n[t] = tanh(W_n @ x[t] + z[t] * (U_n @ h[t-1]) + b_n)
    h[t] = r[t] * h[t-1] + (1 - r[t]) * n[t]
    """
    random = Random(seed)
    a, b = random.sample(["f", "i", "z", "r", "o"], 2)
    lines = [
        f"{g}[t] = sigmoid(W_{g} @ x[t] + {random.choice(_READS).format(g=g)} + b_{g})"
        for g in (a, b)
    ]
    state = random.choice(_STATES)
    candidates = _CANDIDATES[:1] if "{b}" in state else _CANDIDATES[1:]  # no gate is unread
    read = random.choice(candidates).format(g=b)
    lines += [f"n[t] = tanh(W_n @ x[t] + {read} + b_n)", state.format(a=a, b=b)]
    return cell_of_text("\n".join(lines), name="own", title=title)
