"""The bar about an endpoint's name that moves, vanishes and comes back under load.

ficus asks the machine's own resolver, which reads a hosts file of the test: bound over /etc/hosts
in a mount namespace that only this ficus is in. That needs root; nothing outside sees it.
"""

import os
import pathlib
import subprocess
import time

import harness

NAME = "shop.test"
CONFIG = """
version: 1
listeners: [{address: "127.0.0.1:0"}]
admin: {address: "127.0.0.1:0"}
drain: {delay: 0s, timeout: 2s}
backends:
  shop: {endpoints: ["http://%NAME%:%PORT%"]}
routes:
  - {name: shop, match: {path_prefix: /}, legacy: shop}
"""
RATE = 500
LOOK_UP_WITHIN = 40  # seconds; names are looked up each 30 s, a tenth more or less


class HostsFile:
    """What the name stands for. Rewritten in one go and in place: a reader sees one state or the
    other, and a file that is bound over another must stay the same file."""

    SIZE = 512

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.write_bytes(b"\n" * self.SIZE)

    def set(self, *addresses):
        lines = ["127.0.0.1 localhost", *(f"{address} {NAME}" for address in addresses)]
        text = ("\n".join(lines) + "\n").encode().ljust(self.SIZE, b"\n")
        descriptor = os.open(self.path, os.O_WRONLY)
        try:
            os.pwrite(descriptor, text, 0)
        finally:
            os.close(descriptor)


def with_hosts(folder, hosts):
    """What to put before a command, so that it resolves names by that file and nothing else."""
    done = subprocess.run(["unshare", "--mount", "true"], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise harness.Failure("a mount namespace for the hosts file needs root: sudo loadtests/bars "
                              f"names ({done.stderr.strip()})")
    files_only = pathlib.Path(folder) / "nsswitch.conf"
    files_only.write_text("hosts: files\n")
    script = ('mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/nsswitch.conf && shift 2 && '
              'exec "$@"')
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh",
            hosts.path, files_only]


def wait_for_look_up(ficus, wanted):
    """Until the status says `wanted` of the name; seconds."""
    begun = time.monotonic()
    while time.monotonic() < begun + LOOK_UP_WITHIN:
        known = ficus.status()["names"]
        if known and wanted(known[0]):
            return time.monotonic() - begun
        ficus.check_alive()
        time.sleep(0.1)
    raise harness.Failure(f"the name was not looked up in {LOOK_UP_WITHIN} s: {known}")


def shares(servers, seconds=2):
    """How many requests came to each in that time, after what was under way has ended."""
    time.sleep(0.5)
    before = [server.requests() for server in servers]
    time.sleep(seconds)
    return [server.requests() - was for server, was in zip(servers, before)]


def names(setting):
    first = setting.backend("first", address="127.0.0.2")
    second = setting.backend("second", address="127.0.0.3", port=first.port)
    hosts = HostsFile(pathlib.Path(setting.folder) / "hosts")
    hosts.set(first.address)
    ficus = setting.ficus(CONFIG, with_hosts(setting.folder, hosts), NAME=NAME, PORT=first.port)
    load = setting.load(ficus, "--connections", 16, "--rate", RATE, "--seconds", 600, "--methods",
                        "GET,POST", "--body", 200)
    moves, waits, steps = 0, [], []

    def move_to(here, there):
        hosts.set(here.address)
        waits.append(wait_for_look_up(ficus, lambda name: name["resolved"] and
                                      name["addresses"] == [here.address]))
        steps.append({"at": here.address, "came": shares([here, there])})
        return steps[-1]["came"][0] > RATE and steps[-1]["came"][1] == 0

    moves += move_to(second, first)
    moves += move_to(first, second)
    hosts.set()
    wait_for_look_up(ficus, lambda name: not name["resolved"])
    came = shares([first, second], 5)
    steps.append({"at": None, "came": came})
    kept = came[0] > RATE and came[1] == 0
    lost = ficus.metric("ficus_name_failures_total")
    moves += move_to(second, first)
    moves += move_to(first, second)
    report = load.stop()
    return [{"bar": "endpoint's name moves 4 times and vanishes between, under load",
             "asked": "0 failed, all traffic at the new address, the last one while it is gone",
             "measured": f"{report['failed']} failed of {report['answered']}; {moves} of 4 moves "
                         f"seen at the servers, {min(waits):.0f}–{max(waits):.0f} s after the "
                         f"change; gone ({lost:.0f} look-ups failed): "
                         + ("served on" if kept else "NOT served by the last address"),
             "met": report["failed"] == 0 and moves == 4 and kept and lost > 0,
             "figures": {"steps": steps, "failures": report["failures"][:5]}}]


BARS = {"names": names}
