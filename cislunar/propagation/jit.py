"""The decorator for compiled kernels, and where their machine code is kept.

Compilation takes seconds, so machine code is kept on disk. An entry is valid for exactly one content of the
sources behind it: the stamp of a kernel is a digest of its own file and of every file of this package it
imports, directly or not, so a changed module is never answered by old code, whatever the time stamps say.
Versions of numba, llvmlite and NumPy, the number of lanes and the place of the package are part of the
folder name; numba itself adds the processor and the argument types.

The folder is `CISLUNAR_CACHE_DIR` if set, else the user's cache folder, else (when neither is writable) a
folder for this user under the system's temporary files; a package installed read-only works the same. With
no writable place at all kernels are compiled anew in each process; so is a kernel whose file is damaged.

Compilation itself cannot be interrupted, and swallows an interrupt that arrives meanwhile. It is made on a
thread of its own, so that the main thread answers; what was begun is finished there and is of use later.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import os
import platform
import re
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.runtime import rtsys

from cislunar.propagation.simd import LANES

_PACKAGE = Path(__file__).resolve().parents[1]
_WAKE_S = 0.1


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function of floats, integers and NumPy arrays on first call, without the interpreter lock.

    Division by zero follows IEEE 754 (no Python exception) and array bounds are not checked inside.
    """
    return _compiled(function, counts_references=True)


def lean_kernel(function: Callable[..., Any]) -> Any:
    """Compile like `kernel` a function that makes no arrays, without counting references to its arguments.

    Each count is an atomic operation, dearer than the arithmetic of a small function.
    """
    return _compiled(function, counts_references=False)


def _compiled(function: Callable[..., Any], counts_references: bool) -> Any:
    compiler: Any = numba.njit
    dispatcher: Any = compiler(nogil=True, error_model="numpy", _nrt=counts_references)(function)
    if cache_folder() is not None:
        dispatcher._cache = _KernelCache(function)
    dispatcher.compile = functools.partial(_compile_aside, dispatcher.compile)
    return dispatcher


def _compile_aside(compile_signature: Callable[[Any], Any], signature: Any) -> Any:
    """Compile on another thread if this is the main one, which an interrupt then reaches."""
    if threading.current_thread() is not threading.main_thread():
        return compile_signature(signature)
    outcome: list[Any] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(compile_signature(signature))
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=work, name="cislunar compiler", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_WAKE_S)
    if failure:
        raise failure[0]
    return outcome[0]


@functools.cache
def cache_folder() -> Path | None:
    """Return the folder for machine code of this package in this process, or None if no place is writable."""
    versions = f"{sys.version} {numba.__version__} {llvmlite.__version__} {np.__version__} {LANES} {_PACKAGE}"
    name = f"kernels-{hashlib.sha256(versions.encode()).hexdigest()[:16]}"
    for root in _cache_roots():
        folder = root / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError:
            continue
        return folder
    return None


def _cache_roots() -> list[Path]:
    """Return the places to try, best first."""
    roots = []
    if chosen := os.environ.get("CISLUNAR_CACHE_DIR"):
        roots.append(Path(chosen))
    if platform.system() == "Windows":
        user = os.environ.get("LOCALAPPDATA")
    elif platform.system() == "Darwin":
        user = os.path.expanduser("~/Library/Caches")
    else:
        user = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if user and os.path.isabs(user):
        roots.append(Path(user) / "cislunar")
    owner = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    roots.append(Path(tempfile.gettempdir()) / f"cislunar-{owner}")
    return roots


_IMPORT = re.compile(
    rf"^[ \t]*(?:from[ \t]+({_PACKAGE.name}[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)|import[ \t]+([^\n]*))",
    re.MULTILINE,
)
_DOTTED = re.compile(r"[\w.]+")
_WORD = re.compile(r"\w+")


@functools.cache
def _imports(path: Path) -> tuple[bytes, frozenset[Path]]:
    """Return the content of a source file and the files of this package that it imports."""
    content = path.read_bytes()
    found: set[str] = set()
    for module, members, modules in _IMPORT.findall(content.decode()):
        found.update(_file_of(name) for name in ([module] if module else _DOTTED.findall(modules)))
        if module and Path(_file_of(module)).name in ("", "__init__.py"):  # its members may be modules
            found.update(_file_of(f"{module}.{member}") for member in _WORD.findall(members))
    return content, frozenset(Path(file) for file in found if file)


@functools.cache
def _file_of(module: str) -> str:
    """Return the file of a module of this package; nothing for a name that is no module."""
    head, *rest = module.split(".")
    if head != _PACKAGE.name or not rest:
        return ""
    base = os.path.join(_PACKAGE, *rest)
    for file in (f"{base}.py", os.path.join(base, "__init__.py")):
        if os.path.isfile(file):
            return file
    return ""


@functools.cache
def source_stamp(path: Path) -> str:
    """Return a digest of the content of a source file and of all files of this package behind it."""
    seen: dict[Path, bytes] = {}
    waiting = [path.resolve()]
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen[file], imports = _imports(file)
            waiting.extend(imports)
    digest = hashlib.sha256()
    for file in sorted(seen):
        digest.update(f"{file}\0{len(seen[file])}\0".encode() + seen[file])
    return digest.hexdigest()


class _ContentLocator:
    """Tells numba's cache where the code of one function is kept and which content it was made from."""

    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        self._py_file = inspect.getfile(function)
        self._folder = folder

    def get_cache_path(self) -> str:
        return str(self._folder)

    def get_source_stamp(self) -> str:
        return source_stamp(Path(self._py_file))

    def get_disambiguator(self) -> str:
        # With the stamp, so that no file of other content is ever in the place of one that was not written.
        place = f"{os.path.abspath(self._py_file)}\0{self.get_source_stamp()}"
        return hashlib.sha256(place.encode()).hexdigest()[:16]

    def ensure_cache_path(self) -> None:
        os.makedirs(self._folder, exist_ok=True)

    @classmethod
    def from_function(cls, function: Callable[..., Any], _file: str) -> _ContentLocator | None:
        folder = cache_folder()
        return cls(function, folder) if folder is not None else None


class _KernelCacheImpl(CompileResultCacheImpl):
    """Numba's storage of one compiled function, located by `_ContentLocator`."""

    _locator_classes = [_ContentLocator]  # noqa: RUF012


class _KernelCache(FunctionCache):
    """Numba's cache of the overloads of one function, with our storage.

    Before it looks into its cache, numba imports all that it could compile with, SciPy's linear algebra
    among it: half a second. Machine code needs none of it, only the runtime that allocates arrays.
    """

    _impl_class = _KernelCacheImpl

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the machine code for a signature, or None if it is not kept or damaged."""
        rtsys.initialize(target_context)
        try:
            return self._load_overload(sig, target_context)
        except Exception:  # what a file cut short or written over leads to is anybody's guess
            with contextlib.suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the machine code for a signature, if there is room."""
        with contextlib.suppress(OSError):
            self._save_overload(sig, data)
