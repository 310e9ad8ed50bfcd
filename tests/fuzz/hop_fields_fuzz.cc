// The fields that tell of a request's way: walking them ends, and each address has one text.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http/hop_fields.h"
#include "tests/fuzz/fuzz_check.h"

using namespace ficus::proxy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string lines(reinterpret_cast<const char*>(data), size);
  const std::string text = "GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n\r\n";
  http::RequestHead head;
  const auto outcome = http::parse_request_head(text, http::HeadLimits{}, head);
  if (outcome.status != http::ParseStatus::complete) return 0;
  http::HopList hops(head);
  SocketAddress address;
  std::size_t count = 0;
  while (hops.next(address)) {
    FUZZ_CHECK(!address.empty());
    FUZZ_CHECK(++count <= text.size());
    const auto again = http::parse_node(address.ip_text());
    FUZZ_CHECK(again && *again == address);
  }
  FUZZ_CHECK(!hops.next(address));
  http::drop_x_forwarded(head);
  http::drop_forwarded(head);
  return 0;
}
