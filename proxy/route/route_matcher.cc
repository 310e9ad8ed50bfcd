#include "proxy/route/route_matcher.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

namespace ficus::proxy {
namespace {

constexpr std::size_t kMaxHostBytes = 255;
constexpr std::uint32_t kAnyHost = 0;
constexpr std::uint64_t kHostSpace = 0;
constexpr std::uint64_t kSuffixSpace = 1;

// Of the paths of one host.
constexpr std::uint64_t exact_space(std::uint32_t host) { return std::uint64_t{host} * 3; }
constexpr std::uint64_t regex_space(std::uint32_t host) { return std::uint64_t{host} * 3 + 1; }
constexpr std::uint64_t prefix_space(std::uint32_t host) { return std::uint64_t{host} * 3 + 2; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// A host in the form in which hosts are compared: lower case, without port, trailing dot and
// brackets. Empty if it is too long to be one.
class ComparableHost {
 public:
  explicit ComparableHost(std::string_view host) {
    if (!host.empty() && host.front() == '[') {
      host = host.substr(1, std::min(host.find(']'), host.size()) - 1);
    } else if (const auto colon = host.find(':'); colon == host.rfind(':')) {
      host = host.substr(0, colon);  // more than one colon: an IPv6 literal without brackets
    }
    if (!host.empty() && host.back() == '.') host.remove_suffix(1);
    if (host.size() > kMaxHostBytes) return;
    std::transform(host.begin(), host.end(), buffer_.begin(), lower);
    size_ = host.size();
  }

  std::string_view text() const { return {buffer_.data(), size_}; }

 private:
  std::array<char, kMaxHostBytes> buffer_;
  std::size_t size_ = 0;
};

std::string_view without_trailing_slash(std::string_view prefix) {
  while (!prefix.empty() && prefix.back() == '/') prefix.remove_suffix(1);
  return prefix;
}

// Nothing: the host is not of the form "*.suffix".
std::optional<std::string_view> suffix_of(std::string_view host) {
  if (!host.starts_with("*.")) return std::nullopt;
  return host.substr(2);
}

std::size_t patterns_in(const std::vector<config::Match>& matches) {
  std::size_t count = 0;
  for (const config::Match& match : matches) {
    count += match.path_regex ? std::max<std::size_t>(match.hosts.size(), 1) : 0;
    count += static_cast<std::size_t>(
        std::count_if(match.headers.begin(), match.headers.end(),
                      [](const auto& condition) { return condition.value_is_regex; }));
  }
  return count;
}

}  // namespace

RouteMatcher RouteMatcher::build(const std::vector<config::Match>& matches, std::size_t workers) {
  const PatternCopies copies = PatternCopies::of(patterns_in(matches), workers);
  RouteMatcher result;
  result.host_names_.insert(kHostSpace, "");
  result.hosts_.resize(1);
  for (std::size_t route = 0; route < matches.size(); ++route) {
    const config::Match& match = matches[route];
    const Candidate candidate{static_cast<int>(route), match.methods,
                              compile_conditions(match.headers, copies)};
    if (match.hosts.empty()) result.add("", match, candidate);
    for (const std::string& host : match.hosts) result.add(host, match, candidate);
  }
  for (Candidates& candidates : result.candidates_) {
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& left, const Candidate& right) {
                       if (left.methods.empty() != right.methods.empty()) {
                         return right.methods.empty();
                       }
                       return left.headers.size() > right.headers.size();
                     });
  }
  result.compile(copies);
  return result;
}

void RouteMatcher::add(std::string_view host, const config::Match& match, Candidate candidate) {
  std::uint32_t number = kAnyHost;
  if (const auto suffix = suffix_of(host)) {
    const ComparableHost comparable(*suffix);
    number = host_names_.insert(kSuffixSpace, comparable.text());
    longest_suffix_ = std::max(longest_suffix_, comparable.text().size());
  } else {
    number = host_names_.insert(kHostSpace, ComparableHost(host).text());
  }
  hosts_.resize(host_names_.size());
  const std::uint32_t path = add_path(number, match);
  candidates_.resize(paths_.size());
  candidates_[path].push_back(std::move(candidate));
}

std::uint32_t RouteMatcher::add_path(std::uint32_t host, const config::Match& match) {
  if (match.path) return paths_.insert(exact_space(host), *match.path);
  if (match.path_regex) {
    const std::size_t before = paths_.size();
    const std::uint32_t number = paths_.insert(regex_space(host), *match.path_regex);
    if (paths_.size() > before) hosts_[host].regexes.push_back(number);
    return number;
  }
  const std::string_view prefix =
      match.path_prefix ? without_trailing_slash(*match.path_prefix) : std::string_view{};
  std::size_t& longest = hosts_[host].longest_prefix;
  longest = std::max(longest, prefix.size());
  return paths_.insert(prefix_space(host), prefix);
}

void RouteMatcher::compile(PatternCopies copies) {
  for (Host& host : hosts_) {
    std::vector<std::shared_ptr<const Pattern>> patterns;
    for (const std::uint32_t path : host.regexes) {
      patterns.push_back(
          Pattern::compile(std::string(paths_.key(path)), Pattern::Fit::whole, copies));
    }
    host.patterns = PatternList(std::move(patterns), copies);
  }
}

int RouteMatcher::match(const RequestView& request) const {
  const ComparableHost host(request.host);
  if (!host.text().empty()) {
    const std::uint32_t number = host_names_.find(kHostSpace, host.text());
    if (number != StringIndex::kAbsent) {
      const int route = match_host(number, request);
      if (route != kNoRoute) return route;
    }
    if (longest_suffix_ > 0) {
      const int route = match_suffixes(host.text(), request);
      if (route != kNoRoute) return route;
    }
  }
  return hosts_.empty() ? kNoRoute : match_host(kAnyHost, request);
}

// From the longest suffix to the shortest: each cut at a dot drops one label.
int RouteMatcher::match_suffixes(std::string_view host, const RequestView& request) const {
  for (std::size_t dot = host.find('.'); dot != std::string_view::npos; dot = host.find('.')) {
    host.remove_prefix(dot + 1);
    if (host.size() > longest_suffix_) continue;
    const std::uint32_t number = host_names_.find(kSuffixSpace, host);
    if (number == StringIndex::kAbsent) continue;
    const int route = match_host(number, request);
    if (route != kNoRoute) return route;
  }
  return kNoRoute;
}

int RouteMatcher::match_host(std::uint32_t number, const RequestView& request) const {
  const Host& host = hosts_[number];
  std::string_view path = request.path;
  int route = match_path(exact_space(number), path, request);
  if (route == kNoRoute && host.patterns.size() > 0) route = match_regexes(host, request);
  if (route != kNoRoute) return route;

  // Cut at every slash from the right. What is longer than any prefix need not be looked up,
  // which also bounds the work for a path of nothing but slashes.
  const std::uint64_t space = prefix_space(number);
  const std::size_t longest = host.longest_prefix;
  std::size_t end = path.size();
  while (true) {
    if (end <= longest) {
      route = match_path(space, path.substr(0, end), request);
      if (route != kNoRoute) return route;
    }
    if (end == 0) return kNoRoute;
    const std::size_t slash = path.rfind('/', std::min(end - 1, longest));
    end = slash == std::string_view::npos ? 0 : slash;
  }
}

int RouteMatcher::match_regexes(const Host& host, const RequestView& request) const {
  if (!host.patterns.any_fits(request.path, request.worker)) return kNoRoute;
  for (std::size_t i = 0; i < host.patterns.size(); ++i) {
    if (!host.patterns[i].fits(request.path, request.worker)) continue;
    const int route = match_candidates(host.regexes[i], request);
    if (route != kNoRoute) return route;
  }
  return kNoRoute;
}

int RouteMatcher::match_path(std::uint64_t space, std::string_view path,
                             const RequestView& request) const {
  const std::uint32_t number = paths_.find(space, path);
  return number == StringIndex::kAbsent ? kNoRoute : match_candidates(number, request);
}

int RouteMatcher::match_candidates(std::uint32_t path, const RequestView& request) const {
  for (const Candidate& candidate : candidates_[path]) {
    if (lists(candidate.methods, request.method) && all_hold(candidate.headers, request)) {
      return candidate.route;
    }
  }
  return kNoRoute;
}

}  // namespace ficus::proxy
