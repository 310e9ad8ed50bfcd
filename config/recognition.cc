#include "config/recognition.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "config/grammar.h"
#include "config/units.h"

namespace ficus::config {
namespace {

// IPv4 in its mapped form, so that both kinds compare as 128 bits.
struct Block {
  std::array<std::uint8_t, 16> bytes{};
  int length = 0;
};

std::optional<Block> parse_block(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  Block block;
  int bits = 128;
  if (::inet_pton(AF_INET, address.c_str(), &block.bytes[12]) == 1) {
    block.bytes[10] = block.bytes[11] = 0xff;
    bits = 32;
  } else if (::inet_pton(AF_INET6, address.c_str(), block.bytes.data()) != 1) {
    return std::nullopt;
  }
  block.length = 128;
  if (slash == std::string_view::npos) return block;
  const Parsed<std::int64_t> length = parse_integer(text.substr(slash + 1));
  if (!length.value || *length.value > bits) return std::nullopt;
  block.length = 128 - bits + static_cast<int>(*length.value);
  return block;
}

bool overlap(const Block& a, const Block& b) {
  const int common = std::min(a.length, b.length);
  for (int bit = 0; bit < common; ++bit) {
    const auto byte = static_cast<std::size_t>(bit / 8);
    if (((a.bytes[byte] ^ b.bytes[byte]) >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

constexpr std::array<std::string_view, 9> kPrivate{
    "10.0.0.0/8",    "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16",
    "100.64.0.0/10", "fc00::/7",      "fe80::/10",      "::1"};

bool is_word_end(char c) { return c == '.' || c == '_' || c == '-' || c == ':'; }

// Is one of the parts between . _ - : this word?
bool has_word(std::string_view name, std::string_view word) {
  while (true) {
    const auto end = std::find_if(name.begin(), name.end(), is_word_end);
    const auto length = static_cast<std::size_t>(end - name.begin());
    if (name.substr(0, length) == word) return true;
    if (end == name.end()) return false;
    name.remove_prefix(length + 1);
  }
}

}  // namespace

bool holds_private_addresses(std::string_view block) {
  const std::optional<Block> given = parse_block(block);
  if (!given) return false;
  return std::any_of(kPrivate.begin(), kPrivate.end(),
                     [&](std::string_view one) { return overlap(*given, *parse_block(one)); });
}

bool is_session_cookie(std::string_view name) {
  const std::string lower = lower_case(name);
  return lower.find("session") != std::string::npos || lower.find("sessid") != std::string::npos ||
         has_word(lower, "sid") || has_word(lower, "sess");
}

}  // namespace ficus::config
