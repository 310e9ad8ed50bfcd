#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ficus::control::demo {

struct ShopAnswer {
  int status = 200;
  std::string body;  // JSON
};

// What the shop answers: pure. `version` is "legacy" or "new"; the new version tells a currency.
// `orders` is the number of orders so far, this one included.
ShopAnswer shop_answer(std::string_view version, std::string_view method, std::string_view target,
                       std::uint64_t orders);

}  // namespace ficus::control::demo
