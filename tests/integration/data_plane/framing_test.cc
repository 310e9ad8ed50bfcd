// How messages are framed on either side of the proxy, byte by byte.

#include "tests/integration/data_plane/fixture.h"
#include "tests/support/catch.h"

using namespace ficus::tests;

TEST_CASE("data plane: a request without a body reaches the backend with what the proxy adds") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  const HttpMessage response = client.exchange(request("GET /a/b?c=d", "aCCept:  x \r\nZ: \r\n"));
  CHECK(response.raw == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  CHECK(backend.received() == forwarded("GET /a/b?c=d", "aCCept: x\r\nZ: \r\n"));
}

TEST_CASE("data plane: a body with a length goes through unchanged, empty ones too") {
  ScriptedBackend backend(answer_each(ok("")));
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  const std::string body = GENERATE(std::string(), std::string("hello"), numbered(100'000));
  const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
  CHECK(client.exchange(request("POST /", length, body)).raw == ok(""));
  CHECK(backend.wait_for_request().raw == forwarded("POST /", length, body));
}

TEST_CASE("data plane: chunks of a request are encoded anew, extensions dropped, trailers kept") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  const std::string fields = "Transfer-Encoding: chunked\r\n";

  SECTION("in one piece") {
    client.exchange(request("POST /", fields,
                            "0005;a=b;c=\"x\\\"y\"\r\nhello\r\n6 ;q\r\n world\r\n000\r\n"
                            "X-Sum: 7\r\nContent-Length: 9\r\nHost: evil\r\n\r\n"));
  }
  SECTION("byte by byte") {
    for (const char byte : request("POST /", fields, "5;ext\r\nhello\r\n")) {
      client.send({&byte, 1});
    }
    backend.wait_for_bytes(0, forwarded("POST /", fields).size() + 10);
    client.exchange("6\r\n world\r\n0\r\nX-Sum: 7\r\n\r\n");
  }
  const HttpMessage got = backend.wait_for_request();
  CHECK(got.body == "hello world");
  CHECK(got.raw.find(';') == std::string::npos);
  REQUIRE(got.trailers.size() == 1);
  CHECK(got.trailers[0] == std::pair<std::string, std::string>("X-Sum", "7"));
  CHECK(got.all("Content-Length").empty());
  CHECK(got.all("Transfer-Encoding") == std::vector<std::string>{"chunked"});
}

TEST_CASE("data plane: an empty chunked request stays chunked") {
  ScriptedBackend backend;
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.exchange(request("POST /", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"));
  CHECK(backend.received() == forwarded("POST /", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"));
}

TEST_CASE("data plane: chunks of a response are encoded anew, trailers kept") {
  ScriptedBackend backend(
      answer_each("HTTP/1.1 200 OK\r\nTransfer-Encoding: ChunkeD\r\nTrailer: X-Sum\r\n\r\n"
                  "3;x=y\r\nabc\r\n01\r\nd\r\n0;z\r\nX-Sum: 4\r\nSet-Cookie: no=1\r\n\r\n"));
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  const HttpMessage response = client.exchange(request("GET /"));
  CHECK(response.raw ==
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
        "4\r\nabcd\r\n0\r\nX-Sum: 4\r\n\r\n");
  client.exchange(request("GET /"));
  CHECK(backend.connections() == 1);
}

TEST_CASE("data plane: an HTTP/1.0 client gets a chunked response until the connection's end") {
  ScriptedBackend backend(answer_each("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                      chunk("abc") + chunk("d") + "0\r\nX-Sum: 4\r\n\r\n"));
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(client.read_to_end() == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcd");
  CHECK_FALSE(client.was_reset());
  // The backend is spoken to in HTTP/1.1 and named, since this client named none.
  CHECK(backend.wait_for_request().start_line == "GET / HTTP/1.1");
  CHECK(backend.wait_for_request().header("Host") == "127.0.0.1:" + std::to_string(backend.port()));
}

TEST_CASE("data plane: a response until the connection's end is chunked for HTTP/1.1") {
  const std::string body = GENERATE(std::string(), std::string("abc"), numbered(300'000));
  ScriptedBackend backend({read_request(), send("HTTP/1.1 200 OK\r\nX: y\r\n\r\n" + body)});
  FicusProcess ficus(in_front_of(backend));

  RawClient client(ficus.port());
  const HttpMessage response = client.exchange(request("GET /"));
  CHECK(response.complete);
  CHECK(response.header("Transfer-Encoding") == "chunked");
  CHECK_FALSE(response.header("Connection"));
  CHECK(response.body == body);
  // The client's connection outlives the backend's.
  CHECK(client.exchange(request("GET /")).body == body);

  RawClient old_client(ficus.port());
  old_client.send("GET / HTTP/1.0\r\n\r\n");
  CHECK(old_client.read_to_end() == "HTTP/1.1 200 OK\r\nX: y\r\nConnection: close\r\n\r\n" + body);
}

TEST_CASE("data plane: an HTTP/1.0 backend's keep-alive is honoured, its lack as well") {
  const bool keeps = GENERATE(true, false);
  ScriptedBackend backend(answer_each(std::string("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n") +
                                      (keeps ? "Connection: keep-alive\r\n" : "") + "\r\nok"));
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  for (int i = 0; i < 3; ++i) CHECK(client.exchange(request("GET /")).raw == ok("ok"));
  CHECK(backend.connections() == (keeps ? 1 : 3));
}

TEST_CASE("data plane: responses without a body end with their head") {
  struct Case {
    std::string request;
    std::string from_backend;
    std::string to_client;
  };
  const Case given = GENERATE(
      Case{"HEAD /", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", ""},
      Case{"HEAD /", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ""},
      Case{"HEAD /", "HTTP/1.1 200 OK\r\nX: y\r\n\r\n", ""},
      Case{"GET /", "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", ""},
      Case{"GET /", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
           "HTTP/1.1 204 No Content\r\n\r\n"},
      Case{"GET /", "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: x\r\n\r\n", ""},
      Case{"GET /", "HTTP/1.1 304 \r\nETag: x\r\n\r\n", ""},
      Case{"GET /", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""});
  ScriptedBackend backend(answer_each(given.from_backend));
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  const std::string expected = given.to_client.empty() ? given.from_backend : given.to_client;
  // The second answer shows that nothing followed the first, and that both connections live.
  for (int i = 0; i < 2; ++i) {
    client.send(request(given.request));
    CHECK(client.read_until("\r\n\r\n") == expected);
  }
  CHECK(backend.connections() == 1);
}

TEST_CASE("data plane: large bodies go both ways at once") {
  const std::string body = numbered(5'000'000);
  ScriptedBackend backend(answer_each(ok(body)));
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  const bool chunked = GENERATE(true, false);
  std::string text;
  if (chunked) {
    text = request("POST /", "Transfer-Encoding: chunked\r\n",
                   chunk(body.substr(0, 3'000'000)) + chunk(body.substr(3'000'000)) + "0\r\n\r\n");
  } else {
    text = request("POST /", "Content-Length: " + std::to_string(body.size()) + "\r\n", body);
  }
  CHECK(client.exchange(text).raw == ok(body));
  CHECK(backend.wait_for_request().body == body);
  client.exchange(text);
  CHECK(backend.connections() == 1);
}

TEST_CASE("data plane: a backend that does not read holds the client back, and loses nothing") {
  const std::string body = numbered(30'000'000);
  ScriptedBackend backend({read_head(), hold(), read_count(body.size()), send(ok("done"))});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.send(request("POST /", "Content-Length: " + std::to_string(body.size()) + "\r\n"));
  const std::size_t sent = client.send_what_fits(body, milliseconds(300));
  CHECK(sent < body.size());
  CHECK(ficus.process().resident_bytes() < 200'000'000);
  backend.release();
  client.send(std::string_view(body).substr(sent));
  CHECK(client.read_response().body == "done");
  const std::string received = backend.received();
  CHECK(received.substr(received.size() - body.size()) == body);
}

TEST_CASE("data plane: a client that does not read holds the backend back, and loses nothing") {
  const std::string body = numbered(30'000'000);
  ScriptedBackend backend({read_request(),
                           send("HTTP/1.1 200 OK\r\nContent-Length: 30000000\r\n\r\n" + body),
                           read_to_end()});
  FicusProcess ficus(in_front_of(backend));
  RawClient client(ficus.port());
  client.limit_receive_buffer(16'384);
  const std::size_t before = ficus.process().resident_bytes();
  client.send(request("GET /"));
  client.read_until("\r\n\r\n");
  CHECK(client.read_bytes(1000) == body.substr(0, 1000));
  CHECK(ficus.process().resident_bytes() < before + 8'000'000);
  CHECK(client.read_bytes(body.size() - 1000) == body.substr(1000));
}
