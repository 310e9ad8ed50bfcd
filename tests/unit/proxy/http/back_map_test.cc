#include "proxy/http/back_map.h"

#include <string>

#include "tests/unit/proxy/http/heads.h"

namespace ficus::proxy::http {
namespace {

using Part = PathChange::Part;

// Clients see https://shop.example/catalog, the backend http://new.internal/v2/catalog.
struct Place {
  Rewrite rewrite;
  BackMap map;

  explicit Place(std::string_view outside = "/catalog", std::string_view inside = "/v2/catalog",
                 Part part = Part::prefix) {
    rewrite.path = PathChange::of(part, outside, inside);
    rewrite.host = "new.internal";
    map.client_scheme = "https";
    map.client_host = "shop.example";
    map.endpoint = "10.0.0.9:9001";
  }

  std::string mapped(PlaceField kind, std::string_view value) {
    map.rewrite = &rewrite;
    const ExactBytes bytes(value);
    HeadBuffer out;
    append_mapped(kind, bytes.view(), map, out);
    return std::string(out.view());
  }
  std::string location(std::string_view value) { return mapped(PlaceField::reference, value); }
  std::string refresh(std::string_view value) { return mapped(PlaceField::refresh, value); }
  std::string cookie(std::string_view value) { return mapped(PlaceField::cookie, value); }
};

TEST_CASE("a Location of the backend leads to where clients find it", "[back_map]") {
  Place place;
  CHECK(place.location("http://new.internal/v2/catalog/1?q=/v2/catalog#f") ==
        "https://shop.example/catalog/1?q=/v2/catalog#f");
  CHECK(place.location("http://NEW.internal:80/v2/catalog") == "https://shop.example/catalog");
  CHECK(place.location("http://10.0.0.9:9001/v2/catalog/") == "https://shop.example/catalog/");
  CHECK(place.location("//new.internal/v2/catalog/1") == "//shop.example/catalog/1");
  CHECK(place.location("http://new.internal/login") == "https://shop.example/login");
  CHECK(place.location("http://new.internal") == "https://shop.example");
  CHECK(place.location("http://new.internal?x") == "https://shop.example?x");
  CHECK(place.location("/v2/catalog/1?x") == "/catalog/1?x");
  CHECK(place.location("/v2/catalog?x") == "/catalog?x");
}

TEST_CASE("a Location that does not name the backend stays as it is", "[back_map]") {
  Place place;
  for (const char* value :
       {"", "1", "../1", "?page=2", "#top", "/v2/catalogue", "/other", "mailto:a@b.example",
        "http://other.example/v2/catalog", "http://new.internal:8080/v2/catalog",
        "http://user@new.internal/v2/catalog", "http:/v2/catalog", "http:", "ftp://new.internal/",
        "http://new.internal.evil.example/v2/catalog", "javascript:alert(1)"}) {
    CAPTURE(value);
    CHECK(place.location(value) == value);
  }
}

TEST_CASE("a redirect to the other scheme keeps its scheme", "[back_map]") {
  Place place;
  CHECK(place.location("https://new.internal/v2/catalog") == "https://shop.example/catalog");
  place.map.client_scheme = "http";
  CHECK(place.location("https://new.internal/v2/catalog") == "https://shop.example/catalog");
  place.map.client_host = "shop.example:8080";
  CHECK(place.location("https://new.internal/x") == "https://shop.example/x");
  CHECK(place.location("http://new.internal/x") == "http://shop.example:8080/x");
}

TEST_CASE("a backend that was told the client's host keeps it", "[back_map]") {
  Place place;
  place.rewrite.host.clear();
  CHECK(place.location("http://shop.example/v2/catalog/1") == "http://shop.example/catalog/1");
  CHECK(place.location("http://10.0.0.9:9001/v2/catalog/1") == "https://shop.example/catalog/1");
}

TEST_CASE("prefixes may be the root on either side, or a whole path", "[back_map]") {
  Place stripped("/catalog", "/");
  CHECK(stripped.location("/") == "/catalog/");
  CHECK(stripped.location("/x") == "/catalog/x");
  CHECK(stripped.location("http://new.internal/x") == "https://shop.example/catalog/x");
  Place added("/", "/v2");
  CHECK(added.location("/v2") == "/");
  CHECK(added.location("/v2/x") == "/x");
  CHECK(added.location("/x") == "/x");
  Place whole("/a", "/b", Part::whole);
  CHECK(whole.location("/b?x") == "/a?x");
  CHECK(whole.location("/b/c") == "/b/c");
}

TEST_CASE("a client without Host gets a path", "[back_map]") {
  Place place;
  place.map.client_host = {};
  CHECK(place.location("http://new.internal/v2/catalog/1") == "/catalog/1");
  CHECK(place.location("http://new.internal") == "/");
  CHECK(place.location("http://new.internal?x") == "/?x");
  Place stripped("/catalog", "/");
  stripped.map.client_host = {};
  CHECK(stripped.location("http://new.internal") == "/catalog/");
  CHECK(stripped.location("http://new.internal?x") == "/catalog/?x");
}

// Browsers drop tabs and take '\' for '/'.
TEST_CASE("a path stays a path on this host, however it begins without its prefix", "[back_map]") {
  Place added("/", "/v2");
  for (const std::string rest : {"//evil.example/", "///evil.example", "/\\evil.example",
                                 "/\t/evil.example", "/\t\t\\evil.example?x", "//"}) {
    CAPTURE(rest);
    CHECK(added.location("/v2" + rest) == "/." + rest);
    CHECK(added.refresh("0;url=/v2" + rest) == "0;url=/." + rest);
    CHECK(added.location("http://new.internal/v2" + rest) == "https://shop.example" + rest);
    CHECK(added.location("//new.internal/v2" + rest) == "//shop.example" + rest);
  }
  for (const std::string rest : {"/x//y", "/.//evil.example", "/\t", "/%5Cevil.example"}) {
    CAPTURE(rest);
    CHECK(added.location("/v2" + rest) == rest);
  }
  CHECK(added.cookie("a=b; Path=/v2//x") == "a=b; Path=//x");
  // A host of its own is not the proxy's to judge.
  CHECK(added.location("//evil.example/v2") == "//evil.example/v2");
  Place whole("//odd", "/b", Part::whole);
  CHECK(whole.location("/b") == "/.//odd");

  for (Place* place : {&added, &whole}) {
    place->map.client_host = {};
    CHECK(place->location("http://new.internal//evil.example/") == "/.//evil.example/");
    CHECK(place->location("http://new.internal/\\evil.example/") == "/./\\evil.example/");
  }
  CHECK(added.location("//new.internal/v2//evil.example/") == "/.//evil.example/");
}

TEST_CASE("the reference in a Refresh is mapped, whatever its quotes", "[back_map]") {
  Place place;
  CHECK(place.refresh("5; url=http://new.internal/v2/catalog") ==
        "5; url=https://shop.example/catalog");
  CHECK(place.refresh("0;URL='/v2/catalog/1'") == "0;URL='/catalog/1'");
  CHECK(place.refresh("0, url = \"/v2/catalog\" x") == "0, url = \"/catalog\" x");
  for (const char* value : {"", "5", "5;", "5; ", "5; u", "5; url", "5; url ", "5; url=",
                            "5; url=  ", "5; url='", "5; ur=/v2/catalog", "5; /v2/catalog"}) {
    CAPTURE(value);
    CHECK(place.refresh(value) == value);
  }
}

TEST_CASE("a cookie's Path and Domain become the client's", "[back_map]") {
  Place place;
  CHECK(place.cookie("a=b; Path=/v2/catalog; HttpOnly") == "a=b; Path=/catalog; HttpOnly");
  CHECK(place.cookie("a=b;path = /v2/catalog/ ;Secure") == "a=b;path = /catalog/ ;Secure");
  CHECK(place.cookie("a=/v2/catalog; Path=/") == "a=/v2/catalog; Path=/");
  CHECK(place.cookie("a=b; Domain=new.internal; Path=/x") == "a=b; Domain=shop.example; Path=/x");
  CHECK(place.cookie("a=b; DOMAIN=.New.Internal") == "a=b; DOMAIN=shop.example");
  CHECK(place.cookie("a=b; Domain=internal; Path=/") == "a=b; Path=/");
  CHECK(place.cookie("a=b; Domain=example; Domain=other.net") ==
        "a=b; Domain=example; Domain=other.net");
  place.map.client_host = "127.0.0.1:8080";
  CHECK(place.cookie("a=b; Domain=new.internal; Path=/v2/catalog") == "a=b; Path=/catalog");
  Place stripped("/catalog", "/");
  CHECK(stripped.cookie("a=b; Path=/") == "a=b; Path=/catalog");
  CHECK(stripped.cookie("a=b; Path=/x") == "a=b; Path=/catalog/x");
}

TEST_CASE("a cookie that does not have the usual form stays as it is", "[back_map]") {
  Place place;
  for (const char* value :
       {"", "a", ";", "a=b;", "a=b; Path", "a=b; Path=", "a=b; Path=  ", "a=b; =/v2/catalog",
        "a=b; Path=\"/v2/catalog\"", "a=b; Domain", "a=b; Domain=", "a=b; Domain=.",
        "__Host-a=b; Path=/; Secure", "a=b; Expires=Wed, 21 Oct 2026 07:28:00 GMT"}) {
    CAPTURE(value);
    CHECK(place.cookie(value) == value);
  }
  Place stripped("/catalog", "/");
  CHECK(stripped.cookie("__Host-a=b; Path=/; Secure") == "__Host-a=b; Path=/; Secure");
}

// What is read past the end of a value shows in the sanitizers.
TEST_CASE("values may end anywhere", "[back_map]") {
  Place place;
  const std::string reference = "http://new.internal:80/v2/catalog/1?q#f";
  const std::string refresh = "5; url='http://new.internal/v2/catalog'";
  const std::string cookie = "a=b; Domain=.new.internal; Path=/v2/catalog; Secure";
  for (std::size_t size = 0; size <= reference.size(); ++size) {
    place.location(std::string_view(reference).substr(0, size));
  }
  for (std::size_t size = 0; size <= refresh.size(); ++size) {
    place.refresh(std::string_view(refresh).substr(0, size));
  }
  for (std::size_t size = 0; size <= cookie.size(); ++size) {
    place.cookie(std::string_view(cookie).substr(0, size));
  }
}

TEST_CASE("names of fields that hold places are known in any case", "[back_map]") {
  const auto kind = [](std::string_view name) { return place_field(header_id(name), name); };
  CHECK(kind("LOCATION") == PlaceField::reference);
  CHECK(kind("content-Location") == PlaceField::reference);
  CHECK(kind("refresh") == PlaceField::refresh);
  CHECK(kind("set-cookie") == PlaceField::cookie);
  CHECK(kind("Link") == PlaceField::none);
  CHECK(kind("Content-Type") == PlaceField::none);
}

}  // namespace
}  // namespace ficus::proxy::http
