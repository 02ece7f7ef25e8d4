"""What pytest says at its start."""

from tests.chosen import CELLS, REPRESENTATIVES, ROTATION


def pytest_report_header() -> str:
    others = ", ".join(name for name in CELLS if name not in REPRESENTATIVES)
    return f"ROTATION={ROTATION}: cells of the zoo beside the representatives: {others}"
