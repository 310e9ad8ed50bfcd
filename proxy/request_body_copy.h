#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "proxy/relay/pipe.h"

namespace ficus::proxy {

// Keeps the part of a request's body that was already sent to one server, so that it can be sent
// to another. Gives up for good once the body is larger than the limit.
class RequestBodyCopy final : public BodySink {
 public:
  void begin(std::size_t limit) {
    limit_ = limit;
    kept_.clear();
    overflowed_ = false;
  }
  void payload(std::string_view bytes) override {
    if (overflowed_) return;
    if (kept_.size() + bytes.size() > limit_) {
      overflowed_ = true;
      kept_.clear();
      return;
    }
    kept_.append(bytes);
  }
  bool complete() const { return !overflowed_; }
  std::string_view kept() const { return kept_; }

 private:
  std::size_t limit_ = 0;
  bool overflowed_ = false;
  std::string kept_;
};

}  // namespace ficus::proxy
