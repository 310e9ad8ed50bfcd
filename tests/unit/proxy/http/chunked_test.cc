#include <limits>
#include <string>
#include <vector>

#include "proxy/http/chunked_decoder.h"
#include "proxy/http/chunked_encoder.h"
#include "tests/unit/proxy/http/heads.h"

namespace ficus::proxy::http {
namespace {

using namespace std::string_literals;
using Status = ChunkedDecoder::Status;

struct Decoded {
  Status status = Status::need_more;
  std::string payload;
  std::string trailers;
  std::string detail;
  std::size_t consumed = 0;
};

// Feeds `body` in pieces of at most `piece` bytes.
Decoded decode(std::string_view body, std::size_t piece = std::string::npos) {
  ChunkedDecoder decoder;
  Decoded result;
  while (!body.empty() && result.status == Status::need_more) {
    ExactBytes bytes(body.substr(0, piece));
    const ChunkedDecoder::Outcome outcome = decoder.decode(bytes.data(), bytes.size());
    result.status = outcome.status;
    result.payload += outcome.payload;
    result.detail = outcome.detail;
    result.consumed += outcome.consumed;
    if (outcome.status == Status::need_more) REQUIRE(outcome.consumed == bytes.size());
    body.remove_prefix(outcome.consumed);
  }
  result.trailers = decoder.trailers();
  return result;
}

TEST_CASE("chunks are decoded to their payload, whatever the pieces they come in") {
  const std::string body =
      "5\r\nhello\r\n001;name\r\n \r\n6 ; a = b ;c=\"q;\\\" \t.\"\r\nworld!\r\nA\r\n0123456789\r\n"
      "0;end\r\nX-Sum: 5 \r\nContent-Length: 7\r\nX-Two:a\r\n\r\n";
  for (std::size_t piece = 1; piece <= body.size(); ++piece) {
    CAPTURE(piece);
    const Decoded result = decode(body + "GET / HTTP/1.1", piece);
    REQUIRE(result.detail.empty());
    REQUIRE(result.status == Status::done);
    CHECK(result.payload == "hello world!0123456789");
    CHECK(result.trailers == "X-Sum: 5\r\nX-Two: a\r\n");
    CHECK(result.consumed == body.size());
  }
  for (std::size_t cut = 0; cut < body.size(); ++cut) {
    CHECK(decode(body.substr(0, cut)).status == Status::need_more);
  }
}

TEST_CASE("payload of one chunk is not moved") {
  ExactBytes bytes("4\r\nabcd\r\n");
  ChunkedDecoder decoder;
  const auto outcome = decoder.decode(bytes.data(), bytes.size());
  CHECK(outcome.payload == "abcd");
  CHECK(outcome.payload.data() == bytes.data() + 3);
}

TEST_CASE("malformed chunks are refused") {
  const std::vector<std::string> table{
      "\r\n",
      " 5\r\nhello\r\n",
      "+5\r\nhello\r\n",
      "-1\r\n",
      "0x5\r\nhello\r\n",
      "g\r\n",
      ";a\r\n",
      "5\nhello\r\n",
      "5\r",
      "5 \r\nhello\r\n",
      "5\t\r\nhello\r\n",
      "5 5\r\n",
      "5,5\r\n",
      "5\r\nhello",
      "5\r\nhelloX\r\n",
      "5\r\nhello\n",
      "5\r\nhello\rX",
      "5\r\nhello0\r\n\r\n",
      "10000000000000000\r\n",
      "00000000000000005\r\n",
      "8000000000000000\r\n",
      "ffffffffffffffff\r\n",
      "5;\r\nhello\r\n",
      "5;;a\r\n",
      "5;a=\r\n",
      "5;a=b=c\r\n",
      "5;a b\r\n",
      "5;a \r\n",
      "5;a=b \r\n",
      "5;a\n",
      "5;a\rb\r\n",
      "5;a=\"x\r\n",
      "5;a=\"\x00\"\r\n"s,
      "5;a=\"x\"y\r\n",
      "5;a=\"\\\n\"\r\n",
      "5;a\x7f\r\n",
      "0\r\n\n",
      "0\r\n\rX\n",
      "0\r\nX\r\n\r\n",
      "0\r\nX : y\r\n\r\n",
      "0\r\n X: y\r\n\r\n",
      "0\r\nX: y\n\r\n",
      "0\r\nX: y\r\n z\r\n\r\n",
      "0\r\nX: a\rb\r\n\r\n",
      "0\r\n: y\r\n\r\n",
      "0\r\nX: \x00\r\n\r\n"s,
  };
  for (const std::string& body : table) {
    // Inputs that end where the fault would show need one more byte.
    const std::string input = body + "Z";
    CAPTURE(body);
    const Decoded whole = decode(input);
    CHECK(whole.status == Status::fault);
    CHECK_FALSE(whole.detail.empty());
    const Decoded bytewise = decode(input, 1);
    CHECK(bytewise.status == Status::fault);
    CHECK(bytewise.detail == whole.detail);
    CHECK(bytewise.payload == whole.payload);
  }
}

TEST_CASE("the largest chunk size is 2^63 - 1") {
  CHECK(decode("7fffffffffffffff\r\nabc").payload == "abc");
  CHECK(decode("8000000000000000\r\nabc").status == Status::fault);
}

TEST_CASE("extensions are bounded by the payload that they come with") {
  const std::string extension = ";" + std::string(100, 'x');
  std::string honest;
  std::string hollow;
  for (int i = 0; i < 1000; ++i) {
    honest += "64" + extension + "\r\n" + std::string(100, 'a') + "\r\n";
    hollow += "1" + extension + "\r\na\r\n";
  }
  CHECK(decode(honest).status == Status::need_more);
  CHECK(decode(hollow).status == Status::fault);
  CHECK(decode("1;" + std::string(20000, 'x')).status == Status::fault);
}

TEST_CASE("a trailer section is bounded") {
  CHECK(decode("0\r\nX: " + std::string(8000, 'x') + "\r\n\r\n").status == Status::done);
  CHECK(decode("0\r\nX: " + std::string(8200, 'x') + "\r\n\r\n").status == Status::fault);
  CHECK(decode("0\r\nX: " + std::string(8200, 'x')).status == Status::fault);
}

TEST_CASE("trailer fields that frame, route or authenticate are dropped") {
  std::string body = "0\r\nX-Kept: 1\r\n";
  for (const char* name :
       {"Transfer-Encoding", "content-length", "Host", "Connection", "Authorization", "Cookie",
        "Set-Cookie", "Trailer", "TE", "Upgrade", "Cache-Control", "Content-Type",
        "Content-Encoding", "X-Forwarded-For", "X-Ficus-Side", "Forwarded", "Expect", "If-Match"}) {
    body += name + std::string(": x\r\n");
  }
  CHECK(decode(body + "\r\n").trailers == "X-Kept: 1\r\n");
  CHECK(decode("0\r\nHost: x\r\n\r\n").trailers.empty());
}

TEST_CASE("chunk sizes are written in hexadecimal and read back") {
  const auto line = [](std::size_t size) {
    char out[kChunkSizeLineMax];
    const std::size_t length = format_chunk_size(out, size);
    return std::string(out, length);
  };
  CHECK(line(0) == "0\r\n");
  CHECK(line(1) == "1\r\n");
  CHECK(line(16) == "10\r\n");
  CHECK(line(0xabcdef) == "abcdef\r\n");
  CHECK(line(std::numeric_limits<std::size_t>::max()) == "ffffffffffffffff\r\n");
  const std::string body = line(3) + "abc" + std::string(kChunkEnd);
  CHECK(decode(body + std::string(kLastChunk)).status == Status::done);
  CHECK(decode(body + std::string(kLastChunkBeforeTrailers) + "X: y\r\n\r\n").payload == "abc");
}

}  // namespace
}  // namespace ficus::proxy::http
