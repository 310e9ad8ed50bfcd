#include "proxy/http/upgrade_offer.h"

#include "proxy/http/grammar.h"

namespace ficus::proxy::http {

namespace {

bool is_listed(std::string_view protocol, std::string_view offer) {
  ListMembers members(offer);
  std::string_view member;
  while (members.next(member)) {
    if (equals_ignoring_case(member, protocol)) return true;
  }
  return false;
}

}  // namespace

bool fits_offer(const RequestHead& request, const ResponseHead& switched) {
  if (!request.upgrade) return false;
  bool named = false;
  for (const Field& field : switched.fields) {
    if (field.id != HeaderId::upgrade) continue;
    ListMembers members(switched.value(field));
    std::string_view protocol;
    while (members.next(protocol)) {
      if (!is_listed(protocol, request.upgrade_protocol())) return false;
      named = true;
    }
  }
  return named;
}

}  // namespace ficus::proxy::http
