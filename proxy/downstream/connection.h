#pragma once

#include <optional>
#include <sys/socket.h>

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

// A connection as the listener accepted it.
struct Accepted {
  FileDescriptor fd;
  const sockaddr_storage& peer;
  const ListenerSettings& listener;
  // Set: it is over a limit and is only told so.
  std::optional<ShedReason> over{};
};

// The answer to a connection that is over a limit.
void write_shed_reply(ShedReason reason, http::HeadBuffer& out);
// The same at once and without a wait: lost to a reset if the client's request arrives after it.
void send_shed_reply(int fd, ShedReason reason, http::HeadBuffer& scratch);

// A client's connection: reads one request head after another and lends itself to an exchange for
// each. Owns itself from start() on and is gone when its loop ends. Loop thread only.
class Connection final : public Retired {
 public:
  Connection(WorkerContext& context, ConnectionList& list, Accepted accepted);
  ~Connection() override;

  static void start(std::unique_ptr<Connection> connection);

  FrameArena& frames() { return context_.frames; }

 private:
  friend class ConnectionList;
  enum class Head : std::uint8_t { complete, refused, gone };

  Task<void> run();
  // connection_begin.cc
  Task<bool> read_proxy_header();
  enum class Preamble : std::uint8_t { incomplete, complete, refused };
  Preamble take_proxy_header();
  void count_preamble(BadPreamble fault);
  void admit_client();
  Task<void> turn_away();
  // handshake.cc. False: the connection is over.
  Task<bool> shake_hands();
  Task<void> fail_handshake(HandshakeFailure why);
  Task<Head> read_head();
  Task<bool> flush();
  Task<void> linger();
  bool has_had_its_share();
  Task<void> let_others_pass();
  void refuse(const http::HeadFault& fault);
  bool parse_now(std::size_t parsed_size) const;
  void expect_first_bytes();
  bool ends_idle();
  SteadyTime patience(SteadyTime limit) const;
  void end();
  ListenerCells& cells() { return client_.listener->cells[context_.index]; }

  WorkerContext& context_;
  ConnectionList& list_;
  Connection* previous_ = nullptr;
  Connection* next_ = nullptr;
  Client client_;
  std::shared_ptr<const TlsServer> tls_;  // until the handshake begins
  bool served_one_ = false;
  bool serving_ = false;  // an exchange is under way
  SteadyTime turn_{};     // of the loop, in which a request was served last
  int served_in_turn_ = 0;
  SteadyTime first_bytes_due_{};  // at a drain
  bool client_counted_ = false;   // in the counts of its address
  const config::ProxyProtocol proxy_protocol_;
  std::optional<ShedReason> over_;
  Task<void> task_;
};

}  // namespace ficus::proxy
