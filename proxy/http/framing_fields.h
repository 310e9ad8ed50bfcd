#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proxy/http/head_fields.h"

namespace ficus::proxy::http {

// A Content-Length by its exact grammar, 1*DIGIT, up to 2^63 - 1; anything else is nothing.
std::optional<std::uint64_t> parse_content_length(std::string_view value);

enum class TransferCoding : std::uint8_t {
  chunked,    // exactly one final "chunked"
  unknown,    // a well-formed list that names a coding the proxy does not know
  malformed,  // empty members, parameters, "identity", chunked twice or not last
};

TransferCoding judge_transfer_encoding(std::string_view value);

// What the framing fields of one head say, or the rule that they break.
struct FramingFields {
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  std::string_view detail{};  // of a fault; static storage
  bool unknown_coding = false;
};

// Judges Content-Length and Transfer-Encoding together (RFC 9112 §6.3): at most one line of one of
// them. Lines that the proxy would spell differently lose `canonical`.
FramingFields judge_framing_fields(const char* base, std::uint8_t minor_version, FieldList& fields);

// Is there more than one Content-Length, in several lines or in one, each the same valid number
// (RFC 9110 §8.6)?
bool repeats_one_length(const char* base, const FieldList& fields);

// Makes one Content-Length of such: the first value stays.
void keep_first_length(const char* base, FieldList& fields);

}  // namespace ficus::proxy::http
