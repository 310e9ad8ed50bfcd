#pragma once

#include <memory>
#include <string>
#include <vector>

#include <openssl/evp.h>
#include <openssl/x509.h>

namespace ficus::tests {

enum class TestKey { ecdsa, rsa, rsa_1024, secp256k1 };

struct CertificateTerms {
  std::vector<std::string> names{"localhost", "127.0.0.1"};  // the first is the common name, too
  TestKey key = TestKey::ecdsa;
  long begins_in = -3600;  // seconds from now
  long ends_in = 3600;
};

// A certificate with its key, made on the spot. Copies share it.
class TestCertificate {
 public:
  // Signed by itself; may sign others.
  static TestCertificate self_signed(const CertificateTerms& terms = {});
  TestCertificate issue(const CertificateTerms& terms) const;

  X509* certificate() const { return certificate_.get(); }
  EVP_PKEY* key() const { return key_.get(); }
  std::string certificate_pem() const;
  std::string key_pem() const;
  std::string encrypted_key_pem() const;  // passphrase "secret"
  // A DER response that calls the certificate good; signed by its key.
  std::string ocsp_response() const;

 private:
  static TestCertificate make(const CertificateTerms& terms, const TestCertificate* issuer);

  std::shared_ptr<X509> certificate_;
  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> issuer_;  // null: itself
};

}  // namespace ficus::tests
