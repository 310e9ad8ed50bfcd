#include "control/change/tls_files.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "proxy/net/file_descriptor.h"

namespace ficus::control {
namespace {

using proxy::BioPtr;
using proxy::KeyPtr;
using proxy::X509Ptr;

constexpr std::size_t kMostBytes = 1024 * 1024;
constexpr int kLeastRsaBits = 2048;
constexpr const char* kGoodKeys =
    "use RSA from 2048 bits on, ECDSA on P-256, P-384 or P-521, or Ed25519";

std::string cannot_read(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return "does not exist; give the path of a file, relative ones begin at this configuration";
    case EACCES:
      return "may not be read by the user that ficus runs as; grant that (chown, chmod)";
    default:
      return std::string("cannot be read: ") + std::strerror(error);
  }
}

struct FileText {
  std::string text;
};

Read<FileText> read_file(const std::string& path) {
  // Non-blocking: a pipe must not hold the loader up.
  const proxy::FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return cannot_read(errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return cannot_read(errno);
  if (!S_ISREG(status.st_mode)) return "is not a file";
  std::string text;
  std::array<char, 16 * 1024> piece{};
  for (;;) {
    const ssize_t got = ::read(fd.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot_read(errno);
    if (got == 0) break;
    text.append(piece.data(), static_cast<std::size_t>(got));
    if (text.size() > kMostBytes) return "is larger than 1 MiB; this is no such file";
  }
  if (text.empty()) return "is empty";
  return FileText{std::move(text)};
}

const std::string* text_in(const Read<FileText>& read) {
  const auto* file = std::get_if<FileText>(&read);
  return file == nullptr ? nullptr : &file->text;
}

BioPtr bio_of(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

bool holds(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

int no_passphrase(char*, int, int, void*) { return -1; }

std::chrono::system_clock::time_point time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

std::string subject_of(X509* certificate) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0,
                     XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(std::max(size, 0L))};
}

std::string text_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

std::string address_text(const ASN1_STRING* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(bytes) != 16) return {};
  const char* shown = ::inet_ntop(family, ASN1_STRING_get0_data(bytes), text.data(), text.size());
  return shown == nullptr ? "" : shown;
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> names;
  auto* list = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(list); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(list, i), &type);
    const auto* string = static_cast<const ASN1_STRING*>(value);
    if (type == GEN_DNS) names.push_back(lower_case(text_of(string)));
    if (type == GEN_IPADD) names.push_back(address_text(string));
  }
  GENERAL_NAMES_free(list);
  if (!names.empty()) return names;
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return names;
  names.push_back(lower_case(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)))));
  return names;
}

// Empty: clients of TLS take such a key.
std::string key_problem(EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
      if (EVP_PKEY_get_bits(key) >= kLeastRsaBits) return {};
      return "has an RSA key of " + std::to_string(EVP_PKEY_get_bits(key)) +
             " bits, which is too weak; " + kGoodKeys;
    case EVP_PKEY_EC: {
      std::array<char, 64> curve{};
      EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, curve.data(), curve.size(),
                                     nullptr);
      const std::string name(curve.data());
      if (name == "prime256v1" || name == "secp384r1" || name == "secp521r1") return {};
      return "has an ECDSA key on the curve " + name + ", which TLS clients do not know; " +
             kGoodKeys;
    }
    case EVP_PKEY_ED25519:
      return {};
    default: {
      const char* type = OBJ_nid2sn(EVP_PKEY_get_base_id(key));
      return "has a key of the type " + std::string(type == nullptr ? "unknown" : type) +
             ", which is of no use for TLS; " + kGoodKeys;
    }
  }
}

}  // namespace

CertificateFacts facts_of(const std::string& path, X509* certificate) {
  return {path, subject_of(certificate), names_of(certificate),
          time_of(X509_get0_notBefore(certificate)), time_of(X509_get0_notAfter(certificate))};
}

std::string path_beside(const config::Location& at, const std::string& written) {
  return (std::filesystem::path(at.file).parent_path() / written).lexically_normal().string();
}

Read<CertificateFacts> read_certificate_facts(const std::string& path) {
  auto read = read_certificates(path);
  if (auto* problem = std::get_if<std::string>(&read)) return *problem;
  return facts_of(path, std::get<0>(read).front().get());
}

Read<std::vector<X509Ptr>> read_certificates(const std::string& path) {
  const Read<FileText> file = read_file(path);
  const std::string* text = text_in(file);
  if (text == nullptr) return std::get<1>(file);
  if (!holds(*text, "-----BEGIN CERTIFICATE-----") &&
      !holds(*text, "-----BEGIN TRUSTED CERTIFICATE-----")) {
    if (holds(*text, "PRIVATE KEY-----")) {
      return "holds a private key and no certificate; are the two files swapped?";
    }
    return "holds no certificate in PEM form; convert DER by: openssl x509 -inform der -in " +
           path + " -out NEW";
  }
  std::vector<X509Ptr> certificates;
  const BioPtr bio = bio_of(*text);
  ERR_clear_error();
  while (X509* certificate = PEM_read_bio_X509_AUX(bio.get(), nullptr, &no_passphrase, nullptr)) {
    certificates.emplace_back(certificate);
  }
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  const bool at_end =
      ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (!at_end || certificates.empty()) {
    return "is damaged: its certificate number " + std::to_string(certificates.size() + 1) +
           " cannot be read; copy the file again";
  }
  return certificates;
}

Read<KeyPtr> read_private_key(const std::string& path) {
  const Read<FileText> file = read_file(path);
  const std::string* text = text_in(file);
  if (text == nullptr) return std::get<1>(file);
  if (!holds(*text, "PRIVATE KEY-----")) {
    if (holds(*text, "-----BEGIN CERTIFICATE-----")) {
      return "holds a certificate and no private key; are the two files swapped?";
    }
    return "holds no private key in PEM form; convert DER by: openssl pkey -inform der -in " +
           path + " -out NEW";
  }
  if (holds(*text, "-----BEGIN ENCRYPTED PRIVATE KEY-----") || holds(*text, "4,ENCRYPTED")) {
    return "is encrypted, and nobody is there to give the passphrase; remove it by: openssl pkey "
           "-in " +
           path + " -out NEW";
  }
  const BioPtr bio = bio_of(*text);
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, nullptr));
  ERR_clear_error();
  if (key == nullptr) return "is damaged: the key in it cannot be read; copy the file again";
  if (std::string problem = key_problem(key.get()); !problem.empty()) return problem;
  return key;
}

namespace {

struct FreeOcsp {
  void operator()(OCSP_RESPONSE* object) const { OCSP_RESPONSE_free(object); }
  void operator()(OCSP_BASICRESP* object) const { OCSP_BASICRESP_free(object); }
};

// The statement about this certificate.
OCSP_SINGLERESP* find_statement(OCSP_BASICRESP* basic, X509* certificate) {
  for (int i = 0; i < OCSP_resp_count(basic); ++i) {
    OCSP_SINGLERESP* single = OCSP_resp_get0(basic, i);
    ASN1_INTEGER* serial = nullptr;
    OCSP_id_get0_info(nullptr, nullptr, nullptr, &serial,
                      const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single)));
    if (serial != nullptr && ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(certificate)) == 0) {
      return single;
    }
  }
  return nullptr;
}

}  // namespace

Read<OcspFile> read_ocsp_response(const std::string& path, X509* certificate) {
  const Read<FileText> file = read_file(path);
  const std::string* text = text_in(file);
  if (text == nullptr) return std::get<1>(file);
  const auto* bytes = reinterpret_cast<const unsigned char*>(text->data());
  const std::unique_ptr<OCSP_RESPONSE, FreeOcsp> response(
      d2i_OCSP_RESPONSE(nullptr, &bytes, static_cast<long>(text->size())));
  ERR_clear_error();
  if (response == nullptr) {
    return "is no OCSP response in DER form; fetch one by: openssl ocsp … -respout " + path;
  }
  if (const int status = OCSP_response_status(response.get());
      status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
    return "is an OCSP response that only says '" + std::string(OCSP_response_status_str(status)) +
           "'; fetch it again";
  }
  const std::unique_ptr<OCSP_BASICRESP, FreeOcsp> basic(OCSP_response_get1_basic(response.get()));
  OCSP_SINGLERESP* statement = basic ? find_statement(basic.get(), certificate) : nullptr;
  ERR_clear_error();
  if (statement == nullptr) return "is an OCSP response for another certificate; fetch it again";
  ASN1_GENERALIZEDTIME* next = nullptr;
  OCSP_single_get0_status(statement, nullptr, nullptr, nullptr, &next);
  OcspFile result;
  result.der.assign(text->begin(), text->end());
  result.is_current = next == nullptr || X509_cmp_current_time(next) > 0;
  return result;
}

std::string digest_of_file(const std::string& path) {
  const Read<FileText> file = read_file(path);
  const std::string* text = text_in(file);
  if (text == nullptr) return {};
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text->data()), text->size(), digest.data());
  std::string hex;
  for (const unsigned char byte : digest) {
    constexpr const char* kDigits = "0123456789abcdef";
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

}  // namespace ficus::control
