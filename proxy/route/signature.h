#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace ficus::proxy {

// Lower-case hex of an HMAC-SHA256.
using SignatureText = std::array<char, 64>;

// Nothing if OpenSSL fails. Costs a microsecond, and OpenSSL allocates.
std::optional<SignatureText> signature_of(std::string_view message, std::string_view secret);

// Is it the signature of that message? Compared in constant time.
bool is_signature(std::string_view text, std::string_view message, std::string_view secret);

}  // namespace ficus::proxy
