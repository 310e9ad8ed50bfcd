#pragma once

#include <string>

#include "proxy/downstream/connection.h"
#include "proxy/worker_context.h"

namespace ficus::proxy {

// One worker's listening socket of one address (SO_REUSEPORT): accepts until told to stop. What is
// over a limit is accepted too, so that it can be told and does not wait in the queue.
// Loop thread only.
class Listener final : public Retired, private IoHandler, private Timer {
 public:
  Listener(WorkerContext& context, ConnectionList& connections, std::string address,
           FileDescriptor fd);

  const std::string& address() const { return address_; }

  // Accepts what is queued, then closes: a closed queue would reset who waits in it.
  void close();

 private:
  void note_io(std::uint32_t) override {}
  void on_io() override;
  void on_deadline() override;
  void accept_all();
  bool find_descriptor(FileDescriptor& fd);
  void admit(Accepted accepted);
  void shed(Accepted accepted);
  void turn_away_at_once(Accepted accepted);
  bool accept_with_reserve(const ListenerSettings& settings);
  void open_reserve();

  WorkerContext& context_;
  ConnectionList& connections_;
  const std::string address_;  // as configured
  FileDescriptor fd_;
  // Given up when there is no other, so that a connection can be accepted and told so.
  FileDescriptor reserve_;
};

}  // namespace ficus::proxy
