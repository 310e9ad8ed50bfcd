#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/model.h"
#include "control/admin/admin_request.h"
#include "control/log.h"
#include "proxy/listener_set.h"
#include "proxy/net/thread_clock.h"

namespace ficus::control {

// The admin listener, on loopback, and the one for metrics, on any address: HTTP/1.1 on one thread
// of their own. It parses and serialises; what there is to know it reads from the view, and what is
// to be decided it hands to the control plane. Thread: the owner's.
class AdminServer {
 public:
  AdminServer(AdminContext context, Log& log);
  ~AdminServer();

  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Bind, before start(). They return what failed, as a sentence with the mend, or nothing.
  // `inherited` is a listening socket of that address to use instead, or null.
  std::optional<std::string> listen(const config::Admin& admin,
                                    const proxy::InheritedSocket* inherited = nullptr);
  std::optional<std::string> listen(const config::Metrics& metrics,
                                    const proxy::InheritedSocket* inherited = nullptr);

  // Begins to answer.
  void start();

  // Answers nothing more. Destroy it only when the control plane can call back no more.
  void stop();

  // "127.0.0.1:9901", with the port really bound; empty: does not listen.
  std::string address() const;
  std::string metrics_address() const;

  // Of its thread. Any thread.
  const proxy::ThreadClock& cpu() const { return cpu_; }

 private:
  class Loop;

  AdminContext context_;
  proxy::ThreadClock cpu_;
  std::unique_ptr<Loop> loop_;
};

}  // namespace ficus::control
