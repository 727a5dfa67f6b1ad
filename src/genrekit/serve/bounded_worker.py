"""A worker process as the service has it: whatever a file does to it, there is an answer."""

from __future__ import annotations

from functools import partial

from genrekit.errors import AudioError
from genrekit.serve.answering import Job, Outcome, Refused, make_answer
from genrekit.serve.limits import Limits
from genrekit.worker import Worker, WorkerDiedError, WorkerError, WorkerSlowError

__all__ = ["BoundedWorker"]


class BoundedWorker(Worker[Outcome | Refused]):
    """A process with the model loaded, bounded in time and memory."""

    def __init__(self, model: str, limits: Limits) -> None:
        """`model` is a name or a path; nothing is started yet."""
        super().__init__(partial(make_answer, model), max_memory_bytes=limits.max_memory_bytes)
        self._limits = limits

    def run(self, job: Job, descriptor: int) -> Outcome | Refused:
        """Have one file classified; the process is killed if that takes too long.

        Parameters
        ----------
        job, descriptor : the file; the descriptor stays open here
        """
        try:
            return self.ask(job, descriptor=descriptor, timeout_s=self._limits.max_work_s)
        except WorkerError as error:
            return Refused("no_worker", f"no worker process could be started: {error}")
        except WorkerSlowError:
            return Refused(
                "took_too_long",
                f"reading and classifying took more than {self._limits.max_work_s:g} s and was stopped; send a "
                "shorter part, or convert it to wav or flac",
            )
        except WorkerDiedError:
            return Refused(
                "worker_died",
                "the process that read this file died; others are not affected. Try once more; if it happens again, "
                "the file is damaged: convert it to wav or flac",
            )
        except AudioError as error:
            return Refused("unreadable", str(error))
        # Whatever a decoder makes of a hostile file, its request gets an answer.
        except Exception as error:
            self.kill()  # what such a file leaves behind in the decoders' libraries is unknown
            if isinstance(error, MemoryError) or any(text in str(error) for text in ("bad_alloc", "allocate memory")):
                what = "reading this file took too much memory"
                return Refused("took_too_much_memory", f"{what}; convert it to wav or flac")
            what = f"unexpected {type(error).__name__} while reading this file"
            return Refused("unexpected", f"{what}; convert it to wav or flac")
