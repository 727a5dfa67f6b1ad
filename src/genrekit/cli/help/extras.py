"""What each extra of the package brings, so that a missing one can be named with the line that installs it."""

from __future__ import annotations

__all__ = ["EXTRAS", "ON_PYTORCH", "install_line", "packages_of"]

# extra -> name as it is imported -> name as it is installed
EXTRAS = {
    "train": {
        "torch": "torch",
        "lightning": "lightning",
        "pydantic": "pydantic",
        "yaml": "pyyaml",
        "safetensors": "safetensors",
        "pyarrow": "pyarrow",
        "sklearn": "scikit-learn",
        "tensorboard": "tensorboard",
        "filelock": "filelock",
        "onnx": "onnx",
        "onnxscript": "onnxscript",
    },
    "analyse": {
        "matplotlib": "matplotlib",
        "scipy": "scipy",
        "yaml": "pyyaml",
        "librosa": "librosa",
        "pyarrow": "pyarrow",
    },
    "serve": {
        "fastapi": "fastapi",
        "starlette": "starlette",
        "uvicorn": "uvicorn",
        "python_multipart": "python-multipart",
    },
    "search": {
        "optuna": "optuna",
    },
    "tag": {
        "mutagen": "mutagen",
        "yaml": "pyyaml",
        "filelock": "filelock",
    },
    "learn": {
        "sklearn": "scikit-learn",
        "onnx": "onnx",
    },
    "cluster": {
        "ray": "ray",
    },
}


# Extras that bring another one's packages, too.
INCLUDED = {"search": "train", "cluster": "train"}
# PyPI has PyTorch for Linux with CUDA alone.
ON_PYTORCH = "; first see docs/guide/install.md for PyTorch without gigabytes of CUDA"


def packages_of(extra: str) -> frozenset[str]:
    """The packages that an extra brings, as they are imported."""
    included = INCLUDED.get(extra)
    return frozenset(EXTRAS[extra]) | (packages_of(included) if included else frozenset())


def install_line(extra: str) -> str:
    """What to type to get an extra, for whoever has the package and for whoever works in a clone."""
    line = f"pip install 'genrekit[{extra}]' (in a clone: pip install '.[{extra}]')"
    return line + ON_PYTORCH if "torch" in packages_of(extra) else line
