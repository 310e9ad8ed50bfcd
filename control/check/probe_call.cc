#include "control/check/probe_call.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <ctime>
#include <exception>
#include <utility>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <openssl/x509.h>

#include "config/units.h"
#include "proxy/net/tls_verify.h"

namespace ficus::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using std::chrono::milliseconds;
using Protocol = asio::generic::stream_protocol;
using Stream = beast::basic_stream<Protocol>;
using TlsStream = asio::ssl::stream<Stream>;

constexpr milliseconds kMostToConnect{2'000};
constexpr milliseconds kMostToAnswer{5'000};
constexpr std::size_t kLargestHead = 64 * 1024;
constexpr int kMostInterim = 8;

milliseconds connect_limit(const ProbeCall& call) {
  return std::min(call.backend->timeouts.connect, kMostToConnect);
}

milliseconds answer_limit(const ProbeCall& call) {
  return std::min(call.backend->timeouts.first_byte, kMostToAnswer);
}

std::string describe(const error_code& error, milliseconds limit, const char* what) {
  if (error == beast::error::timeout) {
    return std::string(what) + " within " + config::format_duration(limit);
  }
  if (error == http::error::end_of_stream || error == asio::error::eof) {
    return "closes the connection without an answer";
  }
  if (error.category() == make_error_code(http::error::bad_version).category()) {
    return "answers with what is no HTTP/1.x: " + error.message();
  }
  return error.message();
}

std::string media_type_of(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return type;
}

std::vector<Protocol::endpoint> endpoints_of(const ProbeCall& call) {
  if (call.url.scheme == config::EndpointScheme::unix_socket) {
    return {Protocol::endpoint(asio::local::stream_protocol::endpoint(call.url.host))};
  }
  std::vector<Protocol::endpoint> all;
  for (const proxy::SocketAddress& address : call.addresses) {
    all.emplace_back(address.data(), address.length());
  }
  return all;
}

// Empty: connected.
asio::awaitable<std::string> connect(Stream& stream, const ProbeCall& call) {
  const std::vector<Protocol::endpoint> endpoints = endpoints_of(call);
  if (endpoints.empty()) co_return "has no address: " + call.url.host + " is unknown here";
  error_code error;
  for (const Protocol::endpoint& endpoint : endpoints) {
    stream.close();
    stream.expires_after(connect_limit(call));
    co_await stream.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    if (!error) co_return std::string();
  }
  const std::string why = describe(error, connect_limit(call), "no connection");
  co_return error == beast::error::timeout ? why : "cannot be reached: " + why;
}

// Fills in the answer, or its failure.
template <class AnyStream>
asio::awaitable<void> exchange(AnyStream& stream, const ProbeCall& call, ProbeAnswer& answer) {
  error_code error;
  auto use = asio::redirect_error(asio::use_awaitable, error);
  http::request<http::empty_body> request(http::string_to_verb(call.method), call.target, 11);
  request.set(http::field::host, call.host);
  request.set(http::field::user_agent, "ficus-probe");
  request.set(http::field::accept, "*/*");
  request.set(http::field::connection, "close");
  for (const config::SetHeader& header : call.headers) request.set(header.name, header.value);
  co_await http::async_write(stream, request, use);
  beast::flat_buffer buffer(kLargestHead);
  for (int i = 0; i < kMostInterim && !error; ++i) {
    http::response_parser<http::empty_body> parser;
    parser.skip(true);  // the head is enough
    co_await http::async_read_header(stream, buffer, parser, use);
    answer.status = parser.get().result_int();
    if (error || answer.status < 200) continue;
    const auto type = parser.get()[http::field::content_type];
    answer.media_type = media_type_of({type.data(), type.size()});
    co_return;
  }
  answer.failure =
      error ? describe(error, answer_limit(call), "no answer") : "sends no final answer";
}

std::string end_of_certificate(SSL* ssl) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(ssl),
                                                                X509_free);
  std::tm parts{};
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &parts) != 1) {
    return {};
  }
  char buffer[32];
  return std::string(buffer, std::strftime(buffer, sizeof buffer, "%Y-%m-%d", &parts));
}

bool verifies(const ProbeCall& call) { return !call.backend->tls || call.backend->tls->verify; }

std::string expected_name(const ProbeCall& call) {
  const std::optional<config::BackendTls>& tls = call.backend->tls;
  return tls && tls->server_name ? *tls->server_name : call.url.host;
}

std::string handshake_failure(const error_code& error, const ProbeCall& call, SSL* ssl) {
  const bool is_about_certificate =
      error.category() == asio::error::get_ssl_category() &&
      ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_CERTIFICATE_VERIFY_FAILED;
  if (is_about_certificate) return std::string(proxy::verify_text(SSL_get_verify_result(ssl)));
  return "TLS fails: " + describe(error, answer_limit(call), "no handshake");
}

asio::awaitable<void> ask_over_tls(Stream plain, const ProbeCall& call, ProbeAnswer& answer) {
  if (call.tls == nullptr) {
    answer.failure = "was not asked: a file of its `tls` cannot be used";
    co_return;
  }
  TlsStream stream(std::move(plain), call.tls->connection(expected_name(call)).release());
  SSL* const ssl = stream.native_handle();
  error_code error;
  co_await stream.async_handshake(asio::ssl::stream_base::client,
                                  asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    answer.failure = handshake_failure(error, call, ssl);
    co_return;
  }
  answer.tls = std::string(SSL_get_version(ssl)) +
               (verifies(call) ? ", certificate valid until " : ", not verified, until ") +
               end_of_certificate(ssl);
  co_await exchange(stream, call, answer);
}

asio::awaitable<void> ask_within(const ProbeCall& call, ProbeAnswer& answer) {
  Stream stream(co_await asio::this_coro::executor);
  answer.failure = co_await connect(stream, call);
  if (!answer.failure.empty()) co_return;
  stream.expires_after(answer_limit(call));
  if (call.url.scheme == config::EndpointScheme::https) {
    co_await ask_over_tls(std::move(stream), call, answer);
  } else {
    co_await exchange(stream, call, answer);
  }
}

}  // namespace

asio::awaitable<ProbeAnswer> ask(const ProbeCall& call) {
  ProbeAnswer answer;
  const auto begun = std::chrono::steady_clock::now();
  try {
    co_await ask_within(call, answer);
  } catch (const std::exception& error) {
    answer.failure = error.what();
  }
  answer.time = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
  co_return answer;
}

}  // namespace ficus::control
