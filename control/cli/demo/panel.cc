#include "control/cli/demo/panel.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "control/cli/demo/admin_calls.h"

namespace ficus::control::demo {
namespace {

constexpr std::string_view kReset = "\x1b[0m";
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kBlue = "\x1b[34m";

std::string painted(std::string_view text, std::string_view color, const ViewStyle& style) {
  if (!style.color) return std::string(text);
  return std::string(color).append(text).append(kReset);
}

std::string repeated(std::string_view piece, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += piece;
  return out;
}

std::string bar(double share, std::size_t columns, const ViewStyle& style) {
  const double bounded = std::clamp(share, 0.0, 1.0);
  auto filled = static_cast<std::size_t>(std::lround(bounded * static_cast<double>(columns)));
  if (bounded > 0 && filled == 0) filled = 1;
  return painted(repeated(style.unicode ? "█" : "#", filled), kGreen, style) +
         painted(repeated(style.unicode ? "░" : "-", columns - filled), kBlue, style);
}

std::string padded(std::string text, std::size_t columns) {
  if (text.size() < columns) text.append(columns - text.size(), ' ');
  return text;
}

std::string rate(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%5.0f/s", value);
  return text;
}

std::string state(const Live& live, const ViewStyle& style) {
  if (live.rolled_back) return painted("ON LEGACY, rolled back", kRed, style);
  return painted(live.weight > 0 ? "open" : "all on legacy", kGreen, style);
}

}  // namespace

std::string fitted(std::string_view text, std::size_t columns) {
  std::string out;
  std::size_t used = 0;
  bool cut = false;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\x1b') {
      const std::size_t end = std::min(text.find('m', at), text.size() - 1);
      out.append(text.substr(at, end + 1 - at));
      at = end + 1;
      continue;
    }
    const bool continuation = (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
    if (!continuation) {
      cut = used == columns;
      used += cut ? 0 : 1;
    }
    if (!cut) out += text[at];
    ++at;
  }
  return out;
}

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

std::vector<std::string> panel(const Live& live, const ViewStyle& style) {
  const std::size_t bar_width = style.width > 60 ? std::min<std::size_t>(style.width - 46, 40) : 10;
  const double total = std::max(live.legacy_rate + live.new_rate, 1.0);
  const bool broken = live.new_shop != Condition::healthy;
  std::vector<std::string> lines{
      " share of new  " + bar(live.weight / 100, bar_width, style) + ' ' +
          padded(percent_text(live.weight) + " %", 6) + ' ' + state(live, style),
      " legacy shop   " + bar(live.legacy_rate / total, bar_width, style) + ' ' +
          rate(live.legacy_rate),
      " new shop      " + bar(live.new_rate / total, bar_width, style) + ' ' + rate(live.new_rate) +
          ' ' + (broken ? painted(text(live.new_shop), kRed, style) : ""),
      " users saw fail: " + grouped(live.without_fallback.failed()) + " without fallback, " +
          grouped(live.with_fallback.failed()) + " with, of " +
          grouped((live.without_fallback + live.with_fallback).requests) + " requests"};
  for (std::string& line : lines) line = fitted(line, style.width - 1);
  return lines;
}

std::string live_line(const Live& live) {
  char text[200];
  std::snprintf(text, sizeof text,
                "  %5.1f s  share %s %%  legacy %.0f/s  new %.0f/s  users saw fail: %llu without "
                "fallback, %llu with%s",
                live.seconds, percent_text(live.weight).c_str(), live.legacy_rate, live.new_rate,
                static_cast<unsigned long long>(live.without_fallback.failed()),
                static_cast<unsigned long long>(live.with_fallback.failed()),
                live.rolled_back ? "  ON LEGACY" : "");
  return text;
}

}  // namespace ficus::control::demo
