#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ficus::proxy {

// Appends to memory that the caller knows to be large enough: kMostPerByte for each byte of a text
// and kMostPerNumber for a number.
class LineWriter {
 public:
  static constexpr std::size_t kMostPerByte = 6;  // \u00XX
  static constexpr std::size_t kMostPerNumber = 24;

  explicit LineWriter(char* out) : out_(out) {}

  char* end() const { return out_; }

  // As it is; for text that is known to need no escapes.
  void raw(std::string_view text) {
    if (text.empty()) return;  // its data may be null
    std::memcpy(out_, text.data(), text.size());
    out_ += text.size();
  }
  void raw(char byte) { *out_++ = byte; }

  void number(std::uint64_t value) { out_ = std::to_chars(out_, out_ + kMostPerNumber, value).ptr; }

  // Microseconds as milliseconds with three decimals.
  void millis(std::int64_t micros) {
    const auto whole = static_cast<std::uint64_t>(micros < 0 ? 0 : micros);
    number(whole / 1000);
    const auto rest = static_cast<unsigned>(whole % 1000);
    out_[0] = '.';
    out_[1] = static_cast<char>('0' + rest / 100);
    out_[2] = static_cast<char>('0' + rest / 10 % 10);
    out_[3] = static_cast<char>('0' + rest % 10);
    out_ += 4;
  }

  // Within a JSON string (RFC 8259 §7). Valid UTF-8 stays; a byte that is no part of any becomes
  // \u00XX, so that the line is valid JSON and no byte is lost.
  void json(std::string_view text) {
    text.remove_prefix(copy_plain(text));
    while (!text.empty()) text.remove_prefix(json_character(text));
  }

  // Within quotes of a text line: `"`, `\`, control characters and what is not ASCII become \xXX.
  void quoted(std::string_view text) {
    text.remove_prefix(copy_plain(text));
    for (const char c : text) {
      if (is_plain(c)) {
        raw(c);
      } else {
        raw("\\x");
        hex(static_cast<unsigned char>(c));
      }
    }
  }

 private:
  static bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\';
  }

  // Copies what is plain at the front, as far as blocks reach; how much that was.
  std::size_t copy_plain(std::string_view text) {
    std::size_t at = 0;
    while (text.size() - at >= kBlock && copy_block(text.data() + at)) at += kBlock;
    while (text.size() - at >= 8 && copy_word(text.data() + at)) at += 8;
    if (at == text.size() || text.size() < 8 || text.size() - at >= 8) return at;
    // The rest together with bytes that were copied already.
    const std::size_t again = 8 - (text.size() - at);
    out_ -= again;
    if (copy_word(text.data() + text.size() - 8)) return text.size();
    out_ += again;
    return at;
  }

  static constexpr std::size_t kBlock = 16;
  using Block __attribute__((vector_size(kBlock))) = signed char;

  // Copies sixteen bytes if each is plain. What is not ASCII is negative.
  bool copy_block(const char* text) {
    Block block;
    std::memcpy(&block, text, sizeof block);
    const auto bad = (block < 0x20) | (block == 0x7f) | (block == '"') | (block == '\\');
    std::array<std::uint64_t, 2> halves{};
    std::memcpy(&halves, &bad, sizeof halves);
    if ((halves[0] | halves[1]) != 0) return false;
    std::memcpy(out_, &block, sizeof block);
    out_ += sizeof block;
    return true;
  }

  // Copies eight bytes if each is plain. A borrow between bytes begins only at one that is not.
  bool copy_word(const char* text) {
    constexpr std::uint64_t kOnes = 0x0101010101010101;
    std::uint64_t word = 0;
    std::memcpy(&word, text, sizeof word);
    const std::uint64_t quote = (word ^ (kOnes * '"')) - kOnes;
    const std::uint64_t backslash = (word ^ (kOnes * '\\')) - kOnes;
    const std::uint64_t control = word - kOnes * 0x20;
    const std::uint64_t del = word + kOnes;
    if (((word | quote | backslash | control | del) & (kOnes * 0x80)) != 0) return false;
    std::memcpy(out_, &word, sizeof word);
    out_ += sizeof word;
    return true;
  }

  void hex(unsigned char byte) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    raw(kDigits[byte >> 4]);
    raw(kDigits[byte & 15]);
  }

  // Writes one character; how many bytes of the text that were.
  std::size_t json_character(std::string_view text) {
    const char c = text.front();
    if (is_plain(c)) {
      raw(c);
      return 1;
    }
    if (c == '"' || c == '\\') {
      raw('\\');
      raw(c);
      return 1;
    }
    if (const std::size_t size = utf8_size(text); size > 1) {
      raw(text.substr(0, size));
      return size;
    }
    raw("\\u00");
    hex(static_cast<unsigned char>(c));
    return 1;
  }

  // Of a well-formed sequence of two to four bytes at the front (RFC 3629 §4); else 0.
  static std::size_t utf8_size(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
    const unsigned least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (byte(1) < least || byte(1) > most) return 0;
    for (std::size_t i = 2; i < size; ++i) {
      if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
    }
    return size;
  }

  char* out_;
};

}  // namespace ficus::proxy
