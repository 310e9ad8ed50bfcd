#include "control/cli/demo/traffic.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>
#include <thread>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace ficus::control::demo {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr auto kPatience = std::chrono::seconds(5);

struct Visit {
  http::verb method;
  const char* target;
};

constexpr std::array<Visit, 4> kVisits{{{http::verb::get, "/products"},
                                        {http::verb::get, "/products/2"},
                                        {http::verb::get, "/cart"},
                                        {http::verb::post, "/orders"}}};

}  // namespace

class Traffic::Users {
 public:
  explicit Users(const TrafficOptions& options)
      : options_(options), tallies_(options.hosts.size()) {
    const auto count = static_cast<unsigned>(options_.hosts.size()) * options_.users_a_host;
    for (unsigned number = 0; number < count; ++number) {
      asio::co_spawn(io_, use(number, options_.interval * number / count), asio::detached);
    }
    thread_ = std::thread([this] { io_.run(); });
  }

  ~Users() {
    io_.stop();
    thread_.join();
  }

  std::vector<Tally> totals() const {
    const std::lock_guard lock(mutex_);
    return tallies_;
  }

 private:
  // A user of host `number % hosts` with the client address 127.0.0.(11 + number): the guard acts
  // on failures of several clients.
  asio::awaitable<void> use(unsigned number, std::chrono::nanoseconds start) {
    const std::size_t host = number % options_.hosts.size();
    std::optional<beast::tcp_stream> stream;
    auto turn = std::chrono::steady_clock::now() + start;
    for (std::size_t visit = number;; ++visit) {
      asio::steady_timer timer(io_, turn);
      if (std::get<0>(co_await timer.async_wait(kAwait))) co_return;
      if (!stream) {
        stream.emplace(io_);
        const asio::ip::address_v4 source(0x7f00000bu + number);
        stream->socket().open(tcp::v4());
        stream->socket().bind({source, 0});
        stream->expires_after(kPatience);
        const tcp::endpoint proxy(asio::ip::address_v4::loopback(), options_.port);
        const auto [error] = co_await stream->async_connect(proxy, kAwait);
        if (!error) stream->socket().set_option(tcp::no_delay(true));
      }
      if (!co_await visit_once(*stream, host, kVisits[visit % kVisits.size()])) stream.reset();
      turn = std::max(turn + options_.interval, std::chrono::steady_clock::now());
    }
  }

  // True if the connection can be used again.
  asio::awaitable<bool> visit_once(beast::tcp_stream& stream, std::size_t host,
                                   const Visit& visit) {
    http::request<http::string_body> request(visit.method, visit.target, 11);
    request.set(http::field::host, options_.hosts[host]);
    request.set(http::field::user_agent, "ficus-demo");
    if (visit.method == http::verb::post) {
      request.set(http::field::content_type, "application/json");
      request.body() = R"({"product":2,"quantity":1})";
    }
    request.prepare_payload();
    stream.expires_after(kPatience);
    http::response<http::string_body> response;
    const auto [unsent, sent] = co_await http::async_write(stream, request, kAwait);
    if (unsent) {
      count(host, visit.method, nullptr);
      co_return false;
    }
    beast::flat_buffer buffer;
    const auto [unread, size] = co_await http::async_read(stream, buffer, response, kAwait);
    count(host, visit.method, unread ? nullptr : &response);
    co_return sent != 0 && size != 0 && !unread && response.keep_alive();
  }

  void count(std::size_t host, http::verb method, const http::response<http::string_body>* answer) {
    const std::lock_guard lock(mutex_);
    Tally& tally = tallies_[host];
    ++tally.requests;
    if (answer != nullptr) {
      tally.legacy += (*answer)["X-Shop"] == "legacy";
      tally.fresh += (*answer)["X-Shop"] == "new";
    }
    if (answer != nullptr && answer->result_int() < 500) return;
    ++(method == http::verb::post ? tally.failed_posts : tally.failed_gets);
  }

  const TrafficOptions options_;
  mutable std::mutex mutex_;
  std::vector<Tally> tallies_;
  asio::io_context io_{1};
  std::thread thread_;
};

Traffic::Traffic(const TrafficOptions& options) : users_(std::make_unique<Users>(options)) {}

Traffic::~Traffic() = default;

std::vector<Tally> Traffic::totals() const { return users_->totals(); }

}  // namespace ficus::control::demo
