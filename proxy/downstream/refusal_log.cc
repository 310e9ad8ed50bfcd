#include "proxy/downstream/refusal_log.h"

#include <algorithm>

namespace ficus::proxy {
namespace {

// Enough to recognise what came; it may be anything, a TLS handshake too.
constexpr std::size_t kLongestFirstLine = 256;

std::string_view first_line(std::string_view bytes) {
  const std::size_t begin = bytes.find_first_not_of("\r\n");
  if (begin == std::string_view::npos) return {};
  bytes.remove_prefix(begin);
  return bytes.substr(0, std::min(bytes.find_first_of("\r\n"), kLongestFirstLine));
}

}  // namespace

void log_refusal(WorkerContext& context, const Client& client, const http::HeadFault& fault) {
  LogRecord record;
  record.client = client.ip;
  record.first_line = first_line(client.in.view());
  record.status = fault.status;
  record.error = fault.kind;
  record.detail = fault.detail;
  const std::string_view reply = context.head.view();
  const std::size_t end = reply.find("\r\n\r\n");
  if (end != std::string_view::npos) record.bytes_out = reply.size() - end - 4;
  context.access_log.write(*context.snapshot->access_log, record);
}

}  // namespace ficus::proxy
