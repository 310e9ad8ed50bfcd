// What finding a route costs among 10,000 prefixes and 20 regexes: ns a match for several kinds of
// path, and how long the matcher takes to build, in CPU time. Exit 1 over the bar.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "proxy/route/random.h"
#include "proxy/route/route_matcher.h"

namespace {

using ficus::config::Match;
using ficus::proxy::Random;
using ficus::proxy::RequestView;
using ficus::proxy::RouteMatcher;

constexpr double kMostNs = 2'000;
constexpr double kMostBuildMs = 100;
constexpr int kPrefixes = 10'000;
constexpr int kRegexes = 20;
constexpr std::size_t kPaths = 4'096;

std::vector<Match> routes() {
  std::vector<Match> matches;
  for (int i = 0; i < kPrefixes; ++i) {
    Match match;
    match.path_prefix = "/team" + std::to_string(i % 97) + "/service" + std::to_string(i) +
                        (i % 3 == 0 ? "/v1/resource" : "");
    matches.push_back(match);
  }
  for (int i = 0; i < kRegexes; ++i) {
    const std::string number = std::to_string(i);
    Match match;
    // Half of them can be told apart by how they begin; the others have to be searched for.
    match.path_regex = i % 2 == 0 ? "/users" + number + "/[0-9]+/(profile|orders)(/.*)?"
                                  : "/.*/legacy" + number + "/[a-z]+\\.(php|asp)";
    matches.push_back(match);
  }
  return matches;
}

struct Kind {
  const char* name;
  std::vector<std::string> paths;
};

std::vector<Kind> kinds() {
  Random random(1);
  Kind prefixes{"prefix", {}};
  Kind regexes{"regex", {}};
  Kind misses{"miss", {}};
  Kind deep{"miss, 24 segments", {}};
  Kind all{"mix", {}};
  for (std::size_t i = 0; i < kPaths; ++i) {
    const auto route = random.below(kPrefixes);
    const std::string number = std::to_string(route);
    prefixes.paths.push_back("/team" + std::to_string(route % 97) + "/service" + number +
                             "/v1/resource/" + std::to_string(random.below(100'000)) + "/items");
    const auto regex = random.below(kRegexes);
    regexes.paths.push_back(
        regex % 2 == 0 ? "/users" + std::to_string(regex) + "/" + number + "/profile/x"
                       : "/shop/" + number + "/legacy" + std::to_string(regex) + "/index.php");
    misses.paths.push_back("/assets/" + number + "/images/logo-" + number + ".png");
    std::string segments;
    for (int segment = 0; segment < 24; ++segment) segments += "/s" + std::to_string(segment);
    deep.paths.push_back(segments + number);
  }
  for (std::size_t i = 0; i < kPaths; ++i) {
    const Kind* const from[] = {&prefixes, &prefixes, &regexes, &misses};
    all.paths.push_back(from[i % 4]->paths[i]);
  }
  return {prefixes, regexes, misses, deep, all};
}

// Of this thread, so that other programs do not count.
double cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double ns_a_match(const RouteMatcher& matcher, const Kind& kind, std::size_t worker) {
  constexpr int kRounds = 100;
  RequestView request;
  request.host = "shop.example.com";
  request.method = "GET";
  request.worker = worker;
  long found = 0;
  const auto round = [&] {
    for (const std::string& path : kind.paths) {
      request.path = path;
      found += matcher.match(request);
    }
  };
  round();
  const double begin = cpu_ns();
  for (int i = 0; i < kRounds; ++i) round();
  const double took = cpu_ns() - begin;
  if (found == 0) std::puts("no route was ever found");
  return took / static_cast<double>(kRounds * kind.paths.size());
}

}  // namespace

int main() {
  const std::vector<Match> matches = routes();
  constexpr std::size_t kWorkers = 2;
  const double begin = cpu_ns();
  const RouteMatcher matcher = RouteMatcher::build(matches, kWorkers);
  const double built_ms = (cpu_ns() - begin) / 1e6;
  bool in_bar = built_ms <= kMostBuildMs;
  std::printf("%d prefixes, %d regexes\n", kPrefixes, kRegexes);
  std::printf("%-24s %9.1f ms   bar %6.0f ms\n", "built in", built_ms, kMostBuildMs);
  for (const Kind& kind : kinds()) {
    const double alone = ns_a_match(matcher, kind, 0);
    double beside = 0;
    std::thread other([&] { ns_a_match(matcher, kind, 1); });
    beside = ns_a_match(matcher, kind, 0);
    other.join();
    in_bar = in_bar && alone <= kMostNs;
    std::printf("%-24s %9.0f ns   bar %6.0f ns   beside a second worker %.0f ns\n", kind.name,
                alone, kMostNs, beside);
  }
  return in_bar ? 0 : 1;
}
