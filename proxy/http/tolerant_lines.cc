#include "proxy/http/tolerant_lines.h"

#include "proxy/http/field_parser.h"
#include "proxy/http/grammar.h"

namespace ficus::proxy::http {

namespace {

// One field line, of which the strict scan said `strict_detail`.
ParseOutcome scan_line(const char*& at, const char* end, const config::Tolerance& tolerance,
                       const char* strict_detail, ResponseHead& head) {
  const char* name = at;
  const char* name_end = name;
  while (name_end != end && is_a(*name_end, kTokenChar)) ++name_end;
  const char* colon = name_end;
  while (colon != end && is_blank(*colon)) ++colon;
  if (colon == end) return kIncomplete;
  if (name_end == name || *colon != ':') return bad_request(strict_detail);
  if (colon != name_end) {
    if (!tolerance.header_name_space) return bad_request(kNameSpaceDetail);
    head.forgive(MalformedRule::header_name_space);
  }
  const char* value = colon + 1;
  while (value != end && is_blank(*value)) ++value;
  const char* stop = find_control(value, end);
  while (stop != end && *stop == '\t') stop = find_control(stop + 1, end);
  if (stop == end) return kIncomplete;
  const char* value_end = stop;
  while (value_end != value && is_blank(value_end[-1])) --value_end;
  at = stop;
  const ParseOutcome outcome = end_line(at, end, tolerance, head);
  if (outcome.status != ParseStatus::complete) return outcome;

  Field& field = head.fields.next();
  field.name_at = static_cast<std::uint32_t>(name - head.base);
  field.name_size = static_cast<std::uint32_t>(name_end - name);
  field.value_at = static_cast<std::uint32_t>(value - head.base);
  field.value_size = static_cast<std::uint32_t>(value_end - value);
  field.id = header_id({name, field.name_size});
  field.dropped = false;
  field.canonical = false;
  head.fields.take_next();
  return kComplete;
}

}  // namespace

ParseOutcome end_line(const char*& at, const char* end, const config::Tolerance& tolerance,
                      ResponseHead& head) {
  if (at == end || *at != '\n' || !tolerance.bare_lf) {
    return expect_crlf(at, end, "characters after the status");
  }
  head.forgive(MalformedRule::bare_lf);
  ++at;
  return kComplete;
}

ParseOutcome parse_tolerant_field_lines(std::string_view bytes, const char*& at,
                                        const TolerantTerms& terms, ResponseHead& head) {
  const char* end = bytes.data() + bytes.size();
  for (;;) {
    if (at == end) return kIncomplete;
    if (*at == '\r' || *at == '\n') return end_line(at, end, terms.tolerance, head);
    if (head.fields.size() == terms.limits.max_fields && is_a(*at, kTokenChar)) {
      return fault(431, ErrorKind::head_too_large, "too many header fields");
    }
    const LineScan scan = scan_field_line(head.base, at, end, head.fields.next());
    if (scan.status == ParseStatus::incomplete) return kIncomplete;
    if (scan.status == ParseStatus::complete) {
      head.fields.take_next();
      continue;
    }
    const ParseOutcome outcome = scan_line(at, end, terms.tolerance, scan.detail, head);
    if (outcome.status != ParseStatus::complete) return outcome;
  }
}

}  // namespace ficus::proxy::http
