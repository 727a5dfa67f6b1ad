"""Who may ask: whoever has the token, if there is one, and no page of another site through somebody's browser."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from genrekit.serve.problem import Problem

__all__ = ["check_host", "check_page", "check_token", "host_name", "is_loopback"]

SCHEME = "bearer"
# What browsers say of where a request comes from: of the page itself, or typed by a person.
OWN_SITES = ("same-origin", "none")


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine can reach `host`, a name or an address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def host_name(given: str) -> str:
    """The name or address in a Host header or an option, without port, brackets and the dot of the root; "" if none."""
    try:
        return (urlsplit(f"//{given}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def check_host(headers: Mapping[str, str], names: Collection[str] | None) -> None:
    """Check by which name a request calls the service.

    A page of another site can give its own name the address of this machine, and would then be taken by the browser
    for the service's own page, which may read its answers (DNS rebinding).

    Parameters
    ----------
    headers : of the request; one without a Host is no browser's
    names : by which it may be called, as `host_name` gives them, beside loopback addresses and ``localhost``; None for
        any

    Raises
    ------
    Problem : if it is called otherwise
    """
    given = headers.get("host")
    if names is None or given is None:
        return
    name = host_name(given)
    if not is_loopback(name) and name not in names:
        known = ", ".join(["localhost", *sorted(one for one in names if not is_loopback(one))])
        raise Problem(
            "foreign_host",
            f"this service is not called {given!r}, but {known}; behind a proxy, or for other machines, start it with "
            "--allow-host NAME",
        )


def check_page(headers: Mapping[str, str]) -> None:
    """Check that a request that a browser sends for a page comes from the service's own page.

    Raises
    ------
    Problem : if the page is another site's
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        is_own = site in OWN_SITES
    else:
        # Browsers tell the site over https and to this machine alone. Ports are not compared: a proxy may have another.
        is_own = origin is None or host_name(origin.partition("://")[2]) == host_name(headers.get("host", "")) != ""
    if not is_own:
        raise Problem(
            "foreign_page",
            f"a page of another site ({origin or site}) sent this; pages cannot use this service but its own. A proxy "
            "has to hand on the Host header",
        )


def check_token(authorization: str | None, token: str | None) -> None:
    """Check the Authorization header of a request, in a time that does not depend on how much of it is right.

    Parameters
    ----------
    authorization : the header, "Bearer TOKEN"; None if there is none
    token : the service's; None lets everybody in

    Raises
    ------
    Problem : if the token is missing or another
    """
    if token is None:
        return
    scheme, _, given = (authorization or "").partition(" ")
    is_right = hmac.compare_digest(given.strip().encode(errors="surrogateescape"), token.encode())
    if scheme.lower() != SCHEME or not is_right:
        said = "this service needs a token" if authorization is None else "the token is not the one of this service"
        raise Problem(
            "token_needed",
            f"{said}; send the header 'Authorization: Bearer TOKEN', with the token that the service was started with",
            headers={"WWW-Authenticate": "Bearer"},
        )
