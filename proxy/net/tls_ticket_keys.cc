#include "proxy/net/tls_ticket_keys.h"

#include <algorithm>
#include <cstdlib>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

namespace ficus::proxy {
namespace {

void fill(unsigned char* bytes, std::size_t size) {
  // Without randomness nothing about TLS can be right.
  if (RAND_bytes(bytes, static_cast<int>(size)) != 1) std::abort();
}

bool set_mac(EVP_MAC_CTX* mac, const TlsTicketKey& key) {
  char digest[] = "SHA256";
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
                                        const_cast<unsigned char*>(key.mac.data()), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, params) == 1;
}

}  // namespace

TlsTicketKey TlsTicketKey::make() {
  TlsTicketKey key;
  fill(key.name.data(), key.name.size());
  fill(key.cipher.data(), key.cipher.size());
  fill(key.mac.data(), key.mac.size());
  return key;
}

TlsTicketKeys::~TlsTicketKeys() { OPENSSL_cleanse(keys_.data(), sizeof keys_); }

void TlsTicketKeys::add(const TlsTicketKey& key) {
  std::move_backward(keys_.begin(), keys_.end() - 1, keys_.end());
  keys_.front() = key;
  count_ = std::min(count_ + 1, kKept);
}

int TlsTicketKeys::seal(const Call& call) const {
  if (count_ == 0) return 0;  // no ticket
  const TlsTicketKey& key = keys_.front();
  const EVP_CIPHER* cipher = EVP_aes_256_cbc();
  if (RAND_bytes(call.iv, EVP_CIPHER_get_iv_length(cipher)) != 1) return -1;
  std::copy(key.name.begin(), key.name.end(), call.name);
  if (EVP_EncryptInit_ex(call.cipher, cipher, nullptr, key.cipher.data(), call.iv) != 1) return -1;
  return set_mac(call.mac, key) ? 1 : -1;
}

int TlsTicketKeys::open(const Call& call) const {
  for (std::size_t i = 0; i < count_; ++i) {
    const TlsTicketKey& key = keys_[i];
    if (!std::equal(key.name.begin(), key.name.end(), call.name)) continue;
    if (!set_mac(call.mac, key)) return -1;
    if (EVP_DecryptInit_ex(call.cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), call.iv) !=
        1) {
      return -1;
    }
    return i == 0 ? 1 : 2;  // 2: and give the client a new one
  }
  return 0;  // unknown: a full handshake
}

}  // namespace ficus::proxy
