#include "control/cli/admin_client.h"

#include <chrono>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace ficus::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::chrono::seconds kConnectWithin{3};
constexpr std::chrono::seconds kAnswerWithin{12};
constexpr std::size_t kLargestAnswer = 64 * 1024 * 1024;

std::string describe(const error_code& error) {
  return error == beast::error::timeout ? "no answer in time" : error.message();
}

http::request<http::string_body> message_of(const AdminUrl& url, const AdminCall& call) {
  http::request<http::string_body> message;
  message.method_string(call.method);
  message.target(call.target);
  message.version(11);
  const bool ipv6 = url.host.find(':') != std::string::npos;
  message.set(http::field::host, (ipv6 ? "[" + url.host + "]" : url.host) + ":" + url.port);
  message.set(http::field::connection, "close");
  if (!call.body.empty()) message.set(http::field::content_type, "application/json");
  message.body() = call.body;
  message.prepare_payload();
  return message;
}

asio::awaitable<void> perform(const AdminUrl& url, const AdminCall& request, AdminAnswer& answer) {
  const auto executor = co_await asio::this_coro::executor;
  error_code error;
  auto use = asio::redirect_error(asio::use_awaitable, error);
  asio::ip::tcp::resolver resolver(executor);
  const auto addresses = co_await resolver.async_resolve(url.host, url.port, use);
  beast::tcp_stream stream(executor);
  stream.expires_after(kConnectWithin);
  if (!error) co_await stream.async_connect(addresses, use);
  stream.expires_after(kAnswerWithin);
  const auto message = message_of(url, request);
  if (!error) co_await http::async_write(stream, message, use);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kLargestAnswer);
  if (!error) co_await http::async_read(stream, buffer, parser, use);
  if (error) {
    answer.fault = describe(error);
    co_return;
  }
  answer.status = static_cast<int>(parser.get().result_int());
  answer.body = std::move(parser.get().body());
}

}  // namespace

std::optional<AdminUrl> AdminUrl::parse(const std::string& text) {
  constexpr std::string_view kScheme = "http://";
  if (text.substr(0, kScheme.size()) != kScheme) return std::nullopt;
  std::string rest = text.substr(kScheme.size());
  while (!rest.empty() && rest.back() == '/') rest.pop_back();
  if (rest.empty() || rest.find('/') != std::string::npos) return std::nullopt;
  AdminUrl url{"http://" + rest, {}, "80"};
  std::size_t colon = rest.rfind(':');
  const std::size_t bracket = rest.rfind(']');
  if (bracket != std::string::npos && colon != std::string::npos && colon < bracket) {
    colon = std::string::npos;
  }
  url.host = rest.substr(0, colon);
  if (colon != std::string::npos) url.port = rest.substr(colon + 1);
  if (url.host.size() > 2 && url.host.front() == '[') {
    url.host = url.host.substr(1, url.host.size() - 2);
  }
  const bool digits = url.port.find_first_not_of("0123456789") == std::string::npos;
  if (url.host.empty() || url.port.empty() || url.port.size() > 5 || !digits) return std::nullopt;
  return url;
}

AdminAnswer call(const AdminUrl& url, const AdminCall& request) {
  asio::io_context io{1};
  AdminAnswer answer;
  asio::co_spawn(io, perform(url, request, answer), asio::detached);
  io.run();
  return answer;
}

std::string percent_encoded(const std::string& text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      result += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    result += '%';
    result += kHex[byte >> 4];
    result += kHex[byte & 15];
  }
  return result;
}

}  // namespace ficus::control
