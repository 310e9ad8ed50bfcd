#pragma once

#include <cstdint>
#include <string_view>

namespace ficus::proxy::http {

// host [ ":" port ] (RFC 3986 §3.2 without userinfo), as Host and an absolute-form target hold it.
struct Authority {
  std::uint32_t host_name_size = 0;
  std::string_view detail{};  // of a fault; static storage
};

Authority judge_authority(std::string_view text);

}  // namespace ficus::proxy::http
