#include "proxy/net/tls_ticket_keys.h"

#include <memory>
#include <optional>
#include <string>

#include "tests/support/catch.h"

namespace ficus::proxy {
namespace {

const std::string kSecret = "a session";

// What one callback of OpenSSL gets and fills in.
struct Calling {
  Calling() {
    EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    mac.reset(EVP_MAC_CTX_new(hmac));
    EVP_MAC_free(hmac);
  }

  TlsTicketKeys::Call call() { return {name.data(), iv.data(), cipher.get(), mac.get()}; }

  std::string mac_of(const std::string& text) const {
    std::string out(EVP_MAX_MD_SIZE, '\0');
    std::size_t size = 0;
    EVP_MAC_init(mac.get(), nullptr, 0, nullptr);
    EVP_MAC_update(mac.get(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
    EVP_MAC_final(mac.get(), reinterpret_cast<unsigned char*>(out.data()), &size, out.size());
    out.resize(size);
    return out;
  }

  // Encrypts or decrypts, as the cipher was set up. nullopt: it does not fit.
  std::optional<std::string> transform(const std::string& text) const {
    std::string out(text.size() + EVP_MAX_BLOCK_LENGTH, '\0');
    auto* const bytes = reinterpret_cast<unsigned char*>(out.data());
    int size = 0;
    int rest = 0;
    EVP_CipherUpdate(cipher.get(), bytes, &size,
                     reinterpret_cast<const unsigned char*>(text.data()),
                     static_cast<int>(text.size()));
    if (EVP_CipherFinal_ex(cipher.get(), bytes + size, &rest) != 1) return std::nullopt;
    out.resize(static_cast<std::size_t>(size + rest));
    return out;
  }

  std::array<unsigned char, 16> name{};
  std::array<unsigned char, EVP_MAX_IV_LENGTH> iv{};
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> cipher{EVP_CIPHER_CTX_new(),
                                                                         &EVP_CIPHER_CTX_free};
  std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> mac{nullptr, &EVP_MAC_CTX_free};
};

struct Ticket {
  std::array<unsigned char, 16> name{};
  std::array<unsigned char, EVP_MAX_IV_LENGTH> iv{};
  std::string bytes;
  std::string mac;
};

Ticket sealed(const TlsTicketKeys& keys) {
  Calling calling;
  REQUIRE(keys.seal(calling.call()) == 1);
  const std::string bytes = calling.transform(kSecret).value();
  return {calling.name, calling.iv, bytes, calling.mac_of(bytes)};
}

// What OpenSSL is told: 0 unknown, 1 good, 2 good but renew it.
int open(const TlsTicketKeys& keys, const Ticket& ticket) {
  Calling calling;
  calling.name = ticket.name;
  calling.iv = ticket.iv;
  const int verdict = keys.open(calling.call());
  if (verdict > 0) {
    CHECK(calling.mac_of(ticket.bytes) == ticket.mac);
    CHECK(calling.transform(ticket.bytes) == kSecret);
  }
  return verdict;
}

}  // namespace

TEST_CASE("ticket keys: without a key no ticket is given, and none is accepted") {
  const TlsTicketKeys none;
  Calling calling;
  CHECK(none.seal(calling.call()) == 0);
  CHECK(none.open(calling.call()) == 0);
}

TEST_CASE("ticket keys: a ticket opens as long as its key is kept, and not after") {
  TlsTicketKeys keys;
  keys.add(TlsTicketKey::make());
  const Ticket ticket = sealed(keys);
  CHECK(open(keys, ticket) == 1);
  for (std::size_t newer = 1; newer < TlsTicketKeys::kKept; ++newer) {
    keys.add(TlsTicketKey::make());
    CHECK(open(keys, ticket) == 2);  // and the client gets a new one
    CHECK(open(keys, sealed(keys)) == 1);
  }
  keys.add(TlsTicketKey::make());
  CHECK(open(keys, ticket) == 0);
  // A ticket lives no longer than that.
  CHECK(TlsTicketKeys::kTicketLife <= (TlsTicketKeys::kKept - 1) * TlsTicketKeys::kRotateEvery);
}

TEST_CASE("ticket keys: workers with the same keys open each other's tickets") {
  TlsTicketKeys one;
  TlsTicketKeys two;
  for (int i = 0; i < 3; ++i) {
    const TlsTicketKey key = TlsTicketKey::make();
    one.add(key);
    two.add(key);
  }
  CHECK(open(two, sealed(one)) == 1);
  one.add(TlsTicketKey::make());
  CHECK(open(two, sealed(one)) == 0);  // it has not come there yet: a full handshake
}

TEST_CASE("ticket keys: the same session is never sealed twice in the same way") {
  TlsTicketKeys keys;
  keys.add(TlsTicketKey::make());
  const Ticket first = sealed(keys);
  const Ticket second = sealed(keys);
  CHECK(first.name == second.name);
  CHECK(first.iv != second.iv);
  CHECK(first.bytes != second.bytes);
}

TEST_CASE("ticket keys: a name that differs in one bit is unknown") {
  TlsTicketKeys keys;
  keys.add(TlsTicketKey::make());
  Ticket ticket = sealed(keys);
  ticket.name.back() ^= 1;
  CHECK(open(keys, ticket) == 0);
}

}  // namespace ficus::proxy
