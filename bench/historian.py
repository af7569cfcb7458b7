"""The historian against a bare table: samples a second, bytes written, bytes kept, time to read.

What is written is counted by the kernel: ``write_bytes`` of ``/proc/self/io``, which are the pages
that this process has made dirty for the disk, the log and the file of SQLite both. On PostgreSQL
the server writes, and only time is compared.
"""

from __future__ import annotations

import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from asyncua import ua
from rich.console import Console
from rich.table import Table
from sqlalchemy import URL, text

from bench import history_processed
from bench.recorded_plant import DAYS, HOUR, START, recorded
from heatpump_twin.drivers.clock import MICROSECONDS
from heatpump_twin.drivers.frame import Frame
from heatpump_twin.server.history.history_encoding import DOUBLE, encoded
from heatpump_twin.twin_engine.historian.database.database_access import open_engine
from heatpump_twin.twin_engine.historian.sample_store import SampleStore

POINTS = 15_000
BEFORE = 150
"""Samples of each point that are there already."""
SECONDS = 300
"""Of samples that come: more than one pass of sealing."""
HOURS = 3
"""Of the emulated plant; the month is made of them."""
TEN_SECONDS = 10 * MICROSECONDS
_BARE = "CREATE TABLE sample (time INTEGER, value REAL, point_id INTEGER, status INTEGER)"
_EVER = 2**62
_CLUSTER = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def run(console: Console) -> None:
    """Print a table for what is written, one for what is kept, and one for what is read."""
    Path("build").mkdir(exist_ok=True)  # on disk, which /tmp may not be
    with tempfile.TemporaryDirectory(dir="build") as directory:
        place = Path(directory)
        _ingest(console, place)
        _postgresql(console, place)
        _month(console, place / "month.sqlite")
        _read(console, place / "year.sqlite")
        history_processed.measure(console, place / "seconds.sqlite")


def _seconds(count: int, first: int = 0) -> Iterator[Frame]:
    """Yield a frame a second: values that wander by tenths, times some milliseconds late."""
    noise = np.random.default_rng(first)
    value = noise.normal(40.0, 10.0, POINTS)
    for second in range(first, first + count):
        value += noise.normal(0.0, 0.05, POINTS)
        late = noise.normal(20.0, 4.0, POINTS).astype(np.int64) * 1000
        times = START + second * MICROSECONDS + late
        yield Frame.of(np.arange(1, POINTS + 1), np.round(value, 1), 0, times)


def _written() -> int:
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def _measured(work: Callable[[], None]) -> tuple[float, float, int]:
    """Return wall time and CPU time of some work, and what it wrote. [s, s, B]"""
    wall, cpu, written = time.perf_counter(), time.process_time(), _written()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu, _written() - written


def _ingest(console: Console, place: Path) -> None:
    store = _filled(f"sqlite:///{place / 'ingest.sqlite'}")
    frames = list(_seconds(SECONDS, BEFORE))
    rows = POINTS * SECONDS

    def live() -> None:
        # As the twin does: a flush a second, and some sealing after it.
        for frame in frames:
            store.write(frame)
            store.seal(POINTS, 0.2)

    def rest() -> None:
        while store.sealing:
            store.seal(POINTS, 0.2)

    with closing(sqlite3.connect(place / "bare.sqlite")) as bare:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            bare.execute(f"PRAGMA {pragma}")
        bare.execute(_BARE)
        plain = _measured(lambda: [_executemany(bare, frame) for frame in frames] and None)
    lived = _measured(live)
    rested = _measured(rest)
    writing = _measured(lambda: [store.write(frame) for frame in _seconds(20, 10_000)] and None)
    # The hour is over by that: its statistics are made, once for each point.
    hourly = _measured(store.seal_all)
    store.close()
    table = Table(title=f"Ingest of {POINTS} points, {SECONDS} s, {BEFORE} rows of each stored")
    for name in ("", "wall, µs a row", "CPU, µs a row", "B written a row", "rate : executemany"):
        table.add_column(name, justify="right" if name else "left")
    both = tuple(a + b for a, b in zip(lived, rested, strict=True))
    for name, (wall, cpu, written), count in (
        ("sqlite3.executemany, bare table", plain, rows),
        ("historian, written", writing, 20 * POINTS),
        ("historian, written and sealed", both, rows),
    ):
        ratio = plain[0] / rows / (wall / count)
        each = (f"{1e6 * wall / count:.2f}", f"{1e6 * cpu / count:.2f}", f"{written / count:.1f}")
        table.add_row(name, *each, f"{ratio:.2f}")
    console.print(table)
    console.print(
        f"The same at the end of an hour: {1e3 * hourly[1] / POINTS:.2f} ms of CPU a point"
    )


def _filled(url: str | URL) -> SampleStore:
    store = SampleStore(open_engine(url))
    store.prepare([f"p{number}" for number in range(POINTS)])
    for frame in _seconds(BEFORE):
        store.write(frame)
    store.seal_all()
    return store


def _rows(frame: Frame) -> list[tuple[int, float, int, int]]:
    columns = (frame.time, frame.value, frame.point, frame.status)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _executemany(bare: sqlite3.Connection, frame: Frame) -> None:
    bare.executemany("INSERT INTO sample VALUES (?, ?, ?, ?)", _rows(frame))
    bare.commit()


def _postgresql(console: Console, place: Path) -> None:
    if not _CLUSTER:
        console.print("PostgreSQL: its server programs are not installed")
        return
    with _server(place / "cluster") as url:
        store = _filled(url)
        frames = list(_seconds(60, BEFORE))

        def copy() -> None:
            with open_engine(url).connect() as connection:
                connection.execute(text(_BARE.replace("REAL", "DOUBLE PRECISION").replace(
                    "time INTEGER", "time BIGINT")))  # fmt: skip
                connection.commit()
                raw = connection.connection.driver_connection
                for frame in frames:
                    with raw.cursor() as cursor, cursor.copy("COPY sample FROM STDIN") as rows:
                        for row in _rows(frame):
                            rows.write_row(row)
                    raw.commit()
            connection.engine.dispose()

        copied = _measured(copy)[0]
        written = _measured(lambda: [store.write(frame) for frame in frames] and None)[0]
        store.close()
    each = 1e6 / (60 * POINTS)
    console.print(
        f"PostgreSQL: COPY {copied * each:.2f} µs a row, historian {written * each:.2f}, "
        f"rate {copied / written:.2f} : 1"
    )


@contextmanager
def _server(directory: Path) -> Iterator[URL]:
    """Run a PostgreSQL server on a socket of its own, with its defaults of durability."""
    directory.mkdir(mode=0o777)
    directory.chmod(0o777)
    directory.parent.chmod(0o755)
    data, programs = directory / "data", _CLUSTER[-1]
    sockets = Path(tempfile.mkdtemp(prefix="hptwin-bench-"))
    sockets.chmod(0o777)
    as_user = ["setpriv", "--reuid", "postgres", "--clear-groups", "--inh-caps=-all"]
    made = [*as_user, programs / "initdb", "-A", "trust", "-U", "postgres", "-D", data]
    subprocess.run(made, check=True, capture_output=True)
    command = [
        *as_user,
        programs / "postgres",
        "-D",
        data,
        "-k",
        sockets,
        "-c",
        "listen_addresses=",
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = URL.create("postgresql", "postgres", database="postgres", query={"host": str(sockets)})
    try:
        while not any(sockets.iterdir()):
            time.sleep(0.1)
        time.sleep(2)
        yield url
    finally:
        server.terminate()
        server.wait()


def _month(console: Console, path: Path) -> None:
    """Record a month of the default site: its hours from the plant, one after the other."""
    points, frames = recorded(HOURS)
    hours = _split(Frame.concat(frames))
    store = SampleStore(open_engine(f"sqlite:///{path}"))
    store.prepare([f"p{number}" for number in range(points)])
    count, before = 0, _written()
    cpu = time.process_time()
    for hour in range(24 * DAYS):
        part = hours[hour % HOURS]
        begin = START + hour * HOUR * MICROSECONDS
        times = part.time - part.time.min() + begin
        store.write(Frame(part.point + 1, part.value, part.status, times))
        store.seal_all()
        count += len(part)
    cpu = time.process_time() - cpu
    written = _written() - before
    pages = store.pages()
    store.close()
    console.print(
        f"A month of the default site, {points} points, {count / 1e6:.1f} million samples: "
        f"{pages.used / count:.2f} B a sample ({pages.used / 1e6:.0f} MB), {written / count:.1f} B "
        f"written a sample, {1e6 * cpu / count:.2f} µs of CPU a sample"
    )


def _split(frame: Frame) -> list[Frame]:
    """Return each recorded hour by itself."""
    order = np.argsort(frame.time, kind="stable")
    edges = np.flatnonzero(np.diff(frame.time[order]) > HOUR * MICROSECONDS // 2) + 1
    return [
        Frame(frame.point[part], frame.value[part], frame.status[part], frame.time[part])
        for part in np.split(order, edges)
    ]


def _read(console: Console, path: Path) -> None:
    count = 365 * 8640
    store = SampleStore(open_engine(f"sqlite:///{path}"))
    (row,) = store.prepare(["p"]).values()
    noise = np.random.default_rng(1)
    value = np.round(40 + np.cumsum(noise.normal(0, 0.05, count)), 1)
    times = START + np.arange(count) * TEN_SECONDS + noise.normal(20, 4, count).astype(int) * 1000
    for part in np.array_split(np.arange(count), 100):
        store.write(Frame.of(np.full(len(part), row), value[part], 0, times[part]))
        store.seal_all()
    store.close()
    table = Table(title="Raw reading of one point at 10 s, from the file, to bytes of HistoryData")
    for name in ("", "samples", "ms", "µs of CPU a sample"):
        table.add_column(name, justify="right" if name else "left")
    for name, days in (("a day", 1), ("30 days", 30), ("a year", 365)):
        end = START + days * 8640 * TEN_SECONDS
        found, wall, cpu = 0, [], []
        for _ in range(5):
            # Opened anew each time: nothing is in memory but what the kernel keeps of the file.
            store = SampleStore(open_engine(f"sqlite:///{path}"))
            begin, used = time.perf_counter(), time.process_time()
            samples = store.read(row, START, end, _EVER)
            encoded(samples, DOUBLE, ua.TimestampsToReturn.Both)
            wall.append(time.perf_counter() - begin)
            cpu.append(time.process_time() - used)
            found = len(samples)
            store.close()
        table.add_row(name, f"{found}", f"{1e3 * min(wall):.1f}", f"{1e6 * min(cpu) / found:.3f}")
    console.print(table)
