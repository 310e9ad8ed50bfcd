#include "proxy/request_lookup.h"

#include "proxy/http/head_fields.h"

namespace ficus::proxy {
namespace {

// What the Connection list names and what an untrusted peer says of the way here is not sent on, so
// no rule sees it. Fields that end at every hop are the client's word to this one.
bool hidden(const http::Field& field) {
  if (!field.dropped) return false;
  switch (field.id) {
    case http::HeaderId::connection:
    case http::HeaderId::keep_alive:
    case http::HeaderId::proxy_connection:
    case http::HeaderId::te:
    case http::HeaderId::trailer:
    case http::HeaderId::upgrade:
    case http::HeaderId::expect:
    case http::HeaderId::x_ficus:
      return false;
    default:
      return true;
  }
}

template <class Head>
std::optional<std::string_view> find_field(const void* message, std::string_view name,
                                           std::size_t nth) {
  const Head& head = *static_cast<const Head*>(message);
  for (const http::Field& field : head.fields) {
    if (field.name_size != name.size() || hidden(field) ||
        !http::equals_ignoring_case(head.name(field), name)) {
      continue;
    }
    if (nth-- == 0) return head.value(field);
  }
  return std::nullopt;
}

}  // namespace

HeaderLookup lookup_of(const http::RequestHead& head) {
  return {&head, &find_field<http::RequestHead>};
}

HeaderLookup lookup_of(const http::ResponseHead& head) {
  return {&head, &find_field<http::ResponseHead>};
}

RequestView view_of(const http::RequestHead& head) {
  return {head.host(), head.path(), head.query(), head.method_text(), lookup_of(head)};
}

}  // namespace ficus::proxy
