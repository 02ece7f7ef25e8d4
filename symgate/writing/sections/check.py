"""The check: what the derivation was verified against when the document was made."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sympy import Integer

from symgate.linear.evaluation import DIGITS
from symgate.linear.verify import STEPS, verified
from symgate.writing.marks import Equal
from symgate.writing.subject import Subject
from symgate.writing.tree import Scientific, Step, Table, Words, listed

TITLE = "Checked"


def steps(subject: Subject) -> Iterator[Step]:
    found = verified(subject.cell)
    sizes = listed([(_size(subject, n, v),) for n, v in found.sizes.items()])
    reason: Words = (
        "When this document was made, the equations were evaluated exactly as typed, component by "
        f"component with {DIGITS} digits, at random weights, inputs and states (",
        *sizes,
        ", seed 0), and differentiated by central differences with step ",
        Scientific(1, -12),
        ". The table gives the largest deviation from them of the one-step Jacobian as "
        "printed, the "
        f"sum of the paths above, the two-step Jacobian, and the gradients over {STEPS} steps.",
        "" if found.holds else " THE CHECK FAILED: the formulas above are not to be trusted.",
    )
    rows: tuple[tuple[Words, ...], ...] = (
        (("one-step Jacobian",), (_rounded(found.one_step),)),
        (("sum of the paths",), (_rounded(found.paths),)),
        (("two-step Jacobian",), (_rounded(found.two_steps),)),
        (("gradients of all parameters",), (_rounded(found.gradients),)),
    )
    yield Step(
        ("Against the equations",), reason, (), Table((("what",), ("largest deviation",)), rows)
    )


def _size(subject: Subject, letter: str, value: int) -> Equal:
    return Equal((subject.cell.sizes[letter], Integer(value)))


def _rounded(deviation: float) -> Scientific:
    """One digit, rounded up."""
    if deviation == 0:
        return Scientific(0, 0)
    exponent = math.floor(math.log10(deviation))
    digit = math.floor(deviation / 10.0**exponent) + 1
    return Scientific(1, exponent + 1) if digit == 10 else Scientific(digit, exponent)
