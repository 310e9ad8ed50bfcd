#include "proxy/route/route_matcher.h"

#include <algorithm>
#include <array>

namespace ficus::proxy {
namespace {

constexpr std::size_t kMaxHostBytes = 255;
constexpr std::uint32_t kAnyHost = 0;
constexpr std::uint64_t kHostSpace = 0;

constexpr std::uint64_t exact_space(std::uint32_t host) { return std::uint64_t{host} * 2; }
constexpr std::uint64_t prefix_space(std::uint32_t host) { return std::uint64_t{host} * 2 + 1; }

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

}  // namespace

RouteMatcher RouteMatcher::build(const std::vector<config::Match>& matches) {
  RouteMatcher result;
  result.hosts_.insert(kHostSpace, "");
  for (std::size_t route = 0; route < matches.size(); ++route) {
    const config::Match& match = matches[route];
    if (match.hosts.empty()) result.add("", match, static_cast<int>(route));
    for (const std::string& host : match.hosts) {
      result.add(ComparableHost(host).text(), match, static_cast<int>(route));
    }
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
  return result;
}

void RouteMatcher::add(std::string_view host, const config::Match& match, int route) {
  const std::uint32_t host_number = hosts_.insert(kHostSpace, host);
  longest_prefixes_.resize(hosts_.size());
  std::uint32_t path_number = 0;
  if (match.path) {
    path_number = paths_.insert(exact_space(host_number), *match.path);
  } else {
    const std::string_view prefix =
        match.path_prefix ? without_trailing_slash(*match.path_prefix) : std::string_view{};
    path_number = paths_.insert(prefix_space(host_number), prefix);
    std::size_t& longest = longest_prefixes_[host_number];
    longest = std::max(longest, prefix.size());
  }
  candidates_.resize(paths_.size());
  candidates_[path_number].push_back({route, match.methods, match.headers});
}

int RouteMatcher::match(const RequestView& request) const {
  const ComparableHost host(request.host);
  if (!host.text().empty()) {
    const std::uint32_t number = hosts_.find(kHostSpace, host.text());
    if (number != StringIndex::kAbsent) {
      const int route = match_host(number, request);
      if (route != kNoRoute) return route;
    }
  }
  return hosts_.size() == 0 ? kNoRoute : match_host(kAnyHost, request);
}

int RouteMatcher::match_host(std::uint32_t host, const RequestView& request) const {
  if (host >= longest_prefixes_.size()) return kNoRoute;
  std::string_view path = request.path;
  int route = match_path(exact_space(host), path, request);
  if (route != kNoRoute) return route;

  // Cut at every slash from the right. What is longer than any prefix need not be looked up,
  // which also bounds the work for a path of nothing but slashes.
  const std::uint64_t space = prefix_space(host);
  const std::size_t longest = longest_prefixes_[host];
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

int RouteMatcher::match_path(std::uint64_t space, std::string_view path,
                             const RequestView& request) const {
  const std::uint32_t number = paths_.find(space, path);
  if (number == StringIndex::kAbsent) return kNoRoute;
  for (const Candidate& candidate : candidates_[number]) {
    if (lists(candidate.methods, request.method) && hold_all(candidate.headers, request.headers)) {
      return candidate.route;
    }
  }
  return kNoRoute;
}

}  // namespace ficus::proxy
