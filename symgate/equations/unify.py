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

    def parts(self, size: Size) -> list[int]:
        """The free variables that a size is the sum of, in the order of what is stacked."""
        found: list[int] = []
        for v in size:
            found += self.parts(self.bound[v]) if v in self.bound else [v]
        return found

    def resolved(self, size: Size) -> Size:
        """The sum of free variables that a size stands for, sorted."""
        return tuple(sorted(self.parts(size)))

    def unify(self, one: Size, other: Size) -> None:
        left, right = self.parts(one), self.parts(other)
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
