#include <string>
#include <vector>

#include "proxy/http/head_writer.h"
#include "proxy/http/redaction.h"
#include "proxy/http/response_head.h"
#include "tests/unit/proxy/http/heads.h"

namespace ficus::proxy::http {
namespace {

using config::Tolerance;

constexpr Tolerance kNameSpace{true, false, false};
constexpr Tolerance kBareLf{false, true, false};
constexpr Tolerance kEqualLength{false, false, true};
constexpr Tolerance kAll{true, true, true};

struct Read {
  Read(std::string_view text, const Tolerance& tolerance, Method method = Method::get)
      : bytes(text), outcome(parse_response_head(bytes.view(), {}, method, head, tolerance)) {}

  bool complete() const { return outcome.status == ParseStatus::complete; }
  std::string rule() const { return std::string(text(outcome.fault.rule)); }
  bool forgave(MalformedRule one) const {
    return head.tolerated == 1u << static_cast<unsigned>(one);
  }
  std::string written() const {
    HeadBuffer out;
    DownstreamHeadContext context;
    context.framing = head.framing;
    context.content_length = head.content_length;
    write_downstream_head(head, context, out);
    return std::string(out.view());
  }

  ExactBytes bytes;
  ResponseHead head;
  ParseOutcome outcome;
};

TEST_CASE("white space before a colon is cleaned if that is tolerated") {
  const std::string text = "HTTP/1.1 200 OK\r\nX-A \t: b\r\nContent-Length : 2\r\n\r\n";
  CHECK(Read(text, {}).rule() == "header_name_space");
  CHECK(Read(text, kBareLf).rule() == "header_name_space");
  const Read read(text, kNameSpace);
  REQUIRE(read.complete());
  CHECK(read.forgave(MalformedRule::header_name_space));
  CHECK(read.head.content_length == 2);
  CHECK(read.written() == "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 2\r\n\r\n");
}

TEST_CASE("lines that end in a bare LF are cleaned if that is tolerated") {
  const std::string text = "HTTP/1.1 200 OK\nX-A: b\nContent-Length: 2\r\n\n";
  CHECK(Read(text, {}).rule() == "bare_lf");
  const Read read(text, kBareLf);
  REQUIRE(read.complete());
  CHECK(read.forgave(MalformedRule::bare_lf));
  CHECK(read.head.size == text.size());
  CHECK(read.written() == "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 2\r\n\r\n");
  CHECK(Read("HTTP/1.1 204\n\n", kBareLf).complete());
}

TEST_CASE("a length that is repeated is one length if that is tolerated") {
  for (const std::string& lengths : std::initializer_list<std::string>{
           "Content-Length: 2\r\nX: y\r\ncontent-length: 2\r\n", "Content-Length: 2, 2\r\nX: y\r\n",
           "Content-Length: 2 ,2\r\nX: y\r\nContent-Length: 02\r\n"}) {
    CAPTURE(lengths);
    const std::string text = response_with(lengths);
    CHECK(Read(text, {}).rule() == "duplicate_equal_length");
    const Read read(text, kEqualLength);
    REQUIRE(read.complete());
    CHECK(read.forgave(MalformedRule::duplicate_equal_length));
    CHECK(read.head.content_length == 2);
    CHECK(read.written() == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: y\r\n\r\n");
  }
  const Read head(response_with("Content-Length: 5, 5\r\n"), kEqualLength, Method::head);
  REQUIRE(head.complete());
  CHECK(head.written() == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
}

TEST_CASE("where the framing is in doubt nothing is tolerated") {
  for (const std::string& lines : std::initializer_list<std::string>{
           "Content-Length: 2\r\nContent-Length: 3\r\n", "Content-Length: 2, 3\r\n",
           "Content-Length: 2,\r\n", "Content-Length: 2\r\nContent-Length: +2\r\n",
           "Content-Length : 2\nContent-Length: 3\r\n",
           "Transfer-Encoding : chunked\r\nContent-Length: 2\r\n",
           "Content-Length: 2\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: gzip\r\n"}) {
    CAPTURE(lines);
    const Read read(response_with(lines), kAll);
    CHECK(read.outcome.status == ParseStatus::fault);
    CHECK(read.rule() == "framing_conflict");
    CHECK(read.outcome.fault.status == 502);
  }
}

TEST_CASE("lines whose end or name is in doubt are never tolerated") {
  for (const std::string& lines : std::initializer_list<std::string>{
           "X: a\rContent-Length: 2\r\n", "X: a\r\r\n", "X: a\n b\r\n", " X: a\r\n", "X y: a\r\n",
           "X\r\n", ": a\r\n", " : a\r\n", "X: a\x01\r\n", "X\n", "X:\x7f\n"}) {
    CAPTURE(lines);
    CHECK(Read(response_with(lines), kAll).outcome.status == ParseStatus::fault);
  }
  for (const std::string& text : std::initializer_list<std::string>{
           "HTTP/1.1 200 OK\rX: y\r\n\r\n", "HTTP/1.1  200 OK\n\n", "HTTP/1.1 20 OK\n\n",
           "\nHTTP/1.1 200 OK\n\n", "ok\n\n"}) {
    CAPTURE(text);
    CHECK(Read(text, kAll).outcome.status == ParseStatus::fault);
  }
}

TEST_CASE("a tolerated head cut at any byte is incomplete, then read as if never cut") {
  const std::string text =
      "HTTP/1.1 200 OK\nX-A : b\r\nContent-Length: 2\nSet-Cookie\t: c\nContent-Length: 2\r\n\n";
  const Read whole(text, kAll);
  REQUIRE(whole.complete());
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    CAPTURE(cut);
    CHECK(Read(text.substr(0, cut), kAll).outcome.status == ParseStatus::incomplete);
  }
}

TEST_CASE("tolerance changes nothing of a head that is right") {
  const std::string text = response_with("Content-Length: 2\r\nX: y\r\n");
  const Read read(text, kAll);
  REQUIRE(read.complete());
  CHECK(read.head.tolerated == 0);
  CHECK(read.written() == text);
}

TEST_CASE("a refused answer keeps what was tolerated before the fault, and how far it was read") {
  const auto forgiven = [](const std::string& text) {
    const Read read(text, kBareLf);
    CHECK(read.outcome.status == ParseStatus::fault);
    CHECK(read.head.size <= text.size());
    return read.forgave(MalformedRule::bare_lf);
  };
  CHECK(forgiven("HTTP/1.1 200 OK\nX-A : b\r\n\r\n"));
  CHECK(forgiven("HTTP/1.1 200 OK\r\nX-A: b\nX(y: z\r\n\r\n"));
  CHECK(forgiven("HTTP/1.1 200 OK\nContent-Length: 2, 3\r\n\r\n"));
  CHECK(forgiven("HTTP/1.1 200 OK\nX: " + std::string(40'000, 'a')));
  CHECK_FALSE(forgiven("HTTP/1.1 200 OK\r\nX-A : b\r\nX-B: c\n\r\n"));
  CHECK_FALSE(forgiven("HTTP/1.1 999 OK\n\r\n"));
}

TEST_CASE("each refused answer names the rule that it broke") {
  const auto rule = [](const std::string& text) { return Read(text, {}).rule(); };
  CHECK(rule("HTP/1.1 200 OK\r\n\r\n") == "status_line");
  CHECK(rule("HTTP/1.1 999 OK\r\n\r\n") == "status_line");
  CHECK(rule(response_with("X(y: z\r\n")) == "header_syntax");
  CHECK(rule(response_with("X: " + std::string(40'000, 'a') + "\r\n")) == "head_too_large");
  CHECK(rule(response_with("Content-Length: x\r\n")) == "framing_conflict");
  CHECK(rule(response_with("Connection: a b\r\n")) == "connection_option");
  CHECK(rule("HTTP/1.1 101 Switching\r\n\r\n") == "upgrade");
}

TEST_CASE("a shown head keeps its shape and none of its secrets") {
  const std::string head =
      "HTTP/1.1 200 OK\nSet-Cookie : sid=31d4d96e407aad42; Path=/\r\nX-Api-Key: short\r\n"
      "Content-Length: 25\r\nContent-Length : 25\r\nX-Account: 4711, kim\r\n"
      "Location: /reset/abcdefghijklmnopqrst?x=1\r\nX-N: \xff\x01\r\n\r\n";
  CHECK(redacted_head(head, 1000) ==
        "HTTP/1.1 200 OK\nSet-Cookie : ***\r\nX-Api-Key: ***\r\n"
        "Content-Length: 25\r\nContent-Length : 25\r\nX-Account: ####, kim\r\n"
        "Location: ***?x=#\r\nX-N: ??\r\n\r\n");
  CHECK(redacted_head(head, 20) == "HTTP/1.1 200 OK\nSet-");
  CHECK(redacted_head("", 20).empty());
}

}  // namespace
}  // namespace ficus::proxy::http
