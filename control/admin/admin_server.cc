#include "control/admin/admin_server.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <list>
#include <memory>
#include <thread>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "control/admin/endpoints.h"
#include "control/admin/problem.h"
#include "control/seldom.h"

namespace ficus::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kLargestBody = 64 * 1024;
constexpr std::size_t kLargestHead = 16 * 1024;
constexpr std::size_t kMostConnections = 64;
constexpr std::chrono::seconds kIdle{30};
constexpr std::chrono::seconds kAnswerWithin{10};
constexpr std::chrono::seconds kTellFailure{10};

using Message = http::request<http::string_body>;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

std::string field(const Message& message, http::field name) { return std::string(message[name]); }

AdminRequest to_request(const Message& message) {
  AdminRequest request;
  request.method = std::string(message.method_string());
  request.host = field(message, http::field::host);
  request.host_lines = message.count(http::field::host);
  request.origin = field(message, http::field::origin);
  request.content_type = lower(field(message, http::field::content_type));
  request.if_match = field(message, http::field::if_match);
  request.body = message.body();
  if (!request.set_target(message.target())) request.path = std::string(message.target());
  return request;
}

http::response<http::string_body> to_message(const AdminResponse& response, const Message& asked) {
  http::response<http::string_body> message(static_cast<http::status>(response.status),
                                            asked.version());
  message.set(http::field::content_type, response.content_type);
  message.set(http::field::server, "ficus");
  message.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) message.set(name, value);
  message.keep_alive(asked.keep_alive());
  message.body() = response.body;
  message.prepare_payload();
  if (asked.method() == http::verb::head) message.body().clear();
  return message;
}

// Takes the answer from whichever thread it comes and wakes the session on its own.
struct Mailbox {
  explicit Mailbox(const asio::any_io_executor& executor) : arrived(executor) {
    arrived.expires_after(kAnswerWithin);
  }
  asio::steady_timer arrived;
  std::optional<AdminResponse> response;
};

asio::awaitable<AdminResponse> ask(const AdminContext& context, AdminRequest request) {
  const auto executor = co_await asio::this_coro::executor;
  const auto mailbox = std::make_shared<Mailbox>(executor);
  answer(context, request, [mailbox, executor](AdminResponse response) {
    asio::post(executor, [mailbox, response = std::move(response)]() mutable {
      mailbox->response = std::move(response);
      mailbox->arrived.cancel();
    });
  });
  error_code error;
  co_await mailbox->arrived.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (mailbox->response) co_return std::move(*mailbox->response);
  co_return problem({500, "the control plane did not answer in time", "look at the log"});
}

}  // namespace

class AdminServer::Loop {
 public:
  Loop(const AdminContext& context, Log& log)
      : context_(context), log_(log), acceptor_(io_), retry_(io_) {}

  error_code listen(const config::Admin& admin, const proxy::InheritedSocket* inherited) {
    error_code error;
    const auto address = asio::ip::make_address(admin.host, error);
    if (error) return error;
    const tcp::endpoint endpoint(address, admin.port);
    if (inherited != nullptr) {
      const int fd = ::fcntl(inherited->fd.get(), F_DUPFD_CLOEXEC, 3);
      if (fd < 0) return {errno, asio::error::get_system_category()};
      acceptor_.assign(endpoint.protocol(), fd, error);
      return error;
    }
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    return error;
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void start() {
    asio::co_spawn(io_, accept(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
  }

  void stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  struct Session {
    beast::tcp_stream* stream = nullptr;  // null: about to begin, or told to end
    bool awaits_request = true;           // or the rest of one
  };

  asio::awaitable<void> accept() {
    while (true) {
      error_code error;
      auto use = asio::redirect_error(asio::use_awaitable, error);
      tcp::socket socket = co_await acceptor_.async_accept(use);
      if (error) {
        // Out of descriptors, for instance: it passes.
        if (accept_failed_.due(std::chrono::steady_clock::now())) {
          log_.warning("admin: cannot accept: " + error.message());
        }
        retry_.expires_after(std::chrono::milliseconds(100));
        co_await retry_.async_wait(use);
        continue;
      }
      if (sessions_.size() >= kMostConnections && !drop_one()) continue;  // closes the new one
      const auto session = sessions_.insert(sessions_.end(), Session{});
      asio::co_spawn(io_, serve(beast::tcp_stream(std::move(socket)), session),
                     [this, session](const std::exception_ptr&) { sessions_.erase(session); });
    }
  }

  // Makes room for the operator, whom others must not lock out by holding connections: the oldest
  // that is idle or has not sent a whole request ends.
  bool drop_one() {
    const auto found = std::ranges::find_if(
        sessions_, [](const Session& one) { return one.stream != nullptr && one.awaits_request; });
    if (found == sessions_.end()) return false;
    std::exchange(found->stream, nullptr)->close();
    return true;
  }

  asio::awaitable<void> serve(beast::tcp_stream stream, std::list<Session>::iterator session) {
    session->stream = &stream;
    beast::flat_buffer buffer(kLargestHead + kLargestBody);
    error_code error;
    auto use = asio::redirect_error(asio::use_awaitable, error);
    while (true) {
      http::request_parser<http::string_body> parser;
      parser.body_limit(kLargestBody);
      parser.header_limit(kLargestHead);
      session->awaits_request = true;
      stream.expires_after(kIdle);
      co_await http::async_read(stream, buffer, parser, use);
      session->awaits_request = false;
      AdminResponse response;
      if (error == http::error::body_limit) {
        response = problem({413, "the body is larger than 64 KiB", "send less"});
      } else if (error == http::error::end_of_stream || error == beast::error::timeout ||
                 error == asio::error::operation_aborted ||
                 (error && error.category() == asio::error::get_system_category())) {
        break;
      } else if (error) {
        response = problem({400, "the request is not HTTP/1.1: " + error.message(), ""});
      } else {
        response = co_await ask(context_, to_request(parser.get()));
      }
      const bool broken = static_cast<bool>(error);
      auto message = to_message(response, parser.get());
      if (broken) message.keep_alive(false);
      stream.expires_after(kIdle);
      co_await http::async_write(stream, message, use);
      if (error || broken || !message.keep_alive()) break;
    }
    stream.socket().shutdown(tcp::socket::shutdown_send, error);
    session->stream = nullptr;
  }

  const AdminContext& context_;
  Log& log_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  Seldom accept_failed_{kTellFailure};
  std::list<Session> sessions_;  // the oldest first
  std::thread thread_;
};

AdminServer::AdminServer(AdminContext context, Log& log)
    : context_(std::move(context)), log_(log) {}

AdminServer::~AdminServer() { stop(); }

std::optional<std::string> AdminServer::start(const config::Admin& admin,
                                              const proxy::InheritedSocket* inherited) {
  auto loop = std::make_unique<Loop>(context_, log_);
  if (const error_code error = loop->listen(admin, inherited)) {
    const std::string where =
        admin.at.line > 0 ? admin.at.file + ":" + std::to_string(admin.at.line) + ": " : "";
    return where + "admin: cannot listen on " + admin.address() + ": " + error.message() +
           (error == asio::error::address_in_use
                ? "; another process has the port: stop it, or write another admin.address"
                : "; write another admin.address");
  }
  config::Admin bound = admin;
  bound.port = loop->port();
  address_ = bound.address();
  loop_ = std::move(loop);
  loop_->start();
  return std::nullopt;
}

// The loop itself stays: answers that are still under way refer to it.
void AdminServer::stop() {
  if (loop_) loop_->stop();
}

}  // namespace ficus::control
