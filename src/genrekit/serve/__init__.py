"""The service: a REST API and a web page on one port, with the model in worker processes that a file may kill.

`create_app` makes the application, `Service` runs it on a port until it is told to stop. FastAPI and uvicorn are
imported when one of them is asked for, not with this package.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from genrekit.serve.limits import Limits

if TYPE_CHECKING:
    from genrekit.serve.app import create_app
    from genrekit.serve.server import Service, ServiceError
    from genrekit.serve.worker_pool import WorkerPool

__all__ = ["Limits", "Service", "ServiceError", "WorkerPool", "create_app"]

_HOME = {"create_app": "app", "Service": "server", "ServiceError": "server", "WorkerPool": "worker_pool"}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
