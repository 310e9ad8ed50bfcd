#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "control/cli/demo/story.h"

namespace ficus::control::demo {

// The orders that both versions of the shop write to, as two versions on one database would.
class OrderBook;

std::shared_ptr<OrderBook> make_order_book();

// A small JSON shop over HTTP/1.1 on a thread of its own, on a loopback port that the system chose:
// GET /products, /products/{id}, /cart, POST /orders. Each answer tells in X-Shop who gave it.
// POST /_condition/{healthy|500|hang|refuse} breaks it by hand.
// The port stays the same while it refuses connections and after. Call from one thread.
class Shop {
 public:
  Shop(std::string version, std::shared_ptr<OrderBook> orders);
  ~Shop();

  Shop(const Shop&) = delete;
  Shop& operator=(const Shop&) = delete;

  std::uint16_t port() const;

  // Takes effect for the next request; `refuses` also ends the connections that are open.
  void set(Condition condition);

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace ficus::control::demo
