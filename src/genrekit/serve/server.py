"""The service on its port, until it is told to stop."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import socket
from collections.abc import Callable, Sequence
from types import FrameType

import uvicorn

from genrekit.errors import GenrekitError, UsageError
from genrekit.inference import ModelFile
from genrekit.inference.bundled import find_model
from genrekit.serve.access import host_name, is_loopback
from genrekit.serve.app import create_app
from genrekit.serve.descriptors import allow_descriptors
from genrekit.serve.limits import Limits
from genrekit.serve.patience import PatientProtocol
from genrekit.serve.places import Places
from genrekit.serve.worker_pool import WorkerPool

__all__ = ["Service", "ServiceError"]

BACKLOG = 1024
KEEP_ALIVE_S = 15
GRACE_S = 10.0  # beyond what they may take


class ServiceError(GenrekitError):
    """The service cannot be started, or not where it was asked to be."""


class Service:
    """A port that is taken already, and what will answer on it.

    Attributes
    ----------
    host, port : where it listens
    """

    def __init__(
        self,
        model: str,
        *,
        host: str,
        port: int,
        n_workers: int,
        limits: Limits,
        token: str | None = None,
        names: Sequence[str] = (),
    ) -> None:
        """Take the port and read the model's card.

        Parameters
        ----------
        model : a bundled name or a path
        host, port : where to listen; port 0 takes a free one
        n_workers : worker processes, at least 1
        limits : of requests
        token : that requests must carry; None for none
        names : by which requests may call the service, as a proxy's. Beside them only loopback addresses, and
            localhost; where it listens for other machines and no name is given, any

        Raises
        ------
        ModelFileError : if there is no such model
        ServiceError : if the port cannot be had
        UsageError : if fewer files may be open than are let in
        """
        path = find_model(model)
        card = ModelFile.read(path).card
        self._limits = limits
        if lacking := allow_descriptors(limits.max_waiting, n_workers):
            raise UsageError(lacking)
        self._socket = _listen(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._pool = WorkerPool(str(path), limits, n_workers=n_workers)
        hosts = {host_name(host), *map(host_name, names)} if names or is_loopback(host) else None
        self._app = create_app(self._pool, card, limits=limits, token=token, hosts=hosts)

    @property
    def url(self) -> str:
        """What to type into a browser on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"

    @property
    def _longest_s(self) -> float:
        """Seconds that all that may have been let in can take at most: the last is sent, and then waits its turn."""
        limits = self._limits
        turns = math.ceil(limits.max_waiting / self._pool.n_workers)
        return limits.body_total_s + turns * limits.max_work_s + GRACE_S

    def run(self, on_ready: Callable[[], None], on_stopping: Callable[[int], None]) -> int:
        """Serve until SIGTERM or Ctrl-C, then finish what has been let in; a second Ctrl-C gives it up.

        Parameters
        ----------
        on_ready : called once files are taken
        on_stopping : called with the number of uploads that will be finished, if there are any

        Returns
        -------
        How many uploads were given up.

        Raises
        ------
        ServiceError : if the worker processes do not come up
        """
        config = uvicorn.Config(
            self._app,
            http=PatientProtocol,
            ws="none",
            log_config=None,
            log_level="critical",  # with tracebacks; what goes wrong is answered, raised or logged by the application
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=round(self._longest_s),
        )
        # uvicorn sends itself the signal once more when it has stopped; by then all is done, and that is a good end.
        before = {number: signal.signal(number, _nothing) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            server = _Server(config, self._app.state.places, self._pool, on_ready, on_stopping)
            server.run(sockets=[self._socket])
        except SystemExit:
            pass  # uvicorn's way of saying that the application did not start
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            self._socket.close()
        if not server.started and not server.was_told_to_stop:
            reason = getattr(self._app.state, "start_error", "the port was closed")
            raise ServiceError(
                f"the worker processes did not start: {reason}; genrekit doctor shows whether the model can be "
                "loaded, and fewer --workers need less memory"
            )
        return server.n_given_up


class _Server(uvicorn.Server):
    """uvicorn's, which tells what it waits for, and gives it up in order."""

    def __init__(
        self,
        config: uvicorn.Config,
        places: Places,
        pool: WorkerPool,
        on_ready: Callable[[], None],
        on_stopping: Callable[[int], None],
    ) -> None:
        super().__init__(config)
        self.n_given_up = 0
        self.was_told_to_stop = False
        self._places, self._pool = places, pool
        self._on_ready, self._on_stopping = on_ready, on_stopping
        self._loop: asyncio.AbstractEventLoop | None = None
        self._has_given_up = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._loop is not None and not self.was_told_to_stop:
            self._loop.call_soon_threadsafe(self._tell)
        elif self._loop is not None and sig == signal.SIGINT and not self._has_given_up:
            self._has_given_up = True
            self._loop.call_soon_threadsafe(self._give_up)
            return
        self.was_told_to_stop = True
        super().handle_exit(sig, frame)

    def _tell(self) -> None:
        if self._places.n_taken:
            self._on_stopping(self._places.n_taken)

    def _give_up(self) -> None:
        self.n_given_up = self._places.give_up()
        self._pool.give_up()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG, dualstack_ipv6=both)
    except OSError as error:
        # Python adds the address to what the system says.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else str(error.strerror or error).partition(" (while")[0]
        raise ServiceError(
            f"cannot listen on {host}, port {port}: {reason}; give another --port (0 takes a free one) or --host"
        ) from None


def _nothing(*_: object) -> None:
    pass
