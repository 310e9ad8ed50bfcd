#include "config/digest.h"

#include <array>
#include <memory>

#include <openssl/evp.h>

namespace ficus::config {
namespace {

// Feeds a tree as unambiguous text: each piece with its kind and length before it.
class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }

  void add(const Node& node) {
    switch (node.kind) {
      case Node::Kind::null:
        return piece('n', {});
      case Node::Kind::scalar:
        return piece('s', node.text);
      case Node::Kind::sequence:
        piece('[', {});
        for (const NodePtr& item : node.items) add(*item);
        return piece(']', {});
      case Node::Kind::map:
        piece('{', {});
        for (const Entry& entry : node.entries) {
          piece('k', entry.key);
          add(*entry.value);
        }
        return piece('}', {});
    }
  }

  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), bytes.data(), &size);
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (unsigned i = 0; i < size; ++i) {
      out += kDigits[bytes[i] >> 4];
      out += kDigits[bytes[i] & 15];
    }
    return out;
  }

 private:
  void piece(char kind, std::string_view text) {
    const std::string head = kind + std::to_string(text.size()) + ":";
    EVP_DigestUpdate(context_.get(), head.data(), head.size());
    EVP_DigestUpdate(context_.get(), text.data(), text.size());
  }

  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

}  // namespace

std::string digest(const std::vector<Document>& documents) {
  Sha256 hash;
  for (const Document& document : documents) hash.add(*document.root);
  return hash.hex();
}

}  // namespace ficus::config
