// Rule 3: incompleteness survives the hop. RFC 9112 §8; RFC 9110 §6.1.

#include "tests/conformance/stage.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

namespace {

const std::string kBody = "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n";

}  // namespace

TEST_CASE("rule 3: a request head cut at any byte reaches nobody") {
  const std::string whole = request("POST /", "Content-Length: 2\r\n");
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    RawClient client(ficus.port());
    client.send(std::string_view(whole).substr(0, size));
    client.half_close();
    INFO(size);
    CHECK(client.read_to_end().empty());
  }
  CHECK(backend.connections() == 0);
}

TEST_CASE("rule 3: a chunked request cut at any byte never looks complete") {
  ScriptedBackend backend({read_request(), send(ok("complete")), read_to_end()});
  FicusProcess ficus(in_front_of(backend));
  for (std::size_t size = 0; size < kBody.size(); ++size) {
    INFO(printable(kBody.substr(0, size)));
    RawClient client(ficus.port());
    client.send(chunked_request(kBody.substr(0, size)));
    client.half_close();
    CHECK(client.read_to_end().find("200 OK") == std::string::npos);
  }
  CHECK(backend.requests() == 0);
}

TEST_CASE("rule 3: a request with a length cut at any byte never looks complete") {
  ScriptedBackend backend({read_request(), send(ok("complete")), read_to_end()});
  FicusProcess ficus(in_front_of(backend));
  const std::string body = "0123456789";
  const bool resets = GENERATE(true, false);
  for (std::size_t size = 0; size < body.size(); ++size) {
    INFO(size);
    RawClient client(ficus.port());
    client.send(request("POST /", "Content-Length: 10\r\n", body.substr(0, size)));
    backend.wait_for_connection(size);
    if (resets) {
      client.reset();
    } else {
      client.half_close();
      CHECK(client.read_to_end().find("200 OK") == std::string::npos);
    }
    backend.wait_for_end_of_connection(size);
  }
  CHECK(backend.requests() == 0);
}

TEST_CASE("rule 3: a chunked answer cut at any byte never looks complete") {
  const Step end = GENERATE(close_connection(), reset_connection());
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  for (std::size_t size = 0; size < kBody.size(); ++size) {
    INFO(printable(kBody.substr(0, size)));
    backend.on_next_connection(
        {read_request(), send(answer(kChunked, kBody.substr(0, size))), hold(), end});
    RawClient client(ficus.port());
    client.send(request("GET /") + request("GET /next"));
    client.read_until("\r\n\r\n");
    backend.release();
    const std::string rest = client.read_to_end();
    CHECK_FALSE(rest.ends_with("\r\n\r\n"));
    CHECK(rest.find("HTTP/1.1") == std::string::npos);
  }
  CHECK(backend.requests() == kBody.size());
}

TEST_CASE("rule 3: an answer with a length cut at any byte never looks complete") {
  const Step end = GENERATE(close_connection(), reset_connection());
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  const std::string body = "0123456789";
  for (std::size_t size = 0; size < body.size(); ++size) {
    INFO(size);
    backend.on_next_connection({read_request(),
                                send(answer("Content-Length: 10\r\n", body.substr(0, size))),
                                hold(), end});
    RawClient client(ficus.port());
    client.send(request("GET /") + request("GET /next"));
    CHECK(client.read_until("\r\n\r\n") == answer("Content-Length: 10\r\n"));
    backend.release();
    CHECK(client.read_to_end() == body.substr(0, size));
  }
  CHECK(backend.requests() == body.size());
}

TEST_CASE("rule 3: what is cut towards HTTP/1.0 without a length ends in a reset") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  for (const std::string& body :
       {std::string("5\r\nhello\r\n"), std::string("5\r\nhel"), std::string("5\r\nhello\r\n0\r\n"),
        std::string("5\r\nhelloX"), std::string("zz")}) {
    INFO(printable(body));
    backend.on_next_connection(
        {read_request(), send(answer(kChunked, body)), hold(), close_connection()});
    RawClient client(ficus.port());
    client.send("GET / HTTP/1.0\r\n\r\n");
    backend.wait_for_connection();
    backend.release();
    client.read_to_end();
    CHECK(client.was_reset());
  }
}

TEST_CASE("rule 3: an answer that is cut before its end is a bad gateway or nothing") {
  const auto lost = [](const std::string& name, const std::string& bytes, const Step& end) {
    return Case{.name = name,
                .script = {read_request(), send(bytes), end},
                .client_gets = "",
                .status = 502,
                .connections = 2};
  };
  play({
      lost("closed without a byte", "", close_connection()),
      lost("reset without a byte", "", reset_connection()),
      lost("closed in the status line", "HTTP/1.1 20", close_connection()),
      lost("closed in a field", "HTTP/1.1 200 OK\r\nX: ", close_connection()),
      lost("closed before the blank line", "HTTP/1.1 200 OK\r\nX: y\r\n", close_connection()),
      {.name = "closed behind an interim answer",
       .script = {read_request(), send("HTTP/1.1 103 Early Hints\r\n\r\n"), close_connection()},
       .client_gets = "HTTP/1.1 103 Early Hints\r\n\r\n",
       .status = 502,
       .connections = 2},
  });
}
