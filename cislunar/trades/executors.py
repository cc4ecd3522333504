"""Where chunks are flown: in this process, or on the workers of a Dask cluster.

An executor takes the numbers of chunks and a function that builds each one, and yields results as they come.
Chunks are built one after another and only a few are under way, so that memory does not grow with the study.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any, Final, Protocol

from cislunar.errors import InputError
from cislunar.trades.chunk import AnyChunk, ChunkResult, fly_chunk

_ANSWER_S: Final = 10.0
"""How long a scheduler may take to answer, s."""

_AHEAD: Final = 2
"""Chunks under way for each worker."""


class Executor(Protocol):
    """Flies chunks."""

    def fly(self, count: int, build: Callable[[int], AnyChunk | None]) -> Iterator[tuple[int, ChunkResult]]:
        """Yield the number and the result of each chunk, in any order; those that are None are left out."""
        ...


class LocalExecutor:
    """This process, with threads in the core."""

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads

    def fly(self, count: int, build: Callable[[int], AnyChunk | None]) -> Iterator[tuple[int, ChunkResult]]:
        """Fly one chunk after another."""
        for number in range(count):
            chunk = build(number)
            if chunk is not None:
                yield number, fly_chunk(chunk, self.threads)


class DaskExecutor:
    """The workers of a Dask cluster; a chunk whose worker dies is flown by another.

    Parameters
    ----------
    client : distributed.Client
    """

    def __init__(self, client: Any) -> None:
        self.client = client

    def fly(self, count: int, build: Callable[[int], AnyChunk | None]) -> Iterator[tuple[int, ChunkResult]]:
        """Keep every worker busy until all chunks are done."""
        from distributed import as_completed

        waiting = iter(range(count))
        numbers: dict[Any, int] = {}
        running = as_completed()

        def submit() -> None:
            for number in waiting:
                chunk = build(number)
                if chunk is not None:
                    future = self.client.submit(fly_on_worker, chunk, pure=False, retries=2)
                    numbers[future] = number
                    running.add(future)
                    return

        for _ in range(_AHEAD * max(1, len(self.client.nthreads()))):
            submit()
        for future in running:
            number = numbers.pop(future)
            result = _result(future)
            submit()
            yield number, result


def fly_on_worker(chunk: AnyChunk) -> ChunkResult:
    """Fly a chunk on a Dask worker, with as many threads as it has.

    Kernels are loaded or compiled in the first chunk and kept by the process, as is all that belongs to a
    setting.
    """
    from distributed import get_worker

    return fly_chunk(chunk, threads=max(1, get_worker().state.nthreads))


def _result(future: Any) -> ChunkResult:
    from distributed.scheduler import KilledWorker

    try:
        result: ChunkResult = future.result()
    except KilledWorker as error:
        raise InputError(
            f"the Dask workers died again and again while flying a chunk ({error}); look at their "
            "logs, memory is the usual reason; what is finished is safe"
        ) from None
    return result


def open_executor(
    dask: str | None, workers: int | None, threads: int | None
) -> AbstractContextManager[Executor]:
    """Choose the executor: this process, an existing Dask scheduler, or a new cluster on this machine.

    Raises
    ------
    InputError
        The scheduler does not answer, Dask is not installed, or both an address and a number are given.
    """
    if dask is not None and workers is not None:
        raise InputError(
            "--dask takes an existing scheduler and --workers starts a new one; expected one of them"
        )
    if workers is not None and workers < 1:
        raise InputError(f"--workers: expected a whole number, at least 1; got {workers}")
    return _Opened(dask, workers, threads)


class _Opened(ExitStack):
    """An executor for the length of a block."""

    def __init__(self, dask: str | None, workers: int | None, threads: int | None) -> None:
        super().__init__()
        self._chosen = dask, workers, threads

    def __enter__(self) -> Any:
        dask, workers, threads = self._chosen
        super().__enter__()
        if dask is None and workers is None:
            return LocalExecutor(threads)
        try:
            import distributed
        except ImportError:
            raise InputError(
                "Dask is not installed; install it with: python -m pip install 'cislunar[dask]'"
            ) from None
        if dask is not None:
            return DaskExecutor(self.enter_context(_connected(distributed, dask)))
        cluster = self.enter_context(
            distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                silence_logs=40,
            )
        )
        return DaskExecutor(self.enter_context(distributed.Client(cluster)))


def _connected(distributed: Any, address: str) -> Any:
    try:
        client = distributed.Client(address, timeout=_ANSWER_S)
    except (OSError, TimeoutError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"no Dask scheduler answers at {address} ({reason[:160]}); start one with 'dask scheduler', "
            "check the address, or leave --dask out to use this machine"
        ) from None
    if not client.nthreads():
        client.close()
        raise InputError(
            f"the Dask scheduler at {address} has no workers; start some with 'dask worker {address}'"
        )
    return client
