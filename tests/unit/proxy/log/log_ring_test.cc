#include "proxy/log/log_ring.h"

#include <algorithm>
#include <cstring>
#include <poll.h>
#include <string>
#include <thread>

#include "proxy/log/access_log.h"
#include "tests/support/catch.h"

using namespace ficus::proxy;

namespace {

bool put(LogRing& ring, const std::string& text, std::size_t reserve) {
  char* const at = ring.reserve(reserve);
  if (at == nullptr) return false;
  std::memcpy(at, text.data(), text.size());
  ring.commit(text.size());
  return true;
}

bool put(LogRing& ring, const std::string& text) { return put(ring, text, text.size()); }

std::string take_all(LogRing& ring) {
  std::string all;
  for (std::string_view bytes = ring.front(); !bytes.empty(); bytes = ring.front()) {
    all += bytes;
    ring.consume(bytes.size());
  }
  return all;
}

bool woken(const LogRing& ring) {
  pollfd ready{ring.wake_descriptor(), POLLIN, 0};
  return ::poll(&ready, 1, 0) == 1;
}

}  // namespace

TEST_CASE("a ring gives back what was put in, in order, over many laps of every alignment") {
  for (std::size_t size = 8; size < 40; ++size) {
    CAPTURE(size);
    LogRing ring(size);
    std::string in;
    std::string out;
    for (int i = 0; i < 200; ++i) {
      const std::string line(1 + static_cast<std::size_t>(i) % 5, static_cast<char>('a' + i % 26));
      if (put(ring, line)) in += line;
      if (i % 3 == 0) {
        const std::string_view bytes = ring.front();
        const std::size_t some = bytes.size() - bytes.size() / 3;
        out += bytes.substr(0, some);
        ring.consume(some);
      }
    }
    out += take_all(ring);
    CHECK(in.size() > 100);
    CHECK(out == in);
  }
}

TEST_CASE("a ring refuses what has no room, and takes it again after the reader") {
  LogRing ring(16);
  CHECK(ring.reserve(17) == nullptr);
  CHECK(put(ring, "0123456789"));
  CHECK_FALSE(put(ring, "0123456"));
  CHECK(put(ring, "012345"));
  CHECK_FALSE(put(ring, "0"));
  CHECK(take_all(ring) == "0123456789012345");
  CHECK(put(ring, "abc"));
  CHECK(take_all(ring) == "abc");
}

TEST_CASE("a ring keeps only what was committed of a reservation") {
  LogRing ring(64);
  CHECK(put(ring, "ab", 40));
  CHECK(put(ring, "cd", 40));
  CHECK(take_all(ring) == "abcd");
}

TEST_CASE("a ring wakes its reader once when it is half full") {
  LogRing ring(16);
  CHECK(put(ring, "1234"));
  CHECK_FALSE(woken(ring));
  CHECK(put(ring, "5678"));
  CHECK(woken(ring));
  ring.rest();
  CHECK_FALSE(woken(ring));
  CHECK(take_all(ring) == "12345678");
  CHECK(put(ring, "abcd"));
  CHECK_FALSE(woken(ring));
}

TEST_CASE("a ring loses nothing and tears nothing between two threads") {
  constexpr int kLines = 200'000;
  LogRing ring(4096);
  std::thread producer([&] {
    for (int i = 0; i < kLines; ++i) {
      const std::string line = std::to_string(i) + "\n";
      while (!put(ring, line, 100)) std::this_thread::yield();
    }
  });
  std::string rest;
  int next = 0;
  bool in_order = true;
  while (next < kLines && in_order) {
    const std::string_view bytes = ring.front();
    if (bytes.empty()) {
      std::this_thread::yield();
      continue;
    }
    in_order = bytes.back() == '\n';  // whole lines, always
    rest.assign(bytes);
    ring.consume(bytes.size());
    for (std::size_t at = 0; at < rest.size() && in_order;) {
      const std::size_t end = rest.find('\n', at);
      in_order = rest.substr(at, end - at) == std::to_string(next++);
      at = end + 1;
    }
  }
  producer.join();
  CHECK(in_order);
  CHECK(next == kLines);
}

TEST_CASE("a full log counts the lines that it drops") {
  AccessLog log;
  const LogSettings settings;
  const std::string agent(10'000, 'x');
  LogRecord record;
  record.user_agent = agent;
  int written = 0;
  for (int i = 0; i < 200; ++i) {
    log.write(settings, record);
    written += log.dropped() == 0 ? 1 : 0;
  }
  CHECK(written > 90);
  CHECK(log.dropped() == static_cast<std::uint64_t>(200 - written));
  const std::string lines = take_all(log.ring());
  CHECK(std::count(lines.begin(), lines.end(), '\n') == written);
  log.write(settings, record);
  CHECK_FALSE(log.ring().front().empty());
}

TEST_CASE("sampling keeps its share of what went well and all of what did not") {
  Random random(7);
  LogSettings settings;
  settings.sample_basis_points = 2'500;
  int well = 0;
  int badly = 0;
  for (int i = 0; i < 10'000; ++i) {
    well += AccessLog::keeps(settings, AccessLog::Ending::well, random) ? 1 : 0;
    badly += AccessLog::keeps(settings, AccessLog::Ending::badly, random) ? 1 : 0;
  }
  CHECK(badly == 10'000);
  CHECK(well > 2'300);
  CHECK(well < 2'700);
  settings.sample_basis_points = 0;
  CHECK_FALSE(AccessLog::keeps(settings, AccessLog::Ending::well, random));
}
