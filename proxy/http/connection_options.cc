#include "proxy/http/connection_options.h"

#include "proxy/http/grammar.h"

namespace ficus::proxy::http {

namespace {

// Each option is looked for among all fields, so their number in a head is bounded.
constexpr int kMaxOptions = 64;

bool may_be_listed(HeaderId id) {
  switch (id) {
    case HeaderId::host:
    case HeaderId::connection:
    case HeaderId::content_length:
    case HeaderId::transfer_encoding:
    case HeaderId::expect:
    case HeaderId::x_forwarded_for:
    case HeaderId::x_forwarded_proto:
    case HeaderId::x_forwarded_host:
    case HeaderId::forwarded:
    case HeaderId::x_request_id:
    case HeaderId::traceparent:
    case HeaderId::tracestate:
      return false;
    default:
      return true;
  }
}

void drop_listed(const char* base, std::string_view option, HeaderId id, FieldList& fields) {
  if (!may_be_listed(id) || !fields.has(id)) return;
  for (Field& field : fields) {
    if (field.id != id) continue;
    if (equals_ignoring_case({base + field.name_at, field.name_size}, option)) field.dropped = true;
  }
}

void apply_line(const char* base, std::string_view line, int& count, FieldList& fields,
                ConnectionOptions& options) {
  ListMembers members(line);
  std::string_view option;
  while (members.next(option)) {
    if (++count > kMaxOptions) {
      options.detail = "too many connection options";
      return;
    }
    if (option.empty()) continue;
    const HeaderId id = header_id(option);
    if (id == HeaderId::keep_alive) {
      options.keep_alive = true;
    } else if (equals_ignoring_case(option, "close")) {
      options.close = true;
    } else if (id == HeaderId::upgrade) {
      options.upgrade = true;
    } else if (!is_token(option)) {
      options.detail = "a connection option is not a token";
      return;
    } else {
      drop_listed(base, option, id, fields);
    }
  }
}

}  // namespace

ConnectionOptions apply_connection_options(const char* base, FieldList& fields) {
  ConnectionOptions options;
  int count = 0;
  for (Field& field : fields) {
    switch (field.id) {
      case HeaderId::connection:
        field.dropped = true;
        if (options.detail.empty()) {
          apply_line(base, {base + field.value_at, field.value_size}, count, fields, options);
        }
        break;
      case HeaderId::keep_alive:
      case HeaderId::proxy_connection:
      case HeaderId::te:
      case HeaderId::upgrade:
      case HeaderId::http2_settings:
        field.dropped = true;
        break;
      default:
        break;
    }
  }
  return options;
}

bool persists(const ConnectionOptions& options, std::uint8_t minor_version) {
  if (options.close) return false;
  return minor_version >= 1 || options.keep_alive;
}

}  // namespace ficus::proxy::http
