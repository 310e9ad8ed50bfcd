// Poisoning the queue of responses: no client ever gets an answer to another's request, nor one
// that a backend's body or a request's bytes made up. RFC 9112 §9.2, §9.3, §11.1.

#include "tests/conformance/stage.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

namespace {

const std::string kPoison = ok("poison");

}  // namespace

TEST_CASE("smuggling, responses: what follows an answer is nobody's answer") {
  const auto poisoned = [](const std::string& name, const std::string& method,
                           const std::string& sent, const std::string& gets) {
    return Case{.name = name,
                .client_sends = request(method) + request("GET /2"),
                .backend_gets = forwarded(method) + forwarded("GET /2"),
                .script = {read_request(), send(sent), read_to_end()},
                .client_gets = gets + ok("ok"),
                .connections = 2};
  };
  const std::string chunks = answer(kChunked, "1\r\nx\r\n0\r\n\r\n");
  play({
      poisoned("behind a length", "GET /", ok("ok") + kPoison, ok("ok")),
      poisoned("behind a length of 0", "GET /", ok("") + kPoison, ok("")),
      poisoned("behind chunks", "GET /", chunks + kPoison, chunks),
      poisoned("behind 204", "GET /", "HTTP/1.1 204 No Content\r\n\r\n" + kPoison,
               "HTTP/1.1 204 No Content\r\n\r\n"),
      poisoned("behind 304", "GET /",
               "HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n" + kPoison,
               "HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n"),
      poisoned("as the body of an answer to HEAD", "HEAD /",
               answer("Content-Length: " + std::to_string(kPoison.size()) + "\r\n") + kPoison,
               answer("Content-Length: " + std::to_string(kPoison.size()) + "\r\n")),
      poisoned("as chunks of an answer to HEAD", "HEAD /",
               answer(kChunked) + chunk(kPoison) + "0\r\n\r\n", answer(kChunked)),
      poisoned("behind a body with a trailer", "GET /",
               answer(kChunked, "0\r\nX: y\r\n\r\n") + kPoison,
               answer(kChunked, "0\r\nX: y\r\n\r\n")),
      poisoned("an interim answer behind the final one", "GET /",
               ok("ok") + "HTTP/1.1 103 Early Hints\r\n\r\n", ok("ok")),
      poisoned("a cut head behind the answer", "GET /", ok("ok") + "HTTP/1.1 200 OK\r\nX-Hid",
               ok("ok")),
  });
}

TEST_CASE("smuggling, responses: pipelined requests get their answers in their order") {
  std::string sent;
  std::string arrives;
  std::string gets;
  Script script;
  for (int i = 0; i < 30; ++i) {
    const std::string number = std::to_string(i);
    const std::string body = "GET /" + number;
    const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
    if (i % 3 == 0) {
      sent += request("GET /" + number);
      arrives += forwarded("GET /" + number);
    } else if (i % 3 == 1) {
      sent += request("POST /" + number, length, body);
      arrives += forwarded("POST /" + number, length, body);
    } else {
      sent += request("PUT /" + number, kChunked, chunk(body) + "0\r\n\r\n");
      arrives += forwarded("PUT /" + number, kChunked, chunk(body) + "0\r\n\r\n");
    }
    gets += ok(number);
    script.push_back(read_request());
    script.push_back(send(ok(number)));
  }
  script.push_back(read_request());
  script.push_back(send(ok("ok")));
  script.push_back(read_to_end());
  play({{.name = "thirty of three kinds",
         .client_sends = sent,
         .backend_gets = arrives,
         .script = script,
         .client_gets = gets,
         .connections = 1}});
}

TEST_CASE("smuggling, responses: an answer that fails in a pipeline leaves the others theirs") {
  const std::string three = request("GET /1") + request("GET /2") + request("GET /3");
  play({
      {.name = "the second is cut: the connection ends, the third is not asked",
       .client_sends = three,
       .backend_gets = forwarded("GET /1") + forwarded("GET /2"),
       .script = {read_request(), send(ok("ok")), read_request(),
                  send(answer("Content-Length: 9\r\n", "half")), close_connection()},
       .client_gets = ok("ok") + answer("Content-Length: 9\r\n", "half"),
       .then = Then::closed,
       .connections = 1},
      {.name = "the first ends its own connection",
       .client_sends = three,
       .backend_gets = forwarded("GET /1") + forwarded("GET /2") + forwarded("GET /3"),
       .backend_sends = ok("one", "Connection: close\r\n"),
       .client_gets = ok("one") + ok("ok") + ok("ok"),
       .connections = 2},
      {.name = "the client wants no more after the second",
       .client_sends =
           request("GET /1") + request("GET /2", "Connection: close\r\n") + request("GET /3"),
       .backend_gets = forwarded("GET /1") + forwarded("GET /2"),
       .client_gets = ok("ok") + ok("ok", "Connection: close\r\n"),
       .then = Then::closed,
       .connections = 1},
  });
}

TEST_CASE("smuggling, responses: bytes of a field or a body never become a head") {
  const auto same = [](const std::string& name, const std::string& bytes) {
    return Case{.name = name, .backend_sends = bytes, .client_gets = bytes};
  };
  play({
      same("an answer as a body", ok(kPoison)),
      same("an answer as a chunk", answer(kChunked, chunk(kPoison) + "0\r\n\r\n")),
      same("a last chunk as a body", ok("0\r\n\r\n")),
      same("a status line as a value", ok("ok", "X: HTTP/1.1 200 OK\r\n")),
      same("escaped line ends in a value", ok("ok", "Location: /%0d%0aSet-Cookie:%20a=1\r\n")),
  });
  reject({
      {"CR in a Location", ok("ok", "Location: /\rSet-Cookie: a=1\r\n")},
      {"LF in a Location", ok("ok", "Location: /\nSet-Cookie: a=1\r\n")},
      {"LF LF in a Location", ok("ok", "Location: /\n\n" + kPoison)},
      {"NUL in a Location", ok("ok", std::string("Location: /\0a\r\n", 15))},
  });
}

TEST_CASE("smuggling, responses: an early answer is the last one on both connections") {
  const std::string fields = "Content-Length: 100\r\n";
  const std::string begun = forwarded("POST /", fields, "half");
  ScriptedBackend backend;
  backend.on_next_connection(
      {read_count(begun.size()),
       send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" + kPoison), read_to_end()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.send(request("POST /", fields, "half"));
  CHECK(client.read_response().status() == 400);
  client.send_what_fits(std::string(96, 'x') + kSmuggled, milliseconds(500));
  client.half_close();
  CHECK(client.read_to_end().empty());
  backend.wait_for_end_of_connection();
  CHECK(fetch(ficus.port(), request("GET /")).raw == ok("ok"));
  CHECK(backend.connections() == 2);
}
