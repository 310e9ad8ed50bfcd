#include "proxy/route/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace ficus::proxy {

std::optional<SignatureText> signature_of(std::string_view message, std::string_view secret) {
  constexpr std::size_t kBytes = 32;
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  const unsigned char* done = HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                                   reinterpret_cast<const unsigned char*>(message.data()),
                                   message.size(), mac.data(), &size);
  if (done == nullptr || size != kBytes) return std::nullopt;
  constexpr std::string_view kDigits = "0123456789abcdef";
  SignatureText result{};
  for (std::size_t i = 0; i < kBytes; ++i) {
    result[2 * i] = kDigits[mac[i] >> 4];
    result[2 * i + 1] = kDigits[mac[i] & 15];
  }
  return result;
}

bool is_signature(std::string_view text, std::string_view message, std::string_view secret) {
  if (text.size() != SignatureText{}.size()) return false;
  const auto expected = signature_of(message, secret);
  return expected && CRYPTO_memcmp(text.data(), expected->data(), expected->size()) == 0;
}

}  // namespace ficus::proxy
