#include "tests/support/test_certificate.h"

#include <arpa/inet.h>
#include <array>
#include <random>

#include <openssl/bio.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "tests/support/deadline.h"

namespace ficus::tests {
namespace {

void require(bool done, const char* what) {
  if (!done) throw HarnessError(std::string("OpenSSL: ") + what);
}

EVP_PKEY* make_key(TestKey key) {
  switch (key) {
    case TestKey::ecdsa:
      return EVP_EC_gen("P-256");
    case TestKey::rsa:
      return EVP_RSA_gen(2048);
    case TestKey::rsa_1024:
      return EVP_RSA_gen(1024);
    case TestKey::secp256k1:
      return EVP_EC_gen("secp256k1");
  }
  return nullptr;
}

bool is_address(const std::string& name) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(AF_INET, name.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), bytes.data()) == 1;
}

void add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  require(extension != nullptr, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

std::string contents(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string text(bytes, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

}  // namespace

TestCertificate TestCertificate::make(const CertificateTerms& terms,
                                      const TestCertificate* issuer) {
  TestCertificate made;
  made.key_.reset(make_key(terms.key), &EVP_PKEY_free);
  made.certificate_.reset(X509_new(), &X509_free);
  if (issuer != nullptr) made.issuer_ = issuer->certificate_;
  X509* certificate = made.certificate_.get();
  X509* signer = issuer == nullptr ? certificate : issuer->certificate();
  require(made.key_ != nullptr, "key");
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate),
                   static_cast<long>(std::random_device{}() >> 1) + 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), terms.begins_in);
  X509_gmtime_adj(X509_getm_notAfter(certificate), terms.ends_in);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(terms.names.front().c_str()),
                             -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));
  X509_set_pubkey(certificate, made.key());
  std::string names;
  for (const std::string& name : terms.names) {
    names += (names.empty() ? "" : ",") + std::string(is_address(name) ? "IP:" : "DNS:") + name;
  }
  add_extension(certificate, signer, NID_subject_alt_name, names);
  if (issuer == nullptr) add_extension(certificate, signer, NID_basic_constraints, "CA:TRUE");
  EVP_PKEY* signing_key = issuer == nullptr ? made.key() : issuer->key();
  require(X509_sign(certificate, signing_key, EVP_sha256()) > 0, "sign");
  return made;
}

TestCertificate TestCertificate::self_signed(const CertificateTerms& terms) {
  return make(terms, nullptr);
}

TestCertificate TestCertificate::issue(const CertificateTerms& terms) const {
  return make(terms, this);
}

std::string TestCertificate::certificate_pem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate());
  return contents(bio);
}

std::string TestCertificate::key_pem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(bio, key(), nullptr, nullptr, 0, nullptr, nullptr);
  return contents(bio);
}

std::string TestCertificate::encrypted_key_pem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(bio, key(), EVP_aes_128_cbc(), "secret", 6, nullptr, nullptr);
  return contents(bio);
}

std::string TestCertificate::ocsp_response() const {
  X509* issuer = issuer_ == nullptr ? certificate() : issuer_.get();
  OCSP_BASICRESP* basic = OCSP_BASICRESP_new();
  OCSP_CERTID* id = OCSP_cert_to_id(EVP_sha1(), certificate(), issuer);
  ASN1_TIME* now = X509_gmtime_adj(nullptr, 0);
  ASN1_TIME* next = X509_gmtime_adj(nullptr, 3600);
  OCSP_basic_add1_status(basic, id, V_OCSP_CERTSTATUS_GOOD, 0, nullptr, now, next);
  OCSP_basic_sign(basic, certificate(), key(), EVP_sha256(), nullptr, 0);
  OCSP_RESPONSE* response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
  unsigned char* der = nullptr;
  const int size = i2d_OCSP_RESPONSE(response, &der);
  require(size > 0, "OCSP response");
  std::string text(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  OCSP_RESPONSE_free(response);
  OCSP_BASICRESP_free(basic);
  OCSP_CERTID_free(id);
  ASN1_TIME_free(now);
  ASN1_TIME_free(next);
  return text;
}

}  // namespace ficus::tests
