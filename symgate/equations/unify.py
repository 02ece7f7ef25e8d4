"""Sizes that must be equal are made so: each a variable, or the sum of those of stacked vectors."""

from __future__ import annotations

from dataclasses import dataclass, field

#: A size: the variables that it is the sum of.
Size = tuple[int, ...]


class Mismatch(Exception):
    """Two sizes that cannot be equal."""


@dataclass
class Unifier:
    """Size variables, each free or bound to a sum of others."""

    bound: dict[int, Size] = field(default_factory=dict)
    count: int = 0

    def fresh(self) -> Size:
        self.count += 1
        return (self.count,)

    def resolved(self, size: Size) -> Size:
        """The sum of free variables that a size stands for, sorted."""
        parts: list[int] = []
        for variable in size:
            parts.extend(
                self.resolved(self.bound[variable]) if variable in self.bound else [variable]
            )
        return tuple(sorted(parts))

    def unify(self, one: Size, other: Size) -> None:
        left, right = list(self.resolved(one)), list(self.resolved(other))
        for variable in list(left):
            if variable in right:
                left.remove(variable)
                right.remove(variable)
        if not left and not right:
            return
        if not left or not right:
            raise Mismatch
        if len(right) == 1:
            left, right = right, left
        if len(left) == 1:
            self.bound[left[0]] = tuple(right)
        elif len(left) == len(right):
            for a, b in zip(left, right, strict=True):
                self.unify((a,), (b,))
        else:
            raise Mismatch
