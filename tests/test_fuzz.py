"""Whatever the text, reading it gives a cell that prints itself, or an EquationError.

More examples: FUZZ=10000 python -m pytest tests/test_fuzz.py
"""

from __future__ import annotations

import os
import random
import re
import warnings
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import symgate as sg
from symgate.algebra.activations import FUNCTIONS, WITH_CONSTANT
from symgate.cells import entries

EXAMPLES = int(os.environ.get("FUZZ", "0"))


def fuzz(examples: int) -> settings:
    return settings(
        max_examples=EXAMPLES or examples,
        derandomize=not EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def check(text: str) -> sg.Cell | None:
    """Read a text; a cell reads back from what it prints, and the names in it are accounted for."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            cell = sg.Cell.from_text(text)
        except sg.EquationError as error:
            assert_placed(error, text)
            return None
        printed = str(cell)
        again = sg.Cell.from_text(printed)
    assert again == cell, f"{text!r}\n{printed}\n{again}"
    assert dict.fromkeys(again.parameters) == dict.fromkeys(cell.parameters)
    assert (set(again.states), set(again.inputs)) == (set(cell.states), set(cell.inputs))
    return cell


def assert_placed(error: sg.EquationError, text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert 1 <= error.line <= len(lines)
    assert 1 <= error.column <= len(lines[error.line - 1]) + 1
    assert str(error).count("\n") in (0, 2)


# -- text that knows nothing of the language ---------------------------------------------


@given(st.text(max_size=80))
@fuzz(300)
def test_random_text(text: str) -> None:
    check(text)


@given(st.text(st.characters(exclude_categories=()), max_size=40))
@fuzz(100)
def test_random_text_with_surrogates(text: str) -> None:
    check(f"h[t] = {text}")


@given(st.binary(max_size=80), st.sampled_from(["latin-1", "utf-8", "utf-16", "cp437"]))
@fuzz(200)
def test_random_bytes(data: bytes, encoding: str) -> None:
    check(data.decode(encoding, errors="replace"))


TOKENS = [
    "h[t]", "h[t-1]", "x[t]", "z[t]", "c[t-1]", "U", "W", "b", "alpha", "I", "t", "diag", "T",
    "tanh", "sigmoid", "leaky_relu", "S[t-1]", "outer", "dot", "softmax", "layer_norm", "max",
    "norm", "sum", "=", "+", "-", "*", "/", "@", "**", "(", ")", "[", "]", ",",
    ".", ".T", "[t]", "[t-1]", "[t-2]", "0", "1", "2", "0.5", "1e9", "\n", "#", " ", "_", "lambda",
]  # fmt: skip


@given(st.lists(st.sampled_from(TOKENS), max_size=30))
@fuzz(300)
def test_random_tokens(tokens: list[str]) -> None:
    check("h[t] = " + "".join(tokens))


@given(st.lists(st.sampled_from(TOKENS), max_size=12), st.sampled_from([" ", "", "\n"]))
@fuzz(300)
def test_random_tokens_with_a_state(tokens: list[str], between: str) -> None:
    check(f"h[t] = U @ h[t-1] + ({between.join(tokens)})")


# -- texts of the zoo with faults --------------------------------------------------------

ZOO = [entry.equations for entry in entries().values()]
PIECE = re.compile(r"\w+(?:\[t(?:-1)?\])?|\*\*|\s+|.", re.DOTALL)


def mutated(text: str, pieces: Sequence[str], where: int, how: str, other: str) -> str:
    """One piece deleted, doubled, put elsewhere, replaced, or put in."""
    kept = list(pieces)
    at = where % len(kept)
    partner = (where // len(kept)) % len(kept)
    if how == "delete":
        del kept[at]
    elif how == "double":
        kept.insert(at, kept[at])
    elif how == "swap":
        kept[at], kept[partner] = kept[partner], kept[at]
    elif how == "replace":
        kept[at] = other
    elif how == "insert":
        kept.insert(at, other)
    else:
        del kept[at:]
    return "".join(kept)


@given(
    st.sampled_from(ZOO),
    st.sampled_from(["characters", "tokens", "lines"]),
    st.lists(
        st.tuples(
            st.integers(0, 10**6),
            st.sampled_from(["delete", "double", "swap", "replace", "insert", "cut"]),
            st.sampled_from(TOKENS) | st.text(max_size=2),
        ),
        min_size=1,
        max_size=2,
    ),
)
@fuzz(700)
def test_mutated_zoo(text: str, unit: str, changes: list[tuple[int, str, str]]) -> None:
    for where, how, other in changes:
        pieces = {
            "characters": list(text),
            "tokens": PIECE.findall(text),
            "lines": text.splitlines(keepends=True),
        }[unit]
        if pieces:
            text = mutated(text, pieces, where, how, other)
    check(text)


# -- well-formed cells -------------------------------------------------------------------

VECTORS = ["h[t-1]", "c[t-1]", "z[t]", "x[t]", "b", "v", "alpha", "beta_2"]
NUMBERS = ["2", "0.5", "3", "(1/3)", "1e-3", "0", "1", "10"]
EXPONENTS = ["2", "3", "-1", "0.5", "-0.5", "(1/3)", "1.5", "(-2)", "0", "1"]
MATRICES = ["U", "A", "U.T", "A.T", "I", "diag(v)"]
SCALES = ["2", "(-1)", "alpha", "(1 - alpha)", "alpha**2", "exp(alpha)", "(2 * alpha)", "(1/3)"]

matrices = st.recursive(
    st.sampled_from(MATRICES),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-@"), inner).map("({0[0]} {0[1]} {0[2]})".format),
        st.tuples(st.sampled_from(SCALES), inner).map("({0[0]} * {0[1]})".format),
        st.tuples(inner, st.sampled_from(SCALES)).map("({0[0]} / {0[1]})".format),
        inner.map("(-{})".format),
        inner.map("({}).T".format),
    ),
    max_leaves=4,
)


def _called(name: str, argument: str, constant: str) -> str:
    return f"{name}({argument}{f', {constant}' if name in WITH_CONSTANT and constant else ''})"


expressions = st.recursive(
    st.sampled_from(VECTORS + NUMBERS),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("++--**/"), inner).map("({0[0]} {0[1]} {0[2]})".format),
        st.tuples(inner, st.sampled_from(EXPONENTS)).map("({0[0]})**{0[1]}".format),
        st.tuples(matrices, inner).map("{0[0]} @ ({0[1]})".format),
        st.tuples(inner, matrices).map("({0[0]}) @ {0[1]}".format),
        st.tuples(inner, inner).map("V @ [{0[0]}, {0[1]}]".format),
        st.builds(_called, st.sampled_from(sorted(FUNCTIONS)), inner,
                  st.sampled_from(["", "0.2", "2"])),
        inner.map("-({})".format),
    ),
    max_leaves=8,
)  # fmt: skip


@given(expressions, expressions, expressions, st.randoms(use_true_random=False))
@fuzz(500)
def test_well_formed_cells(h: str, c: str, z: str, order: random.Random) -> None:
    z = z.replace("z[t]", "x[t]")
    lines = [f"h[t] = {h}", f"c[t] = {c} + tanh(c[t-1])", f"z[t] = sigmoid({z})"]
    order.shuffle(lines)
    check("\n".join(lines))


STEP_VALUES = ["h[t-1]", "c[t-1]", "z[t]", "x[t]", "b", "v", "alpha", "S[t-1]", "o[t]"]
OF_ONE = [
    "tanh",
    "sum",
    "mean",
    "norm",
    "softmax",
    "layer_norm",
    "rms_norm",
    "spike",
    "sigmoid",
    "diag",
    "abs",
    "sqrt",
]


def of_any_rank(rng: random.Random, depth: int) -> str:
    """An expression in which scalars, vectors and matrices of the step meet at random."""
    if depth == 0:
        return rng.choice(STEP_VALUES)
    inner = [of_any_rank(rng, depth - 1) for _ in range(2)]
    return rng.choice(
        [
            f"({inner[0]} {rng.choice('+-*/')} {inner[1]})",
            f"{rng.choice(OF_ONE)}({inner[0]})",
            f"{rng.choice(['dot', 'max', 'min', 'outer'])}({inner[0]}, {inner[1]})",
            f"({inner[0]} @ {inner[1]})",
            f"{rng.choice(['U', 'A', 'A.T'])} @ {inner[0]}",
        ]
    )


@pytest.mark.parametrize("part", range(10))
def test_scalars_vectors_and_matrices_of_the_step(part: int) -> None:
    """A text becomes a cell that can be linearised, or is refused with words."""
    for seed in range(100 * part, 100 * part + 100):
        rng = random.Random(seed)
        text = (
            f"h[t] = {of_any_rank(rng, 2)}\nc[t] = {of_any_rank(rng, 1)} + tanh(c[t-1])\n"
            f"z[t] = sigmoid({of_any_rank(rng, 1)})\n"
            f"S[t] = alpha * S[t-1] + outer({rng.choice(STEP_VALUES[:4])}, x[t])"
        )
        try:
            sg.linearise(sg.Cell.from_text(text))
        except sg.EquationError as error:
            assert_placed(error, text)
        except sg.SymgateError as error:
            if "two matrices of the step" not in str(error):
                raise


def test_the_fuzz_finds_cells_and_faults() -> None:
    """The check tells the two apart, and fails where a cell does not read back."""
    assert check("h[t] = U @ h[t-1]") == sg.Cell.from_text("h[t] = U @ h[t-1]")
    assert check("h[t] = U @") is None


def test_the_fuzz_would_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sg.Cell, "__str__", lambda cell: "h[t] = -U @ h[t-1]")
    with pytest.raises(AssertionError):
        check("h[t] = U @ h[t-1]")
