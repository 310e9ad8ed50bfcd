#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/request_head.h"
#include "proxy/http/response_head.h"
#include "tests/support/catch.h"

namespace ficus::proxy::http {

// Bytes in memory of exactly their size, so that a sanitizer sees each read past them.
class ExactBytes {
 public:
  explicit ExactBytes(std::string_view text) : bytes_(text.begin(), text.end()) {}
  std::string_view view() const { return {bytes_.data(), bytes_.size()}; }
  char* data() { return bytes_.data(); }
  std::size_t size() const { return bytes_.size(); }

 private:
  std::vector<char> bytes_;
};

// A request head with the bytes that it views.
struct ParsedRequest {
  explicit ParsedRequest(std::string_view text, const HeadLimits& limits = {})
      : bytes(text), outcome(parse_request_head(bytes.view(), limits, head)) {}

  bool complete() const { return outcome.status == ParseStatus::complete; }
  int status() const { return outcome.fault.status; }
  std::string detail() const { return std::string(outcome.fault.detail); }

  ExactBytes bytes;
  RequestHead head;
  ParseOutcome outcome;
};

struct ParsedResponse {
  explicit ParsedResponse(std::string_view text, Method method = Method::get,
                          const HeadLimits& limits = {})
      : bytes(text), outcome(parse_response_head(bytes.view(), limits, method, head)) {}

  bool complete() const { return outcome.status == ParseStatus::complete; }
  std::string detail() const { return std::string(outcome.fault.detail); }

  ExactBytes bytes;
  ResponseHead head;
  ParseOutcome outcome;
};

// A request in HTTP/1.1 with a Host and these further lines.
inline std::string request_with(std::string_view lines) {
  return "POST /upload HTTP/1.1\r\nHost: shop.example\r\n" + std::string(lines) + "\r\n";
}

inline std::string response_with(std::string_view lines) {
  return "HTTP/1.1 200 OK\r\n" + std::string(lines) + "\r\n";
}

}  // namespace ficus::proxy::http
