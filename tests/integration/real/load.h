#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/real/real_server.h"
#include "tests/support/raw_client.h"

namespace ficus::tests {

// Answers by the side whose content they had. HEAD, which shows no content, is in neither.
struct Answers {
  std::size_t from_legacy = 0;
  std::size_t from_new = 0;
};

// A few clients with kept connections that ask for the site of two servers, from the constructor
// to stop(): GETs of each size, HEAD, and POSTs if both take them; each client opens a new
// connection now and then. An answer that is not wholly that of the one or the other is a failure.
class Load {
 public:
  Load(std::uint16_t port, const RealServer& legacy, const RealServer& fresh);
  ~Load() { stop(); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Waits until this many more requests were answered that began after the call.
  Answers next(std::size_t requests);
  void stop();
  // Empty if no request failed.
  std::string failures() const;

 private:
  struct Request {
    std::string bytes;
    MessageKind answer = MessageKind::response;
    std::string legacy_body;
    std::string new_body;
  };
  enum class Side { legacy, fresh, unknown };

  void add(const std::string& head, const std::string& body, const Request& expected);
  void be_client(std::size_t number);
  // Throws if it fails.
  static Side send(RawClient& client, const Request& request);
  void count(Side side, int phase);

  std::uint16_t port_;
  std::vector<Request> requests_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> phase_{0};

  mutable std::mutex mutex_;  // guards what follows
  Answers answers_;
  std::size_t answered_ = 0;
  std::size_t failed_ = 0;
  std::string failures_;  // the first few

  std::vector<std::thread> clients_;
};

}  // namespace ficus::tests
