#include "loadtests/support/request_source.h"

#include <algorithm>
#include <cstdio>

#include "loadtests/support/body_pattern.h"

namespace ficus::loadtests {
namespace {

constexpr std::size_t kChunk = 4096;

const std::vector<std::string>& browser_headers() {
  static const std::vector<std::string> kHeaders{
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0",
      "Accept: application/json, text/plain, */*",
      "Accept-Language: en-GB,en;q=0.7,de;q=0.3",
      "Accept-Encoding: gzip, deflate, br",
      "Referer: https://shop.example.com/products",
      "Cookie: session=4f1c0d7a9be24e0c8b3d; theme=light",
      "X-Requested-With: XMLHttpRequest",
  };
  return kHeaders;
}

std::string pattern_text(std::size_t size) {
  const BodyPattern pattern;
  std::string text;
  while (text.size() < size) text.append(pattern.at(text.size(), size - text.size()));
  return text;
}

std::string chunked_text(const std::string& body) {
  std::string out;
  for (std::size_t at = 0; at < body.size(); at += kChunk) {
    const std::size_t size = std::min(kChunk, body.size() - at);
    char line[16];
    std::snprintf(line, sizeof line, "%zx\r\n", size);
    out.append(line).append(body, at, size).append("\r\n");
  }
  return out + "0\r\n\r\n";
}

bool carries_body(const std::string& method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

RequestSource::RequestSource(const RequestShape& shape) : shape_(shape) {
  for (const std::string& method : shape_.methods) templates_.push_back(make_template(method));
}

RequestSource::Template RequestSource::make_template(const std::string& method) const {
  Template result;
  result.head = method + ' ' + shape_.path + " HTTP/1.1\r\nHost: " + shape_.host + "\r\n";
  for (const std::string& line : shape_.headers.empty() ? browser_headers() : shape_.headers) {
    result.head += line + "\r\n";
  }
  result.rest = "\r\n";
  if (carries_body(method)) {
    const std::string body = pattern_text(shape_.body);
    result.head += shape_.chunked ? "Transfer-Encoding: chunked\r\n"
                                  : "Content-Length: " + std::to_string(body.size()) + "\r\n";
    result.rest += shape_.chunked ? chunked_text(body) : body;
  }
  return result;
}

RequestSource::Next RequestSource::write(std::string& out) {
  Next next{static_cast<std::size_t>(turn_ % templates_.size()), 0};
  const Template& chosen = templates_[next.method];
  out.assign(chosen.head);
  if (shape_.users != 0) {
    // A user's turn comes with each method: users do not divide into readers and buyers.
    next.user = static_cast<std::size_t>(turn_ / templates_.size() % shape_.users);
    const std::string name = "user-" + std::to_string(next.user);
    if (!shape_.user_header.empty()) out.append(shape_.user_header + ": " + name + "\r\n");
    if (!shape_.user_cookie.empty())
      out.append("Cookie: " + shape_.user_cookie + "=" + name + "\r\n");
  }
  out.append(chosen.rest);
  ++turn_;
  return next;
}

}  // namespace ficus::loadtests
