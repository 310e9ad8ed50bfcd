#include "config/rewrite_reader.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "config/grammar.h"
#include "config/take.h"

namespace ficus::config {
namespace {

constexpr std::size_t kMostFields = 64;

// Fields on which the message itself depends: the proxy writes them, from what it has judged.
constexpr std::array<std::string_view, 11> kOwnFields{
    "connection",        "content-length",   "expect", "http2-settings",
    "keep-alive",        "proxy-connection", "te",     "trailer",
    "transfer-encoding", "upgrade",          "host"};

Parsed<std::string> parse_rewritten_name(std::string_view text) {
  Parsed<std::string> name = parse_header_name(text);
  if (!name.value) return name;
  const std::string lower = lower_case(text);
  if (lower == "host") return failed<std::string>("is set by the key `host`");
  if (std::find(kOwnFields.begin(), kOwnFields.end(), lower) != kOwnFields.end()) {
    return failed<std::string>(
        "belongs to the connection or to the framing of the message, which the proxy writes");
  }
  return name;
}

void read_set_headers(const Cursor& map, std::vector<SetHeader>& headers) {
  std::set<std::string> seen;
  for (const Cursor& entry : map.entries()) {
    SetHeader header;
    const Parsed<std::string> name = parse_rewritten_name(entry.key());
    if (!name.value) {
      entry.error_at_key(backquoted(entry.key()) + " " + name.problem);
    } else if (!seen.insert(lower_case(*name.value)).second) {
      entry.error_at_key("is named twice; case does not matter in header names");
    }
    header.name = name.value.value_or("");
    take_text(entry, parse_written_value, header.value);
    headers.push_back(std::move(header));
  }
}

void not_too_many(const Cursor& value, std::size_t count) {
  if (count <= kMostFields) return;
  value.error("has " + std::to_string(count) + " headers; allowed: at most " +
              std::to_string(kMostFields));
}

void validate_side(const Cursor& route, const Cursor& rewrite) {
  if (!rewrite.is_map()) return;
  if (rewrite.entries().empty()) {
    rewrite.error("is empty; give at least one of path_prefix, host, set_headers, remove_headers");
  }
  if (!route[rewrite.key()].is_present()) {
    rewrite.error_at_key("the route has no side `" + rewrite.key() + "`");
  }
  if (rewrite["path_prefix"].is_present() && route["match"]["path_regex"].is_present()) {
    rewrite["path_prefix"].error_at_key(
        "has nothing to replace in a route with `path_regex`; it needs a match with `path_prefix` "
        "or `path`");
  }
  std::set<std::string> set;
  for (const Cursor& entry : rewrite["set_headers"].entries()) set.insert(lower_case(entry.key()));
  not_too_many(rewrite["set_headers"], set.size());
  const std::vector<Cursor> removed = rewrite["remove_headers"].items();
  not_too_many(rewrite["remove_headers"], removed.size());
  for (const Cursor& item : removed) {
    if (!item.is_scalar() || set.count(lower_case(item.text())) == 0) continue;
    item.error(item.shown() + " is in `set_headers` as well, which already replaces it");
  }
}

}  // namespace

void read_rewrite(const Cursor& cursor, std::optional<Rewrite>& rewrite) {
  if (!cursor.is_map()) return;
  rewrite.emplace();
  take_text(cursor["path_prefix"], parse_path_prefix, rewrite->path_prefix);
  take_text(cursor["host"], parse_host_and_port, rewrite->host);
  read_set_headers(cursor["set_headers"], rewrite->set_headers);
  take_texts(cursor["remove_headers"], parse_rewritten_name, rewrite->remove_headers);
}

void validate_rewrite(const Cursor& route) {
  const Cursor rewrite = route["rewrite"];
  if (!rewrite.is_map()) return;
  if (rewrite.entries().empty()) rewrite.error("is empty; give `legacy`, `new` or both");
  validate_side(route, rewrite["legacy"]);
  validate_side(route, rewrite["new"]);
}

}  // namespace ficus::config
