"""Random well-formed cells as a strategy of hypothesis, which shrinks them."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.random_cells import MAX_CHARACTERS, random_text


def cell_texts() -> st.SearchStrategy[str]:
    """The text of a random well-formed cell (`tests.random_cells`)."""
    texts = st.randoms(use_true_random=False).map(random_text)
    return texts.filter(lambda text: len(text) <= MAX_CHARACTERS)
