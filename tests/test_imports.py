"""`import symgate` costs nothing: the heavy packages are loaded where they are used."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"sympy", "numpy", "matplotlib", "lark", "jinja2", "rich", "math_core"}
HEAVY |= {"torch", "keras", "jax", "flax", "h5py", "onnx"}


def loaded_by(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(' '.join(m for m in sys.modules if '.' not in m))"
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    return set(done.stdout.split()) & HEAVY


def test_import_is_lazy() -> None:
    assert loaded_by("import symgate") == set()


def test_help_is_lazy() -> None:
    code = "import contextlib\nfrom symgate.cli.main import main\n"
    code += "with contextlib.suppress(SystemExit):\n    main(['--help'])"
    assert loaded_by(code) == set()
