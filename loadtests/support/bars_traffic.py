"""Bars about traffic: exact shares, changes under load, sticky users, reloads, bounded memory."""

import contextlib
import signal
import subprocess
import threading
import time

import harness

CONFIG = """
version: 1
revision: "%REVISION%"
listeners: [{address: "127.0.0.1:0"}]
admin: {address: "127.0.0.1:0"}
drain: {delay: 0s, timeout: 2s}
backends:
  legacy: {endpoints: ["%LEGACY%"]}
  new: {endpoints: ["%NEW%"]}
routes:
  - name: shop
    match: {path_prefix: /}
    legacy: legacy
    new: new
    weight: %WEIGHT%
    guard: {slow_start: false}
"""
STICKY = """    sticky: {by: ["header:X-Account"]}
"""


def start(setting, weight=0, extra=""):
    legacy, new = setting.backend("legacy"), setting.backend("new")
    ficus = setting.ficus(CONFIG + extra, LEGACY=legacy.url, NEW=new.url, WEIGHT=weight,
                          REVISION="first")
    return ficus, legacy, new


def workers_of(ficus):
    """How many workers confirm a change."""
    return ficus.weight(0)["applied"]["of"]


def split(setting):
    ficus, _, _ = start(setting)
    workers = workers_of(ficus)
    ficus.weight(5)
    report = setting.load(ficus, "--connections", 64, "--requests", 100_000).result()
    new = harness.answers(report, backend="new")
    first = {"bar": "5 % of 100,000 requests over 64 connections",
             "asked": f"5,000 ± {workers} (workers), 0 failed",
             "measured": f"{new}, {report['failed']} failed",
             "met": abs(new - 5000) <= workers and report["failed"] == 0}
    ficus.weight(50)
    report = setting.load(ficus, "--connections", 64, "--requests", 100_000, "--methods",
                          "GET,POST", "--body", 200).result()
    shares = {method: 100 * harness.answers(report, method=method, backend="new") /
              harness.answers(report, method=method) for method in ("GET", "POST")}
    second = {"bar": "GET and POST alternating at 50 %", "asked": "each share within 2 points",
              "measured": ", ".join(f"{m} {s:.2f} %" for m, s in shares.items()),
              "met": all(abs(share - 50) <= 2 for share in shares.values())}
    return [first, second]


def probe_side(ficus, wanted, count=8):
    """How many of some requests on new connections did not go to the wanted side."""
    wrong = 0
    for _ in range(count):
        wrong += harness.request("GET", ficus.port, "/")[1].get("X-Backend") != wanted
    return wrong


def weight_changes(setting):
    ficus, _, _ = start(setting)
    load = setting.load(ficus, "--connections", 64, "--seconds", 600, "--methods", "GET,POST",
                        "--body", 200)
    times, unconfirmed, wrong = [], 0, 0
    for turn in range(1000):
        percent = (0, 5, 100, 50)[turn % 4]
        begun = time.monotonic()
        applied = ficus.weight(percent)["applied"]
        times.append((time.monotonic() - begun) * 1000)
        unconfirmed += applied["workers"] != applied["of"]
        if turn % 20 in (0, 2):
            wrong += probe_side(ficus, "legacy" if percent == 0 else "new")
    report = load.stop()
    times.sort()
    return [
        {"bar": "weight changed 1,000 times under full load",
         "asked": "0 failed, 0 closed connections",
         "measured": f"{report['failed']} failed, {report['closed']} closed of "
                     f"{report['answered']} requests",
         "met": report["failed"] == 0 and report["closed"] == 0, "figures": report["failures"][:5]},
        {"bar": "each change in force on all workers", "asked": "≤ 50 ms, checked by requests",
         "measured": f"median {times[500]:.1f} ms, worst {times[-1]:.1f} ms from call to answer; "
                     f"{unconfirmed} unconfirmed, {wrong} requests on the wrong side",
         "met": times[-1] <= 50 and unconfirmed == 0 and wrong == 0}]


def sticky(setting):
    ficus, _, _ = start(setting, extra=STICKY)
    users = 2000
    before, moved_back, torn, worst = set(), 0, 0, 0.0
    for percent in (1, 2, 5, 10, 20, 35, 50, 65, 80, 90, 95, 99, 100):
        ficus.weight(percent)
        report = setting.load(ficus, "--connections", 32, "--requests", users * 3, "--users",
                              users, "--user-header", "X-Account").result()
        if "new" not in report["backends"]:
            return [failed_row("2,000 sticky users", "nobody reached the new side")]
        bit = 1 << report["backends"].index("new")
        on_new = {user for user, mask in enumerate(report["user_backends"]) if mask & bit}
        torn += sum(1 for user in on_new if report["user_backends"][user] != bit)
        moved_back += len(before - on_new)
        worst = max(worst, abs(100 * len(on_new) / users - percent))
        before = on_new
    return [{"bar": "2,000 sticky users while the weight rises 1 → 100",
             "asked": "none moves back, shares within 4 points",
             "measured": f"{moved_back} moved back, {torn} saw both sides at one weight, "
                         f"worst share off by {worst:.2f} points",
             "met": moved_back == 0 and torn == 0 and worst <= 4}]


def failed_row(bar, what):
    return {"bar": bar, "asked": "runs to its end", "measured": what, "met": False}


def reload_under_load(setting):
    legacy, new = setting.backend("legacy"), setting.backend("new")
    # A reload must name the addresses that are open: ports of our own choice.
    fixed = CONFIG
    for _ in range(2):
        fixed = fixed.replace("127.0.0.1:0", f"127.0.0.1:{harness.free_port()}", 1)
    values = {"LEGACY": legacy.url, "NEW": new.url}
    ficus = setting.ficus(fixed, **values, WEIGHT=10, REVISION="first")
    load = setting.load(ficus, "--connections", 64, "--seconds", 600)
    for turn in range(100):
        text = harness.filled(fixed, {**values, "WEIGHT": 10 + turn % 5,
                                      "REVISION": f"turn-{turn}"})
        if turn % 2:
            text += "  - {name: extra, match: {path_prefix: /extra}, legacy: legacy}\n"
        ficus.config_path.write_text(text)
        ficus.popen.send_signal(signal.SIGHUP)
        if not await_revision(ficus, f"turn-{turn}"):
            load.stop()
            raise harness.Failure(f"reload {turn} never came into force:\n{ficus.log()[-1500:]}")
    report = load.stop()
    return [{"bar": "reload 100 times under load", "asked": "0 failed",
             "measured": f"{report['failed']} failed, {report['closed']} closed of "
                         f"{report['answered']} requests", "met": report["failed"] == 0,
             "figures": report["failures"][:5]}]


def await_revision(ficus, revision):
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if revision in str(ficus.status()):
            return True
        time.sleep(0.01)
    return False


@contextlib.contextmanager
def watch_rss(process, highest):
    """Keeps the highest RSS in KiB in highest[0], looking every 20 ms."""
    done = threading.Event()

    def look():
        while not done.wait(0.02):
            highest[0] = max(highest[0], process.rss_kib())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def stream(setting):
    ficus, legacy, _ = start(setting)
    size = 2 << 30
    tool = setting.build / "loadtests" / "stream_client"
    target = f"127.0.0.1:{ficus.port}"
    setting.load(ficus, "--requests", 5000).result()
    rows = []
    for way, args in (("down", ["--download", size, "--pause", 1]), ("up", ["--upload", size])):
        legacy.set(read_pause=1 if way == "up" else 0)
        base, highest = ficus.rss_kib(), [0]
        with watch_rss(ficus, highest):
            done = subprocess.run([str(tool), target, *map(str, args)], capture_output=True,
                                  text=True, timeout=600, check=False)
        whole = done.returncode == 0 and (way == "down" or f'"bytes":{size},"intact":true' in
                                          done.stdout)
        growth = (highest[0] - base) / 1024
        rows.append({"bar": f"2 GiB streamed {way}, slow reader",
                     "asked": "whole, RSS grows < 16 MiB",
                     "measured": f"{'whole' if whole else 'BROKEN: ' + done.stderr.strip()}, "
                                 f"RSS {base / 1024:.1f} + {growth:.1f} MiB",
                     "met": whole and growth < 16})
    return rows


BARS = {"split": split, "weight_changes": weight_changes, "sticky": sticky,
        "reload": reload_under_load, "stream": stream}
