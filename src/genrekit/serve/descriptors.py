"""How many files the service may have open at once: a socket and a file for each upload, and pipes to its workers."""

from __future__ import annotations

__all__ = ["allow_descriptors"]

OF_AN_UPLOAD = 3  # its connection, its file, and that once more for a worker
OF_A_WORKER = 4
OF_THE_PROCESS = 50


def allow_descriptors(n_uploads: int, n_workers: int) -> str | None:
    """Raise the soft limit of this process as far as is needed; what is in the way, or None if there is room."""
    import resource

    needed = n_uploads * OF_AN_UPLOAD + n_workers * OF_A_WORKER + OF_THE_PROCESS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return None
    try:
        # Above what the system gives at all it is refused, although macOS calls the hard limit infinite.
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    except (ValueError, OSError):
        return (
            f"{n_uploads} uploads and {n_workers} workers need {needed} open files, and the system allows fewer; give "
            "a smaller --max-waiting, or raise the limit (ulimit -n)"
        )
    return None
