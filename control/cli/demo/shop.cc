#include "control/cli/demo/shop.h"

#include <atomic>
#include <future>
#include <set>
#include <thread>
#include <utility>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "control/cli/demo/catalog.h"

namespace ficus::control::demo {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr auto kHang = std::chrono::seconds(20);  // longer than anybody waits

using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

}  // namespace

class OrderBook {
 public:
  std::uint64_t add() { return ++orders_; }
  std::uint64_t count() const { return orders_; }

 private:
  std::atomic<std::uint64_t> orders_{0};
};

std::shared_ptr<OrderBook> make_order_book() { return std::make_shared<OrderBook>(); }

// Everything but construction and destruction happens on the shop's own thread.
class Shop::Server {
 public:
  Server(std::string version, std::shared_ptr<OrderBook> orders)
      : version_(std::move(version)), orders_(std::move(orders)), acceptor_(io_) {
    listen(0);
    port_ = acceptor_.local_endpoint().port();
    thread_ = std::thread([this] { io_.run(); });
  }

  ~Server() {
    io_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return port_; }

  void set(Condition condition) {
    std::promise<void> done;
    asio::post(io_, [&] {
      apply(condition);
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  void listen(std::uint16_t port) {
    const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(asio::socket_base::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen();
    asio::co_spawn(io_, accept(), asio::detached);
  }

  void apply(Condition condition) {
    condition_ = condition;
    boost::system::error_code ignored;
    if (condition == Condition::refuses) {
      acceptor_.close(ignored);
      for (tcp::socket* socket : open_) socket->close(ignored);
    } else if (!acceptor_.is_open()) {
      listen(port_);
    }
  }

  asio::awaitable<void> accept() {
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(kAwait);
      if (error) co_return;
      socket.set_option(tcp::no_delay(true), error);
      asio::co_spawn(io_, serve(std::move(socket)), asio::detached);
    }
  }

  asio::awaitable<void> serve(tcp::socket socket) {
    open_.insert(&socket);
    boost::beast::flat_buffer buffer;
    for (bool open = true; open;) {
      Request request;
      const auto [error, size] = co_await http::async_read(socket, buffer, request, kAwait);
      if (error || size == 0) break;
      if (condition_ == Condition::hangs && !request.target().starts_with("/_condition/")) {
        asio::steady_timer timer(io_, kHang);
        co_await timer.async_wait(kAwait);
        break;
      }
      const Response response = answer(request);
      const auto [failed, sent] = co_await http::async_write(socket, response, kAwait);
      open = !failed && sent != 0 && response.keep_alive();
    }
    open_.erase(&socket);
  }

  Response answer(const Request& request) {
    ShopAnswer content;
    const std::string_view target = request.target();
    const std::string_view method = request.method_string();
    if (target.starts_with("/_condition/")) {
      content = by_hand(target.substr(12));
    } else if (condition_ == Condition::answers_500) {
      content = {500, R"({"error":"cannot read property of undefined"})"};
    } else {
      const bool order = method == "POST" && target == "/orders";
      content = shop_answer(version_, method, target, order ? orders_->add() : orders_->count());
    }
    Response response(static_cast<http::status>(content.status), request.version());
    response.set(http::field::content_type, "application/json");
    response.set("X-Shop", version_);
    response.keep_alive(request.keep_alive());
    response.body() = content.body + "\n";
    response.prepare_payload();
    if (request.method() == http::verb::head) response.body().clear();
    return response;
  }

  ShopAnswer by_hand(std::string_view name) {
    Condition condition = Condition::healthy;
    if (name == "500") condition = Condition::answers_500;
    if (name == "hang") condition = Condition::hangs;
    if (name == "refuse") condition = Condition::refuses;
    if (condition == Condition::healthy && name != "healthy") {
      return {404, R"({"error":"one of healthy, 500, hang, refuse"})"};
    }
    // Later, so that this answer still leaves.
    asio::post(io_, [this, condition] {
      auto timer = std::make_shared<asio::steady_timer>(io_, std::chrono::milliseconds(50));
      timer->async_wait([this, condition, timer](boost::system::error_code) { apply(condition); });
    });
    return {200, R"({"condition":")" + std::string(name) + "\"}"};
  }

  const std::string version_;
  const std::shared_ptr<OrderBook> orders_;
  std::set<tcp::socket*> open_;  // before io_: coroutines that io_ destroys refer to it
  Condition condition_ = Condition::healthy;
  asio::io_context io_{1};
  // A shop that refuses connections has nothing to do, and must still hear that it is repaired.
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

Shop::Shop(std::string version, std::shared_ptr<OrderBook> orders)
    : server_(std::make_unique<Server>(std::move(version), std::move(orders))) {}

Shop::~Shop() = default;

std::uint16_t Shop::port() const { return server_->port(); }

void Shop::set(Condition condition) { server_->set(condition); }

}  // namespace ficus::control::demo
