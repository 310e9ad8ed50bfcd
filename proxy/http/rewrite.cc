#include "proxy/http/rewrite.h"

#include <algorithm>
#include <utility>

namespace ficus::proxy::http {
namespace {

std::string_view without_trailing_slash(std::string_view prefix) {
  while (!prefix.empty() && prefix.back() == '/') prefix.remove_suffix(1);
  return prefix;
}

// Of X-Ficus-* the id names the prefix only.
bool names_one_field(HeaderId id) { return id != HeaderId::other && id != HeaderId::x_ficus; }

std::uint64_t bit(HeaderId id) { return std::uint64_t{1} << static_cast<unsigned>(id); }
std::uint64_t size_bit(std::string_view name) {
  return std::uint64_t{1} << std::min<std::size_t>(name.size(), 63);
}

}  // namespace

PathChange PathChange::of(Part part, std::string_view outside, std::string_view inside) {
  if (part == Part::whole) return {part, std::string(outside), std::string(inside)};
  return {part, std::string(without_trailing_slash(outside)),
          std::string(without_trailing_slash(inside))};
}

void Rewrite::set_field(std::string name, std::string value) {
  note_dropped(name);
  set_.push_back({std::move(name), std::move(value)});
}

void Rewrite::remove_field(std::string name) { note_dropped(name); }

void Rewrite::note_dropped(const std::string& name) {
  const HeaderId id = header_id(name);
  if (names_one_field(id)) {
    known_ |= bit(id);
  } else {
    unknown_.push_back(name);
    sizes_ |= size_bit(name);
  }
}

bool Rewrite::drops(HeaderId id, std::string_view name) const {
  if (names_one_field(id)) return (known_ & bit(id)) != 0;
  if ((sizes_ & size_bit(name)) == 0) return false;
  return std::any_of(unknown_.begin(), unknown_.end(),
                     [&](const std::string& one) { return equals_ignoring_case(one, name); });
}

bool lies_under(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

void Rewrite::append_target(std::string_view target, std::string_view target_path,
                            HeadBuffer& out) const {
  const bool fits =
      path && (path->part == PathChange::Part::whole ? target_path == path->outside
                                                     : lies_under(target_path, path->outside));
  if (!fits || target == "*") {
    if (target.front() == '?') out.append('/');
    out.append(target);
    return;
  }
  const std::string_view rest = target_path.substr(path->outside.size());
  out.append(path->inside);
  out.append(rest);
  if (path->inside.empty() && rest.empty()) out.append('/');
  // An absolute-form without a path begins with its query.
  out.append(target.front() == '?' ? target : target.substr(target_path.size()));
}

}  // namespace ficus::proxy::http
