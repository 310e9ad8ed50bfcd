#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "config/model.h"
#include "control/admin/admin_request.h"
#include "control/log.h"
#include "proxy/listener_set.h"

namespace ficus::control {

// One listening socket for HTTP/1.1 and the connections on it. What a request means is `answer`'s
// business. Thread: start() and all that follows on the executor's, which must be one thread and
// stop before this object goes; all else before it begins.
class HttpListener {
 public:
  // Who gives way to a new connection when all places are taken: the oldest that is idle or has
  // not sent a whole request; or, where nothing is lost with an answer, any.
  enum class GivesWay { while_it_asks, always };

  struct Terms {
    std::string key;  // of the configuration: "admin"
    std::size_t places = 0;
    GivesWay gives_way = GivesWay::while_it_asks;
    std::function<void(const AdminRequest&, const AdminReply&)> answer;  // replies once
  };

  // Where to listen, and where that is written.
  struct Address {
    std::string host;
    std::uint16_t port = 0;
    config::Location at;
  };

  HttpListener(boost::asio::any_io_executor executor, Log& log, Terms terms);
  ~HttpListener();

  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  // Binds, or takes `inherited`, a listening socket of that address, if it is not null. Returns
  // what failed, as a sentence with the place and the mend, or nothing.
  std::optional<std::string> listen(const Address& address,
                                    const proxy::InheritedSocket* inherited);

  // With the port really bound: "127.0.0.1:9901"; empty: does not listen.
  std::string address() const;

  // Begins to accept.
  void start();

 private:
  class Loop;

  const std::unique_ptr<Loop> loop_;
};

}  // namespace ficus::control
