#include "proxy/upstream/build_watch.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ficus::proxy {
namespace {

constexpr std::chrono::seconds kSecond{1};

bool is_visible(char c) { return c > ' ' && c < '\x7f'; }

}  // namespace

BuildName::BuildName(std::string_view value) {
  if (!std::ranges::all_of(value, is_visible)) return;
  size_ = static_cast<std::uint8_t>(value.copy(bytes_.data(), kMost));
}

BuildWatch::BuildWatch(Of of, std::size_t workers, BuildSink* sink)
    : of_(std::move(of)), sink_(sink), per_worker_(workers) {}

void BuildWatch::look_at(std::string_view value, PerWorker& own, SteadyTime now) {
  const BuildName build(value);
  if (build.empty()) return;
  const auto same = [&build](const BuildName& known) { return known.text() == build.text(); };
  if (std::ranges::any_of(own.reported, same)) {  // a rolling deploy: both builds answer in turn
    own.last = build;
    return;
  }
  if (now - own.second_began >= kSecond) {
    own.second_began = now;
    own.reports = 0;
  }
  // Not noted either: if it is a build, the next answer with it will say so again.
  if (own.reports == kMostReports) return;
  ++own.reports;
  own.last = build;
  if (own.reported.size() < kRemembered) {
    own.reported.push_back(build);
  } else {
    own.reported[own.next] = build;
    own.next = (own.next + 1) % kRemembered;
  }
  if (sink_ != nullptr) sink_->build_seen({of_.backend, of_.header, std::string(build.text())});
}

}  // namespace ficus::proxy
