#include "tests/conformance/stage.h"

#include <cstdlib>
#include <iostream>

#include "tests/support/catch.h"

namespace ficus::tests {
namespace {

// The longest message that is also sent byte by byte.
constexpr std::size_t kShort = 600;

// CONFORMANCE_CASE=text runs only cases whose name has the text in it; CONFORMANCE_LIST=1 only
// names them.
bool selected(const std::string& name) {
  if (std::getenv("CONFORMANCE_LIST") != nullptr) {
    std::cout << "case: " << printable(name) << '\n';
    return false;
  }
  const char* wanted = std::getenv("CONFORMANCE_CASE");
  return wanted == nullptr || name.find(wanted) != std::string::npos;
}

// One proxy in front of one backend for all cases of a table; each case begins without pooled
// connections.
class Stage {
 public:
  Stage() : ficus_(in_front_of(backend_)) {}

  void refuse(const Refused& given);
  void play(const Case& given);
  void break_off(const BrokenBody& given);
  void show_that_nothing_passed();

 private:
  void begin(const Script& first);
  void check_own_answer(RawClient& client, const Case& given) const;
  void check_end(RawClient& client, const Case& given);
  std::string received() const;

  ScriptedBackend backend_;
  FicusProcess ficus_;
  std::size_t first_connection_ = 0;
};

void send_in_bytes(RawClient& client, std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    if (client.send_what_fits(bytes.substr(at, 1), milliseconds(2000)) == 0) return;
  }
}

void check_own_head(const HttpMessage& message, int status) {
  CHECK(message.status() == status);
  CHECK(message.start_line.starts_with("HTTP/1.1 "));
  CHECK(message.complete);
  CHECK(message.header("Content-Type") == "application/problem+json");
  CHECK(message.all("Content-Length").size() == 1);
  CHECK(message.all("Date").size() == 1);
}

void Stage::begin(const Script& first) {
  backend_.stop();
  backend_.start();
  first_connection_ = backend_.connections();
  if (!first.empty()) backend_.on_next_connection(first);
}

std::string Stage::received() const {
  std::string all;
  for (std::size_t i = first_connection_; i < backend_.connections(); ++i) {
    all += backend_.received(i);
  }
  return all;
}

void Stage::refuse(const Refused& given) {
  for (const bool in_bytes : {false, true}) {
    if (in_bytes && given.client_sends.size() > kShort) continue;
    INFO(given.name << (in_bytes ? ", byte by byte: " : ": ") << printable(given.client_sends));
    RawClient client(ficus_.port());
    if (in_bytes) {
      send_in_bytes(client, given.client_sends);
      client.send_what_fits(kSmuggled, milliseconds(2000));
    } else {
      client.send_what_fits(given.client_sends + kSmuggled, milliseconds(2000));
    }
    const HttpMessage message =
        client.read_response(given.client_sends.starts_with("HEAD ") ? MessageKind::response_to_head
                                                                     : MessageKind::response);
    check_own_head(message, given.status);
    CHECK(message.header("Connection") == "close");
    client.half_close();
    CHECK(client.read_to_end().empty());
    CHECK_FALSE(client.was_reset());
  }
}

void Stage::show_that_nothing_passed() {
  CHECK(backend_.connections() == 0);
  RawClient client(ficus_.port());
  CHECK(client.exchange(request("GET /good")).raw == ok("ok"));
  CHECK(backend_.received() == forwarded("GET /good"));
}

void Stage::play(const Case& given) {
  INFO(given.name << ": " << printable(given.client_sends));
  Script script = given.script;
  if (script.empty() && !given.backend_sends.empty()) {
    script = {read_request(), send(given.backend_sends)};
    for (int more = 0; more < 3; ++more) {
      script.push_back(read_request());
      script.push_back(send(ok("ok")));
    }
    script.push_back(read_to_end());
  }
  begin(script);
  RawClient client(ficus_.port());
  client.send(given.client_sends);
  if (given.client == Client::half_closes) client.half_close();
  if (given.client == Client::leaves) {
    backend_.wait_for_bytes(first_connection_, given.backend_gets.size());
    client.reset();
    backend_.wait_for_end_of_connection(first_connection_);
    CHECK(received() == given.backend_gets);
    return;
  }
  if (given.status == 0 && given.then != Then::open) {
    CHECK(client.read_to_end() == given.client_gets);
  } else if (!given.client_gets.empty()) {
    REQUIRE(client.read_bytes(given.client_gets.size()) == given.client_gets);
  }
  if (given.status != 0) check_own_answer(client, given);
  check_end(client, given);
}

void Stage::check_own_answer(RawClient& client, const Case& given) const {
  const bool head = given.client_sends.starts_with("HEAD ");
  const HttpMessage message =
      client.read_response(head ? MessageKind::response_to_head : MessageKind::response);
  check_own_head(message, given.status);
  const auto connection = message.header("Connection");
  CHECK((connection == "close") == (given.then != Then::open));
}

void Stage::check_end(RawClient& client, const Case& given) {
  if (given.then == Then::open) {
    CHECK(client.exchange(request("GET /next")).raw == ok("ok"));
    CHECK(received() == given.backend_gets + forwarded("GET /next"));
  } else {
    client.half_close();
    CHECK(client.read_to_end().empty());
    CHECK(client.was_reset() == (given.then == Then::reset));
    if (!given.backend_gets.empty()) {
      for (std::size_t i = first_connection_; i + 1 < backend_.connections(); ++i) {
        backend_.wait_for_end_of_connection(i);
      }
    }
    CHECK(received() == given.backend_gets);
  }
  if (given.connections > 0) {
    CHECK(backend_.connections() - first_connection_ == given.connections);
  }
}

void Stage::break_off(const BrokenBody& given) {
  INFO(given.name << ": " << printable(given.body));
  begin({read_request(), send(ok("complete")), read_to_end()});
  const std::size_t requests_before = backend_.requests();
  const std::string good = chunk("ab");
  RawClient client(ficus_.port());
  // A good chunk first, so that the backend surely has begun with the request.
  client.send(chunked_request(good));
  const std::string begun = chunked_forwarded(good);
  backend_.wait_for_bytes(first_connection_, begun.size());
  client.send_what_fits(given.body + kSmuggled, milliseconds(2000));
  const HttpMessage message = client.read_response();
  check_own_head(message, given.status);
  CHECK(message.header("Connection") == "close");
  client.half_close();
  CHECK(client.read_to_end().empty());
  backend_.wait_for_end_of_connection(first_connection_);
  CHECK(backend_.requests() == requests_before);
  const std::string got = received();
  CHECK(got.starts_with(begun));
  CHECK_THAT(got, !ContainsSubstring("smuggled"));
  CHECK_FALSE(got.ends_with("\r\n0\r\n\r\n"));
}

}  // namespace

const std::string kChunked = "Transfer-Encoding: chunked\r\n";
const std::string kSmuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

void refuse(const std::vector<Refused>& cases) {
  Stage stage;
  for (const Refused& given : cases) {
    if (selected(given.name)) stage.refuse(given);
  }
  stage.show_that_nothing_passed();
}

void play(const std::vector<Case>& cases) {
  Stage stage;
  for (const Case& given : cases) {
    if (selected(given.name)) stage.play(given);
  }
}

void break_off(const std::vector<BrokenBody>& cases) {
  Stage stage;
  for (const BrokenBody& given : cases) {
    if (selected(given.name)) stage.break_off(given);
  }
}

void reject(const std::vector<BadAnswer>& cases) {
  Stage stage;
  for (const BadAnswer& given : cases) {
    if (!selected(given.name)) continue;
    Case whole;
    whole.name = given.name;
    whole.client_sends = given.client_sends;
    const std::size_t line_end = given.client_sends.find(" HTTP/1.1\r\n");
    whole.backend_gets = forwarded(given.client_sends.substr(0, line_end));
    whole.script = {read_request(), send(given.backend_sends), read_to_end()};
    whole.client_gets.clear();
    whole.status = 502;
    whole.connections = 2;
    stage.play(whole);
  }
}

std::string post(std::string_view fields, std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

std::string get_with(std::string_view fields) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

std::string with_line(std::string_view request_line) {
  return std::string(request_line) + "\r\nHost: a\r\n\r\n";
}

std::string with_host(std::string_view host) {
  return "GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n";
}

std::string answer(std::string_view fields, std::string_view body) {
  return "HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

std::string chunked_request(std::string_view body) { return request("POST /", kChunked, body); }

std::string chunked_forwarded(std::string_view body) { return forwarded("POST /", kChunked, body); }

}  // namespace ficus::tests
