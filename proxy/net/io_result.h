#pragma once

#include <cstddef>
#include <cstdint>
#include <sys/uio.h>

namespace ficus::proxy {

struct IoResult {
  enum class State : std::uint8_t { ok, would_block, end, failed };
  State state = State::ok;
  std::size_t size = 0;
  int error = 0;  // errno of `failed`; 0 if it was TLS
};

}  // namespace ficus::proxy
