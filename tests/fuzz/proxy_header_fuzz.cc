// A PROXY header is judged the same wherever it is cut, and never beyond its bounds.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "proxy/downstream/proxy_header.h"
#include "tests/fuzz/fuzz_check.h"

namespace {

using namespace ficus::proxy;
using ficus::config::ProxyProtocol;

ProxyHeader parse(std::string_view text, ProxyProtocol version) {
  const std::vector<char> bytes(text.begin(), text.end());
  return parse_proxy_header({bytes.data(), bytes.size()}, version);
}

void check(std::string_view input, ProxyProtocol version, std::size_t longest) {
  const ProxyHeader whole = parse(input, version);
  if (whole.status == ProxyHeader::Status::incomplete) FUZZ_CHECK(input.size() < longest);
  if (whole.status == ProxyHeader::Status::fault) FUZZ_CHECK(!whole.fault.empty());
  if (whole.status == ProxyHeader::Status::complete) {
    FUZZ_CHECK(whole.size <= input.size() && whole.size <= longest);
    FUZZ_CHECK(parse(input.substr(0, whole.size - 1), version).status ==
               ProxyHeader::Status::incomplete);
    const ProxyHeader exact = parse(input.substr(0, whole.size), version);
    FUZZ_CHECK(exact.status == whole.status && exact.source == whole.source);
  }
  for (const std::size_t cut : {input.size() / 2, input.size() / 3}) {
    const ProxyHeader part = parse(input.substr(0, cut), version);
    if (part.status != ProxyHeader::Status::incomplete) {
      FUZZ_CHECK(part.status == whole.status && part.size == whole.size);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check(input, ProxyProtocol::v1, kProxyV1Max);
  check(input, ProxyProtocol::v2, kProxyV2Max);
  return 0;
}
