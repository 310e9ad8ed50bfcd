"""Starts the programs of a load test, measures them, and ends them by the pid it started.

Only Python's standard library. Everything listens on loopback, on ports chosen by the kernel
(nginx and HAProxy cannot tell theirs: they get one that was free a moment ago).
"""

import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Failure(Exception):
    """Something outside the measurement went wrong; the text says what to do."""


def find_build(given):
    """The build folder with the tools: the given one, else release, else dev."""
    names = [pathlib.Path(given)] if given else [ROOT / "build" / n for n in ("release", "dev")]
    for folder in names:
        if (folder / "loadtests" / "load_generator").exists():
            return folder
    raise Failure("no load tools in " + ", ".join(map(str, names)) +
                  ": cmake --preset release && cmake --build --preset release "
                  "--target ficus loadtest_tools")


def find_ficus(build, given):
    path = pathlib.Path(given) if given else build / "control" / "ficus"
    if not path.exists():
        raise Failure(f"no ficus at {path}: build it, or name it with --ficus")
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(port, process, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        process.check_alive()
        time.sleep(0.02)
    raise Failure(f"nothing listens on port {port} after {seconds} s")


class Process:
    """A child with its output in a file. `cpu` pins it and its children to one core."""

    def __init__(self, argv, folder, name, cpu=None, env=None):
        self.name = name
        self.log_path = pathlib.Path(folder) / f"{name}.log"
        pin = [] if cpu is None else ["taskset", "-c", str(cpu)]
        with open(self.log_path, "wb") as log:
            self.popen = subprocess.Popen(pin + [str(a) for a in argv], stdin=subprocess.DEVNULL,
                                          stdout=log, stderr=subprocess.STDOUT,
                                          env={**os.environ, **(env or {})})

    @property
    def pid(self):
        return self.popen.pid

    def log(self):
        return self.log_path.read_text(errors="replace")

    def check_alive(self):
        if self.popen.poll() is not None:
            raise Failure(f"{self.name} ended with {self.popen.returncode}:\n{self.log()[-2000:]}")

    def await_line(self, pattern, seconds=20):
        """The match of a pattern in the output."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.search(pattern, self.log())
            if found:
                return found
            self.check_alive()
            time.sleep(0.01)
        raise Failure(f"{self.name} never printed {pattern!r}:\n{self.log()[-2000:]}")

    def tree(self):
        """This process and its descendants."""
        pids, queue = [], [self.pid]
        while queue:
            pid = queue.pop()
            pids.append(pid)
            with contextlib.suppress(OSError):
                for task in os.listdir(f"/proc/{pid}/task"):
                    text = pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text()
                    queue += map(int, text.split())
        return pids

    def cpu_seconds(self):
        """CPU time of all threads of all its processes, in nanosecond steps."""
        total = 0
        for pid in self.tree():
            with contextlib.suppress(OSError):
                for task in os.listdir(f"/proc/{pid}/task"):
                    text = pathlib.Path(f"/proc/{pid}/task/{task}/schedstat").read_text()
                    total += int(text.split()[0])
        return total * 1e-9

    def rss_kib(self):
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1))

    def kill(self):
        self.popen.kill()
        self.popen.wait()

    def stop(self, seconds=40):
        """SIGTERM and the exit status; SIGKILL if it does not end."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.popen.returncode


class Backend(Process):
    """bench_backend; `set` changes how it behaves while it runs."""

    def __init__(self, build, folder, name, cpu=None, port=0, args=(), address="127.0.0.1"):
        super().__init__([build / "loadtests" / "bench_backend", "--name", name, "--address",
                          address, "--port", port, *args],
                         folder, f"backend-{name}-{time.monotonic_ns()}", cpu)
        self.address = address
        self.port = int(self.await_line(r"listening on [\d.]+:(\d+)").group(1))

    def set(self, **behaviour):
        query = "&".join(f"{key}={value}" for key, value in behaviour.items())
        return request("GET", self.port, f"/_control?{query}", host=self.address)[2]

    def requests(self):
        """How many have come to it."""
        return int(self.set())

    @property
    def url(self):
        return f"http://{self.address}:{self.port}"


def request(method, port, path, body=None, timeout=10, host="127.0.0.1"):
    """(status, headers, text) of one request on a connection of its own."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        headers = {"Connection": "close"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode(errors="replace")
    finally:
        connection.close()


class Ficus(Process):
    """`ficus run` on a configuration given as text; the admin API as methods."""

    def __init__(self, binary, folder, config, cpu=None, env=None, wrapper=(), name="ficus"):
        self.config_path = pathlib.Path(folder) / f"{name}-{time.monotonic_ns()}.yaml"
        self.config_path.write_text(config)
        super().__init__([*wrapper, binary, "run", self.config_path], folder,
                         self.config_path.stem, cpu, env)
        self.port = int(self.await_line(r"(?<!admin )listening on [\d.]+:(\d+)", 60).group(1))
        self.admin_port = int(self.await_line(r"admin (?:listening )?on [\d.]+:(\d+)", 60).group(1))

    def api(self, method, path, body=None):
        status, _, text = request(method, self.admin_port, "/api/v1" + path, body)
        if status >= 400:
            raise Failure(f"{method} {path}: {status} {text[:500]}")
        return json.loads(text)

    def weight(self, percent, route="shop"):
        return self.api("PUT", f"/routes/{route}/weight",
                        {"weight": percent, "reason": "load test"})

    def route(self, name="shop"):
        return self.api("GET", f"/routes/{name}")

    def status(self):
        return self.api("GET", "/status")

    def metrics(self):
        return request("GET", self.admin_port, "/metrics")[2]

    def metric(self, name, **labels):
        """Sum of the samples of a metric whose labels have these values."""
        total = 0.0
        for line in self.metrics().splitlines():
            found = re.match(r"(\w+)(?:\{(.*)\})? (\S+)$", line)
            if not found or found.group(1) != name:
                continue
            have = dict(re.findall(r'(\w+)="([^"]*)"', found.group(2) or ""))
            if all(have.get(key) == value for key, value in labels.items()):
                total += float(found.group(3))
        return total


class Load:
    """load_generator in the background; `result` waits for its report."""

    def __init__(self, build, port, args, cpu=None):
        pin = [] if cpu is None else ["taskset", "-c", str(cpu)]
        self.popen = subprocess.Popen(
            pin + [str(build / "loadtests" / "load_generator"), f"127.0.0.1:{port}",
                   *map(str, args)], stdout=subprocess.PIPE, text=True)

    def stop(self):
        self.popen.send_signal(signal.SIGTERM)
        return self.result()

    def result(self):
        out, _ = self.popen.communicate(timeout=600)
        if self.popen.returncode != 0:
            raise Failure(f"load_generator ended with {self.popen.returncode}")
        return json.loads(out.splitlines()[-1])


def run_load(build, port, args, cpu=None):
    return Load(build, port, args, cpu).result()


def answers(report, **wanted):
    """How many answers have these values of method, backend, status."""
    return sum(entry["count"] for entry in report["answers"]
               if all(entry[key] == value for key, value in wanted.items()))


def quartiles(values):
    """(first quartile, median, third quartile)"""
    ordered = sorted(values)

    def at(share):
        place = share * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (place - low)

    return at(0.25), at(0.5), at(0.75)


def table(rows):
    """Rows of texts as aligned columns; the first is the heading."""
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip()
             for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


@contextlib.contextmanager
def workshop():
    """A folder for logs and configurations, and a stack that ends what was started."""
    with tempfile.TemporaryDirectory(prefix="ficus-loadtest-") as folder:
        os.chmod(folder, 0o755)
        with contextlib.ExitStack() as stack:
            yield folder, stack


def started(stack, process):
    stack.callback(process.stop)
    return process


def filled(text, values):
    for key, value in values.items():
        text = text.replace(f"%{key}%", str(value))
    return text


class Setting:
    """What one bar works with: the programs, a folder, and a stack that ends what it started."""

    def __init__(self, build, binary, folder, stack):
        self.build, self.binary, self.folder, self.stack = build, binary, folder, stack

    def backend(self, name, **options):
        return started(self.stack, Backend(self.build, self.folder, name, **options))

    def ficus(self, config, wrapper=(), **values):
        """`ficus run` with %NAME% in the text replaced."""
        return started(self.stack, Ficus(self.binary, self.folder, filled(config, values),
                                         wrapper=wrapper))

    @contextlib.contextmanager
    def fresh(self):
        """A setting whose processes end with the block: for one of many runs."""
        with workshop() as (folder, stack):
            yield Setting(self.build, self.binary, folder, stack)

    def load(self, ficus, *args):
        return Load(self.build, ficus.port, args)


def main(run):
    """Runs a command's main function; a Failure is one line on standard error."""
    try:
        sys.exit(run())
    except Failure as failure:
        print(failure, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
