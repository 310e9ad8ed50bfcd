// What an answer says of places: whatever its bytes, the value grows by no more than the client's
// own host and prefix, and holds no line end that was not in it; and what was a path stays one.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/http/back_map.h"
#include "tests/fuzz/fuzz_check.h"

namespace {

using namespace ficus::proxy::http;

std::string check(PlaceField kind, std::string_view value, const BackMap& map) {
  const std::vector<char> bytes(value.begin(), value.end());  // of exactly its size
  HeadBuffer out;
  append_mapped(kind, {bytes.data(), bytes.size()}, map, out);
  const std::string_view mapped = out.view();
  if (value.find_first_of("\r\n") == std::string_view::npos) {
    FUZZ_CHECK(mapped.find_first_of("\r\n") == std::string_view::npos);
  }
  // A cookie may hold many attributes, each of which grows.
  const std::size_t places = kind == PlaceField::cookie ? value.size() / 6 + 1 : 1;
  FUZZ_CHECK(mapped.size() <= value.size() + places * 64);
  return std::string(mapped);
}

// As browsers read it, which drop tabs and line ends and take '\' for '/'.
bool leads_to_another_host(std::string_view value) {
  std::string read;
  for (const char c : value) {
    if (c != '\t' && c != '\r' && c != '\n') read += c == '\\' ? '/' : c;
  }
  return read.starts_with("//");
}

void check_reference(std::string_view value, const BackMap& map) {
  const std::string mapped = check(PlaceField::reference, value, map);
  if (value.starts_with('/') && !value.starts_with("//")) {
    FUZZ_CHECK(!leads_to_another_host(mapped));
    const std::string refresh = "0;url=";
    FUZZ_CHECK(check(PlaceField::refresh, refresh + std::string(value), map) == refresh + mapped);
  }
  if (map.client_host.empty() && mapped != value) FUZZ_CHECK(!leads_to_another_host(mapped));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  for (const auto& [outside, inside] :
       {std::pair{"/catalog", "/v2/catalog"}, {"/a", "/"}, {"/", "/b"}}) {
    Rewrite rewrite;
    rewrite.path = PathChange::of(PathChange::Part::prefix, outside, inside);
    rewrite.host = "new.internal";
    BackMap map;
    map.rewrite = &rewrite;
    map.client_scheme = "https";
    map.client_host = "shop.example:8443";
    map.endpoint = "10.0.0.9:9001";
    check(PlaceField::refresh, value, map);
    check(PlaceField::cookie, value, map);
    check_reference(value, map);
    map.client_host = {};
    check_reference(value, map);
  }
  return 0;
}
