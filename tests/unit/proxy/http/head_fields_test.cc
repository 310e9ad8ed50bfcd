#include "proxy/http/head_fields.h"

#include <string>
#include <utility>
#include <vector>

#include "proxy/http/authority.h"
#include "proxy/http/field_parser.h"
#include "proxy/http/grammar.h"
#include "tests/support/catch.h"

namespace ficus::proxy::http {
namespace {

const std::vector<std::pair<std::string, HeaderId>> kNames{
    {"Host", HeaderId::host},
    {"Connection", HeaderId::connection},
    {"Keep-Alive", HeaderId::keep_alive},
    {"Proxy-Connection", HeaderId::proxy_connection},
    {"TE", HeaderId::te},
    {"Trailer", HeaderId::trailer},
    {"Transfer-Encoding", HeaderId::transfer_encoding},
    {"Upgrade", HeaderId::upgrade},
    {"Content-Length", HeaderId::content_length},
    {"Expect", HeaderId::expect},
    {"Cookie", HeaderId::cookie},
    {"Authorization", HeaderId::authorization},
    {"Accept", HeaderId::accept},
    {"User-Agent", HeaderId::user_agent},
    {"X-Forwarded-For", HeaderId::x_forwarded_for},
    {"X-Forwarded-Proto", HeaderId::x_forwarded_proto},
    {"X-Forwarded-Host", HeaderId::x_forwarded_host},
    {"X-Request-Id", HeaderId::x_request_id},
    {"traceparent", HeaderId::traceparent},
    {"tracestate", HeaderId::tracestate},
    {"X-Ficus-Side", HeaderId::x_ficus},
    {"Set-Cookie", HeaderId::set_cookie},
    {"Cache-Control", HeaderId::cache_control},
    {"Vary", HeaderId::vary},
    {"Date", HeaderId::date},
    {"Server", HeaderId::server},
    {"Content-Type", HeaderId::content_type},
    {"Location", HeaderId::location},
    {"HTTP2-Settings", HeaderId::http2_settings},
};

TEST_CASE("a field name is known in any case, and no similar name is taken for it") {
  for (const auto& [name, id] : kNames) {
    CAPTURE(name);
    std::string upper = name;
    std::string lower = name;
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    CHECK(header_id(name) == id);
    CHECK(header_id(upper) == id);
    CHECK(header_id(lower) == id);
    const bool prefix = id == HeaderId::x_ficus;
    for (std::size_t i = 0; i < (prefix ? 8 : name.size()); ++i) {
      for (int c = 0x21; c < 0x7f; ++c) {
        if (!is_a(static_cast<char>(c), kTokenChar)) continue;
        std::string other = lower;
        other[i] = static_cast<char>(c);
        if (std::tolower(c) == lower[i]) continue;
        CHECK(header_id(other) == HeaderId::other);
      }
    }
    if (prefix) continue;
    CHECK(header_id(name + "x") == HeaderId::other);
    CHECK(header_id(name.substr(1)) == HeaderId::other);
  }
  CHECK(header_id("X-Ficus-") == HeaderId::x_ficus);
  CHECK(header_id("X-Ficus") == HeaderId::other);
  CHECK(header_id("") == HeaderId::other);
}

TEST_CASE("control characters are found wherever they stand") {
  for (std::size_t size = 0; size < 40; ++size) {
    for (std::size_t place = 0; place < size; ++place) {
      for (int c = 0; c < 256; ++c) {
        std::string text(size, '\xff');
        for (std::size_t i = 0; i < size; ++i) text[i] = i % 2 == 0 ? '\xa0' : ' ';
        text[place] = static_cast<char>(c);
        const char* end = text.data() + size;
        const bool control = c < 0x20 || c == 0x7f;
        const char* found = find_control(text.data(), end);
        if (found != (control ? text.data() + place : end)) FAIL(size << " " << place << " " << c);
      }
    }
  }
}

TEST_CASE("each byte at each place of a field name is judged alike, whatever the name's length") {
  for (const std::size_t size : {1u, 2u, 15u, 16u, 17u, 31u, 32u, 40u}) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string line(size, 'n');
        line[at] = static_cast<char>(byte);
        line += ": v\r\nNext";
        const char* end = line.data();
        Field field;
        const LineScan scan = scan_field_line(line.data(), end, line.data() + line.size(), field);
        // A colon within ends the name there.
        const bool colon = byte == ':' && at > 0;
        const bool good = colon || is_a(static_cast<char>(byte), kTokenChar);
        if ((scan.status == ParseStatus::complete) != good ||
            (good && field.name_size != (colon ? at : size))) {
          FAIL("byte " << byte << " at " << at << " of " << size);
        }
      }
    }
  }
}

TEST_CASE("a list of fields grows beyond its inline room and keeps its memory") {
  FieldList fields;
  for (std::uint32_t i = 0; i < 100; ++i) {
    Field field;
    field.name_at = i;
    field.id = i == 77 ? HeaderId::cookie : HeaderId::other;
    fields.push_back(field);
  }
  REQUIRE(fields.size() == 100);
  CHECK(fields.has(HeaderId::cookie));
  CHECK_FALSE(fields.has(HeaderId::host));
  const FieldList copy = fields;
  fields.clear();
  CHECK(fields.empty());
  CHECK_FALSE(fields.has(HeaderId::cookie));
  REQUIRE(copy.size() == 100);
  CHECK(copy.has(HeaderId::cookie));
  for (std::uint32_t i = 0; i < 100; ++i) CHECK(copy[i].name_at == i);
  fields = copy;
  CHECK(fields[99].name_at == 99);
}

TEST_CASE("a host is a name or an address with an optional port") {
  const auto name_size = [](std::string_view text) {
    const Authority authority = judge_authority(text);
    return authority.detail.empty() ? static_cast<int>(authority.host_name_size) : -1;
  };
  CHECK(name_size("shop.example") == 12);
  CHECK(name_size("shop.example:8080") == 12);
  CHECK(name_size("shop.example:") == 12);
  CHECK(name_size("shop_1.example") == 14);
  CHECK(name_size("192.0.2.1:65535") == 9);
  CHECK(name_size("[2001:db8::1]:443") == 13);
  CHECK(name_size("[::ffff:192.0.2.1]") == 18);
  CHECK(name_size("b%C3%BCcher.example") == 19);
  for (const char* text : {"",
                           ":80",
                           "user@shop.example",
                           "user:pw@shop",
                           "shop example",
                           "shop/x",
                           "shop?x",
                           "shop#x",
                           "shop\\x",
                           "shop.example:80:80",
                           "shop.example:x",
                           "shop.example:65536",
                           "shop.example:-1",
                           "shop.example:000080",
                           "[::1",
                           "[]",
                           "[::1]x",
                           "[shop]",
                           "[fe80::1%25eth0]",
                           "[v1.x]",
                           "::1",
                           "shop%",
                           "shop%2",
                           "shop%zz",
                           "b\xc3\xbc"
                           "cher",
                           "a\tb",
                           "\"shop\"",
                           "<shop>",
                           "a,b c"}) {
    CAPTURE(text);
    CHECK(name_size(text) == -1);
  }
}

}  // namespace
}  // namespace ficus::proxy::http
