#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/model.h"
#include "proxy/net/tls_credentials.h"

// PEM and DER files, read whole. Problems are the end of a sentence that names the file: "'PATH' "
// goes before them. Blocks as long as the disk does: not for the control thread.
namespace ficus::control {

// What people ask about a certificate.
struct CertificateFacts {
  std::string path;
  std::string subject;             // "CN = shop.example.com"
  std::vector<std::string> names;  // DNS names and addresses of the SAN, else the common name
  std::chrono::system_clock::time_point not_before;
  std::chrono::system_clock::time_point not_after;

  // The first name, else the path.
  const std::string& name() const { return names.empty() ? path : names.front(); }
};

// The path of a file that a configuration names: relative ones begin at the configuration's file.
std::string path_beside(const config::Location& at, const std::string& written);

template <typename T>
using Read = std::variant<T, std::string>;

// Of the first certificate of a PEM file.
Read<CertificateFacts> read_certificate_facts(const std::string& path);
CertificateFacts facts_of(const std::string& path, X509* certificate);

// All certificates of a PEM file; at least one.
Read<std::vector<proxy::X509Ptr>> read_certificates(const std::string& path);

// A key without a passphrase, of a type and size that TLS clients accept.
Read<proxy::KeyPtr> read_private_key(const std::string& path);

// A response for this certificate.
struct OcspFile {
  std::vector<unsigned char> der;
  bool is_current = true;
};
Read<OcspFile> read_ocsp_response(const std::string& path, X509* certificate);

// Hex SHA-256 of a file's bytes; empty if it cannot be read.
std::string digest_of_file(const std::string& path);

}  // namespace ficus::control
