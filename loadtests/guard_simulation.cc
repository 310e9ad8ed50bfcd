// Simulates migrations on the real fast lane and holds its verdicts against what they should be.
//
//   guard_simulation [--migrations N] [--threads N] [--only TEXT] [--tau-lie]
//
// Prints a table; exits 1 if a bar is missed. --tau-lie tells the guard that a tenth of the true
// error rate is all that may be forgiven: the bars on false verdicts must then be missed.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "loadtests/guard_simulation_migration.h"

namespace ficus::loadtests {
namespace {

struct Options {
  std::uint64_t migrations = 1000;
  unsigned threads = 2;
  std::string only;  // rows whose name contains it
  bool tau_lie = false;
};

using Results = std::vector<Result>;

// What was measured, as a sentence, and whether it is good enough.
struct Finding {
  std::string measured;
  bool good = true;
};

struct Row {
  std::string name;
  Setup setup;
  std::string asked;
  std::function<Finding(const Results&)> judge;
};

std::string format(const char* pattern, double a, double b = 0, double c = 0, double d = 0) {
  char text[200];
  std::snprintf(text, sizeof text, pattern, a, b, c, d);
  return text;
}

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

double percent(std::uint64_t part, std::size_t whole) {
  return 100 * static_cast<double>(part) / static_cast<double>(std::max<std::size_t>(1, whole));
}

// How many verdicts fell although nothing broke.
std::uint64_t false_verdicts(const Results& results) {
  return static_cast<std::uint64_t>(std::count_if(
      results.begin(), results.end(), [](const Result& r) { return r.stopped && r.before_break; }));
}

std::vector<double> of_caught(const Results& results, double (*value)(const Result&)) {
  std::vector<double> values;
  for (const Result& result : results) {
    if (result.stopped && !result.before_break) values.push_back(value(result));
  }
  return values;
}

double failures(const Result& result) { return static_cast<double>(result.failures); }

Finding judge_false(const Results& results) {
  const double rate = percent(false_verdicts(results), results.size());
  return {format("%.2f %% false", rate), rate <= 1};
}

// All were caught, but for false verdicts before the break.
bool all_caught(const Results& results) {
  return of_caught(results, failures).size() + false_verdicts(results) == results.size();
}

Finding judge_entry(const Results& results) {
  const std::vector<double> seen = of_caught(results, failures);
  const std::vector<double> flying =
      of_caught(results, [](const Result& r) { return static_cast<double>(r.in_flight); });
  const double worst = quantile(seen, 1);
  const double flight = quantile(flying, 1);
  const bool good = worst <= 7 && flight <= 5 && all_caught(results) && judge_false(results).good;
  return {format("%.0f at most (median %.0f), in flight %.0f; %.1f %% false before", worst,
                 quantile(seen, 0.5), flight, percent(false_verdicts(results), results.size())),
          good};
}

// Failures on their way when the first one was seen cannot be judged sooner: they are set apart.
Finding judge_middle(const Results& results) {
  const std::vector<double> beyond = of_caught(results, [](const Result& r) {
    return static_cast<double>(r.failures) - 1.15 * static_cast<double>(r.in_flight_first);
  });
  const std::vector<double> flight =
      of_caught(results, [](const Result& r) { return static_cast<double>(r.in_flight_first); });
  const double worst = quantile(beyond, 1);
  return {format("%.0f at most in all, in flight %.0f; beyond 1.15 x in flight: %.1f",
                 quantile(of_caught(results, failures), 1), quantile(flight, 0.5), worst),
          worst <= 18 && all_caught(results)};
}

std::function<Finding(const Results&)> judge_p95(double bar) {
  return [bar](const Results& results) -> Finding {
    const double p95 = quantile(of_caught(results, failures), 0.95);
    return {format("p95 %.0f, %.1f %% caught, %.1f %% false before", p95,
                   percent(of_caught(results, failures).size(), results.size()),
                   percent(false_verdicts(results), results.size())),
            p95 <= bar && all_caught(results) && judge_false(results).good};
  };
}

enum class Expect { rollback, either, retreat };

std::function<Finding(const Results&)> judge_users(Expect expect) {
  return [expect](const Results& results) -> Finding {
    std::uint64_t rollbacks = 0;
    std::uint64_t wrong = 0;
    for (const Result& result : results) {
      if (!result.stopped || result.before_break) continue;
      const bool rollback = result.verdict == proxy::Verdict::rollback;
      if (rollback) ++rollbacks;
      if (expect != Expect::either && rollback != (expect == Expect::rollback)) ++wrong;
    }
    const std::vector<double> seen = of_caught(results, failures);
    return {format("p95 %.0f failures (%.0f at most), %.1f %% rollback, %.1f %% false before",
                   quantile(seen, 0.95), quantile(seen, 1), percent(rollbacks, seen.size()),
                   percent(false_verdicts(results), results.size())),
            quantile(seen, 0.95) <= 12 && percent(wrong, seen.size()) <= 1 && all_caught(results) &&
                judge_false(results).good};
  };
}

// For the comparison: no bar, other rules are shown as they are.
Finding report_false(const Results& results) { return {judge_false(results).measured, true}; }

Finding report_broken(const Results& results) {
  const std::vector<double> seconds = of_caught(results, [](const Result& r) { return r.seconds; });
  return {format("median %.0f failures, %.2f s; %.1f %% caught",
                 quantile(of_caught(results, failures), 0.5), quantile(seconds, 0.5),
                 percent(seconds.size(), results.size())),
          true};
}

// ---- the rows ----

void add_entries(std::vector<Row>& rows) {
  for (int stage = 0; stage < 7; ++stage) {
    Setup setup;
    setup.break_stage = stage;
    setup.stages.resize(static_cast<std::size_t>(stage) + 1);
    const std::string name = "all fail from the entry of stage " + std::to_string(stage + 1);
    rows.push_back({name + ", unsticky", setup, "<= 7, in flight <= 5", judge_entry});
    setup.users = 5000;
    rows.push_back({name + ", sticky", setup, "<= 7, in flight <= 5", judge_entry});
  }
  Setup hang;
  hang.stages = {1, 5};
  hang.break_stage = 1;
  hang.broken_seconds = 1;
  rows.push_back({"hangs from the entry of stage 2, first_byte 1 s", hang, "<= 7, in flight <= 5",
                  judge_entry});
}

void add_middles(std::vector<Row>& rows) {
  for (const double rate : {1.0, 100.0, 10'000.0}) {
    Setup setup;
    setup.stages = {100};
    setup.rate = rate;
    setup.healthy = 0;
    setup.good_before = 1'000'000;
    setup.break_stage = 0;
    rows.push_back({format("all fail after 10^6 good, %.0f/s", rate), setup,
                    "<= 18 beyond 1.15 x in flight", judge_middle});
  }
  Setup hang;
  hang.stages = {100};
  hang.healthy = 0;
  hang.good_before = 1'000'000;
  hang.break_stage = 0;
  hang.broken_seconds = 1;
  rows.push_back({"hangs after 10^6 good, 100/s, first_byte 1 s", hang,
                  "<= 18 beyond 1.15 x in flight", judge_middle});
  Setup partly;
  partly.stages = {100};
  partly.good_before = 1'000'000;
  partly.break_stage = 0;
  partly.broken = 0.5;
  rows.push_back({"50 % fail after 10^6 at 1 %", partly, "p95 <= 20", judge_p95(20)});
  partly.broken = 0.2;
  rows.push_back({"20 % fail after 10^6 at 1 %", partly, "p95 <= 52", judge_p95(52)});
}

void add_healthy(std::vector<Row>& rows) {
  for (const double rate : {10.0, 100.0, 1000.0}) {
    for (const double healthy : {0.001, 0.01, 0.04}) {
      Setup setup;
      setup.rate = rate;
      setup.healthy = healthy;
      rows.push_back({format("healthy at %.1f %%, %.0f/s", 100 * healthy, rate), setup, "<= 1 %",
                      judge_false});
    }
  }
  Setup slow;
  slow.healthy = 0.04;
  slow.success_seconds = 5;
  rows.push_back({"healthy at 4 %, answers 5 s, failures 5 ms", slow, "<= 1 %", judge_false});
  slow.users = 2000;
  rows.push_back({"the same, sticky", slow, "<= 1 %", judge_false});
  Setup stops;
  stops.healthy = 0.04;
  stops.failure_seconds = 5;
  stops.on_seconds = 10;
  rows.push_back({"healthy at 4 %, traffic stops, failures 5 s", stops, "<= 1 %", judge_false});
  stops.users = 2000;
  rows.push_back({"the same, sticky", stops, "<= 1 %", judge_false});
  Setup keys;
  keys.healthy = 0.005;
  keys.users = 2000;
  keys.broken_users = 0.02;
  rows.push_back({"sticky, 2 % of users always fail", keys, "<= 1 %", judge_false});
}

void add_users(std::vector<Row>& rows) {
  Setup setup;
  setup.stages = {50};
  setup.rate = 20;
  setup.healthy = 0.001;
  setup.stage_seconds = 7200;
  setup.users = 500;
  setup.break_stage = 0;
  setup.break_after = 7200;
  rows.push_back(
      {"500 users, all fail after 2 h", setup, "<= 12, rollback", judge_users(Expect::rollback)});
  setup.stage_seconds = 600;
  setup.break_after = 600;
  setup.users = 20;
  rows.push_back(
      {"20 users, all fail after 10 min", setup, "<= 12, either", judge_users(Expect::either)});
  setup.users = 2;
  setup.rate = 1;
  rows.push_back(
      {"2 users, all fail after 10 min", setup, "<= 12, retreat", judge_users(Expect::retreat)});
}

void add_comparison(std::vector<Row>& rows) {
  struct Rule {
    const char* name;
    Judge judge;
    bool window;
  };
  for (const Rule& rule :
       {Rule{"ficus", Judge::guard, false}, Rule{"window 30 s at 5 %", Judge::guard, true},
        Rule{"60 s check at 1 %", Judge::check_60s, false},
        Rule{"60 s check at 1 %, 5 in a row", Judge::check_60s_5, false}}) {
    Setup setup;
    setup.judge = rule.judge;
    if (rule.window) setup.guard.judge = config::PlainWindow{};
    setup.stage_seconds = 300;
    setup.rate = 10;
    rows.push_back(
        {std::string(rule.name) + ": healthy at 1 %, 10/s", setup, "compare", report_false});
    setup.rate = 100;
    rows.push_back(
        {std::string(rule.name) + ": healthy at 1 %, 100/s", setup, "compare", report_false});
    setup.healthy = 0.001;
    setup.stages = {50};
    setup.break_stage = 0;
    setup.break_after = 150;  // half a minute before the next check
    setup.stage_seconds = 600;
    rows.push_back(
        {std::string(rule.name) + ": all fail, w = 50 %, 100/s", setup, "compare", report_broken});
  }
}

Results run(const Row& row, const Options& options) {
  Results results(options.migrations);
  std::atomic<std::uint64_t> next{0};
  const auto work = [&] {
    for (std::uint64_t i = next++; i < results.size(); i = next++) {
      results[i] = run_migration(row.setup, i + 1);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < options.threads; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  return results;
}

int simulate(const Options& options) {
  std::vector<Row> rows;
  add_entries(rows);
  add_middles(rows);
  add_healthy(rows);
  add_users(rows);
  add_comparison(rows);
  std::printf("%llu seeded migrations a row\n\n%-50s  %-30s  %-4s  %s\n",
              static_cast<unsigned long long>(options.migrations), "case", "asked", "", "measured");
  int missed = 0;
  for (Row& row : rows) {
    if (row.name.find(options.only) == std::string::npos) continue;
    if (options.tau_lie) {
      row.setup.guard.max_error_rate = std::max(0.01, 10 * row.setup.healthy);
      row.setup.stored_legacy = 0;
    }
    const auto began = std::chrono::steady_clock::now();
    const Finding finding = row.judge(run(row, options));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    std::printf("%-50s  %-30s  %-4s  %s  (%.1f s)\n", row.name.c_str(), row.asked.c_str(),
                finding.good ? "ok" : "MISS", finding.measured.c_str(), took.count());
    std::fflush(stdout);
    if (!finding.good) ++missed;
  }
  std::printf("\n%d rows missed their bar\n", missed);
  return missed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace ficus::loadtests

int main(int argc, char** argv) {
  ficus::loadtests::Options options;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--tau-lie") == 0) {
      options.tau_lie = true;
    } else if (std::strcmp(argv[i], "--migrations") == 0 && i + 1 < argc) {
      options.migrations = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
      options.threads = static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10));
    } else if (std::strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
      options.only = argv[++i];
    } else {
      std::fprintf(stderr,
                   "usage: guard_simulation [--migrations N] [--threads N] [--only TEXT] "
                   "[--tau-lie]\n");
      return 2;
    }
  }
  return ficus::loadtests::simulate(options);
}
