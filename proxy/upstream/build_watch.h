#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/guard/steady_time.h"

namespace ficus::proxy {

// The name of a build as a header says it, cut to kMost characters. No memory of its own.
class BuildName {
 public:
  static constexpr std::size_t kMost = 64;

  BuildName() = default;
  // Of the header's value; empty if it holds anything but visible ASCII.
  explicit BuildName(std::string_view value);

  std::string_view text() const { return {bytes_.data(), size_}; }
  bool empty() const { return size_ == 0; }

 private:
  std::array<char, kMost> bytes_{};
  std::uint8_t size_ = 0;
};

// What an answer of a backend said about its build.
struct BuildSighting {
  std::string backend;
  std::string header;  // as configured
  std::string build;
};

// Is told about builds that a worker had not seen. On worker threads.
class BuildSink {
 public:
  virtual ~BuildSink() = default;
  virtual void build_seen(const BuildSighting& sighting) = 0;
};

// Looks at the build header of one backend's answers and reports each value that the worker has not
// seen lately. What it means is for the control side to decide.
// Thread: see() by each worker for itself. Lifetime: of the key in the configuration, over
// snapshots.
class BuildWatch {
 public:
  // A header that changes with every answer must not flood the control side.
  static constexpr std::uint32_t kMostReports = 4;  // a second and worker
  static constexpr std::size_t kRemembered = 16;

  struct Of {
    std::string backend;
    std::string header;
  };

  // `sink` may be null; it outlives the watch.
  BuildWatch(Of of, std::size_t workers, BuildSink* sink);

  const std::string& header() const { return of_.header; }

  // An answer with this value; empty: it had none. Costs a comparison while nothing changes.
  void see(std::string_view value, std::size_t worker, SteadyTime now) {
    PerWorker& own = per_worker_[worker];
    if (value.substr(0, BuildName::kMost) != own.last.text()) look_at(value, own, now);
  }

 private:
  // Written by its worker alone.
  struct alignas(64) PerWorker {
    BuildName last;
    std::vector<BuildName> reported;  // the oldest is replaced
    std::size_t next = 0;
    SteadyTime second_began{};
    std::uint32_t reports = 0;  // in that second
  };

  void look_at(std::string_view value, PerWorker& own, SteadyTime now);

  const Of of_;
  BuildSink* const sink_;
  std::vector<PerWorker> per_worker_;
};

}  // namespace ficus::proxy
