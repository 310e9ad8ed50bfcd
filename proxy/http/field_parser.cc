#include "proxy/http/field_parser.h"

#include <bit>
#include <cstdint>

#include "proxy/http/grammar.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace ficus::proxy::http {

namespace {

constexpr unsigned char kFirstInValue = 0x20;

// Finds the first byte of a class that starts with all bytes below kFirstGood and DEL; kAlso is one
// more (0: none).
template <unsigned char kFirstGood, char kAlso>
[[gnu::always_inline]] inline const char* find_stop(const char* at, const char* end) {
#ifdef __SSE2__
  const __m128i last_bad = _mm_set1_epi8(static_cast<char>(kFirstGood - 1));
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    __m128i stops = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_bad), bytes);
    stops = _mm_or_si128(stops, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)));
    if constexpr (kAlso != 0) {
      stops = _mm_or_si128(stops, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(kAlso)));
    }
    const auto bits = static_cast<unsigned>(_mm_movemask_epi8(stops));
    if (bits != 0) return at + std::countr_zero(bits);
    at += 16;
  }
#endif
  while (at != end && static_cast<unsigned char>(*at) >= kFirstGood && *at != 0x7f &&
         (kAlso == 0 || *at != kAlso)) {
    ++at;
  }
  return at;
}

#ifdef __SSE2__
// 0xff where a byte lies in ['from', 'from' + 'more'].
__m128i in_range(__m128i bytes, char from, char more) {
  const __m128i above = _mm_sub_epi8(bytes, _mm_set1_epi8(from));
  return _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8(more)), above);
}
#endif

// The colon among the first 16 bytes at `at`, or null if it is not there.
const char* near_colon(const char* at, const char* end) {
#ifdef __SSE2__
  if (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const auto bits =
        static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(':'))));
    if (bits != 0) return at + std::countr_zero(bits);
  }
#endif
  return nullptr;
}

// The end of the token at `at` (RFC 9110 §5.6.2), or `end`.
const char* find_token_end(const char* at, const char* end) {
#ifdef __SSE2__
  // Letters, digits and '-' are what names are made of; the rest is left to the table.
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    __m128i usual = in_range(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 25);
    usual = _mm_or_si128(usual, in_range(bytes, '0', 9));
    usual = _mm_or_si128(usual, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')));
    const auto bits = static_cast<unsigned>(_mm_movemask_epi8(usual)) ^ 0xffffu;
    at += bits == 0 ? 16 : std::countr_zero(bits);
    if (bits == 0) continue;
    if (!is_a(*at, kTokenChar)) return at;
    ++at;
  }
#endif
  while (at != end && is_a(*at, kTokenChar)) ++at;
  return at;
}

// The end of a value behind the tab at `at`, which values may hold.
[[gnu::noinline]] const char* find_control_behind_tabs(const char* at, const char* end) {
  while (at != end && *at == '\t') at = find_control(at + 1, end);
  return at;
}

const char* control_detail(char c) {
  switch (c) {
    case '\n':
      return kBareLfDetail;
    case '\r':
      return "bare CR: lines end in CRLF";
    case '\0':
      return "NUL in the head";
    default:
      return "control character in the head";
  }
}

const char* name_fault(const char* name, const char* stop) {
  if (is_blank(*stop)) {
    if (stop == name) return "white space before a field name: folded lines are obsolete";
    return kNameSpaceDetail;
  }
  if (*stop == ':') return "empty field name";
  if (is_control(*stop)) {
    return *stop == '\r' ? "field line without a colon" : control_detail(*stop);
  }
  return "invalid character in a field name";
}

// One copy for the loop over a head, where a call would cost as much as a short line.
[[gnu::always_inline]] inline LineScan scan_line(const char* base, const char*& at, const char* end,
                                                 Field& field) {
  const char* name = at;
  const char* colon = near_colon(name, end);
  field.id = HeaderId::other;
  if (colon != nullptr) field.id = header_id({name, static_cast<std::size_t>(colon - name)});
  // A name that was recognised holds no stray byte; the rest of the world's is looked at.
  if (field.id == HeaderId::other || field.id == HeaderId::x_ficus) {
    const char* name_end = find_token_end(name, end);
    if (name_end == end) return {ParseStatus::incomplete, nullptr};
    if (*name_end != ':' || name_end == name) {
      return {ParseStatus::fault, name_fault(name, name_end)};
    }
    if (colon == nullptr) field.id = header_id({name, static_cast<std::size_t>(name_end - name)});
    colon = name_end;
  }
  const char* value = colon + 1;
  if (end - value >= 2 && *value == ' ' && !is_blank(value[1])) {
    ++value;
  } else {
    while (value != end && is_blank(*value)) ++value;
  }
  const char* p = find_stop<kFirstInValue, 0>(value, end);
  if (p != end && *p == '\t') p = find_control_behind_tabs(p, end);
  if (p == end) return {ParseStatus::incomplete, nullptr};
  if (*p != '\r') return {ParseStatus::fault, control_detail(*p)};
  if (p + 1 == end) return {ParseStatus::incomplete, nullptr};
  if (p[1] != '\n') return {ParseStatus::fault, control_detail('\r')};
  const char* value_end = p;
  while (value_end != value && is_blank(value_end[-1])) --value_end;

  field.name_at = static_cast<std::uint32_t>(name - base);
  field.name_size = static_cast<std::uint32_t>(colon - name);
  field.value_at = static_cast<std::uint32_t>(value - base);
  field.value_size = static_cast<std::uint32_t>(value_end - value);
  field.dropped = false;
  // "name:CRLF" of an empty value is as good as "name: CRLF".
  const bool usual_blank = value == colon + 2 ? colon[1] == ' ' : value == colon + 1 && value == p;
  field.canonical = usual_blank && value_end == p;
  at = p + 2;
  return {};
}

}  // namespace

const char* find_control(const char* at, const char* end) {
  return find_stop<kFirstInValue, 0>(at, end);
}

const char* find_target_end(const char* at, const char* end) {
  return find_stop<0x21, '#'>(at, end);
}

LineScan scan_field_line(const char* base, const char*& at, const char* end, Field& field) {
  return scan_line(base, at, end, field);
}

ParseOutcome parse_field_lines(std::string_view bytes, const char*& at, const HeadLimits& limits,
                               FieldList& fields) {
  const char* base = bytes.data();
  const char* end = base + bytes.size();
  for (;;) {
    if (at == end) return kIncomplete;
    if (*at == '\r') return expect_crlf(at, end, {});
    if (fields.size() == limits.max_fields && is_a(*at, kTokenChar)) {
      return fault(431, ErrorKind::head_too_large, "too many header fields");
    }
    const LineScan scan = scan_line(base, at, end, fields.next());
    if (scan.status != ParseStatus::complete) {
      return scan.status == ParseStatus::fault ? bad_request(scan.detail) : kIncomplete;
    }
    fields.take_next();
  }
}

ParseOutcome expect_crlf(const char*& at, const char* end, std::string_view unexpected) {
  if (at == end) return kIncomplete;
  if (*at != '\r') return bad_request(is_control(*at) ? control_detail(*at) : unexpected);
  if (at + 1 == end) return kIncomplete;
  if (at[1] != '\n') return bad_request(control_detail('\r'));
  at += 2;
  return kComplete;
}

}  // namespace ficus::proxy::http
