"""Bars about the guard: the new side breaks in four ways, in the middle of a stage and at its entry."""

import re
import time

import harness

CONFIG = """
version: 1
listeners: [{address: "127.0.0.1:0"}]
admin: {address: "127.0.0.1:0"}
drain: {delay: 0s, timeout: 2s}
backends:
  legacy: {endpoints: ["%LEGACY%"]}
  new: {endpoints: ["%NEW%"], timeouts: {first_byte: 1s}}
routes:
  - name: shop
    match: {path_prefix: /}
    legacy: legacy
    new: new
    weight: 0
    %FALLBACK%
"""
FALLBACK = "fallback: {on: [connect_failure, reset, timeout, overflow, 502, 503, 504]}"
WAYS = ("error", "reset", "kill", "hang")
LIMITS = {"mid": 18, "entry": 7}
RATE = 2000


def break_side(new, way):
    if way == "kill":
        new.kill()
    else:
        new.set(mode=way)


def latched(route):
    """True if the route's state, whatever else it tells, says that it is rolled back."""
    value = route.get("latched", route.get("latch"))
    return bool(value)


def await_latch(ficus, seconds=15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        route = ficus.route()
        if latched(route):
            return route
        time.sleep(0.02)
    return None


def before_verdict(failures):
    """Splits failures into those that led to the verdict and those in flight when it fell.

    The verdict fell with the k-th failure seen if every later one was sent before the k-th ended:
    those were under way already. k is the smallest such number, as users see it.
    """
    ordered = sorted(failures, key=lambda one: one["ended"])
    latest_sent = 0.0
    k = len(ordered)
    for index in range(len(ordered) - 1, -1, -1):
        latest_sent = max(latest_sent, ordered[index]["sent"])
        if index == 0 or latest_sent > ordered[index - 1]["ended"]:
            k = index + 1
            break
    return (0, 0) if not ordered else (k, len(ordered) - k)


def unknowable(failures):
    """How many failures were under way when the first one showed: nobody could have known."""
    first = min((one["ended"] for one in failures), default=0.0)
    return sum(1 for one in failures if one["sent"] < first)


def one_break(setting, way, percent, moment, fallback=""):
    """The report of the load, and the route after it."""
    legacy, new = setting.backend("legacy"), setting.backend("new")
    ficus = setting.ficus(CONFIG, LEGACY=legacy.url, NEW=new.url, FALLBACK=fallback)
    load = setting.load(ficus, "--connections", 64, "--rate", RATE, "--sources", 64, "--seconds",
                        60, "--methods", "GET,GET,GET,POST", "--body", 100)
    time.sleep(0.5)
    if moment == "mid":
        ficus.weight(percent)
        time.sleep(5)
        break_side(new, way)
    else:
        break_side(new, way)
        ficus.weight(percent)
    route = await_latch(ficus)
    time.sleep(1.5)
    report = load.stop()
    return report, route, ficus


def shows_numbers(ficus, route):
    """Whether the API's answer and a log line hold the numbers behind the verdict."""
    line = re.search(r".*(?:rollback|rolled back).*\d.*", ficus.log())
    return line is not None and re.search(r"\d", str(route.get("guard", route))) is not None


def breaks(setting):
    rows = []
    for way in WAYS:
        for percent in (5, 50):
            for moment in ("mid", "entry"):
                with setting.fresh() as alone:
                    rows.append(one_row(alone, way, percent, moment))
    return rows


def one_row(setting, way, percent, moment):
    title = {"error": "answers 500", "reset": "resets", "kill": "is killed",
             "hang": "hangs (first_byte 1s)"}[way]
    where = {"mid": "mid-stage", "entry": "at the entry"}[moment]
    report, route, ficus = one_break(setting, way, percent, moment)
    # Answers of a side that hangs tell nothing until first_byte has passed for the first of them.
    late = unknowable(report["failures"]) if way == "hang" and moment == "mid" else 0
    row = {"bar": f"new {title}, w = {percent} %, {where}",
           "asked": f"latched, failed ≤ {LIMITS[moment]} + in flight"
                    f"{' (at the first failure, too)' if late else ''}, numbers shown"}
    if route is None:
        return {**row, "measured": f"not latched; {report['failed']} failed", "met": False}
    to_verdict, in_flight = before_verdict(report["failures"])
    shown = shows_numbers(ficus, route)
    before = f"{late} in flight at the first failure, " if late else ""
    total = report["failed"]
    # What is left of the failures without those in flight at the verdict and at the first failure.
    judged = max(0, to_verdict - late) if late else to_verdict
    return {**row, "measured": f"latched, {before}{judged} + {total - late - judged} in flight"
                               f"{'' if shown else ', numbers NOT shown'}",
            "met": judged <= LIMITS[moment] and shown, "figures": route}


def fallback(setting):
    rows = []
    for percent in (5, 50):
        with setting.fresh() as alone:
            report, route, _ = one_break(alone, "kill", percent, "mid", FALLBACK)
        gets = sum(1 for one in report["failures"] if one["method"] == "GET")
        posts = report["failed"] - gets
        rows.append({"bar": f"new is killed, w = {percent} %, with fallback",
                     "asked": "latched, 0 GETs that users saw fail",
                     "measured": f"{'latched' if route else 'NOT latched'}, {gets} GETs and "
                                 f"{posts} POSTs of {report['answered']} requests",
                     "met": route is not None and gets == 0})
    return rows


BARS = {"breaks": breaks, "fallback": fallback}
