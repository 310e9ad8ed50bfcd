#include "control/health/health_checker.h"

#include <algorithm>
#include <random>
#include <set>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/rate_policy.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include "control/health/health_state.h"
#include "proxy/net/shortage.h"
#include "proxy/net/tls_verify.h"

namespace ficus::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

// TCP and Unix sockets alike.
using Protocol = asio::generic::stream_protocol;
using Stream = beast::basic_stream<Protocol>;
using TlsStream = asio::ssl::stream<Stream&>;

std::string key_of(const std::string& backend, const proxy::EndpointState& endpoint) {
  return backend + ' ' + endpoint.name + ' ' + endpoint.address.text() + ' ' + endpoint.tls_name;
}

Protocol::endpoint to_asio(const proxy::SocketAddress& address) {
  return {address.data(), address.length()};
}

bool is_about_certificate(const error_code& error) {
  return error.category() == asio::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(error.value())) ==
             SSL_R_CERTIFICATE_VERIFY_FAILED;
}

bool same(const config::HealthCheck& a, const config::HealthCheck& b) {
  return a.path == b.path && a.interval == b.interval && a.timeout == b.timeout &&
         a.healthy_after == b.healthy_after && a.unhealthy_after == b.unhealthy_after;
}

}  // namespace

// The checks of one endpoint. Held by its own coroutine, so that it may end after the checker.
class HealthChecker::Probe : public std::enable_shared_from_this<Probe> {
 public:
  // `before`: checked the same endpoint. In another way: its verdict holds until the first result.
  // In the same way, with other terms of TLS: results are counted on.
  Probe(const asio::any_io_executor& executor, Target target, const HealthChecker& owner,
        const Probe* before)
      : target_(std::move(target)),
        changed_(owner.changed_),
        unable_(owner.unable_),
        state_(before != nullptr && same(before->target_.check, target_.check)
                   ? before->state_
                   : HealthState(target_.check, before == nullptr || before->healthy())),
        stream_(executor),
        timer_(executor) {}

  const Target& target() const { return target_; }
  bool healthy() const { return state_.healthy(); }

  void start() {
    asio::co_spawn(
        timer_.get_executor(),
        [self = shared_from_this()]() -> asio::awaitable<void> { co_await self->run(); },
        asio::detached);
  }

  void stop() {
    stopped_ = true;
    timer_.cancel();
    stream_.cancel();
  }

 private:
  asio::awaitable<void> run() {
    while (!stopped_) {
      shortage_ = false;
      const std::string fault = co_await check();
      if (stopped_) co_return;
      if (shortage_) {
        unable_(fault);
      } else if (state_.record(fault.empty())) {
        changed_({target_.backend, target_.label, state_.healthy(),
                  fault.empty() ? "answers again" : fault});
      }
      timer_.expires_after(next_pause());
      error_code error;
      co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }

  // Up to a tenth more or less, so that many proxies do not ask in step.
  std::chrono::milliseconds next_pause() {
    std::uniform_real_distribution<double> jitter(0.9, 1.1);
    const double pause = static_cast<double>(target_.check.interval.count()) * jitter(random_);
    return std::chrono::milliseconds(static_cast<std::int64_t>(pause));
  }

  // One check; what is wrong, or nothing.
  asio::awaitable<std::string> check() {
    error_code error;
    auto use = asio::redirect_error(asio::use_awaitable, error);
    stream_.close();
    stream_.expires_after(target_.check.timeout);
    co_await stream_.async_connect(to_asio(target_.endpoint->address), use);
    if (error) co_return describe(error);
    std::string fault;
    if (!target_.endpoint->tls_name.empty()) {
      fault = co_await check_over_tls();
    } else if (!target_.check.path.empty()) {
      fault = co_await ask(stream_);
    }
    stream_.close();
    co_return fault;
  }

  // What is wrong, or nothing. Never resumes a session: each check judges the certificate anew.
  asio::awaitable<std::string> check_over_tls() {
    if (target_.tls == nullptr) co_return "no terms of TLS";
    TlsStream stream(stream_, target_.tls->connection(target_.endpoint->tls_name).release());
    error_code error;
    co_await stream.async_handshake(TlsStream::client,
                                    asio::redirect_error(asio::use_awaitable, error));
    if (error) {
      if (!is_about_certificate(error)) co_return "TLS handshake: " + describe(error);
      co_return std::string(proxy::verify_text(SSL_get_verify_result(stream.native_handle())));
    }
    std::string fault;
    if (!target_.check.path.empty()) fault = co_await ask(stream);
    co_await say_goodbye(stream);
    co_return fault;
  }

  // close_notify, so that the server need not take the end for a cut (RFC 8446 §6.1). Its own is
  // not waited for: OpenSSL is told that it came.
  asio::awaitable<void> say_goodbye(TlsStream& stream) {
    SSL_set_shutdown(stream.native_handle(),
                     SSL_get_shutdown(stream.native_handle()) | SSL_RECEIVED_SHUTDOWN);
    error_code ignored;
    co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
  }

  // One request on a connection that stands, encrypted or not; what is wrong, or nothing.
  template <class AnyStream>
  asio::awaitable<std::string> ask(AnyStream& stream) {
    error_code error;
    auto use = asio::redirect_error(asio::use_awaitable, error);
    http::request<http::empty_body> request(http::verb::get, target_.check.path, 11);
    request.set(http::field::host, std::string(target_.endpoint->default_host()));
    request.set(http::field::user_agent, "ficus-health-check");
    request.set(http::field::connection, "close");
    co_await http::async_write(stream, request, use);
    if (error) co_return describe(error);

    beast::flat_buffer buffer(kLargestHead);
    http::response_parser<http::empty_body> parser;
    co_await http::async_read_header(stream, buffer, parser, use);
    if (error) co_return describe(error);
    const unsigned status = parser.get().result_int();
    if (status >= 200 && status < 400) co_return std::string();
    co_return "answered " + std::to_string(status);
  }

  std::string describe(const error_code& error) {
    if (error.category() == asio::error::get_system_category() &&
        proxy::is_local_shortage(error.value(), target_.endpoint->address.family())) {
      shortage_ = true;
    }
    if (error == beast::error::timeout) {
      return "no answer in " + std::to_string(target_.check.timeout.count()) + " ms";
    }
    return error.message();
  }

  static constexpr std::size_t kLargestHead = 16 * 1024;

  const Target target_;
  const std::function<void(const Change&)> changed_;
  const std::function<void(const std::string&)> unable_;
  HealthState state_;
  Stream stream_;
  asio::steady_timer timer_;
  std::minstd_rand random_{std::random_device{}()};
  bool stopped_ = false;
  bool shortage_ = false;  // of our own: this check says nothing
};

HealthChecker::HealthChecker(asio::any_io_executor executor,
                             std::function<void(const Change&)> changed,
                             std::function<void(const std::string&)> unable)
    : executor_(std::move(executor)), changed_(std::move(changed)), unable_(std::move(unable)) {}

HealthChecker::~HealthChecker() { stop(); }

bool HealthChecker::watch(const std::vector<Target>& targets) {
  std::map<std::string, std::shared_ptr<Probe>> wanted;
  std::set<std::string> kept;
  for (const Target& target : targets) {
    const std::string key = key_of(target.backend, *target.endpoint);
    if (wanted.count(key) != 0) continue;  // listed twice
    const auto found = probes_.find(key);
    const Probe* const before = found == probes_.end() ? nullptr : found->second.get();
    if (before != nullptr) kept.insert(key);
    if (before != nullptr && before->target().endpoint == target.endpoint &&
        same(before->target().check, target.check)) {
      wanted[key] = std::move(found->second);
      probes_.erase(found);
      continue;
    }
    wanted[key] = std::make_shared<Probe>(executor_, target, *this, before);
    wanted[key]->start();
  }
  const bool any_freed = std::ranges::any_of(probes_, [&](const auto& probe) {
    return kept.count(probe.first) == 0 && !probe.second->healthy();
  });
  stop();
  probes_ = std::move(wanted);
  return any_freed;
}

bool HealthChecker::healthy(const std::string& backend,
                            const proxy::EndpointState& endpoint) const {
  const auto found = probes_.find(key_of(backend, endpoint));
  return found == probes_.end() || found->second->healthy();
}

void HealthChecker::stop() {
  for (auto& [key, probe] : probes_) probe->stop();
  probes_.clear();
}

}  // namespace ficus::control
