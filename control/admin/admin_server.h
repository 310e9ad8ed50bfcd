#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/model.h"
#include "control/admin/admin_request.h"
#include "control/log.h"
#include "proxy/listener_set.h"

namespace ficus::control {

// The admin listener: HTTP/1.1 on loopback, on a thread of its own. It parses and serialises; what
// there is to know it reads from the view, and what is to be decided it hands to the control plane.
// Thread: the owner's.
class AdminServer {
 public:
  AdminServer(AdminContext context, Log& log);
  ~AdminServer();

  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Binds and begins to answer. Returns what failed, as a sentence with the mend, or nothing.
  // `inherited` is a listening socket of that address to use instead, or null.
  std::optional<std::string> start(const config::Admin& admin,
                                   const proxy::InheritedSocket* inherited = nullptr);

  // Answers nothing more. Destroy it only when the control plane can call back no more.
  void stop();

  // "127.0.0.1:9901", with the port really bound.
  const std::string& address() const { return address_; }

 private:
  class Loop;

  AdminContext context_;
  Log& log_;
  std::unique_ptr<Loop> loop_;
  std::string address_;
};

}  // namespace ficus::control
