"""`genrekit serve`: the web page and the REST API on one port."""

from __future__ import annotations

import math
import os
import sys
from typing import Annotated

import typer

from genrekit.cli.arguments.model_options import Model
from genrekit.cli.help.examples import examples
from genrekit.cli.terminal import messages
from genrekit.cores import usable_cores

__all__ = ["serve"]

EXIT_GIVEN_UP = 130  # as by a shell, of what ends by Ctrl-C


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no bound; give a number")
    return value


def _names(given: list[str] | None) -> list[str] | None:
    for name in given or ():
        if not name.strip() or "/" in name or name.rpartition(":")[2].isdecimal():
            raise typer.BadParameter(f"{name!r} is no name of a host, such as music.example, without scheme and port")
    return given


@examples(
    r"""
    # The web page, for this machine alone
    genrekit serve

    # Ask the service from another program
    curl -F file=@song.mp3 'http://127.0.0.1:8000/v1/classify?timeline=true'

    # For others, who must know the token; with genres of your own
    GENREKIT_TOKEN=secret genrekit serve --host 0.0.0.0 --port 80 \
      --model mine.onnx
    """
)
def serve(
    port: Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="Port; 0 takes a free one.")] = 8000,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            envvar="GENREKIT_TOKEN",
            show_envvar=True,
            help="Ask for this token. As an environment variable it is not in the list of processes.",
            show_default=False,
        ),
    ] = None,
    model: Model = "default",
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", "-w", min=1, metavar="N", help="Files at once; if not given, one per core.", show_default=False
        ),
    ] = None,
    max_body_mb: Annotated[
        float, typer.Option("--max-body-mb", min=0.001, metavar="MB", callback=_finite, help="Largest upload.")
    ] = 100.0,
    max_duration_s: Annotated[
        float, typer.Option("--max-duration-s", min=0.1, metavar="S", callback=_finite, help="Longest recording.")
    ] = 3600.0,
    max_work_s: Annotated[
        float,
        typer.Option(
            "--max-work-s", min=0.1, metavar="S", callback=_finite, help="Longest time to decode and classify a file."
        ),
    ] = 60.0,
    max_waiting: Annotated[
        int, typer.Option("--max-waiting", min=1, metavar="N", help="Uploads let in at once; the next gets 429.")
    ] = 64,
    max_memory_mb: Annotated[
        float,
        typer.Option(
            "--max-memory-mb", min=100, metavar="MB", callback=_finite, help="Memory a file may take in a worker."
        ),
    ] = 1000.0,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host",
            callback=_names,
            metavar="NAME",
            help="A name to be called by, as a proxy's; repeatable.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Serve a web page and a REST API, here and offline.

    Open the address that it prints. Programs send files to /v1/classify; /openapi.json describes the rest.

    SIGTERM or Ctrl-C finishes the uploads that were let in, and stops; a second Ctrl-C gives them up (exit code 130).
    """
    if sys.platform == "win32":
        messages.error("genrekit serve needs Linux or macOS: it hands open files to its workers, which Windows cannot")
        raise typer.Exit(2)
    if not host.strip():
        raise typer.BadParameter(
            "is empty, which would let everybody in; leave it out, or give 0.0.0.0 for that", param_hint="--host"
        )
    if "/" in host or "[" in host:
        raise typer.BadParameter(f"{host} is no address; give it as in 127.0.0.1 or ::1", param_hint="--host")
    if host.count(":") == 1:
        raise typer.BadParameter(f"{host} has a port; give that by --port", param_hint="--host")
    from genrekit.serve.access import is_loopback
    from genrekit.serve.limits import Limits
    from genrekit.serve.server import Service

    if token is None and "GENREKIT_TOKEN" in os.environ:
        token = ""  # which the parser takes for none at all: a service for everybody instead of for few
    if token is not None:
        token = token.strip()  # a secret file ends in a line break, which no header can carry
        if not token:
            raise typer.BadParameter("is empty; leave it out for none", param_hint="--token / GENREKIT_TOKEN")
        if not (token.isascii() and token.isprintable()):
            raise typer.BadParameter(
                "has characters that not every client sends alike in a header; take letters, digits and punctuation "
                "of ASCII",
                param_hint="--token",
            )
    limits = Limits(
        max_body_bytes=round(max_body_mb * 1e6),
        max_duration_s=max_duration_s,
        max_work_s=max_work_s,
        max_waiting=max_waiting,
        max_memory_bytes=round(max_memory_mb * 1e6),
    )
    n_workers = workers or usable_cores()
    _log_to_stderr()
    service = Service(
        model, host=host, port=port, n_workers=n_workers, limits=limits, token=token, names=allow_host or ()
    )
    if token is None and not is_loopback(host):
        messages.warning(f"anybody who can reach {host} may use this service; --token TEXT asks for a token")
    with_workers = f"with {n_workers} worker{'s' if n_workers > 1 else ''}"
    n_given_up = service.run(
        lambda: messages.note(f"serving at {service.url} {with_workers}; Ctrl-C stops"),
        lambda n_open: messages.note(f"finishing {_uploads(n_open)}; Ctrl-C once more gives up on them"),
    )
    if n_given_up:
        messages.note(f"stopped; {_uploads(n_given_up)} given up")
        raise typer.Exit(EXIT_GIVEN_UP)
    messages.note("stopped")


def _uploads(count: int) -> str:
    return f"{count} upload{'s' if count > 1 else ''}"


def _log_to_stderr() -> None:
    """What goes wrong in the service is told with its time; of a client's mistakes the client is told."""
    import logging

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("genrekit: %(asctime)s error: %(message)s"))
    log = logging.getLogger("genrekit.serve")
    log.addHandler(handler)
    log.propagate = False
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
