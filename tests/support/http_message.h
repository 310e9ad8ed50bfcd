#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A lenient, slow HTTP/1 reader for tests. It shares no code with the proxy, so that both cannot
// be wrong in the same way.
namespace ficus::tests {

// A request or a response as it came over the wire.
struct HttpMessage {
  std::string raw;                                            // everything, byte for byte
  std::string start_line;                                     // without its line end
  std::vector<std::pair<std::string, std::string>> headers;   // names as sent
  std::vector<std::pair<std::string, std::string>> trailers;  // of a chunked body
  std::string body;                                           // decoded if chunked
  // The body ended as its framing says. False: the connection ended too early, or a body framed
  // by the end of the connection.
  bool complete = false;

  int status() const;  // 0 if this is no response
  std::string method() const;
  std::string target() const;
  // The first one, without regard to case.
  std::optional<std::string> header(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
};

enum class MessageKind { request, response, response_to_head };

// Takes bytes and says when a message is whole. Bytes after it stay in `rest`.
class HttpReader {
 public:
  explicit HttpReader(MessageKind kind) : kind_(kind) {}

  // The first message within `bytes`, if it is whole; it is removed from `bytes`.
  std::optional<HttpMessage> take(std::string& bytes) const;
  // The connection ended: what can be made of the rest. Complete only if its framing is the end of
  // the connection or nothing is missing.
  HttpMessage take_at_end(std::string& bytes) const;

 private:
  MessageKind kind_;
};

}  // namespace ficus::tests
