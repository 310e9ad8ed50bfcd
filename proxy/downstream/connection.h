#pragma once

#include "proxy/client.h"
#include "proxy/exchange.h"
#include "proxy/net/task.h"
#include "proxy/worker_context.h"

namespace ficus::proxy {

class Connection;

// The connections of a worker. Loop thread only.
class ConnectionList {
 public:
  ~ConnectionList();
  void add(Connection& connection);
  void remove(Connection& connection);
  bool empty() const { return first_ == nullptr; }
  // Idle ones close; others close after their answer. `context.draining` is set before.
  void drain();
  // Ends all at once.
  void clear();

 private:
  Connection* first_ = nullptr;
};

// A client's connection: reads one request head after another and lends itself to an exchange for
// each. Owns itself from start() on and is gone when its loop ends. Loop thread only.
class Connection final : public Retired {
 public:
  Connection(WorkerContext& context, ConnectionList& list, FileDescriptor fd,
             const SocketAddress& peer, const ListenerSettings& settings);
  ~Connection() override;

  static void start(std::unique_ptr<Connection> connection);

  FrameArena& frames() { return context_.frames; }

 private:
  friend class ConnectionList;
  enum class Head : std::uint8_t { complete, refused, gone };

  Task<void> run();
  // handshake.cc. False: the connection is over.
  Task<bool> shake_hands();
  Task<void> fail_handshake(HandshakeFailure why);
  Task<Head> read_head();
  Task<bool> flush();
  Task<void> linger();
  void refuse(const http::HeadFault& fault);
  bool parse_now(std::size_t parsed_size) const;
  void end();

  WorkerContext& context_;
  ConnectionList& list_;
  Connection* previous_ = nullptr;
  Connection* next_ = nullptr;
  Client client_;
  std::shared_ptr<const TlsServer> tls_;  // until the handshake begins
  bool served_one_ = false;
  Task<void> task_;
};

}  // namespace ficus::proxy
