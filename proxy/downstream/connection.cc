#include "proxy/downstream/connection.h"

#include <algorithm>
#include <cstring>
#include <ctime>

#include "proxy/downstream/refusal_log.h"
#include "proxy/http/local_reply.h"

namespace ficus::proxy {
namespace {

// How much of what a client still sends is read away after a final answer, and for how long, so
// that the answer is not lost to a reset (RFC 9112 §9.6).
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::size_t kLingerBytes = 1024 * 1024;
// For the first bytes of a client that is turned away: an answer before its request may be lost.
constexpr std::chrono::seconds kTurnAwayTime{2};
// How long the first bytes of a client that has only just come may be under way at a drain.
constexpr std::chrono::seconds kFirstBytesTime{1};

// Requests that are answered without a server, one after the other, before others get their turn.
constexpr int kFairShare = 32;

}  // namespace

ConnectionList::~ConnectionList() { clear(); }

void ConnectionList::add(Connection& connection) {
  connection.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &connection;
  first_ = &connection;
}

void ConnectionList::remove(Connection& connection) {
  if (connection.previous_ != nullptr) {
    connection.previous_->next_ = connection.next_;
  } else {
    first_ = connection.next_;
  }
  if (connection.next_ != nullptr) connection.next_->previous_ = connection.previous_;
  connection.previous_ = connection.next_ = nullptr;
}

void ConnectionList::drain() {
  for (Connection* connection = first_; connection != nullptr;) {
    Connection* next = connection->next_;
    connection->client_.waiter.wake();
    connection = next;
  }
}

void ConnectionList::clear() {
  while (first_ != nullptr) {
    Connection* connection = first_;
    remove(*connection);
    // An answer that ends with its connection must not look complete (RFC 9112 §8).
    if (connection->serving_) connection->client_.socket.abort();
    delete connection;
  }
}

Connection::Connection(WorkerContext& context, ConnectionList& list, Accepted accepted)
    : context_(context),
      list_(list),
      client_(
          context.loop, std::move(accepted.fd), context.area,
          SocketAddress(reinterpret_cast<const sockaddr*>(&accepted.peer), sizeof accepted.peer)),
      tls_(accepted.listener.tls),
      proxy_protocol_(accepted.listener.proxy_protocol),
      over_(accepted.over),
      task_(run()) {
  client_.timeouts = accepted.listener.timeouts;
  client_.listener = context.pin(accepted.listener.state);
  context_.cells.connections_accepted.add();
  context_.cells.connections_open.add();
  if (over_) {
    ++context_.turned_away;
  } else {
    cells().connections_open.add();
  }
}

Connection::~Connection() {
  context_.cells.connections_open.subtract();
  if (over_) {
    --context_.turned_away;
    return;
  }
  cells().connections_open.subtract();
  context_.connection_counts.give_back();
  if (client_counted_) context_.connection_counts.give_back_client(client_.address.ip_hash());
}

void Connection::start(std::unique_ptr<Connection> connection) {
  Connection* self = connection.release();
  self->list_.add(*self);
  self->task_.start();
}

// The coroutine stands in its last suspension or is about to: what it lives in may go with the
// present turn.
void Connection::end() {
  client_.socket.close();
  client_.in.clear();
  client_.out.clear();
  list_.remove(*this);
  context_.loop.retire(std::unique_ptr<Retired>(this));
}

Task<void> Connection::run() {
  bool open = true;
  expect_first_bytes();
  if (proxy_protocol_ != config::ProxyProtocol::off && !over_) open = co_await read_proxy_header();
  if (open && !over_) admit_client();
  if (open && over_) {
    co_await turn_away();
    open = false;
  }
  if (open && tls_ != nullptr) {
    open = co_await shake_hands();
    expect_first_bytes();
  }
  while (open) {
    const Head head = co_await read_head();
    if (head == Head::gone) break;
    After after = After::linger;
    if (head == Head::complete) {
      std::unique_ptr<Exchange> exchange = context_.take_exchange();
      exchange->accept(client_, context_.request_head);
      serving_ = true;
      after = co_await exchange->run();
      serving_ = false;
      context_.give_back(std::move(exchange));
      served_one_ = true;
    }
    if (after == After::abort) {
      client_.socket.abort();
      break;
    }
    if (!client_.out.empty() && !co_await flush()) break;
    if (after == After::keep_alive) {
      if (has_had_its_share()) co_await let_others_pass();
      continue;
    }
    if (after == After::linger || !client_.in.empty() || client_.socket.readable()) {
      co_await linger();
    }
    break;
  }
  end();
}

// Pipelined requests that ficus answers itself never wait for anything, and so never end a turn.
bool Connection::has_had_its_share() {
  const SteadyTime turn = context_.loop.now();
  if (turn != turn_) served_in_turn_ = 0;
  turn_ = turn;
  return ++served_in_turn_ >= kFairShare;
}

Task<void> Connection::let_others_pass() {
  served_in_turn_ = 0;
  client_.in.keep();
  client_.waiter.yield();
  while (client_.waiter.yielding()) co_await client_.waiter.until(Timer::kNever);
}

// Is a look at the bytes worth while? A head can only have become complete, or faulty in a
// complete line, if a line ended; or it is too long.
bool Connection::parse_now(std::size_t parsed_size) const {
  const std::string_view bytes = client_.in.view();
  const std::string_view fresh = bytes.substr(parsed_size);
  return bytes.size() >= context_.snapshot->limits.head.max_uri_bytes ||
         fresh.find('\n') != std::string_view::npos;
}

void Connection::expect_first_bytes() { first_bytes_due_ = context_.loop.now() + kFirstBytesTime; }

// While draining nobody is waited for but who has only just come. What lies in the kernel is not
// idle either: the edge that tells of it is on its way.
bool Connection::ends_idle() {
  if (!context_.draining || client_.socket.has_unseen_input()) return false;
  return served_one_ || context_.loop.now() >= first_bytes_due_;
}

// `limit`, or as long as a drain waits for the first bytes of this client.
SteadyTime Connection::patience(SteadyTime limit) const {
  const bool short_of_time = context_.draining && !served_one_ && !client_.socket.readable();
  return short_of_time ? std::min(limit, first_bytes_due_) : limit;
}

Task<Connection::Head> Connection::read_head() {
  std::size_t parsed_size = 0;
  SteadyTime began = context_.loop.now();
  for (;;) {
    if (client_.in.size() > parsed_size && parse_now(parsed_size)) {
      parsed_size = client_.in.size();
      const auto parsed = http::parse_request_head(
          client_.in.view(), context_.snapshot->limits.head, context_.request_head);
      if (parsed.status == http::ParseStatus::complete) co_return Head::complete;
      if (parsed.status == http::ParseStatus::fault) {
        refuse(parsed.fault);
        co_return Head::refused;
      }
    }
    if (client_.socket.readable()) {
      const bool first = client_.in.empty();
      const IoResult got = client_.in.fill(client_.socket);
      // What TLS keeps to itself is no request, and buys no time.
      if (got.state == IoResult::State::ok && first) began = context_.loop.now();
      if (got.state == IoResult::State::ok) continue;
      if (got.state != IoResult::State::would_block) co_return Head::gone;
    }
    if (client_.socket.broken() || (client_.in.empty() && ends_idle())) co_return Head::gone;
    client_.in.keep();
    const bool idle = client_.in.empty();
    const auto limit =
        idle && served_one_ ? client_.timeouts.keep_alive : client_.timeouts.request_head;
    const SteadyTime due = idle ? patience(began + limit) : began + limit;
    if (context_.loop.now() < due) {
      co_await client_.waiter.until(due);
      continue;
    }
    if (idle) co_return Head::gone;
    // For what is known of it: the scratch may be another connection's by now.
    http::parse_request_head(client_.in.view(), context_.snapshot->limits.head,
                             context_.request_head);
    refuse({408, ErrorKind::request_timeout, http::MalformedRule::none,
            "the request's head did not arrive in time"});
    co_return Head::refused;
  }
}

// The method counts as soon as it is known: an answer to HEAD has no body (RFC 9110 §9.3.2).
void Connection::refuse(const http::HeadFault& fault) {
  cells().requests_refused[static_cast<std::size_t>(fault.kind)].add();
  http::LocalReply reply;
  reply.status = fault.status;
  reply.detail = fault.detail;
  reply.request_method = context_.request_head.method;
  reply.close = true;
  reply.date = std::time(nullptr);
  context_.head.clear();
  http::write_local_reply(reply, http::ReplyFormat::problem_json, context_.head);
  if (context_.snapshot->access_log) log_refusal(context_, client_, fault);
  const iovec part{context_.head.data(), context_.head.size()};
  client_.out.send(client_.socket, &part, 1);
}

// False: the client took nothing for too long, or is gone.
Task<bool> Connection::flush() {
  SteadyTime last = context_.loop.now();
  for (;;) {
    const IoResult sent = client_.out.flush(client_.socket);
    if (sent.state == IoResult::State::failed) co_return false;
    if (client_.out.empty()) co_return true;
    if (sent.size > 0) last = context_.loop.now();
    client_.in.keep();
    const bool expired = co_await client_.waiter.until(last + client_.timeouts.write_idle);
    if (expired && !client_.socket.writable()) {
      client_.socket.abort();
      co_return false;
    }
  }
}

// The answer waits for the first bytes of the request: some clients take one that comes before for
// a fault of the connection.
// Whoever waits for a handshake would not understand an answer, and a handshake costs too much.
Task<void> Connection::turn_away() {
  if (tls_ != nullptr) co_return;
  if (context_.turned_away > context_.turned_away_most()) {
    send_shed_reply(client_.socket.fd(), *over_, context_.head);
    co_return;
  }
  const SteadyTime limit = context_.loop.now() + kTurnAwayTime;
  bool waits = true;
  while (waits && !client_.socket.readable() && !context_.draining) {
    waits = !co_await client_.waiter.until(limit);
  }
  if (client_.socket.broken()) co_return;
  context_.head.clear();
  write_shed_reply(*over_, context_.head);
  const iovec part{context_.head.data(), context_.head.size()};
  client_.out.send(client_.socket, &part, 1);
  co_await linger();
}

Task<void> Connection::linger() {
  client_.in.clear();
  client_.socket.end_sending();
  const SteadyTime limit = context_.loop.now() + kLingerTime;
  std::size_t read = 0;
  while (read < kLingerBytes) {
    if (client_.socket.readable()) {
      const IoResult got = client_.in.fill(client_.socket);
      if (got.state == IoResult::State::ok) {
        read += got.size;
        client_.in.clear();
        continue;
      }
      if (got.state != IoResult::State::would_block) co_return;
    }
    if (co_await client_.waiter.until(limit)) co_return;
  }
}

}  // namespace ficus::proxy
