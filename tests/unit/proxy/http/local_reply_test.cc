#include "proxy/http/local_reply.h"

#include <string>
#include <string_view>

#include "tests/unit/proxy/http/heads.h"

namespace ficus::proxy::http {
namespace {

std::string written(const LocalReply& reply, ReplyFormat format) {
  HeadBuffer out;
  write_local_reply(reply, format, out);
  return std::string(out.view());
}

TEST_CASE("a local reply is a problem document with its length") {
  LocalReply reply;
  reply.status = 503;
  reply.detail = "no endpoint of old-shop is healthy";
  reply.request_id = "r1";
  reply.retry_after_seconds = 2;
  reply.close = true;
  const std::string text = written(reply, ReplyFormat::problem_json);
  const std::string body =
      "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,"
      "\"detail\":\"no endpoint of old-shop is healthy\",\"request_id\":\"r1\"}\n";
  CHECK(text ==
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n"
        "Cache-Control: no-store\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\nRetry-After: 2\r\nConnection: close\r\n\r\n" + body);
}

TEST_CASE("a local reply is dated as the standard writes dates") {
  const auto date = [](std::time_t time) {
    HeadBuffer out;
    append_http_date(time, out);
    return std::string(out.view());
  };
  CHECK(date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(date(951782399) == "Mon, 28 Feb 2000 23:59:59 GMT");
  CHECK(date(4102444800) == "Fri, 01 Jan 2100 00:00:00 GMT");
  LocalReply reply;
  reply.date = 784111777;
  CHECK_THAT(written(reply, ReplyFormat::text),
             ContainsSubstring("\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
}

TEST_CASE("a local reply to HEAD has the length but not the body") {
  LocalReply reply;
  reply.status = 502;
  const std::string to_get = written(reply, ReplyFormat::text);
  reply.request_method = Method::head;
  const std::string to_head = written(reply, ReplyFormat::text);
  CHECK(to_get == to_head + "502 Bad Gateway\n");
  CHECK_THAT(to_head, ContainsSubstring("Content-Length: 16\r\n"));
}

TEST_CASE("a local reply escapes whatever it quotes") {
  LocalReply reply;
  reply.status = 400;
  reply.detail = "a\"b\\c\n\x01\x7f\xc3\xa9\xff\xe2\x82\xed\xa0\x80";
  CHECK_THAT(written(reply, ReplyFormat::problem_json),
             ContainsSubstring("\"a\\\"b\\\\c\\u000a\\u0001\\u007f\xc3\xa9\\ufffd\\ufffd\\ufffd"
                               "\\ufffd\\ufffd\\ufffd\"}"));
  CHECK_THAT(written(reply, ReplyFormat::text), ContainsSubstring("\na\"b\\c   \xc3\xa9"));
}

TEST_CASE("a local reply is a response that parses, with exactly its body") {
  for (const ReplyFormat format : {ReplyFormat::problem_json, ReplyFormat::text}) {
    for (const int status : {400, 404, 408, 414, 417, 431, 500, 501, 502, 503, 504, 505, 599}) {
      LocalReply reply;
      reply.status = status;
      reply.title = std::string_view("t\0\r\n", 4);
      reply.detail = "d\r\nX: y";
      const std::string text = written(reply, format);
      const ParsedResponse parsed(text);
      REQUIRE(parsed.complete());
      CHECK(parsed.head.status == status);
      CHECK(parsed.head.size + parsed.head.content_length == text.size());
      CHECK(parsed.head.keep_alive);
    }
  }
}

TEST_CASE("an HTTP/1.0 client that may stay is told so") {
  LocalReply reply;
  reply.client_minor_version = 0;
  CHECK_THAT(written(reply, ReplyFormat::text),
             ContainsSubstring("\r\nConnection: keep-alive\r\n"));
}

TEST_CASE("browsers and people get text, programs get JSON") {
  CHECK(reply_format("") == ReplyFormat::problem_json);
  CHECK(reply_format("*/*") == ReplyFormat::problem_json);
  CHECK(reply_format("application/json") == ReplyFormat::problem_json);
  CHECK(reply_format("text/html,application/xhtml+xml,*/*;q=0.8") == ReplyFormat::text);
  CHECK(reply_format("TEXT/PLAIN; q=0.5") == ReplyFormat::text);
  CHECK(reply_format("text/html, application/json;q=0.9") == ReplyFormat::problem_json);
}

}  // namespace
}  // namespace ficus::proxy::http
