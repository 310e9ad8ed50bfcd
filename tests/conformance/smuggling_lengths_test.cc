// Smuggling by two ways to tell a message's length: CL.TE, TE.CL, TE.TE, CL.0, 0.CL, TE.0.
// RFC 9112 §6.1, §6.3, §11.2.

#include "tests/conformance/stage.h"
#include "tests/support/catch.h"

using namespace ficus::tests;
using namespace std::string_literals;

namespace {

const std::string kTail = "GPOST /admin HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nx=1";

std::string length_of(const std::string& body) {
  return "Content-Length: " + std::to_string(body.size()) + "\r\n";
}

// One chunk with a request in it.
std::string wrapped() { return chunk(kTail) + "0\r\n\r\n"; }

// The message as it would be with one header line before the true coding.
std::string with_coding_line(const std::string& line) {
  return post(line + "\r\nContent-Length: 4\r\n", wrapped());
}

}  // namespace

TEST_CASE("smuggling, CL.TE: a length that covers more than the chunks is refused") {
  const std::string body = "0\r\n\r\n" + kTail;
  refuse({
      {"length first", post(length_of(body) + kChunked, body)},
      {"coding first", post(kChunked + length_of(body), body)},
      {"others between", post(length_of(body) + "X: y\r\n" + kChunked, body)},
      {"one byte more", post("Content-Length: 6\r\n" + kChunked, "0\r\n\r\nG")},
      {"length of the whole body", post("Content-Length: 5\r\n" + kChunked, "0\r\n\r\n")},
      {"on GET", "GET / HTTP/1.1\r\nHost: a\r\n" + length_of(body) + kChunked + "\r\n" + body},
      {"on OPTIONS",
       "OPTIONS * HTTP/1.1\r\nHost: a\r\n" + length_of(body) + kChunked + "\r\n" + body},
      {"on HEAD", "HEAD / HTTP/1.1\r\nHost: a\r\n" + length_of(body) + kChunked + "\r\n" + body},
      {"in HTTP/1.0",
       "POST / HTTP/1.0\r\nHost: a\r\n" + length_of(body) + kChunked + "\r\n" + body},
      {"Connection takes the coding away",
       post("Connection: Transfer-Encoding\r\n" + length_of(body) + kChunked, body)},
      {"Connection takes the length away",
       post("Connection: Content-Length\r\n" + length_of(body) + kChunked, body)},
      {"coding in another case", post(length_of(body) + "tRANSFER-eNCODING: cHUNKED\r\n", body)},
  });
}

TEST_CASE("smuggling, TE.CL: chunks that cover more than the length are refused") {
  refuse({
      {"length of the size line", post(kChunked + "Content-Length: 4\r\n", wrapped())},
      {"length first", post("Content-Length: 4\r\n" + kChunked, wrapped())},
      {"length of nothing", post(kChunked + "Content-Length: 0\r\n", wrapped())},
      {"empty length", post(kChunked + "Content-Length:\r\n", wrapped())},
      {"length that is none", post(kChunked + "Content-Length: x\r\n", wrapped())},
      {"two lengths", post(kChunked + "Content-Length: 4\r\nContent-Length: 4\r\n", wrapped())},
      {"on DELETE",
       "DELETE / HTTP/1.1\r\nHost: a\r\n" + kChunked + "Content-Length: 4\r\n\r\n" + wrapped()},
      {"unknown coding with a length",
       post("Transfer-Encoding: x\r\nContent-Length: 4\r\n", wrapped())},
      {"identity with a length",
       post("Transfer-Encoding: identity\r\nContent-Length: 4\r\n", wrapped())},
      {"empty coding with a length",
       post("Transfer-Encoding:\r\nContent-Length: 4\r\n", wrapped())},
  });
}

TEST_CASE("smuggling, TE.TE: a coding that only one of two would see is refused") {
  refuse({
      {"blank before the colon", with_coding_line("Transfer-Encoding : chunked")},
      {"tab before the colon", with_coding_line("Transfer-Encoding\t: chunked")},
      {"vertical tab before the colon", with_coding_line("Transfer-Encoding\x0b: chunked")},
      {"NUL before the colon", with_coding_line("Transfer-Encoding\0: chunked"s)},
      {"no-break space before the colon", with_coding_line("Transfer-Encoding\xa0: chunked")},
      {"blank before the name", with_coding_line(" Transfer-Encoding: chunked")},
      {"tab before the name", with_coding_line("\tTransfer-Encoding: chunked")},
      {"control before the name", with_coding_line("\x01Transfer-Encoding: chunked")},
      {"byte order mark before the name",
       with_coding_line("\xef\xbb\xbfTransfer-Encoding: chunked")},
      {"folded value", with_coding_line("Transfer-Encoding:\r\n chunked")},
      {"folded with a tab", with_coding_line("Transfer-Encoding:\r\n\tchunked")},
      {"folded behind", with_coding_line("Transfer-Encoding: chunked\r\n x")},
      {"hidden in a folded line", with_coding_line("X: y\r\n Transfer-Encoding: chunked")},
      {"line cut by LF", with_coding_line("X: y\nTransfer-Encoding: chunked")},
      {"line cut by CR", with_coding_line("X: y\rTransfer-Encoding: chunked")},
      {"line cut by LF CR", with_coding_line("X: y\n\rTransfer-Encoding: chunked")},
      {"line cut by NUL", with_coding_line("X: y\0Transfer-Encoding: chunked"s)},
      {"name cut by a line end", with_coding_line("Transfer-Encoding\r\n: chunked")},
      {"name cut by LF", with_coding_line("Transfer-\nEncoding: chunked")},
      {"value ends in CR", with_coding_line("Transfer-Encoding: chunked\r")},
      {"value ends in LF", with_coding_line("Transfer-Encoding: chunked\n")},
      {"no colon", with_coding_line("Transfer-Encoding chunked")},
      {"equals sign", with_coding_line("Transfer-Encoding= chunked")},
      {"two colons with a blank", with_coding_line("Transfer-Encoding : : chunked")},
      {"semicolon in the name", with_coding_line("Transfer-Encoding;x: chunked")},
      {"bracket in the name", with_coding_line("Transfer-Encoding[]: chunked")},
      {"quoted name", with_coding_line("\"Transfer-Encoding\": chunked")},
      {"8-bit letter in the name", with_coding_line("Trans\xc3\xa9"
                                                    "fer-Encoding: chunked")},
  });
}

TEST_CASE("smuggling, TE.TE: two codings are refused") {
  const auto two = [](const std::string& first, const std::string& second) {
    return post("Transfer-Encoding: " + first + "\r\nTransfer-Encoding: " + second + "\r\n",
                wrapped());
  };
  refuse({
      {"chunked and x", two("chunked", "x")},
      {"x and chunked", two("x", "chunked")},
      {"chunked and identity", two("chunked", "identity")},
      {"identity and chunked", two("identity", "chunked")},
      {"chunked twice", two("chunked", "chunked")},
      {"chunked and nothing", two("chunked", "")},
      {"nothing and chunked", two("", "chunked")},
      {"gzip and chunked", two("gzip", "chunked")},
      {"names in different cases",
       post("Transfer-Encoding: chunked\r\ntransfer-encoding: x\r\n", wrapped())},
      {"others between",
       post("Transfer-Encoding: chunked\r\nX: y\r\nTransfer-Encoding: cow\r\n", wrapped())},
      {"second one malformed",
       post("Transfer-Encoding: chunked\r\nTransfer-Encoding : x\r\n", wrapped())},
  });
}

TEST_CASE("smuggling: names that only resemble a framing field frame nothing") {
  const std::string body = "5\r\nhello\r\n0\r\n\r\n";
  const auto resembles = [&](const std::string& name, const std::string& line) {
    const std::string fields = line + "\r\n" + length_of(body);
    return Case{.name = name,
                .client_sends = request("POST /", fields, body),
                .backend_gets = forwarded("POST /", fields, body)};
  };
  play({
      resembles("underscore", "Transfer_Encoding: chunked"),
      resembles("prefix", "XTransfer-Encoding: chunked"),
      resembles("suffix", "Transfer-Encoding2: chunked"),
      resembles("dot", "Transfer.Encoding: chunked"),
      resembles("Content-Encoding", "Content-Encoding: chunked"),
      resembles("underscore in the length", "Content_Length: 0"),
      resembles("length with a suffix", "Content-Length-X: 0"),
      resembles("within a value", "X: Transfer-Encoding: chunked"),
  });
}

TEST_CASE("smuggling, CL.0: a body is a body whatever the method or the path") {
  const auto body_on = [](const std::string& method) {
    return Case{.name = method,
                .client_sends = request(method, length_of(kSmuggled), kSmuggled),
                .backend_gets = forwarded(method, length_of(kSmuggled), kSmuggled)};
  };
  play({
      body_on("GET /"),
      body_on("DELETE /"),
      body_on("OPTIONS /"),
      body_on("OPTIONS *"),
      body_on("CATS /"),
      body_on("get /"),
      body_on("POST /static/logo.png"),
      body_on("POST /con"),
      body_on("PROPFIND /"),
      {.name = "upgrade with a body",
       .client_sends =
           request("GET /", "Connection: upgrade\r\nUpgrade: websocket\r\n" + length_of(kSmuggled),
                   kSmuggled),
       .backend_gets = forwarded("GET /", length_of(kSmuggled), kSmuggled)},
  });
}

TEST_CASE("smuggling, CL.0: an answer before the body's end ends both connections") {
  const std::string begun = request("POST /", "Content-Length: 100\r\n", "some");
  const std::string arrives = forwarded("POST /", "Content-Length: 100\r\n", "some");
  const auto early = [&](const std::string& name, const std::string& head,
                         const std::string& gets) {
    return Case{.name = name,
                .client_sends = begun,
                .backend_gets = arrives,
                .script = {read_count(arrives.size()), send(head), read_to_end()},
                .client_gets = gets,
                .then = Then::closed,
                .client = Client::waits,
                .connections = 1};
  };
  play({
      early("404", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
      early("redirect", "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
      early("500 until the end", "HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nno",
            "HTTP/1.1 500 Oops\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"),
      early("408", "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
      early("200", ok("ok"), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"),
  });
}

TEST_CASE("smuggling, 0.CL: a length that the front would not see is refused") {
  const auto hidden = [](const std::string& line) {
    return "GET / HTTP/1.1\r\nHost: a\r\n" + line + "\r\n\r\n";
  };
  refuse({
      {"blank before the colon", hidden("Content-Length : 36")},
      {"tab before the colon", hidden("Content-Length\t: 36")},
      {"blank before the name", hidden(" Content-Length: 36")},
      {"folded", hidden("Content-Length:\r\n 36")},
      {"folded behind another", hidden("X: y\r\n Content-Length: 36")},
      {"behind LF", hidden("X: y\nContent-Length: 36")},
      {"behind CR", hidden("X: y\rContent-Length: 36")},
      {"sign", hidden("Content-Length: +36")},
      {"control in the name", hidden("Content\x02-Length: 36")},
      {"NUL behind the name", hidden("Content-Length\0: 36"s)},
      {"folded first line", "GET / HTTP/1.1\r\n Content-Length: 36\r\nHost: a\r\n\r\n"},
      {"obs-fold on OPTIONS with an expectation",
       "OPTIONS / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length:\r\n 36\r\n\r\n"},
  });
}

TEST_CASE("smuggling, 0.CL: expectations do not make a body vanish") {
  const std::string fields = "Expect: 100-continue\r\n" + length_of(kSmuggled);
  refuse({
      {"unknown expectation", post("Expect: x\r\n" + length_of(kSmuggled), kSmuggled), 417},
      {"expectation behind a word",
       post("Expect: y 100-continue\r\n" + length_of(kSmuggled), kSmuggled), 417},
      {"list of expectations",
       post("Expect: 100-continue, x\r\n" + length_of(kSmuggled), kSmuggled), 417},
      {"expectation cut by a folded line",
       post("Expect:\r\n 100-continue\r\n" + length_of(kSmuggled), kSmuggled)},
  });
  play({
      {.name = "sent without waiting",
       .client_sends = request("POST /", fields, kSmuggled),
       .backend_gets = forwarded("POST /", fields, kSmuggled)},
      {.name = "in another case",
       .client_sends =
           request("POST /", "Expect: 100-CONTINUE\r\n" + length_of(kSmuggled), kSmuggled),
       .backend_gets =
           forwarded("POST /", "Expect: 100-CONTINUE\r\n" + length_of(kSmuggled), kSmuggled)},
      {.name = "without a body", .client_sends = request("GET /", "Expect: 100-continue\r\n")},
      {.name = "with an empty body",
       .client_sends = request("GET /", "Expect: 100-continue\r\nContent-Length: 0\r\n"),
       .backend_gets = forwarded("GET /", "Content-Length: 0\r\n")},
      {.name = "the final answer comes first",
       .client_sends = request("POST /", fields),
       .backend_gets = forwarded("POST /", fields),
       .script = {read_head(), send(ok("ok")), read_to_end()},
       .client_gets = ok("ok", "Connection: close\r\n"),
       .then = Then::closed,
       .connections = 1},
  });
}

TEST_CASE("smuggling, TE.0: chunks are a body whatever the method") {
  const std::string body = chunk(kSmuggled) + "0\r\n\r\n";
  const auto chunks_on = [&](const std::string& method) {
    return Case{.name = method,
                .client_sends = request(method, kChunked, body),
                .backend_gets = forwarded(method, kChunked, body)};
  };
  play({
      chunks_on("GET /"),
      chunks_on("OPTIONS /"),
      chunks_on("OPTIONS *"),
      chunks_on("DELETE /"),
      chunks_on("CATS /"),
      chunks_on("TRACE /"),
      {.name = "Connection names the coding",
       .client_sends = request("POST /", "Connection: Transfer-Encoding\r\n" + kChunked, body),
       .backend_gets = forwarded("POST /", kChunked, body)},
  });
}
