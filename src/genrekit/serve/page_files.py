"""The web page: a few static files of our own, with a policy that lets a browser load nothing else."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Response

__all__ = ["PAGE_FOLDER", "add_page"]

PAGE_FOLDER = Path(__file__).parent / "page"
MEDIA_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "media-src blob:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def add_page(app: FastAPI) -> None:
    """Add a route for each file of the page. They are read once, so that no path of a request meets the disk."""
    for path in sorted(PAGE_FOLDER.iterdir()):
        if path.suffix in MEDIA_TYPES:
            route = "/" if path.name == "index.html" else f"/page/{path.name}"
            _add_file(app, route, path.read_bytes(), MEDIA_TYPES[path.suffix])


def _add_file(app: FastAPI, route: str, content: bytes, media_type: str) -> None:
    async def send() -> Response:
        return Response(content, media_type=media_type, headers=HEADERS)

    app.add_api_route(route, send, methods=["GET", "HEAD"], include_in_schema=False)
