#include "proxy/http/chunked_decoder.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "proxy/http/field_parser.h"
#include "proxy/http/grammar.h"
#include "proxy/http/trailer_fields.h"

namespace ficus::proxy::http {

namespace {

constexpr std::uint8_t kMaxDigits = 16;
constexpr std::uint64_t kMaxChunk = std::numeric_limits<std::int64_t>::max();

constexpr std::string_view kBadSize = "the chunk size is not a hexadecimal number and CRLF";
constexpr std::string_view kBadExtension = "malformed chunk extension";
constexpr std::string_view kBadChunkEnd = "a chunk does not end in CRLF";

}  // namespace

ChunkedDecoder::Outcome ChunkedDecoder::decode(char* data, std::size_t size) {
  Outcome outcome;
  std::size_t at = 0;
  std::size_t payload_at = 0;
  std::size_t payload_size = 0;
  while (at < size && outcome.detail.empty() && state_ != State::done) {
    if (state_ == State::payload) {
      const auto run = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, size - at));
      if (payload_size == 0) {
        payload_at = at;
      } else {
        std::memmove(data + payload_at + payload_size, data + at, run);
      }
      payload_size += run;
      at += run;
      remaining_ -= run;
      extension_bytes_ -= static_cast<std::uint32_t>(std::min<std::size_t>(extension_bytes_, run));
      if (remaining_ == 0) state_ = State::payload_cr;
    } else if (state_ == State::trailer) {
      std::size_t taken = 0;
      outcome.detail = take_trailer(data + at, size - at, taken);
      at += taken;
    } else {
      outcome.detail = step(static_cast<unsigned char>(data[at++]));
    }
  }
  outcome.consumed = at;
  outcome.payload = {data + payload_at, payload_size};
  if (!outcome.detail.empty()) {
    state_ = State::fault;
    outcome.status = Status::fault;
  } else if (state_ == State::done) {
    outcome.status = Status::done;
  }
  return outcome;
}

std::string_view ChunkedDecoder::trailers() const {
  return trailer_ ? std::string_view(trailer_->kept) : std::string_view();
}

// One byte outside payload and trailers; returns the rule that it breaks, or nothing.
std::string_view ChunkedDecoder::step(unsigned char byte) {
  switch (state_) {
    case State::size_start:
    case State::size:
      return step_size(byte);
    case State::size_lf:
      return byte == '\n' ? end_size_line() : kBadSize;
    case State::payload_cr:
      if (byte != '\r') return kBadChunkEnd;
      state_ = State::payload_lf;
      return {};
    case State::payload_lf:
      if (byte != '\n') return kBadChunkEnd;
      state_ = State::size_start;
      return {};
    case State::payload:
    case State::trailer:
    case State::done:
    case State::fault:
      return "decoded past the end";
    default:
      if (byte != '\r' && ++extension_bytes_ > kMaxExtensionBytes) {
        return "too many bytes of chunk extensions";
      }
      return step_extension(byte);
  }
}

std::string_view ChunkedDecoder::step_size(unsigned char byte) {
  if (is_a(static_cast<char>(byte), kHexChar)) {
    if (state_ == State::size_start) {
      remaining_ = 0;
      digits_ = 0;
      state_ = State::size;
    }
    if (++digits_ > kMaxDigits) return "the chunk size has too many digits";
    remaining_ = remaining_ << 4 | hex_value(static_cast<char>(byte));
    return {};
  }
  if (state_ == State::size_start) return kBadSize;
  if (remaining_ > kMaxChunk) return "the chunk size is too large";
  if (byte == '\r') {
    state_ = State::size_lf;
  } else if (byte == ';') {
    state_ = State::extension_start;
  } else if (is_blank(static_cast<char>(byte))) {
    state_ = State::size_space;
  } else {
    return kBadSize;
  }
  return {};
}

// chunk-ext = *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )
std::string_view ChunkedDecoder::step_extension(unsigned char byte) {
  const char c = static_cast<char>(byte);
  const bool token = is_a(c, kTokenChar);
  switch (state_) {
    case State::size_space:  // only an extension may follow
      if (is_blank(c)) return {};
      if (c != ';') return kBadSize;
      state_ = State::extension_start;
      return {};
    case State::extension_start:
      if (is_blank(c)) return {};
      if (!token) return kBadExtension;
      state_ = State::extension_name;
      return {};
    case State::extension_name:
      if (token) return {};
      state_ = State::extension_name_space;
      [[fallthrough]];
    case State::extension_name_space:
      if (c == '=') {
        blank_before_end_ = false;
        state_ = State::extension_value_start;
        return {};
      }
      break;
    case State::extension_value_start:
      if (is_blank(c)) return {};
      if (!token && c != '"') return kBadExtension;
      state_ = token ? State::extension_token : State::extension_quoted;
      return {};
    case State::extension_token:
      if (token) return {};
      state_ = State::extension_end;
      break;
    case State::extension_quoted:
      if (is_control(c) && c != '\t') return kBadExtension;
      if (c == '\\') state_ = State::extension_quoted_pair;
      if (c == '"') state_ = State::extension_end;
      return {};
    case State::extension_quoted_pair:
      if (is_control(c) && c != '\t') return kBadExtension;
      state_ = State::extension_quoted;
      return {};
    default:
      break;
  }
  return after_extension(c);
}

// After a complete name or value: white space, the next extension or the end of the line.
std::string_view ChunkedDecoder::after_extension(char c) {
  if (is_blank(c)) {
    blank_before_end_ = true;
    return {};
  }
  if (c == ';') {
    state_ = State::extension_start;
  } else if (c == '\r' && !blank_before_end_) {
    state_ = State::size_lf;
  } else {
    return kBadExtension;
  }
  blank_before_end_ = false;
  return {};
}

std::string_view ChunkedDecoder::end_size_line() {
  if (remaining_ > 0) {
    state_ = State::payload;
  } else {
    state_ = State::trailer;
  }
  return {};
}

// Takes bytes up to and with the next LF.
std::string_view ChunkedDecoder::take_trailer(const char* data, std::size_t size,
                                              std::size_t& taken) {
  // The usual end, without memory.
  if (!trailer_ && size >= 2 && data[0] == '\r' && data[1] == '\n') {
    taken = 2;
    state_ = State::done;
    return {};
  }
  if (!trailer_) trailer_ = std::make_unique<Trailer>();
  const void* lf = std::memchr(data, '\n', size);
  taken = lf == nullptr ? size : static_cast<std::size_t>(static_cast<const char*>(lf) - data) + 1;
  trailer_->bytes += taken;
  if (trailer_->bytes > kMaxTrailerBytes) return "trailer section too large";
  trailer_->line.append(data, taken);
  return lf == nullptr ? std::string_view() : end_trailer_line();
}

std::string_view ChunkedDecoder::end_trailer_line() {
  const std::string& line = trailer_->line;
  if (line == "\r\n") {
    state_ = State::done;
    return {};
  }
  Field field;
  const char* at = line.data();
  const LineScan scan = scan_field_line(line.data(), at, line.data() + line.size(), field);
  if (scan.status == ParseStatus::fault) return scan.detail;
  const std::string_view name(line.data() + field.name_at, field.name_size);
  if (may_trail(name)) {
    std::string& kept = trailer_->kept;
    kept.append(name).append(": ").append(line, field.value_at, field.value_size).append("\r\n");
  }
  trailer_->line.clear();
  return {};
}

}  // namespace ficus::proxy::http
