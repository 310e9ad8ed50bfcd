#include "tests/integration/real/load.h"

#include <optional>

namespace ficus::tests {
namespace {

// python3's http.server lets five connections wait to be accepted: more would only wait for their
// SYN to be sent again.
constexpr std::size_t kClients = 4;
constexpr std::size_t kRequestsOfAConnection = 60;
constexpr std::size_t kPostBytes = 20'000;
constexpr milliseconds kLoadPatience{60'000};
constexpr std::size_t kShownFailures = 3;

}  // namespace

Load::Load(std::uint16_t port, const RealServer& legacy, const RealServer& fresh) : port_(port) {
  for (const std::string& path : site_paths()) {
    add("GET " + path, "", {{}, MessageKind::response, legacy.file(path), fresh.file(path)});
  }
  add("HEAD /page.txt", "", {{}, MessageKind::response_to_head, "", ""});
  std::string body;
  while (body.size() < kPostBytes) body += "posted line " + std::to_string(body.size()) + "\n";
  const auto from_legacy = legacy.answer_to_post(body);
  const auto from_new = fresh.answer_to_post(body);
  if (from_legacy && from_new) {
    add("POST /post", body, {{}, MessageKind::response, *from_legacy, *from_new});
  }
  for (std::size_t number = 0; number < kClients; ++number) {
    clients_.emplace_back([this, number] { be_client(number); });
  }
}

void Load::add(const std::string& head, const std::string& body, const Request& expected) {
  Request request = expected;
  request.bytes = head + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) + "\r\n";
  if (!body.empty()) request.bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  request.bytes += "\r\n" + body;
  requests_.push_back(std::move(request));
}

void Load::be_client(std::size_t number) {
  std::optional<RawClient> client;
  for (std::size_t count_of_this = number; !stopping_; ++count_of_this) {
    const Request& request = requests_[count_of_this % requests_.size()];
    const int phase = phase_;
    try {
      if (!client || count_of_this % kRequestsOfAConnection == 0) client.emplace(port_);
      count(send(*client, request), phase);
    } catch (const std::exception& error) {
      client.reset();
      const std::lock_guard lock(mutex_);
      if (++failed_ > kShownFailures) continue;
      failures_ += request.bytes.substr(0, request.bytes.find('\r')) + ": " + error.what() + "\n";
    }
  }
}

Load::Side Load::send(RawClient& client, const Request& request) {
  client.send(request.bytes);
  HttpMessage answer = client.read_response(request.answer);
  while (answer.status() / 100 == 1) answer = client.read_response(request.answer);
  if (answer.status() != 200) throw HarnessError(printable(answer.raw));
  if (!answer.complete) throw HarnessError("cut off: " + printable(answer.raw));
  if (answer.header("Connection").value_or("") == "close") throw HarnessError("not kept open");
  if (request.answer == MessageKind::response_to_head) return Side::unknown;
  if (answer.body == request.legacy_body) return Side::legacy;
  if (answer.body == request.new_body) return Side::fresh;
  throw HarnessError("of neither server: " + printable(answer.raw));
}

void Load::count(Side side, int phase) {
  const std::lock_guard lock(mutex_);
  if (phase != phase_) return;
  ++answered_;
  if (side == Side::legacy) ++answers_.from_legacy;
  if (side == Side::fresh) ++answers_.from_new;
}

Answers Load::next(std::size_t requests) {
  {
    const std::lock_guard lock(mutex_);
    ++phase_;
    answers_ = {};
    answered_ = 0;
  }
  const bool done = eventually(
      [&] {
        const std::lock_guard lock(mutex_);
        return answered_ >= requests || failed_ > kShownFailures;
      },
      kLoadPatience);
  const std::lock_guard lock(mutex_);
  // What comes until the next call was answered while the test changed something.
  ++phase_;
  if (!done) throw HarnessError("too few answers; failures: " + failures_);
  return answers_;
}

void Load::stop() {
  stopping_ = true;
  for (std::thread& client : clients_) client.join();
  clients_.clear();
}

std::string Load::failures() const {
  const std::lock_guard lock(mutex_);
  return failed_ == 0 ? "" : std::to_string(failed_) + " failed:\n" + failures_;
}

}  // namespace ficus::tests
