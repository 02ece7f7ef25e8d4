"""Every fault of a text gives one message, with its place, and exit code 3."""

from __future__ import annotations

import pickle
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import symgate as sg
from symgate.algebra.activations import FUNCTIONS, REGISTERED
from symgate.cli import main


@dataclass(frozen=True)
class Case:
    """A text with a fault: part of the message, the place, and what the carets underline.

    `marked` is None where the text is too long or too empty to be shown in full.
    """

    name: str
    text: str
    message: str
    line: int
    column: int
    marked: str | None


def right(name: str, expression: str, message: str, marked: str, column: int) -> Case:
    """A case with one line, h[t] = expression; the column is that of the whole line."""
    return Case(name, f"h[t] = {expression}", message, 1, column, marked)


GRU_CUT = "z[t] = sigmoid(U_z @ h[t-1])\nh[t] = z[t] * h[t-1] + (1 - z[t]"

CASES = [
    # -- nothing, or not all of it
    Case("empty text", "", "there is no equation here", 1, 1, None),
    Case("blank lines", "\n   \n", "there is no equation here", 1, 1, None),
    Case("comment only", "# a GRU", "there is no equation here", 1, 1, "#"),
    Case("cut off in brackets", GRU_CUT, "'(' is never closed", 2, 24, "("),
    Case("cut off in a time", "h[t] = tanh(U @ h[t-", "'[' is never closed", 1, 18, "["),
    Case("cut off after =", "h[t] =", "the line ends where an expression", 1, 7, "$"),
    Case("cut off after +", "h[t] = U @ h[t-1] +", "the line ends where", 1, 20, "$"),
    Case("bracket left open above", "h[t] = tanh(U @ c[t-1]\nc[t] = h[t]", "'(' is never closed",
         1, 12, "("),
    right("bracket too many", "tanh(U @ h[t-1]))", "')' closes no bracket", ")", 24),
    right("wrong bracket", "tanh(U @ h[t-1)", "cannot close the '[' of column 18", ")", 22),
    right("empty brackets", "tanh()", "expected a name, a number or '('", ")", 13),
    # -- names and functions
    right("unknown function", "tahn(U @ h[t-1])", "did you mean 'tanh'?", "tahn", 8),
    right("unlike any function", "convolve(U @ h[t-1])", "choose from abs", "convolve", 8),
    right("function without argument", "tanh * h[t-1]", "give it an argument", "tanh", 8),
    right("too many arguments", "tanh(h[t-1], 2)", "tanh takes one argument",
          "tanh(h[t-1], 2)", 8),
    right("slope that is not a number", "leaky_relu(h[t-1], k)", "the slope left of zero must be",
          "k", 27),
    right("slope below zero", "leaky_relu(h[t-1], -1)", "a number above 0", "-1", 27),
    Case("function defined", "tanh = U @ h[t-1]", "is a function and cannot be", 1, 1, "tanh"),
    right("time in round brackets", "U @ h(t-1)", "square brackets, as in h[t]", "h(t-1)", 12),
    Case("function of time", "h(t) = U @ h[t-1]", "one name with its time: h[t]", 1, 1, "h(t)"),
    right("keyword as name", "lambda * h[t-1]", "write lamda", "lambda", 8),
    right("None", "None * h[t-1]", "'None' is a keyword", "None", 8),
    right("condition", "h[t-1] if x[t] else 0", "'if' is a keyword", "if", 15),
    Case("statement", "import os", "'import' is a keyword", 1, 1, "import"),
    right("dunder call", "__import__(os) * h[t-1]", "must start with a letter", "__import__", 8),
    right("dunder attribute", "h.__class__ * h[t-1]", "only .T is", ".__class__", 9),
    right("attribute", "h[t-1].real", "'.real' is not in the language", ".real", 14),
    right("dunder at the end", "b__ + h[t-1]", "two underscores", "b__", 8),
    right("long name", "b" * 61 + " + h[t-1]", "longer than 60", "b" * 61, 8),
    right("the time as a value", "t * h[t-1]", "'t' is the time", "t", 8),
    Case("the time defined", "t[t] = U @ t[t-1]", "'t' is the time", 1, 1, "t[t]"),
    right("identity as a vector", "I * h[t-1]", "may stand only left of @", "I", 8),
    # -- characters
    right("a name for LaTeX", "x} + h[t-1]", "'}' is not in the language", "}", 9),
    Case("LaTeX", "h_t = \\tanh(U h_{t-1})", "Cell.from_latex read LaTeX", 1, 7, "\\"),
    Case("dollars", "$h_t = U h_{t-1}$", "equations are not LaTeX", 1, 1, "$"),
    right("braces", "U @ h{t-1}", "a time is written in square brackets", "{", 13),
    right("Cyrillic a", "tаnh(U @ h[t-1])", "CYRILLIC SMALL LETTER A", "а", 9),
    right("Greek", "α * h[t-1]", "write alpha", "α", 8),
    right("sigma", "σ(U @ h[t-1])", "write sigmoid", "σ", 8),
    right("Hadamard", "z[t] ⊙ h[t-1]", "write *", "⊙", 13),
    right("minus sign", "h[t−1]", "write -", "−", 11),
    right("mathematical letter", "𝑈 @ h[t-1]", "write U", "𝑈", 8),
    right("square", "h[t-1]²", "write **2", "²", 14),
    right("emoji", "🙂 * h[t-1]", "SLIGHTLY SMILING FACE", "🙂", 8),
    right("no-break space", "\u00a0h[t-1]", "write a plain space", "\ufffd", 8),
    right("invisible character", "\u200bh[t-1]", "ZERO WIDTH SPACE", "\ufffd", 8),
    right("control character", "\x1b[31mh[t-1]", "U+001B", "\ufffd", 8),
    right("null", "\0h[t-1]", "U+0000", "\ufffd", 8),
    right("lone surrogate", "\ud800 * h[t-1]", "U+D800", "\ufffd", 8),
    right("quotes", "'U' @ h[t-1]", "is not in the language", "'", 8),
    Case("prime", "h'[t] = U @ h[t-1]", "a prime is written h_prime", 1, 2, "'"),
    # -- operators
    right("power with ^", "h[t-1] ^ 2", "a power is written **", "^", 15),
    right("whole division", "h[t-1] // 2", "a division is written /", "//", 15),
    right("remainder", "h[t-1] % 2", "the operators are", "%", 15),
    right("comparison", "h[t-1] > 0", "the operators are", ">", 15),
    right("nothing between", "tanh(U h[t-1])", "expected an operator before 'h'", "h", 15),
    right("number beside a name", "2h[t-1]", "expected an operator before 'h'", "h", 9),
    right("number called", "2(h[t-1])", "expected an operator before '('", "(", 9),
    right("two operators", "U @ * h[t-1]", "expected a name, a number", "*", 12),
    right("imaginary number", "1j * h[t-1]", "expected an operator before 'j'", "j", 9),
    # -- equations
    Case("no equation", "tanh(U @ h[t-1])", "this is not an equation", 1, 1, "tanh(U @ h[t-1])"),
    Case("comparison with ==", "h[t] == U @ h[t-1]", "a second '='", 1, 7, "="),
    Case("assignment with :=", "h[t] := U @ h[t-1]", "written with =", 1, 6, ":"),
    Case("two at once", "h[t], c[t] = U @ h[t-1]", "a comma may stand only inside", 1, 5, ","),
    Case("two in a line", "h[t] = h[t-1]; c[t] = h[t]", "a line of its own", 1, 14, ";"),
    Case("number defined", "3 = h[t-1]", "left of '=' must be one name", 1, 1, "3"),
    Case("sum defined", "h[t] + c[t] = h[t-1]", "left of '=' must be", 1, 1, "h[t] + c[t]"),
    Case("keyword argument", "h[t] = tanh(x=h[t-1])", "'=' stands inside brackets", 1, 14, "="),
    Case("defined twice", "h[t] = h[t-1]\nh[t] = U @ h[t-1]", "already defined in line 1", 2, 1,
         "h[t]"),
    Case("too many", "".join(f"a_{i}[t] = h[t-1]\n" for i in range(201)), "more than 200", 201, 1,
         "a_200[t]"),
    # -- time
    right("two steps back", "U @ h[t-2]", "keep the earlier value", "h[t-2]", 12),
    right("no step back", "U @ h[t-0]", "write h[t]", "h[t-0]", 12),
    right("the future", "U @ h[t+1]", "not known in the future", "h[t+1]", 12),
    right("another index", "U @ h[k]", "the time is written [t] or [t-1]", "k", 14),
    right("fraction of a step", "U @ h[t-1.0]", "the time is written", "t-1.0", 14),
    right("index twice", "h[t-1][t]", "only a name takes a time", "h[t-1][t]", 8),
    Case("the past defined", "h[t-1] = U @ h[t-1]", "the past cannot be defined", 1, 1, "h[t-1]"),
    Case("the future defined", "h[t+1] = U @ h[t]", "shift the times", 1, 1, "h[t+1]"),
    Case("no previous value", "h[t] = tanh(W @ x[t])", "there is no state", 1, 1, "h[t]"),
    right("state without equation", "U @ c[t-1]", "no line defines c[t]", "c[t-1]", 12),
    right("earlier input", "U @ h[t-1] + W @ x[t-1]", "x_kept[t] = x[t]", "x[t-1]", 25),
    Case("gate not defined", "h[t] = z[t] * h[t-1] + W @ x[t]", "z[t] is used, but no line", 1, 8,
         "z[t]"),
    Case("gate misspelt", "z_1[t] = sigmoid(W @ x[t])\nh[t] = z_l[t] * h[t-1]",
         "did you mean 'z_1'?", 2, 8, "z_l[t]"),
    Case("input without time", "z[t] = sigmoid(W @ x[t])\nh[t] = z[t] * h[t-1] + x",
         "write x[t]", 2, 24, "x"),
    Case("cycle", "a[t] = b[t] * a[t-1]\nb[t] = sigmoid(c[t])\nc[t] = tanh(a[t])",
         "a → b → c → a", 1, 1, "a[t]"),
    Case("defined by itself", "h[t] = tanh(U @ h[t])", "h[t] is defined by itself", 1, 1, "h[t]"),
    Case("input assigned", "x[t] = W @ x[t]\nh[t] = U @ h[t-1] + x[t]", "an input gets no equation",
         1, 1, "x[t]"),
    # -- shapes
    right("matrix and vector", "tanh(W @ h[t-1] + W)", "'W' is a vector here and a matrix", "W",
          26),
    right("sizes", "W @ [x[t], h[t-1]] + W @ h[t-1]",
          "W takes a vector of size m + n, and h[t-1] has size n", "W @ h[t-1]", 29),
    right("sizes of a row", "[h[t-1], x[t]] @ A + h[t-1] @ A",
          "A takes a row vector of size m + n, and h[t-1] has size n", "h[t-1] @ A", 29),
    right("sizes of a sum", "A @ h[t-1] + [h[t-1], x[t]] @ A",
          "A @ h[t-1] has size m + n, and [h[t-1], x[t]] @ A has size n",
          "A @ h[t-1] + [h[t-1], x[t]] @ A", 8),
    right("sizes of both sides", "[h[t-1], x[t]] @ I", "h[t] has size n, and its right side has",
          "[h[t-1], x[t]] @ I", 8),
    right("sizes of matrices", "(A @ A) @ h[t-1] + A @ [h[t-1], x[t]]",
          "A takes a vector of size n",
          "A @ [h[t-1], x[t]]", 27),
    right("columns of a sum", "(A + B) @ h[t-1] + A @ x[t] + B @ [h[t-1], x[t]]",
          "B takes a vector of size n, and [h[t-1], x[t]] has size 2*n", "B @ [h[t-1], x[t]]", 38),
    right("vector times vector", "h[t-1] @ h[t-1]", "* between two vectors", "h[t-1]", 17),
    right("vector transposed", "h[t-1].T", "needs no .T", "h[t-1].T", 8),
    right("matrix on a number", "U @ 2 + h[t-1]", "and 2 is a number", "2", 12),
    right("number as matrix", "2 @ h[t-1]", "a matrix is expected here", "2", 8),
    right("matrix plus number", "(W + 1) @ h[t-1]", "a matrix is expected here", "1", 13),
    right("matrix without vector", "W.T + h[t-1]", "write A @ v", "W.T + h[t-1]", 8),
    right("matrix power", "(W ** 2) @ h[t-1]", "a matrix is expected", "W ** 2", 9),
    right("matrix divided by", "(W / V) @ h[t-1]", "nothing is divided by one", "W / V", 9),
    right("matrix times vector by *", "(h[t-1] * W) @ h[t-1]", "here a matrix is expected",
          "h[t-1]", 23),
    right("matrix times zero", "(0 * W) @ h[t-1]", "leave it out", "0", 9),
    right("diagonal of a number", "diag(2) @ h[t-1]", "diag takes a vector", "diag(2)", 8),
    right("concatenation alone", "[h[t-1], x[t]]", "only to the right of @", "[h[t-1], x[t]]", 8),
    right("concatenation of numbers", "U @ [h[t-1], 2]", "cannot be stacked", "2", 21),
    right("concatenation inside another", "U @ [h[t-1], [x[t], b]]", "write them as one",
          "[x[t], b]", 21),
    right("tuple", "U @ (h[t-1], x[t])", "concatenate with [a, b]", "(h[t-1], x[t])", 12),
    # -- numbers
    right("tower of powers", "9**9**9 * h[t-1]", "must be a plain number", "9**9", 11),
    right("huge exponent", "h[t-1]**99999999", "must be a plain number", "99999999", 16),
    right("exponent that varies", "h[t-1]**h[t-1]", "certain to be",
          "h[t-1]", 8),
    right("tower of exp", "exp(exp(exp(exp(9)))) * h[t-1]", "more than 100 digits",
          "exp(exp(9))", 16),
    right("huge number", "1e999 * h[t-1]", "between 1e-100 and 1e100", "1e999", 8),
    right("tiny number", "1e-999 * h[t-1]", "between 1e-100 and 1e100", "1e-999", 8),
    right("product too large", "1e60 * 1e60 * h[t-1]", "more than 100 digits", "1e60 * 1e60", 8),
    right("powers of powers", "(h[t-1]**100)**100", "a power above 100", "(h[t-1]**100)**100", 8),
    right("octal", "0777 * h[t-1]", "must not start with 0", "0777", 8),
    right("division by zero", "h[t-1] / 0", "a division by zero", "h[t-1] / 0", 8),
    right("division by what is zero", "h[t-1] / (2 - 2)", "a division by zero",
          "h[t-1] / (2 - 2)", 8),
    right("zero to the power zero", "0**0 * h[t-1]", "is not defined", "0**0", 8),
    right("root of a negative number", "sqrt(-2) * h[t-1]", "not a real number", "sqrt(-2)", 8),
    right("power of a negative number", "(-8)**(1/3) * h[t-1]", "not a real number",
          "(-8)**(1/3)", 8),
    right("root of a negative value", "(exp(alpha) * silu(-1))**0.5 * h[t-1]", "not a real number",
          "(exp(alpha) * silu(-1))**0.5", 8),
    right("logarithm of zero", "log(0) * h[t-1]", "not a real number", "log(0)", 8),
    right("a name that cancels", "h[t-1] + b - b", "b cancels out", "b", 17),
    # -- sizes of the text
    right("deep brackets", "(" * 10_000 + "h[t-1]" + ")" * 10_000, "nested more than 60 deep",
          "(", 68),
    right("deep lists", "[" * 10_000, "nested more than 60 deep", "[", 68),
    right("many minuses", "-" * 10_000 + "h[t-1]", "give its parts names", "-", 1003),
    right("long sum", "+".join(["h[t-1]"] * 5_000), "give its parts names", "[", 1003),
    Case("5 MB of equations", "h[t] = U @ h[t-1]\n" * 300_000, "longer than 50000", 1, 1, "h"),
    Case("5 MB in a line", "h" * 5_000_000, "longer than 50000", 1, 1, "h"),
    # -- places in texts of several lines
    Case("inside brackets", "h[t] = tanh(\n    W @ x[t]\n    + tahn(b)\n    + U @ h[t-1])",
         "'tanh'",
         3, 7, "tahn"),
    Case("behind tabs", "\th[t] = U @ h[t-1] + $", "not LaTeX", 1, 22, "$"),
    Case("behind a comment", "# é\n  h[t] = U @ h[t-1] + é  # é", "ACUTE", 2, 23, "é"),
    Case("carriage returns", "c[t] = c[t-1]\r\nh[t] = tahn(c[t])\r\n", "'tanh'", 2, 8, "tahn"),
]  # fmt: skip

IDS = [case.name for case in CASES]


@pytest.fixture(autouse=True)
def guard() -> Iterator[None]:
    """Stop a test that hangs."""

    def stop(*_: object) -> None:
        raise TimeoutError("a bad input took more than 5 s of processor time")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, 5)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)


def fault(text: str) -> sg.EquationError:
    with pytest.raises(sg.EquationError) as caught:
        sg.Cell.from_text(text)
    return caught.value


def test_the_table_is_long_enough_and_its_names_differ() -> None:
    assert len(CASES) >= 45
    assert len(set(IDS)) == len(IDS)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_message_and_place(case: Case) -> None:
    error = fault(case.text)
    assert case.message in error.message
    assert (error.line, error.column) == (case.line, case.column)
    head = str(error).splitlines()[0]
    assert head == f"line {case.line}, column {case.column}: {error.message}"


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_carets_underline_the_fault(case: Case) -> None:
    lines = str(fault(case.text)).splitlines()
    if case.marked is None:
        assert len(lines) == 1
        return
    _, shown, carets = lines
    assert set(carets) == {" ", "^"}
    start, stop = carets.index("^"), len(carets)
    assert shown.isprintable()
    assert len(shown) <= 82
    assert shown[start:stop] == ("" if case.marked == "$" and case.text[-1] != "$" else case.marked)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_messages_are_plain(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence or two in symgate's own words: no Python, no SymPy, no trailing stop."""
    for name in REGISTERED:  # by tests that ran before in this process
        monkeypatch.delitem(FUNCTIONS, name)
    message = fault(case.text).message
    assert "\n" not in message
    assert 10 <= len(message) <= 260
    assert not message.endswith(".")
    assert not re.search(r"\b(EOF|literal|recursion|unmatched|ast|NoneType|Expr|zoo|oo)\b", message)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_command_line(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.cell"
    file.write_bytes(case.text.encode("utf-8", "surrogatepass"))
    assert main(["show", str(file)]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"symgate: {file}: line ")
    assert "Traceback" not in err
    if case.name != "lone surrogate":  # this is no UTF-8, so that the file cannot be read
        assert f"line {case.line}, column {case.column}: " in err
        assert case.message in err


@pytest.mark.parametrize("name", ["empty text", "cycle", "deep brackets", "5 MB in a line", "null"])
def test_process(name: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.cell"
    file.write_text(CASES[IDS.index(name)].text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "symgate", "show", str(file)], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(f"symgate: {file}: line 1, column ")
    assert "Traceback" not in done.stderr


def test_errors_pickle() -> None:
    error = fault("h[t] = tahn(h[t-1])").in_file("mine.cell")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert vars(again) == vars(error)
    assert str(error).startswith("mine.cell: line 1, column 8: ")


def test_not_a_text() -> None:
    with pytest.raises(sg.EquationError, match="not bytes"):
        sg.Cell.from_text(b"h[t] = U @ h[t-1]")  # type: ignore[arg-type]


LEGAL = {
    "division by a gate": (
        "z[t] = sigmoid(W @ x[t])\nh[t] = h[t-1] / z[t]",
        "z[t] = sigmoid(W @ x[t])\nh[t] = h[t-1] / z[t]",
    ),
    "names of SymPy": (
        "S[t] = E * sigmoid(N @ x[t]) + Q\nh[t] = S[t] * O * h[t-1] + oo + zoo + Symbol",
        "S[t] = E * sigmoid(N @ x[t]) + Q\nh[t] = S[t] * O * h[t-1] + oo + zoo + Symbol",
    ),
    "names of LaTeX": (
        "h[t] = beta * h[t-1] + alpha_hat * (frac_left @ x[t])",
        "h[t] = beta * h[t-1] + alpha_hat * (frac_left @ x[t])",
    ),
    "the identity as a gate": (
        "I[t] = sigmoid(W @ x[t])\nh[t] = I[t] * h[t-1]",
        "I[t] = sigmoid(W @ x[t])\nh[t] = I[t] * h[t-1]",
    ),
    "cut where nothing is missing": ("h[t] = U @ h[t-1]  #", "h[t] = U @ h[t-1]"),
    "anything in a comment": ("h[t] = U @ h[t-1]  # σ(\0 '\ud800", "h[t] = U @ h[t-1]"),
    "a number at its limit": ("h[t] = 1e100 * h[t-1]", f"h[t] = 1{'0' * 100} * h[t-1]"),
    "60 brackets": (f"h[t] = {'(' * 60}U{')' * 60} @ c[t-1]\nc[t] = h[t]",
                    "h[t] = U @ c[t-1]\nc[t] = h[t]"),
}  # fmt: skip


@pytest.mark.parametrize("name", LEGAL)
def test_looks_bad_but_is_legal(name: str) -> None:
    text, printed = LEGAL[name]
    assert str(sg.Cell.from_text(text)) == printed


def test_division_by_a_gate_differentiates() -> None:
    """The derivative has the gate's square below the bar; a gate at zero is the user's to avoid."""
    cell = sg.Cell.from_text("z[t] = sigmoid(U @ h[t-1])\nh[t] = h[t-1] / z[t]")
    assert sg.text(sg.jacobian(cell, of="h", wrt="h")) == (
        "diag(1 / z_t) - diag(h_{t-1} ⊙ (1 / z_t²) ⊙ z_t ⊙ (1 - z_t)) U"
    )
