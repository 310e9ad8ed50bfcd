#include "proxy/request_lookup.h"

#include "proxy/http/head_fields.h"

namespace ficus::proxy {
namespace {

template <class Head>
std::optional<std::string_view> find_field(const void* message, std::string_view name,
                                           std::size_t nth) {
  const Head& head = *static_cast<const Head*>(message);
  for (const http::Field& field : head.fields) {
    if (field.name_size != name.size() || !http::equals_ignoring_case(head.name(field), name)) {
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
