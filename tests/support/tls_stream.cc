#include "tests/support/tls_stream.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <mutex>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>

#include <openssl/err.h>

namespace ficus::tests {
namespace {

std::string reason() {
  const char* text = ERR_reason_error_string(ERR_peek_error());
  ERR_clear_error();
  return text == nullptr ? "the peer closed the connection" : text;
}

std::string wire_form(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const std::string& protocol : protocols) {
    wire += static_cast<char>(protocol.size());
    wire += protocol;
  }
  return wire;
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char*,
                    unsigned, void* argument) {
  const auto* choice = static_cast<const std::string*>(argument);
  if (choice->empty()) return SSL_TLSEXT_ERR_NOACK;
  *out = reinterpret_cast<const unsigned char*>(choice->data());
  *out_size = static_cast<unsigned char>(choice->size());
  return SSL_TLSEXT_ERR_OK;
}

int any_certificate(int, X509_STORE_CTX*) { return 1; }

// The server's sessions are resumed by any of its connections' contexts.
constexpr std::string_view kTicketKeys =
    "ficus tests: 80 bytes that all the servers of a test program share as ticket keys";

std::shared_ptr<SSL_CTX> make_context(TlsStream::Role role, const TlsTerms& terms) {
  const bool server = role == TlsStream::Role::server;
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()),
                                   &SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), terms.min_version);
  SSL_CTX_set_max_proto_version(context.get(), terms.max_version);
  for (const TestCertificate& certificate : terms.certificates) {
    SSL_CTX_use_certificate(context.get(), certificate.certificate());
    SSL_CTX_use_PrivateKey(context.get(), certificate.key());
  }
  if (!terms.signatures.empty()) {
    SSL_CTX_set1_sigalgs_list(context.get(), terms.signatures.c_str());
  }
  if (server) {
    SSL_CTX_set_session_id_context(context.get(), reinterpret_cast<const unsigned char*>("t"), 1);
    SSL_CTX_set_tlsext_ticket_keys(context.get(), const_cast<char*>(kTicketKeys.data()), 80);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    if (terms.want_client_certificate) {
      SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                         &any_certificate);
    }
  }
  return context;
}

}  // namespace

TlsStream::TlsStream(Descriptor socket, Role role, const TlsTerms& terms)
    : socket_(std::move(socket)),
      context_(make_context(role, terms)),
      ssl_(SSL_new(context_.get()), &SSL_free) {
  ::fcntl(socket_.get(), F_SETFL, ::fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
  SSL_set_fd(ssl_.get(), socket_.get());
  if (role == Role::server) {
    if (!terms.alpn.empty()) alpn_choice_ = terms.alpn.front();
    SSL_CTX_set_alpn_select_cb(context_.get(), &choose_protocol, &alpn_choice_);
    SSL_set_accept_state(ssl_.get());
    return;
  }
  SSL_set_connect_state(ssl_.get());
  if (!terms.server_name.empty()) SSL_set_tlsext_host_name(ssl_.get(), terms.server_name.c_str());
  const std::string wire = wire_form(terms.alpn);
  if (!wire.empty()) {
    SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(wire.data()),
                        static_cast<unsigned>(wire.size()));
  }
  if (terms.session) SSL_set_session(ssl_.get(), terms.session.get());
  if (terms.want_ocsp) SSL_set_tlsext_status_type(ssl_.get(), TLSEXT_STATUSTYPE_ocsp);
}

TlsStream::~TlsStream() {
  // Otherwise OpenSSL takes the session for one that must not be resumed.
  SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

// Waits for what OpenSSL wants; throws if that is nothing that waiting helps with.
void TlsStream::wait(int result, const Deadline& deadline) {
  const int error = SSL_get_error(ssl_.get(), result);
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
    throw HarnessError("TLS: " + reason());
  }
  const Readiness wanted = error == SSL_ERROR_WANT_READ ? Readiness::read : Readiness::write;
  if (!wait_for(socket_.get(), wanted, deadline)) {
    throw HarnessError("deadline passed over TLS; so far: " + printable(buffer_));
  }
}

std::string TlsStream::handshake() {
  const Deadline deadline;
  try {
    for (;;) {
      ERR_clear_error();
      const int result = SSL_do_handshake(ssl_.get());
      if (result == 1) return {};
      wait(result, deadline);
    }
  } catch (const HarnessError& error) {
    return error.what();
  }
}

void TlsStream::send(std::string_view bytes) {
  const Deadline deadline;
  while (!bytes.empty()) {
    ERR_clear_error();
    const std::size_t piece = std::min<std::size_t>(bytes.size(), 16384);
    const int sent = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(piece));
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else {
      wait(sent, deadline);
    }
  }
}

bool TlsStream::read_some() {
  if (ended_) return false;
  const Deadline deadline;
  std::array<char, 16384> bytes;
  for (;;) {
    ERR_clear_error();
    errno = 0;
    const int got = SSL_read(ssl_.get(), bytes.data(), bytes.size());
    if (got > 0) {
      buffer_.append(bytes.data(), static_cast<std::size_t>(got));
      return true;
    }
    const int error = SSL_get_error(ssl_.get(), got);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
      wait(got, deadline);
      continue;
    }
    ended_ = true;
    end_ = End::cut;
    if (error == SSL_ERROR_ZERO_RETURN) end_ = End::close_notify;
    if (error == SSL_ERROR_SYSCALL && errno == ECONNRESET) end_ = End::reset;
    ERR_clear_error();
    return false;
  }
}

std::string TlsStream::read_until(std::string_view end) {
  std::size_t at;
  while ((at = buffer_.find(end)) == std::string::npos) {
    if (!read_some()) throw HarnessError("the TLS connection ended: " + printable(buffer_));
  }
  std::string text = buffer_.substr(0, at + end.size());
  buffer_.erase(0, text.size());
  return text;
}

std::string TlsStream::read_bytes(std::size_t count) {
  while (buffer_.size() < count) {
    if (!read_some()) throw HarnessError("the TLS connection ended: " + printable(buffer_));
  }
  std::string text = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return text;
}

HttpMessage TlsStream::read_message(MessageKind kind) {
  const HttpReader reader(kind);
  for (;;) {
    if (auto message = reader.take(buffer_)) return *message;
    if (read_some()) continue;
    if (buffer_.empty()) throw HarnessError("the TLS connection ended before a message");
    return reader.take_at_end(buffer_);
  }
}

HttpMessage TlsStream::exchange(std::string_view request) {
  send(request);
  return read_message();
}

std::string TlsStream::read_to_end() {
  while (read_some()) continue;
  return std::exchange(buffer_, {});
}

void TlsStream::end_sending() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

void TlsStream::cut() { socket_.close(); }

void TlsStream::update_keys() { SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED); }

bool TlsStream::send_key_update() {
  ERR_clear_error();
  SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED);
  return SSL_do_handshake(ssl_.get()) == 1;
}

std::string TlsStream::alpn() const {
  const unsigned char* text = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &text, &size);
  return {reinterpret_cast<const char*>(text), size};
}

std::string TlsStream::asked_name() const {
  const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}

std::string TlsStream::peer_name() const {
  const X509* peer = SSL_get0_peer_certificate(ssl_.get());
  if (peer == nullptr) return {};
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, name.data(), name.size());
  return name.data();
}

int TlsStream::peer_key_type() const {
  return EVP_PKEY_get_base_id(X509_get0_pubkey(SSL_get0_peer_certificate(ssl_.get())));
}

std::string TlsStream::ocsp() const {
  const unsigned char* bytes = nullptr;
  const long size = SSL_get_tlsext_status_ocsp_resp(ssl_.get(), &bytes);
  if (size <= 0) return {};
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

std::shared_ptr<SSL_SESSION> TlsStream::session() const {
  return {SSL_get1_session(ssl_.get()), &SSL_SESSION_free};
}

std::unique_ptr<TlsStream> tls_connect(std::uint16_t port, const TlsTerms& terms) {
  auto stream =
      std::make_unique<TlsStream>(connect_to_loopback(port), TlsStream::Role::client, terms);
  if (const std::string fault = stream->handshake(); !fault.empty()) throw HarnessError(fault);
  return stream;
}

struct TlsBackend::State {
  TlsTerms terms;
  Serve serve;
  ReservedPort reserved;
  Descriptor listener;
  Descriptor wake;
  std::mutex mutex;  // guards what follows
  std::vector<std::thread> threads;
  std::vector<int> open;
  std::size_t connections = 0;
  std::size_t resumed = 0;
  std::string asked_name;
  std::string client_name;
  std::thread acceptor;

  void run_one(Descriptor socket) {
    // OpenSSL writes to clients that have left; that fails, and must not end the program.
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    TlsStream stream(std::move(socket), TlsStream::Role::server, terms);
    {
      const std::lock_guard lock(mutex);
      open.push_back(stream.descriptor());
    }
    const int fd = stream.descriptor();
    if (stream.handshake().empty()) {
      {
        const std::lock_guard lock(mutex);
        if (stream.resumed()) ++resumed;
        asked_name = stream.asked_name();
        client_name = stream.peer_name();
      }
      try {
        serve(stream);
      } catch (const HarnessError&) {
      }
    }
    const std::lock_guard lock(mutex);
    std::erase(open, fd);
  }

  void accept_all() {
    while (wait_for(listener.get(), Readiness::read, Deadline(std::chrono::hours(1)), wake.get())) {
      Descriptor socket(::accept(listener.get(), nullptr, nullptr));
      if (!socket) continue;
      send_at_once(socket.get());
      const std::lock_guard lock(mutex);
      ++connections;
      threads.emplace_back([this, held = std::make_shared<Descriptor>(std::move(socket))] {
        run_one(std::move(*held));
      });
    }
  }
};

TlsBackend::TlsBackend(TlsTerms terms, Serve serve) : state_(std::make_shared<State>()) {
  state_->terms = std::move(terms);
  state_->serve = std::move(serve);
  state_->listener = state_->reserved.listen();
  state_->wake = Descriptor(::eventfd(0, EFD_CLOEXEC));
  state_->acceptor = std::thread([state = state_.get()] { state->accept_all(); });
}

TlsBackend::~TlsBackend() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(state_->wake.get(), &one, sizeof one);
  state_->acceptor.join();
  {
    const std::lock_guard lock(state_->mutex);
    for (const int fd : state_->open) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : state_->threads) thread.join();
}

std::uint16_t TlsBackend::port() const { return state_->reserved.port(); }

std::size_t TlsBackend::connections() const {
  const std::lock_guard lock(state_->mutex);
  return state_->connections;
}

std::size_t TlsBackend::resumed() const {
  const std::lock_guard lock(state_->mutex);
  return state_->resumed;
}

std::string TlsBackend::asked_name() const {
  const std::lock_guard lock(state_->mutex);
  return state_->asked_name;
}

std::string TlsBackend::client_name() const {
  const std::lock_guard lock(state_->mutex);
  return state_->client_name;
}

TlsBackend::Serve serve_each(std::string body) {
  return [body = std::move(body)](TlsStream& stream) {
    for (;;) {
      stream.read_message(MessageKind::request);
      stream.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                  body);
    }
  };
}

}  // namespace ficus::tests
