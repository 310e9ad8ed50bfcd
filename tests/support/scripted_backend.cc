#include "tests/support/scripted_backend.h"

#include <array>
#include <cerrno>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ficus::tests {
namespace {

// Connections wait for their client as long as it takes; stop() wakes them.
constexpr milliseconds kForever{24 * 3600 * 1000};

}  // namespace

Script answer_each(std::string response) {
  return {read_request(), send(std::move(response)), again()};
}

ScriptedBackend::ScriptedBackend(Script default_script)
    : default_script_(std::move(default_script)) {
  start();
}

ScriptedBackend::~ScriptedBackend() { stop(); }

void ScriptedBackend::on_next_connection(Script script) {
  const std::lock_guard lock(mutex_);
  next_scripts_.push_back(std::move(script));
}

void ScriptedBackend::on_every_connection(Script script) {
  const std::lock_guard lock(mutex_);
  default_script_ = std::move(script);
}

void ScriptedBackend::release() {
  const std::lock_guard lock(mutex_);
  ++releases_;
  changed_.notify_all();
}

template <typename Predicate>
void ScriptedBackend::wait(const std::string& what, Predicate predicate) {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, kPatience, predicate)) return;
  throw HarnessError("deadline passed while the backend waited for " + what + "; it has seen " +
                     std::to_string(connections_.size()) + " connections and " +
                     std::to_string(requests_.size()) + " requests");
}

HttpMessage ScriptedBackend::wait_for_request(std::size_t number) {
  wait("request " + std::to_string(number), [&] { return requests_.size() > number; });
  const std::lock_guard lock(mutex_);
  return requests_[number];
}

void ScriptedBackend::wait_for_connection(std::size_t number) {
  wait("connection " + std::to_string(number), [&] { return connections_.size() > number; });
}

void ScriptedBackend::wait_for_end_of_connection(std::size_t number) {
  wait("the end of connection " + std::to_string(number),
       [&] { return connections_.size() > number && connections_[number]->ended; });
}

std::string ScriptedBackend::received(std::size_t connection) const {
  const std::lock_guard lock(mutex_);
  return connection < connections_.size() ? connections_[connection]->received : std::string{};
}

std::string ScriptedBackend::wait_for_bytes(std::size_t connection, std::size_t count) {
  wait(std::to_string(count) + " bytes", [&] {
    return connections_.size() > connection && connections_[connection]->received.size() >= count;
  });
  return received(connection);
}

std::size_t ScriptedBackend::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_.size();
}

std::size_t ScriptedBackend::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

void ScriptedBackend::start() {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) return;
    stopping_ = false;
  }
  wake_ = Descriptor(::eventfd(0, EFD_CLOEXEC));
  listener_ = reserved_.listen();
  acceptor_ = std::thread([this] { accept_loop(); });
}

void ScriptedBackend::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
    changed_.notify_all();
  }
  const std::uint64_t one = 1;
  if (::write(wake_.get(), &one, sizeof(one)) < 0) throw_errno("eventfd");
  acceptor_.join();
  listener_.close();
  // The acceptor is gone, so nobody adds connections any more.
  for (const auto& connection : connections_) {
    if (connection->thread.joinable()) connection->thread.join();
  }
}

void ScriptedBackend::accept_loop() {
  const Deadline forever(kForever);
  while (wait_for(listener_.get(), Readiness::read, forever, wake_.get())) {
    Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) continue;
    send_at_once(socket.get());
    const std::lock_guard lock(mutex_);
    Script script = default_script_;
    if (!next_scripts_.empty()) {
      script = std::move(next_scripts_.front());
      next_scripts_.pop_front();
    }
    connections_.push_back(std::make_unique<Connection>());
    Connection& connection = *connections_.back();
    connection.socket = std::move(socket);
    connection.thread =
        std::thread([this, &connection, script = std::move(script)] { play(connection, script); });
    changed_.notify_all();
  }
}

void ScriptedBackend::play(Connection& connection, const Script& script) {
  for (std::size_t at = 0; at < script.size(); ++at) {
    if (script[at].kind == Step::Kind::again) {
      at = static_cast<std::size_t>(-1);
      continue;
    }
    if (!do_step(connection, script[at])) break;
  }
  const std::lock_guard lock(mutex_);
  if (stopping_) reset_on_close(connection.socket.get());
  connection.socket.close();
  connection.ended = true;
  changed_.notify_all();
}

bool ScriptedBackend::do_step(Connection& connection, const Step& step) {
  switch (step.kind) {
    case Step::Kind::read_request:
      return read_message(connection);
    case Step::Kind::read_head:
      return read_until_head(connection);
    case Step::Kind::read_count:
      while (connection.pending.size() < step.count) {
        if (!read_more(connection)) return false;
      }
      connection.pending.erase(0, step.count);
      return true;
    case Step::Kind::read_to_end:
      while (read_more(connection)) {
      }
      return true;
    case Step::Kind::send:
      return send_bytes(connection, step.bytes);
    case Step::Kind::hold:
      return wait_for_release();
    case Step::Kind::half_close:
      ::shutdown(connection.socket.get(), SHUT_WR);
      return true;
    case Step::Kind::reset:
      reset_on_close(connection.socket.get());
      return false;
    case Step::Kind::close:
    case Step::Kind::again:
      return false;
  }
  return false;
}

bool ScriptedBackend::read_more(Connection& connection) {
  if (!wait_for(connection.socket.get(), Readiness::read, Deadline(kForever), wake_.get())) {
    return false;
  }
  std::array<char, 65536> bytes;
  const ssize_t count = ::recv(connection.socket.get(), bytes.data(), bytes.size(), 0);
  if (count <= 0) return false;
  connection.pending.append(bytes.data(), static_cast<std::size_t>(count));
  const std::lock_guard lock(mutex_);
  connection.received.append(bytes.data(), static_cast<std::size_t>(count));
  changed_.notify_all();
  return true;
}

bool ScriptedBackend::read_message(Connection& connection) {
  const HttpReader reader(MessageKind::request);
  while (true) {
    if (auto message = reader.take(connection.pending)) {
      const std::lock_guard lock(mutex_);
      requests_.push_back(std::move(*message));
      changed_.notify_all();
      return true;
    }
    if (!read_more(connection)) return false;
  }
}

bool ScriptedBackend::read_until_head(Connection& connection) {
  std::size_t end;
  while ((end = connection.pending.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more(connection)) return false;
  }
  connection.pending.erase(0, end + 4);
  return true;
}

bool ScriptedBackend::send_bytes(const Connection& connection, const std::string& bytes) {
  const int fd = connection.socket.get();
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    if (!wait_for(fd, Readiness::write, Deadline(kForever), wake_.get())) return false;
    const ssize_t count =
        ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count <= 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return true;
}

bool ScriptedBackend::wait_for_release() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopping_ || releases_ > 0; });
  if (stopping_) return false;
  --releases_;
  return true;
}

}  // namespace ficus::tests
