#include "proxy/http/hop_fields.h"

#include <string>
#include <vector>

#include "proxy/http/head_writer.h"
#include "tests/unit/proxy/http/heads.h"

namespace ficus::proxy::http {
namespace {

// The addresses that can be believed, from the nearest outwards.
std::vector<std::string> hops(const std::string& lines) {
  const ParsedRequest parsed(request_with(lines));
  REQUIRE(parsed.complete());
  HopList list(parsed.head);
  std::vector<std::string> result;
  SocketAddress address;
  while (list.next(address)) result.push_back(address.ip_text());
  return result;
}

using Texts = std::vector<std::string>;

TEST_CASE("a node is an address, with a port or without, and nothing else") {
  const auto text = [](std::string_view node) {
    const auto address = parse_node(node);
    return address ? address->ip_text() : std::string("none");
  };
  CHECK(text("192.0.2.1") == "192.0.2.1");
  CHECK(text("192.0.2.1:8080") == "192.0.2.1");
  CHECK(text("192.0.2.1:_port") == "192.0.2.1");
  CHECK(text("2001:db8::1") == "2001:db8::1");
  CHECK(text("[2001:db8::1]") == "2001:db8::1");
  CHECK(text("[2001:db8::1]:443") == "2001:db8::1");
  CHECK(text("::ffff:192.0.2.1") == "192.0.2.1");
  for (const char* bad : {"", "unknown", "_hidden", "localhost", "192.0.2", "192.0.2.256",
                          "192.0.2.1:", "192.0.2.1:x", "192.0.2.1:123456", "[192.0.2.1]", "[::1",
                          "[::1]x", "[::1]:", "::1%eth0", "192.0.2.1 ", "1.2.3.4/8", "\"::1\""}) {
    CAPTURE(bad);
    CHECK(text(bad) == "none");
  }
}

TEST_CASE("the members of X-Forwarded-For are walked from the right, over all its lines") {
  CHECK(hops("X-Forwarded-For: 192.0.2.1, 192.0.2.2\r\nA: b\r\nx-forwarded-for: [::1]:80\r\n") ==
        Texts{"::1", "192.0.2.2", "192.0.2.1"});
  CHECK(hops("X-Forwarded-For: 192.0.2.1,,192.0.2.2 , \r\n") == Texts{"192.0.2.2", "192.0.2.1"});
  CHECK(hops("X-Forwarded-For:\r\n").empty());
  CHECK(hops("A: b\r\n").empty());
}

TEST_CASE("nothing is believed beyond a member that names no address") {
  CHECK(hops("X-Forwarded-For: 192.0.2.1, unknown, 192.0.2.2\r\n") == Texts{"192.0.2.2"});
  CHECK(hops("X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: evil\r\n").empty());
  CHECK(hops("Forwarded: for=192.0.2.1, for=_x, for=192.0.2.2\r\n") == Texts{"192.0.2.2"});
  CHECK(hops("Forwarded: for=192.0.2.1, proto=http, for=192.0.2.2\r\n") == Texts{"192.0.2.2"});
  CHECK(hops("Forwarded: for=192.0.2.1\r\nForwarded: for=\"192.0.2.2\r\n").empty());
  CHECK(hops("Forwarded: for=192.0.2.1\r\nForwarded: for=192.0.2.2;for=192.0.2.3\r\n").empty());
}

TEST_CASE("Forwarded is read with its quotes, its parameters and in any case") {
  CHECK(hops("Forwarded: For=\"[2001:db8::1]:47011\";proto=https, FOR=192.0.2.2 ; by=x\r\n") ==
        Texts{"192.0.2.2", "2001:db8::1"});
  CHECK(hops("Forwarded: host=\"a,b;for=192.0.2.9\";for=192.0.2.1\r\n") == Texts{"192.0.2.1"});
  CHECK(hops("Forwarded: for=192.0.2.1,\r\nForwarded: ,for=192.0.2.2\r\n") ==
        Texts{"192.0.2.2", "192.0.2.1"});
  CHECK(hops("Forwarded: for=\"\\\"192.0.2.1\"\r\n").empty());
}

TEST_CASE("X-Forwarded-For is asked first, Forwarded only without it") {
  CHECK(hops("Forwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n") == Texts{"192.0.2.2"});
}

TEST_CASE("of a list without measure the nearest nodes are seen") {
  std::string line = "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2";
  for (int i = 0; i < 100; ++i) line += ", 192.0.2.3";
  CHECK(hops(line + "\r\n") == Texts(HopList::kMaxNodes, "192.0.2.3"));
}

std::string written(const std::string& lines, const UpstreamHeadContext& context,
                    void (*before)(RequestHead&) = nullptr) {
  ParsedRequest parsed("GET / HTTP/1.1\r\nHost: a:8\r\n" + lines + "\r\n");
  REQUIRE(parsed.complete());
  if (before != nullptr) before(parsed.head);
  HeadBuffer out;
  write_upstream_head(parsed.head, context, out);
  const std::string text(out.view());
  const std::string start = "GET / HTTP/1.1\r\nHost: a:8\r\n";
  REQUIRE(text.substr(0, start.size()) == start);
  return text.substr(start.size(), text.size() - start.size() - 2);
}

UpstreamHeadContext from(std::string_view ip, HopField x_forwarded, HopField forwarded) {
  UpstreamHeadContext context;
  context.client_ip = ip;
  context.x_forwarded = x_forwarded;
  context.forwarded = forwarded;
  return context;
}

TEST_CASE("an element is added to Forwarded, or the field begun, or it is left as it is") {
  const std::string line = "Forwarded: for=192.0.2.1\r\n";
  CHECK(written(line, from("192.0.2.9", HopField::leave, HopField::leave)) == line);
  CHECK(written(line, from("192.0.2.9", HopField::leave, HopField::append_if_present)) ==
        "Forwarded: for=192.0.2.1, for=192.0.2.9;host=\"a:8\";proto=http\r\n");
  CHECK(written("", from("192.0.2.9", HopField::leave, HopField::append_if_present)).empty());
  CHECK(written("", from("2001:db8::9", HopField::leave, HopField::add)) ==
        "Forwarded: for=\"[2001:db8::9]\";host=\"a:8\";proto=http\r\n");
}

TEST_CASE("what an untrusted peer says of the way here is dropped and said anew") {
  const std::string lines =
      "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\n"
      "X-Forwarded-Port: 1\r\nx-real-ip: 192.0.2.1\r\nX-Forward: kept\r\n"
      "X_Forwarded_For: 192.0.2.1\r\nX-FORWARDED_PROTO: https\r\nX_Real-IP: 192.0.2.1\r\n"
      "Forwarded: for=192.0.2.1\r\n";
  const auto drop = [](RequestHead& head) {
    drop_x_forwarded(head);
    drop_forwarded(head);
  };
  CHECK(written(lines, from("192.0.2.9", HopField::add, HopField::append_if_present), drop) ==
        "X-Forward: kept\r\nX-Forwarded-For: 192.0.2.9\r\nX-Forwarded-Proto: http\r\n"
        "X-Forwarded-Host: a:8\r\n");
  CHECK(written(lines, from("192.0.2.9", HopField::leave, HopField::leave)) == lines);
}

TEST_CASE("to a Forwarded that breaks its grammar nothing can be added") {
  const auto sound = [](const std::string& lines) {
    const ParsedRequest parsed(request_with(lines));
    REQUIRE(parsed.complete());
    return has_sound_forwarded(parsed.head);
  };
  CHECK(sound(""));
  CHECK(sound("Forwarded: for=192.0.2.1;proto=http, for=\"[::1]:80\"\r\nForwarded: by=_x\r\n"));
  CHECK(sound("Forwarded: for=unknown, ,for=_hidden\r\n"));
  for (const char* value : {"for=\"192.0.2.1", "for=\"a\\", "for=\x80", "for", "for=a b", "=a"}) {
    CAPTURE(value);
    CHECK_FALSE(sound("Forwarded: for=192.0.2.1\r\nForwarded: " + std::string(value) + "\r\n"));
  }
}

}  // namespace
}  // namespace ficus::proxy::http
