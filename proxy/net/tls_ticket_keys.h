#pragma once

#include <array>
#include <chrono>
#include <cstddef>

#include <openssl/ssl.h>

namespace ficus::proxy {

// What session tickets are sealed with (RFC 5077 §4). A value.
struct TlsTicketKey {
  std::array<unsigned char, 16> name{};
  std::array<unsigned char, 32> cipher{};  // AES-256-CBC
  std::array<unsigned char, 32> mac{};     // HMAC-SHA-256

  // Fresh random bytes.
  static TlsTicketKey make();
};

// The ticket keys of one worker, the same ones on all: the newest seals, older ones still open.
// Loop thread only.
class TlsTicketKeys {
 public:
  // Kept: one that seals and four that open, so that a ticket is good for four to five of these.
  static constexpr std::chrono::hours kRotateEvery{1};
  static constexpr std::chrono::hours kTicketLife{4};
  static constexpr std::size_t kKept = 5;

  ~TlsTicketKeys();

  // The new one seals from here on; the oldest is forgotten.
  void add(const TlsTicketKey& key);

  struct Call {  // as OpenSSL gives it to the callback
    unsigned char* name;
    unsigned char* iv;
    EVP_CIPHER_CTX* cipher;
    EVP_MAC_CTX* mac;
  };
  // What SSL_CTX_set_tlsext_ticket_key_evp_cb wants to be returned.
  int seal(const Call& call) const;
  int open(const Call& call) const;

 private:
  std::array<TlsTicketKey, kKept> keys_;  // newest first
  std::size_t count_ = 0;
};

}  // namespace ficus::proxy
