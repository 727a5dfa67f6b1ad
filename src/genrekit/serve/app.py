"""The application: routes, and what every answer has in common."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

import genrekit
from genrekit.inference import ModelCard
from genrekit.results.writers import encodable
from genrekit.serve import schema
from genrekit.serve.access import check_host, check_page, check_token
from genrekit.serve.answering import Refused
from genrekit.serve.intake import receive_upload
from genrekit.serve.limits import Limits
from genrekit.serve.metrics import CONTENT_TYPE, Metrics
from genrekit.serve.page_files import add_page
from genrekit.serve.places import Places
from genrekit.serve.problem import Problem
from genrekit.serve.worker_pool import WorkerPool
from genrekit.suggestion import did_you_mean
from genrekit.worker import WorkerError

__all__ = ["create_app"]

_LOG = logging.getLogger(__name__)

PARAMETERS = ("timeline", "name")
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": schema.Error} for status in (400, 401, 403, 408, 413, 415, 422, 429, 500, 503)
}


def create_app(
    pool: WorkerPool,
    card: ModelCard,
    *,
    limits: Limits,
    token: str | None = None,
    hosts: Collection[str] | None = None,
) -> FastAPI:
    """The REST API and the web page.

    Parameters
    ----------
    pool : started and closed with the application
    card : of the model that the pool has
    limits : of a request
    token : that requests must carry; None for none. The page's files, `/health` and `/v1/about` are open.
    hosts : names by which it may be called, beside those of this machine itself; None for any
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            await pool.start()
        except WorkerError as error:
            app.state.start_error = str(error)
            raise
        try:
            yield
        finally:
            await pool.close()

    async def check_called(request: Request) -> None:
        # Whoever watches the service may know its address alone, and learns nothing of what it heard.
        # Not `request.url`, into which older Starlette takes the Host header as it is: "evil.example/health?".
        if request.scope["path"] != "/health":
            check_host(request.headers, hosts)

    app = FastAPI(
        title="genrekit",
        version=genrekit.__version__,
        description="Which genre a recording has, and how sure that is. Nothing is kept, nothing is sent on.",
        lifespan=lifespan,
        docs_url=None,  # both load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # a redirect has no JSON, and clients send no file a second time
        dependencies=[Depends(check_called)],
    )
    metrics = Metrics()
    app.state.places = places = Places(limits.max_waiting)
    # Tells the description; whether a token is right is checked by `allow`.
    bearer = [Depends(HTTPBearer(auto_error=False, description="If the service was started with a token"))]

    def allow(request: Request) -> None:
        check_token(request.headers.get("authorization"), token)

    @app.post(
        "/v1/classify",
        summary="Classify one file",
        response_model=schema.Result,
        responses=ERRORS,
        openapi_extra=schema.CLASSIFY_BODY,
        dependencies=bearer,
    )
    async def classify(request: Request, timeline: bool = False, name: str | None = None) -> Response:
        """Send one file as multipart (part `file`) or as the body; `name` is what the answer calls it."""
        start_s = time.perf_counter()
        outcome = "client_left"
        try:
            allow(request)
            check_page(request.headers)
            _check_parameters(request)
            with places:
                values = await _classify(request, pool, limits, timeline=timeline)
            outcome = "ok"
            metrics.classified(values["genre"], values["duration_s"])
            return _json(values)
        except Problem as problem:
            outcome = problem.code
            raise
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception:
            outcome = "unexpected"
            raise
        finally:
            metrics.answered(outcome, time.perf_counter() - start_s)

    @app.get(
        "/v1/models",
        summary="The model in use",
        response_model=schema.Models,
        responses={401: ERRORS[401], 403: ERRORS[403]},
        dependencies=bearer,
    )
    async def models(request: Request) -> Response:
        allow(request)
        return _json({"models": [_model(card)]})

    @app.get(
        "/v1/about",
        summary="Limits, and whether a token is needed",
        response_model=schema.About,
        responses={403: ERRORS[403]},
    )
    async def about() -> Response:
        return _json(
            {
                "version": genrekit.__version__,
                "token_needed": token is not None,
                "max_body_bytes": limits.max_body_bytes,
                "max_duration_s": limits.max_duration_s,
                "max_waiting": limits.max_waiting,
            }
        )

    @app.get(
        "/health",
        summary="Whether the service can take files",
        response_model=schema.Health,
        responses={503: {"model": schema.Health}},
    )
    async def health() -> Response:
        n_up = pool.n_alive
        if n_up < pool.n_workers:
            # Who watches may send no files until all is well.
            pool.revive()
        values = {"status": "ok" if n_up else "no_worker", "workers": n_up, "waiting": places.n_taken}
        return _json(values, status=200 if n_up else 503)

    @app.get(
        "/metrics",
        summary="Counts and times, for Prometheus",
        response_class=PlainTextResponse,
        responses={401: ERRORS[401], 403: ERRORS[403]},
        dependencies=bearer,
    )
    async def show_metrics(request: Request) -> Response:
        allow(request)
        gauges = {
            "genrekit_requests_open": ("Files being sent, waiting or worked on.", places.n_taken),
            "genrekit_workers_busy": ("Workers that have a file.", pool.n_busy),
            "genrekit_workers": ("Workers that are up.", pool.n_alive),
        }
        return Response(metrics.text(gauges, n_restarts=pool.n_restarts), media_type=CONTENT_TYPE)

    for path, answer in (("/v1/models", models), ("/v1/about", about), ("/health", health), ("/metrics", show_metrics)):
        app.add_api_route(path, answer, methods=["HEAD"], include_in_schema=False)
    add_page(app)
    _add_answers_to_errors(app)
    return app


def _with_head(methods: list[str]) -> list[str]:
    """All that is got can be asked for its head, which has a route of its own."""
    return ["GET", "HEAD"] if methods in (["GET"], ["HEAD"]) else methods


def _check_parameters(request: Request) -> None:
    for given in request.query_params:
        if given not in PARAMETERS:
            raise Problem(
                "bad_request",
                f"there is no parameter {given!r}{did_you_mean(given, PARAMETERS)}; known: {', '.join(PARAMETERS)}",
            )


async def _classify(request: Request, pool: WorkerPool, limits: Limits, *, timeline: bool) -> dict[str, Any]:
    async with receive_upload(request, limits) as upload:
        answer = await pool.classify(
            upload.descriptor, name=upload.name, timeline=timeline, is_abandoned=request.is_disconnected
        )
    if answer is None:
        raise ClientDisconnect
    if isinstance(answer, Refused):
        raise Problem(answer.code, answer.error, path=upload.name)
    return answer.result


def _model(card: ModelCard) -> dict[str, Any]:
    named = {key: getattr(card, key) for key in ("name", "sr", "window_s", "hop_s", "short_hop_s", "unknown_threshold")}
    return {**named, "genres": list(card.genres), "card": card.text}


def _json(values: dict[str, Any], *, status: int = 200) -> Response:
    text = json.dumps(values, ensure_ascii=False)
    # A name may hold what is no character; as an escape it is valid JSON.
    body = text if encodable(text) else json.dumps(values)
    return Response(body.encode(), status_code=status, headers=HEADERS, media_type="application/json")


def _add_answers_to_errors(app: FastAPI) -> None:
    def answer(problem: Problem) -> Response:
        response = _json(problem.to_json(), status=problem.status)
        response.headers.update(problem.headers)
        return response

    async def of_problem(_: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return answer(error)

    async def of_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = {404: "not_found", 405: "wrong_method"}.get(error.status_code, "bad_request")
        headers = error.headers or {}
        told = f"{request.method} {request.scope['path']}: {error.detail}"
        if "Allow" in headers:
            headers = {**headers, "Allow": ", ".join(_with_head(headers["Allow"].split(", ")))}
            told += f"; it takes {headers['Allow']}"
        return answer(Problem(code, f"{told}; /openapi.json says what there is", headers=headers))

    async def of_query(_: Request, error: Exception) -> Response:
        return answer(Problem("bad_request", "the query cannot be read; expected ?timeline=true or ?timeline=false"))

    async def of_bug(request: Request, error: Exception) -> Response:
        _LOG.error("%s: unexpected %s: %s", request.scope["path"], type(error).__name__, error)
        return answer(Problem("unexpected", f"unexpected {type(error).__name__} in the service; please report it"))

    app.add_exception_handler(Problem, of_problem)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(RequestValidationError, of_query)
    app.add_exception_handler(Exception, of_bug)
