"""Who may ask: a token, if there is one."""

from __future__ import annotations

import hmac

from genrekit.serve.problem import Problem

__all__ = ["check_token"]

SCHEME = "bearer"


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
